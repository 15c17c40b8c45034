"""Twilio's signatures: its own vectors, its own library, and requests that are not Twilio's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import yarl
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from bot.channels.twilio import MAX_FIELDS, MAX_FORM, SIGNATURE_HEADER, Signature

TOKEN = "12345"
PARAMS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
REPEATED = MultiDict(
    [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
)
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"


@pytest.mark.parametrize(
    ("url", "params", "expected"),
    [  # github.com/twilio/twilio-python, tests/unit/test_request_validator.py
        (URL, PARAMS, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (URL.replace(".com/", ".com:443/"), PARAMS, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (URL.replace("https", "http").replace(".com/", ".com:80/"), PARAMS, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (URL, REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
    ],
)
def test_twilios_vectors(url: str, params: Any, expected: str) -> None:
    assert Signature(TOKEN).sign(url, params) == expected


@given(st.lists(st.tuples(st.sampled_from(["Body", "From", "Digits", "متن"]), st.text())), st.text(min_size=1))
def test_as_the_library_signs(params: list[tuple[str, str]], token: str) -> None:
    form = MultiDict((k, v.encode("utf-8", "replace").decode()) for k, v in params)
    token = token.encode("utf-8", "replace").decode()
    assert Signature(token).sign(URL, form) == RequestValidator(token).compute_signature(URL, form)


ESCAPES = st.sampled_from(["%", "%%", "&", "=", "+", ";", "%2", "%D8%B3", "%FF", "%00", "%zz", "%26", "%3D", "%C3("])


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | ESCAPES).map("".join), st.integers(1, 9))
def test_a_form_is_read_as_by_the_standard_library(body: str, most: int) -> None:
    """What the signature is made of, whatever is posted."""

    def pairs(read: Callable[[], list[tuple[str, str]]]) -> list[tuple[str, str]] | None:
        try:
            return read()
        except ValueError:
            return None

    expected = pairs(lambda: parse_qsl(body, keep_blank_values=True, max_num_fields=most))
    assert pairs(lambda: yarl.query_to_pairs(body, max_fields=most)) == expected


def test_no_token_no_service() -> None:
    with pytest.raises(ValueError, match="TWILIO_AUTH_TOKEN"):
        Signature("")


# --- requests -------------------------------------------------------------------------------------

PUBLIC = "https://mycompany.com"
PATH = "/myapp.php?foo=1&bar=%D8%B3%2f"


@pytest.fixture
async def client() -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """A server that echoes authentic forms; behind a proxy as PUBLIC, or by itself under /direct."""
    behind, direct = Signature(TOKEN, PUBLIC + "/"), Signature(TOKEN)

    async def echo(request: web.Request) -> web.Response:
        form = await (direct if request.path.startswith("/direct") else behind).form(request)
        return web.json_response(list(form.items()))

    app = web.Application()
    app.router.add_post("/{path:.*}", echo)
    async with TestClient(TestServer(app)) as client:
        yield client


async def post(client: TestClient[Any, Any], signature: str | None, body: str | bytes, path: str = PATH) -> Any:
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    if signature is not None:
        headers[SIGNATURE_HEADER] = signature
    url = yarl.URL(f"{client.make_url('/').origin()}{path}", encoded=True)
    async with client.session.post(url, data=body, headers=headers) as answer:
        return await answer.json() if answer.status == 200 else answer.status


FORM = MultiDict([("Body", "سلام + «خوبی؟» &"), ("Media", "a"), ("Media", ""), ("From", "+989121234567")])


@pytest.mark.parametrize("port", ["", ":443"])
async def test_an_authentic_form(client: TestClient[Any, Any], port: str) -> None:
    signature = Signature(TOKEN).sign(f"{PUBLIC}{port}{PATH}", FORM)
    assert await post(client, signature, urlencode(list(FORM.items()))) == [list(pair) for pair in FORM.items()]


async def test_without_a_proxy_the_requests_own_url_counts(client: TestClient[Any, Any]) -> None:
    signature = Signature(TOKEN).sign(f"http://127.0.0.1:{client.port}/direct", FORM)
    assert await post(client, signature, urlencode(list(FORM.items())), "/direct") != 403


@pytest.mark.parametrize(
    ("signature", "body", "status"),
    [
        (None, urlencode(PARAMS), 403),
        ("", urlencode(PARAMS), 403),
        ("RSOYDt4T1cUTdK1PDd93/VVr8B8=", urlencode(PARAMS), 403),  # of another URL
        ("é", urlencode(PARAMS), 403),
        ("x", b"\xff\xfe%ff=%zz&=&&", 403),
        ("x", "{}", 403),
        ("x", "a=1&" * (MAX_FIELDS + 1), 403),
        ("x", "a" * (MAX_FORM + 1), 413),
    ],
)
async def test_others_are_refused(
    client: TestClient[Any, Any], signature: str | None, body: str | bytes, status: int
) -> None:
    assert await post(client, signature, body) == status


async def test_a_changed_form_or_url_is_refused(client: TestClient[Any, Any]) -> None:
    signature = Signature(TOKEN).sign(PUBLIC + PATH, PARAMS)
    assert await post(client, signature, urlencode(PARAMS)) != 403
    assert await post(client, signature, urlencode({**PARAMS, "Digits": "1235"})) == 403
    assert await post(client, signature, urlencode({**PARAMS, "More": "1"})) == 403
    assert await post(client, signature, urlencode(PARAMS), PATH + "&more=1") == 403
