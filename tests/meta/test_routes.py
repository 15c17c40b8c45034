"""Every route that changes something asks who is there, and changes nothing for a stranger."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from aiohttp.web import AbstractRoute
from pydantic import SecretStr

from tests.app.serving import serving, settings_of

UPDATE = {
    "update_id": 1,
    "message": {
        "message_id": 1,
        "date": 1790000000,
        "chat": {"id": 5, "type": "private"},
        "from": {"id": 5, "is_bot": False, "first_name": "A"},
        "text": "سلام",
    },
}
FORGED = {
    "Authorization": "Bearer forged",
    "X-Telegram-Bot-Api-Secret-Token": "forged",
    "X-Session": "forged.forged",
    "X-Twilio-Signature": "forged",
}
PUBLIC = {"/", "/sandbox", "/healthz", "/readyz", "/actions/health", "/widget.js", "/api/v1/openapi.json"}
"""What anybody may read."""


def rows(database: Path) -> dict[str, int]:
    with sqlite3.connect(database) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {t: connection.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for t in tables}


def path_of(route: AbstractRoute) -> str:
    assert route.resource is not None
    return re.sub(r"\{[^}]*\}", "1234567897", route.resource.canonical)


def bodies() -> list[dict[str, Any]]:
    """What a stranger might send: nothing, something, each provider's own shape."""
    return [{}, {"json": {}}, {"json": UPDATE}, {"data": {"Body": "سلام", "From": "+989121234567"}}, {"data": b"\xff"}]


@pytest.mark.parametrize("headers", [{}, FORGED], ids=["bare", "forged"])
async def test_a_stranger_changes_nothing(tmp_path: Path, headers: dict[str, str]) -> None:
    telegram = {"telegram_token": SecretStr("1:token"), "public_url": "https://counter.example.org"}
    mail = {"smtp_url": SecretStr("smtp://127.0.0.1:1"), "mail_from": "desk@example.org"}
    async with serving_without_messengers(tmp_path, **telegram, **mail) as client:
        before = rows(tmp_path / "pishkhan.db")
        assert before
        changing = [r for r in client.app.router.routes() if r.method in ("POST", "PUT", "PATCH", "DELETE", "*")]
        assert "/channels/mail/unsubscribe/1234567897" in {path_of(r) for r in changing}
        assert {"/channels/telegram", "/channels/web/messages", "/api/v1/requests"} <= {path_of(r) for r in changing}
        for route in changing:
            for body in bodies():
                answer = await client.request(route.method, path_of(route), headers=headers, **body)
                assert 400 <= answer.status < 500, (route.method, path_of(route), body)
                assert answer.status not in (404, 405), (route.method, path_of(route))
        assert rows(tmp_path / "pishkhan.db") == before


@pytest.mark.parametrize("headers", [{}, FORGED], ids=["bare", "forged"])
async def test_an_unsigned_webhook_gets_403(tmp_path: Path, headers: dict[str, str]) -> None:
    telegram = {"telegram_token": SecretStr("1:token"), "public_url": "https://counter.example.org"}
    async with serving_without_messengers(tmp_path, **telegram) as client:
        answer = await client.post("/channels/telegram", json=UPDATE, headers=headers)
        assert answer.status == 403
        assert answer.content_type == "application/problem+json"


async def test_what_can_be_read_without_a_token_is_meant_to_be(tmp_path: Path) -> None:
    async with serving(settings_of(tmp_path)) as client:
        for route in client.app.router.routes():
            path = path_of(route)
            if route.method != "GET" or path in PUBLIC or path.startswith("/static"):
                continue
            answer = await client.get(path, headers={"X-Forwarded-For": "192.0.2.1"})  # not this machine's own
            assert 400 <= answer.status < 500 or is_page_material(answer.content_type), path


def is_page_material(content_type: str) -> bool:
    return content_type.startswith(("text/css", "text/javascript", "application/javascript", "image/", "font/"))


def serving_without_messengers(data: Path, **given: Any) -> Any:
    """The application with its routes, but no call to a provider: its server is one that refuses at once."""
    return serving(settings_of(data, telegram_api_url="http://127.0.0.1:1", **given))
