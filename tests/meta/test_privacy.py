"""No secret, phone number, national id or message text in a log line, at any level, even when things fail."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot import app, logs
from bot.core.messages import Address, Event, Inbound
from bot.desk.service_desk import ServiceDesk
from tests.app.serving import API_TOKEN, Client, serving, settings_of

SAID = "راز سر به مهر"
MOBILE = "09123456789"
NATIONAL_ID = "0013542419"
SECRET_KEY = "s3cret-key-" * 4
TELEGRAM_TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
WEBHOOK_SECRET = "webhook-s3cret"
NAME = "Zeinab-Planted"
MAIL = "planted@example.org"
PLANTED = (SAID, MOBILE[1:], NATIONAL_ID, SECRET_KEY, TELEGRAM_TOKEN, WEBHOOK_SECRET, API_TOKEN, NAME, MAIL)


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the server's logging, at its most talkative, has written."""
    monkeypatch.setenv("LOG_FORMAT", "")
    root, ours = logging.getLogger(), logging.getLogger("bot")
    before = root.handlers[:], root.level, ours.level, logging.raiseExceptions
    logs.set_up("DEBUG", request.param)
    written = io.StringIO()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield written
    root.handlers[:], root.level, ours.level, logging.raiseExceptions = before


def update(number: int, text: str) -> dict[str, Any]:
    chat = {"id": 77, "type": "private", "first_name": NAME}
    sender = {"id": 77, "is_bot": False, "first_name": NAME}
    message = {"message_id": number, "date": 1790000000, "chat": chat, "from": sender, "text": text}
    return {"update_id": number, "message": message}


async def converse(client: Client, time: int) -> None:
    """Words of every sensitive kind over every door, wanted and unwanted."""
    gateway = client.app[app.COUNTER].gateway
    me = Address("console", MOBILE)
    said = ["/start", SAID, "/form/building_permit_request", NAME, NATIONAL_ID, MOBILE, "1", SAID, "/cancel", MAIL]
    for n, text in enumerate(said):
        await gateway.receive(Inbound(f"{time}.{n}", me, Event.MESSAGE, text=text))
    secret = {"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET}
    await client.post("/channels/telegram", headers=secret, json=update(time, f"{SAID} {MOBILE}"))
    await client.post("/channels/telegram", headers={**secret, "X-Telegram-Bot-Api-Secret-Token": SAID.encode().hex()})
    await client.post("/channels/web/messages", json={"text": SAID}, headers={"X-Session": NAME})
    await client.post("/channels/web/messages", data=SAID.encode())
    token = {"Authorization": f"Bearer {API_TOKEN}"}
    body = {"form": "complaint", "answers": {"text": f"{SAID} {NATIONAL_ID}"}, "applicant": {"mobile": MOBILE}}
    await client.post("/api/v1/requests", headers=token, json=body)
    await client.post("/api/v1/requests", headers=token, json={**body, "applicant": {"mobile": NAME}})
    await client.get(f"/api/v1/requests/{NATIONAL_ID}?after={MOBILE}", headers=token)
    await client.get(f"/{MOBILE}?text={NAME}")


async def test_the_log_holds_nobody_s_data(tmp_path: Path, log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(
        tmp_path,
        secret_key=SecretStr(SECRET_KEY),
        telegram_token=SecretStr(TELEGRAM_TOKEN),
        telegram_webhook_secret=SecretStr(WEBHOOK_SECRET),
        telegram_api_url="http://127.0.0.1:1",
        public_url="https://counter.example.org",
        log_level="DEBUG",
    )
    async with serving(settings) as client:
        await converse(client, 1)

        async def fail(*args: object, **more: object) -> None:
            raise ValueError(f"cannot take '{SAID}' of {MOBILE} ({NATIONAL_ID}, {MAIL}) with '{NAME}' {args} {more}")

        for method in ("file", "miss", "look_up", "find", "search", "list_of"):
            monkeypatch.setattr(ServiceDesk, method, fail)
        await converse(client, 2)
        counted = await (await client.get("/metrics")).text()
    written = log.getvalue()
    assert "request failed" in written, "the failures have to be seen, or this test shows nothing"
    assert "turn failed" in written
    assert [p for p in PLANTED if p in written] == []
    assert 'outcome="apology"' in counted, "and so here"
    assert [p for p in PLANTED if p in counted] == []


def test_the_log_would_show_a_plain_line(log: io.StringIO) -> None:
    logging.getLogger("bot.test").debug("a plain line")
    assert "a plain line" in log.getvalue()
