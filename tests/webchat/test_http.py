"""The protocol without WebSocket, uploads, and what the page is made of."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientResponse, FormData

from bot.channels.webchat.uploads import MAX_FILE
from tests.webchat.conftest import Client
from tests.webchat.script import Counter

MESSAGES, FILES = "/channels/web/messages", "/channels/web/files"


async def post(client: Client, token: str | None = None, **frame: object) -> ClientResponse:
    headers = {"X-Session": token} if token else {}
    return await client.post(MESSAGES, data=json.dumps(frame), headers=headers)


async def frames(response: ClientResponse) -> list[dict[str, Any]]:
    assert response.status == 200
    assert response.headers["Cache-Control"] == "no-store"
    answer = (await response.json())["frames"]
    assert isinstance(answer, list)
    return answer


async def problem(response: ClientResponse, status: int) -> dict[str, Any]:
    assert (response.status, response.content_type) == (status, "application/problem+json")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    answer = json.loads(await response.text())
    assert answer["status"] == status
    assert answer["title"]
    return dict(answer)


async def hello(client: Client) -> str:
    welcome, greeting = await frames(await post(client, type="hello", session=None, after=0, language="fa"))
    assert (welcome["type"], greeting["type"], greeting["seq"]) == ("welcome", "reply", 2)
    return str(welcome["session"])


# --- requests and polling -----------------------------------------------------------------------


async def test_a_conversation_by_requests(client: Client) -> None:
    token = await hello(client)
    reply, ack = await frames(await post(client, token, type="message", id="m1", text="سلام"))
    assert (reply["seq"], ack) == (4, {"type": "ack", "id": "m1", "seq": 3})
    again = await frames(await post(client, type="message", id="m1", text="سلام", session=token))
    assert again == [reply, ack]


async def test_polling_brings_what_came_since(client: Client, counter: Counter) -> None:
    token = await hello(client)
    await post(client, token, type="message", id="m1", text="سلام")
    await counter.notice(token.partition(".")[0])
    news = await frames(await client.get(MESSAGES, params={"session": token, "after": "4"}))
    assert [f["seq"] for f in news] == [6]
    assert await frames(await client.get(MESSAGES, params={"after": "6"}, headers={"X-Session": token})) == []
    both = await frames(await client.get(MESSAGES, params={"session": token, "history": "1"}))
    assert [f["type"] for f in both] == ["reply", "said", "reply", "reply"]


async def test_a_tab_with_a_socket_sees_what_is_said_by_request(client: Client) -> None:
    token = await hello(client)
    async with client.ws_connect("/channels/web/socket") as ws:
        await ws.send_json({"type": "hello", "session": token, "after": 2, "language": "fa"})
        assert (await ws.receive_json())["type"] == "welcome"
        await post(client, token, type="message", id="m1", text="سلام")
        assert (await ws.receive_json())["seq"] == 4


async def test_a_ping_by_request(client: Client) -> None:
    assert await frames(await post(client, type="ping")) == [{"type": "pong"}]


@pytest.mark.parametrize("token", [None, "", "forged.token"])
async def test_a_forged_token_is_forbidden_and_changes_nothing(
    client: Client, counter: Counter, token: str | None
) -> None:
    headers = {"X-Session": token} if token else {}
    said = await problem(await post(client, token, type="message", id="m1", text="سلام", session=token), 403)
    assert said["code"] == "bad_session"
    await problem(await client.get(MESSAGES, params={"session": token or "", "after": "0"}), 403)
    await problem(await post(client, type="hello", session=token or "x", after=0, language="fa"), 403)
    form = FormData(quote_fields=False)
    form.add_field("file", b"data", filename="a.png")
    await problem(await client.post(FILES, data=form, headers=headers), 403)
    assert counter.script.turns == 0
    assert not counter.memory.files


@pytest.mark.parametrize("body", ["", "{", "[]", '{"type":"dance"}', '{"type":"message","id":"a"}'])
async def test_a_malformed_body_is_a_bad_request(client: Client, body: str) -> None:
    said = await problem(await client.post(MESSAGES, data=body, headers={"Accept-Language": "en-US,en"}), 400)
    assert said["code"] == "bad_frame"
    assert said["detail"] == "This message could not be read. Please send it again."


async def test_a_huge_body_is_a_bad_request(client: Client) -> None:
    await problem(await client.post(MESSAGES, data="x" * 100_000), 400)


@pytest.mark.parametrize("after", ["-1", "x", "۳", "1" * 20])
async def test_a_malformed_number_is_a_bad_request(client: Client, after: str) -> None:
    token = await hello(client)
    await problem(await client.get(MESSAGES, params={"session": token, "after": after}), 400)


async def test_a_text_too_long_is_told(client: Client, counter: Counter) -> None:
    token = await hello(client)
    said = await problem(await post(client, token, type="message", id="long", text="آ" * 10_000), 422)
    assert (said["code"], said["id"]) == ("too_long", "long")
    assert counter.script.turns == 1


async def test_who_is_too_quick_is_asked_to_wait(client: Client) -> None:
    token = await hello(client)
    for n in range(19):
        assert (await post(client, token, type="message", id=f"m{n}", text="تند")).status == 200
    response = await post(client, token, type="message", id="m19", text="تند")
    assert (await problem(response, 429))["code"] == "slow_down"
    assert int(response.headers["Retry-After"]) >= 1


async def test_a_store_that_is_away(client: Client, counter: Counter) -> None:
    token = await hello(client)
    counter.memory.down = True
    assert (await problem(await post(client, token, type="message", id="a", text="سلام"), 503))["code"] == "unavailable"
    await problem(await client.get(MESSAGES, params={"session": token}), 503)
    await problem(await upload(client, token, b"data"), 503)


async def test_other_origins_may_ask(client: Client) -> None:
    for path in (MESSAGES, FILES):
        response = await client.options(path, headers={"Origin": "https://elsewhere.example"})
        assert response.status == 204
        assert "X-Session" in response.headers["Access-Control-Allow-Headers"]


# --- uploads ------------------------------------------------------------------------------------


async def upload(client: Client, token: str, data: bytes, name: str = "عکس.png", **headers: str) -> ClientResponse:
    form = FormData(quote_fields=False)
    form.add_field("file", data, filename=name)
    return await client.post(FILES, data=form, headers={"X-Session": token, **headers})


async def test_the_token_may_be_a_field_of_the_form(client: Client, counter: Counter) -> None:
    token = await hello(client)
    form = FormData({"session": token})
    form.add_field("file", b"data", filename="plan.pdf")
    response = await client.post(FILES, data=form)
    assert response.status == 200
    assert counter.memory.files["f1"][1] == b"data"
    handed_in = await frames(await post(client, token, type="file", id="f", upload=(await response.json())["upload"]))
    assert "plan.pdf" in handed_in[0]["text"]


async def test_a_refused_file_is_told_in_the_citizens_language(client: Client, counter: Counter) -> None:
    token = await hello(client)
    said = await problem(await upload(client, token, b"MZ...", "نقشه.pdf"), 422)
    assert said["code"] == "file.not_what_it_says"
    assert said["detail"] == "محتوای این فایل با نام آن نمی‌خواند. لطفاً فایل اصلی را بفرستید."
    said = await problem(await upload(client, token, b"", **{"Accept-Language": "en"}), 422)
    assert said["detail"] == "This file is empty. Please send another one."
    assert not counter.memory.files


async def test_a_file_of_the_largest_size_is_taken(client: Client, counter: Counter) -> None:
    token = await hello(client)
    assert (await upload(client, token, b"x" * MAX_FILE)).status == 200
    assert len(counter.memory.files["f1"][1]) == MAX_FILE


async def test_a_file_too_large_is_refused_by_what_it_says(client: Client, counter: Counter) -> None:
    token = await hello(client)
    said = await problem(await upload(client, token, b"x" * 60_000_000), 413)
    assert said["code"] == "file.too_large"
    assert not counter.memory.files


async def test_a_body_without_a_length_is_read_no_further_than_allowed(client: Client, counter: Counter) -> None:
    token = await hello(client)
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        while given < 4 * MAX_FILE:
            given += 1 << 20
            yield b"x" * (1 << 20)

    headers = {"X-Session": token, "Content-Type": "multipart/form-data; boundary=b"}
    try:
        response = await client.post(FILES, data=endless(), headers=headers)
    except ConnectionError:
        pass  # the server had closed before all was written
    else:
        await problem(response, 413)
    assert not counter.memory.files


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=b"),
        (b"no form", "multipart/form-data; boundary=b"),
        (b"no form", "multipart/form-data"),
        (b"{}", "application/json"),
        (b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n',
         "multipart/form-data; boundary=b"),
        (b"--b\r\nno header\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b"),
        (b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n",
         "multipart/form-data; boundary=b"),
    ],
)  # fmt: skip
async def test_a_malformed_form_is_a_bad_request(client: Client, body: bytes, content_type: str) -> None:
    headers = {"X-Session": await hello(client), "Content-Type": content_type}
    assert (await problem(await client.post(FILES, data=body, headers=headers), 400))["code"] == "bad_frame"


# --- the page -----------------------------------------------------------------------------------


async def test_the_page_presents_the_organisation_and_runs_no_inline_code(client: Client) -> None:
    response = await client.get("/")
    html = await response.text()
    assert '<html data-page="pishkhan" lang="fa" dir="rtl">' in html
    assert "<title>میز خدمت الکترونیکی شهرداری شهر نمونه</title>" in html
    assert "شنبه تا چهارشنبه، ۷:۳۰ تا ۱۴:۳۰" in html
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", html)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"


async def test_the_page_in_english(client: Client) -> None:
    html = await (await client.get("/", params={"language": "en"})).text()
    assert '<html data-page="pishkhan" lang="en" dir="ltr">' in html
    assert "Saturday to Wednesday, 7:30 to 14:30" in html


async def test_everything_that_the_page_asks_for_is_there(client: Client) -> None:
    html = await (await client.get("/")).text()
    asked = {path for path in re.findall(r'(?:href|src)="([^":]+)"', html) if not path.startswith("#")}
    asked |= {f"widget/{name}" for name in ("chat.js", "style.css", "mark.svg")}
    assert len(asked) >= 9
    for path in asked:
        response = await client.get(f"/{path}")
        assert response.status == 200, path
        assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["/widget.js", "/widget/view.js", "/widget/style.css"])
async def test_what_is_kept_is_not_sent_again(client: Client, path: str) -> None:
    first = await client.get(path)
    again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")
    assert (await client.get(path, headers={"If-None-Match": '"old"'})).status == 200


async def test_no_other_file_is_served(client: Client) -> None:
    for name in ("page.html", "widget.js", "..%2fserver.py", "%2e%2e/server.py"):
        assert (await client.get(f"/widget/{name}")).status == 404


async def test_the_widget_carries_its_words_in_every_language(client: Client) -> None:
    script = await (await client.get("/widget.js")).text()
    settings = json.loads(re.search(r"const settings = (\{.*\});", script)[1])  # type: ignore[index]
    fa, en = settings["languages"]["fa"], settings["languages"]["en"]
    assert (fa["name"], fa["direction"], en["direction"]) == ("شهرداری شهر نمونه", "rtl", "ltr")
    assert fa["labels"].keys() == en["labels"].keys()
    assert fa["labels"]["send"] == "ارسال"
    assert not [label for words in (fa, en) for label in words["labels"].values() if not label or "[" in label]
    assert (settings["maxText"], settings["maxFile"]) == (4000, MAX_FILE)
