"""Why no notice came: what the courier met, and what `pishkhan explain` says about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from bot import app, content
from bot.app import Counter
from bot.core.catalogue import QuietHours
from bot.core.ports import Consent
from bot.core.requests import ServiceRequest, Status
from bot.settings import Settings
from bot.stores.tables import notices
from tests.app.citizens import NUMBER, SMS, TELEGRAM, file, move, say, told
from tests.app.serving import serving, settings_of, until
from tests.channels.botapi import BotApi, Json, message
from tests.conversation import KNOWLEDGE_BASE


async def test_who_stopped_the_news_is_not_told(data: Path) -> None:
    settings = settings_of(data)
    async with serving(settings) as client:
        counter = client.app[app.COUNTER]
        await say(counter, "سلام")
        await counter.contacts.allow(SMS, Consent.REPLIES)
        await move(counter, await file(counter))
        client.app[app.COURIER].wake()

        async def dropped() -> bool:
            return "notice_dropped" in await told(settings, NUMBER)

        await until(dropped)
        found = await told(settings, NUMBER)
    assert found["way_replies"]["channel"] == "sms"
    assert found["notice_dropped"]["why"] == "why_not_wanted"
    assert found["next"]["finding"] == "do_consent"


async def test_notices_wait_in_order_for_a_courier(counter: Counter) -> None:
    await say(counter, "سلام")
    request = await file(counter)
    await move(counter, request)
    await move(counter, request, Status.NEEDS_INFORMATION)
    found = await told(counter.settings, NUMBER)
    assert found["notice_soon"]["notice"] == "1"
    assert found["notice_behind"] == {**found["notice_behind"], "notice": "2", "earlier": "1"}
    assert found["next"]["finding"] == "do_wait"
    early = sa.update(notices).values(next_at=counter.live.now() - timedelta(minutes=5))
    await counter.stores.database.write(lambda c: c.execute(early))
    found = await told(counter.settings, NUMBER)
    assert found["notice_overdue"]["notice"] == "1"
    assert found["next"]["finding"] == "do_courier"


def quiet_now() -> QuietHours:
    """From two hours ago until in two hours."""
    now = datetime.now(ZoneInfo("Asia/Tehran"))
    begins, ends = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-2, 2))
    return QuietHours(begins, ends)


@dataclass
class Messenger(BotApi):
    trouble: Json = field(default_factory=dict)

    async def _get_webhook_info(self, p: Json) -> Json:
        return {**await super()._get_webhook_info(p), **self.trouble}


@dataclass
class Office:
    """The whole server with Telegram, and a citizen there who has a request."""

    settings: Settings
    counter: Counter
    api: Messenger
    request: ServiceRequest

    async def explained(self) -> dict[str, dict[str, Any]]:
        return await told(self.settings, str(TELEGRAM))

    async def until(self, finding: str) -> dict[str, dict[str, Any]]:
        async def found() -> bool:
            return finding in await self.explained()

        await until(found)
        return await self.explained()


@asynccontextmanager
async def office(data: Path, **given: Any) -> AsyncIterator[Office]:
    async with Messenger() as api:
        settings = settings_of(
            data,
            telegram_token=SecretStr(api.token),
            telegram_api_url=api.url,
            public_url="https://counter.example.org",
            **given,
        )
        async with serving(settings) as client:
            await api.wait_for("setWebhook")
            counter = client.app[app.COUNTER]
            here = Office(settings, counter, api, await file(counter, TELEGRAM))
            api.webhook["url"] = str(client.make_url("/channels/telegram"))
            async with aiohttp.ClientSession() as session:
                assert await api.push(message(1, chat=int(TELEGRAM.id), text="سلام"), session) == 200
            api.webhook["url"] = "https://counter.example.org/channels/telegram"
            yield here


async def test_who_blocked_us_cannot_be_told(data: Path) -> None:
    async with office(data) as here:
        here.api.fail("sendMessage", 403, "Forbidden: bot was blocked by the user", times=5)
        await move(here.counter, here.request)
        found = await here.until("notice_dead")
    assert found["way_unreachable"]["channel"] == "telegram"
    assert found["turn_answered"]
    assert found["next"]["finding"] == "do_other_way"
    assert "webhook_other" not in found and "webhook_fails" not in found


async def test_what_a_provider_does_not_take_is_tried_again(data: Path) -> None:
    async with office(data) as here:
        here.api.fail("sendMessage", 429, "Too Many Requests: retry after 90", times=5, retry_after=90)
        await move(here.counter, here.request)
        found = await here.until("notice_again")
        assert found["next"]["finding"] == "do_wait"
        assert datetime.fromisoformat(found["notice_again"]["until"]) > here.counter.live.now()
        here.api.trouble = {"pending_update_count": 7, "last_error_message": "Wrong response from the webhook: 502"}
        troubled = await here.explained()
        here.api.webhook["url"] = "https://elsewhere.example.org/bot"
        moved = await here.explained()
    assert troubled["webhook_fails"]["count"] == 7
    assert "502" in troubled["webhook_fails"]["why"]
    assert moved["webhook_other"]["channel"] == "telegram"
    assert moved["next"]["finding"] == "do_webhook"


async def test_nobody_is_woken_at_night(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = content.load(KNOWLEDGE_BASE)
    at_night = replace(catalogue, organization=replace(catalogue.organization, quiet_hours=quiet_now()))
    monkeypatch.setattr(content, "load", lambda folder: at_night)
    async with office(data, environment="production", secret_key=SecretStr("k" * 40)) as here:
        await move(here.counter, here.request)
        found = await here.until("notice_quiet")
    left = datetime.fromisoformat(found["notice_quiet"]["until"]) - here.counter.live.now()
    assert timedelta() < left < timedelta(hours=2)
    assert found["next"]["finding"] == "do_wait"
