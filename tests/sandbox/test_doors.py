"""Who may do what at the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.web.sandbox.blobs import LARGEST
from bot.web.sandbox.visits import MOST_VISITS, Full, Visits
from tests.sandbox.served import Client, Page, Served, serving, visit

pytestmark = pytest.mark.asyncio(loop_scope="session")  # one desk for all

PAGE_ROUTES = (
    "number", "web", "sms", "calls", "calls/CA1", "recordings", "telegram/messages", "telegram/files", "officer",
)  # fmt: skip
PROVIDER_ROUTES = (
    ("POST", "telegram/bot1:forged/getMe"),
    ("GET", "telegram/bot1:forged/getUpdates"),
    ("GET", "telegram/file/bot1:forged/BQ1"),
    ("POST", "twilio/2010-04-01/Accounts/AC1/Messages.json"),
    ("GET", "twilio/2010-04-01/Accounts/AC1/Recordings/RE1"),
    ("GET", "twilio/2010-04-01/Accounts/AC1/Messages/SM1/Media/ME1"),
)
BODIES: list[dict[str, Any]] = [{}, {"json": {"text": "سلام"}}, {"data": {"Body": "سلام"}}, {"data": b"\xff"}]


@pytest.mark.parametrize("key", ["", "forged", "forged.forged", "کلید", "0" * 24 + "." + "0" * 64])
async def test_a_page_without_its_key_is_refused(client: Client, key: str) -> None:
    headers = {"X-Sandbox": key.encode().decode("latin-1")} if key else {}
    for path in PAGE_ROUTES:
        for body in BODIES:
            answer = await client.post(f"/sandbox/{path}", headers=headers, **body)
            assert answer.status == 403, path
            assert answer.content_type == "application/problem+json"
    for path in ("events", "officer"):
        assert (await client.get(f"/sandbox/{path}", headers=headers)).status == 403


async def test_providers_ask_for_their_secrets(client: Client) -> None:
    for method, path in PROVIDER_ROUTES:
        for headers in ({}, {"Authorization": "Basic Zm9yZ2VkOmZvcmdlZA=="}, {"Authorization": "Basic ä"}):
            answer = await client.request(method, f"/sandbox/{path}", headers=headers)
            assert answer.status == 401, path


async def test_the_page_keeps_strangers_and_copies_out(client: Client) -> None:
    answer = await client.get("/sandbox?language=en")
    assert answer.status == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    text = await answer.text()
    assert '<html data-page="sandbox" lang="en" dir="ltr">' in text
    assert "https://" not in text


async def test_pages_have_numbers_of_their_own(client: Client) -> None:
    pages = [await visit(client) for _ in range(5)]
    assert len({p.hello["number"] for p in pages}) == len({p.hello["chat"] for p in pages}) == 5
    assert all(p.hello["number"].startswith("+98912000") for p in pages)


async def test_nothing_crosses(client: Client, page: Page) -> None:
    other = await visit(client)
    assert (await page.post("sms", text="سلام")).status == 200
    await page.until("seen")
    await other.post("sms", text="درود")
    assert (await other.until("sms", mine=True))["text"] == "درود"
    call = await (await page.post("calls")).json()
    assert (await other.post(f"calls/{call['id']}", hangup=True)).status == 404
    assert (await other.post("number", number=page.hello["number"])).status == 409


async def test_the_number_can_be_changed_within_its_range(page: Page) -> None:
    assert (await page.post("number", number="+989120009999")).status == 200
    await page.post("sms", text="سلام")
    assert (await page.until("seen"))["channel"] == "sms"
    for number in ("+989121234567", "09120001234", "", "+98912000123۴"):
        assert (await page.post("number", number=number)).status == 400


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("sms", {}),
        ("sms", {"text": "  "}),
        ("sms", {"text": "x" * 1601}),
        ("web", {"session": "../x"}),
        ("telegram/messages", {"text": ""}),
        ("telegram/messages", {"message": "1", "data": "x"}),
        ("officer", {"code": "1"}),
    ],
)
async def test_what_makes_no_sense_is_a_bad_request(page: Page, path: str, body: dict[str, Any]) -> None:
    assert (await page.post(path, **body)).status == 400


@pytest.mark.parametrize("path", ["telegram/files", "sms"])
async def test_a_form_has_a_file(page: Page, path: str) -> None:
    kind = "multipart/form-data; boundary=b"
    for headers, data in (
        ({"Content-Type": kind}, b"no form"),
        ({"Content-Type": kind}, b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n'),
        ({"Content-Type": "text/plain"}, b"x"),
    ):
        answer = await page.client.post(f"/sandbox/{path}", headers={**page.headers, **headers}, data=data)
        assert answer.status == 400
    answer = await page.client.post(
        f"/sandbox/{path}", headers={**page.headers, "Content-Type": kind}, data=bytes(LARGEST + 8192)
    )
    assert answer.status == 413


async def test_the_page_opens_although_the_messenger_does_not(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.broken = True
    async with serving(served) as client:
        await visit(client)
        served.broken = False
        await visit(client)
        assert served.started == 2


async def test_the_hook_is_called_once(tmp_path: Path) -> None:
    served = Served(tmp_path)
    async with serving(served) as client:
        assert served.started == 0
        await visit(client)
        await visit(client)
        assert served.started == 1


async def test_a_channel_with_a_real_account_is_left_alone(tmp_path: Path) -> None:
    async with serving(Served(tmp_path, real=frozenset({"sms", "voice", "telegram"}))) as client:
        page = await visit(client)
        for path, body in (("sms", {"text": "سلام"}), ("calls", {}), ("telegram/messages", {"text": "سلام"})):
            assert (await page.post(path, **body)).status == 409
        assert page.settings["real"] == ["sms", "telegram", "voice"]


async def test_only_so_many_pages() -> None:
    visits = Visits(b"of this test")
    keys = [visits.new_key() for _ in range(MOST_VISITS + 1)]
    first = visits.open(keys[0])
    assert first
    for key in keys[1:]:
        assert visits.open(key)
    assert len(visits) == MOST_VISITS
    assert visits.open(keys[0]) is not first  # the quiet one made room
    for visit_ in visits:
        visit_.streams = 1
    with pytest.raises(Full):
        visits.open(visits.new_key())
