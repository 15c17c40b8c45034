"""«چرا پاسخی نرفت؟»: what happened to a citizen in the real application, and what `pishkhan explain` says about it."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from bot import app
from bot.app import Counter
from bot.commands import case
from bot.commands.errors import Ended
from bot.commands.explaining import explained
from bot.commands.explanations import REASONS, SENTENCES
from bot.core.messages import Address, Event, Inbound
from bot.core.ports import Consent
from bot.core.requests import Draft, ServiceRequest, Status
from bot.dialogs.engine import Engine
from bot.settings import Settings
from bot.stores.tables import lines, notices
from tests.app.serving import serving, settings_of, until
from tests.channels.botapi import BotApi, Json, message
from tests.conversation import KNOWLEDGE_BASE
from tests.stores.databases import new_database
from tests.stores.valkey import Server

NUMBER = "+989121234567"
SMS = Address("sms", NUMBER)
TELEGRAM = Address("telegram", "5001234")
LIKE_A_NUMBER = Address("telegram", "9121234567")
MAIL = Address("mail", "ann@example.org")


async def told(settings: Settings, asked: str, *, personal: bool = False) -> dict[str, dict[str, Any]]:
    """The findings by their names (the last of each), and `next`."""
    found = json.loads(await asyncio.to_thread(explained, settings, asked, personal=personal, json=True))
    return {f["finding"]: f for f in found["findings"]} | {"next": found["next"]}


async def sentences(settings: Settings, asked: str, **options: Any) -> str:
    return await asyncio.to_thread(explained, settings, asked, **{"personal": False, "json": False, **options})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of a server that has learnt the content."""
    folder = tmp_path_factory.mktemp("trained")
    app.assemble(settings_of(folder))
    return folder


@pytest.fixture
def data(trained: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for kept in ("models", "secret_key"):
        source = trained / kept
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / kept)
    return folder


@pytest.fixture
async def counter(data: Path) -> AsyncIterator[Counter]:
    """The parts without a server: nobody delivers."""
    counter = await asyncio.to_thread(app.assemble, settings_of(data))
    async with counter.opened():
        yield counter


async def say(counter: Counter, *texts: str, address: Address = SMS) -> None:
    for n, text in enumerate(texts):
        await counter.gateway.receive(Inbound(f"{n}{text}", address, Event.MESSAGE, text=text))


async def file(counter: Counter, address: Address = SMS) -> ServiceRequest:
    contact = await counter.contacts.resolve(address)
    draft = Draft("letter", "request", "نامه", contact, address, "fa", mobile=NUMBER)
    return await counter.desk.file(draft, key=f"file {address}")


async def move(counter: Counter, request: ServiceRequest, status: Status = Status.IN_REVIEW) -> None:
    await counter.desk.change(request.code, by="officer", status=status)


# --- who it is --------------------------------------------------------------------------------------


async def test_a_citizen_is_found_by_anything_an_operator_may_have(counter: Counter) -> None:
    await say(counter, "سلام")
    request = await file(counter)
    contact = await counter.contacts.resolve(SMS)
    for address in (LIKE_A_NUMBER, MAIL):
        await say(counter, "سلام", address=address)
        assert (await told(counter.settings, str(address)))["contact"]["contact"] != contact
    assert (await told(counter.settings, MAIL.id))["turn_answered"]["channel"] == "mail"
    for asked in (contact, f"sms:{NUMBER}", "voice:09121234567", "۰۹۱۲ ۱۲۳ ۴۵۶۷", "9121234567", request.code.shown):
        found = await told(counter.settings, asked)
        assert found["contact"]["contact"] == contact, asked
        assert found["turn_answered"]["channel"] == "sms"
    assert found["request"]["code"] == request.code
    assert found["next"]["finding"] == "do_nothing"


async def test_a_number_is_found_in_postgresql_as_well(data: Path, request: pytest.FixtureRequest) -> None:
    async with new_database("postgresql", request, data) as url:
        counter = await asyncio.to_thread(
            app.assemble, settings_of(data, database_url=url, secret_key=SecretStr("k" * 40))
        )
        async with counter.opened():
            await file(counter, Address("console", "office"))
            found = await told(counter.settings, "09121234567")
    assert found["never_heard"]


async def test_numbers_are_whole_for_who_asks_for_them_alone(counter: Counter) -> None:
    await say(counter, "سلام، رمز من ۹۹۸۸ است")
    for language in ("fa", "en"):
        settings = counter.settings.model_copy(update={"language": language})
        text = await sentences(settings, NUMBER)
        assert "1234567" not in text
        assert "+98912…67" in text
        assert "۹۹۸۸" not in text
        assert NUMBER in await sentences(settings, NUMBER, personal=True)
        assert (text.splitlines()[-1].split(":")[0]) == {"fa": "راه چاره", "en": "To do"}[language]


async def test_nobody_becomes_known_by_being_asked_for(counter: Counter) -> None:
    for asked in (NUMBER, "telegram:77", "0123456789abcdef", "2175654022"):
        with pytest.raises(Ended, match="nobody is known"):
            await sentences(counter.settings, asked)
    rows = await counter.stores.database.read(lambda c: c.execute(sa.text("SELECT count(*) FROM addresses")).scalar())
    assert rows == 0


async def test_who_never_wrote_but_filed_through_the_office_is_found_by_the_number(counter: Counter) -> None:
    request = await file(counter, Address("console", "office"))
    found = await told(counter.settings, "09121234567")
    assert found["contact"]["contact"] == request.draft.contact
    assert found["never_heard"]
    assert found["next"]["finding"] == "do_first_words"


async def test_a_contact_that_was_merged_is_followed(counter: Counter) -> None:
    await say(counter, "سلام")
    await say(counter, "سلام", address=TELEGRAM)
    mine, other = await counter.contacts.resolve(SMS), await counter.contacts.resolve(TELEGRAM)
    await counter.sessions.absorb(other, into=mine)
    await counter.contacts.link(other, mine)
    found = await told(counter.settings, other)
    assert found["merged"] == {"finding": "merged", "from": other, "contact": mine}


async def test_a_channel_that_is_not_set_up_is_named(counter: Counter) -> None:
    await say(counter, "سلام", address=TELEGRAM)
    elsewhere = counter.settings.model_copy(update={"environment": "production"})  # where no sandbox stands in
    found = await told(elsewhere, str(TELEGRAM))
    assert found["way_not_served"]["channel"] == "telegram"
    assert found["next"]["finding"] == "do_channel"


async def test_the_way_that_was_chosen_for_news_is_told(counter: Counter) -> None:
    await say(counter, "سلام")
    assert "preferred" not in await told(counter.settings, NUMBER)
    await counter.contacts.prefer(SMS)
    assert (await told(counter.settings, NUMBER))["preferred"]["id"] == "+98912…67"


# --- turns ------------------------------------------------------------------------------------------


async def test_an_apology_is_told_with_the_citizen_s_reference(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Engine, "advance", fails)
        outcome = await counter.gateway.receive(Inbound("1", SMS, Event.MESSAGE, text="سلام"))
    found = await told(counter.settings, NUMBER)
    assert found["turn_apology"]["reference"] == outcome.replies[0].say.args["reference"]
    assert found["next"]["finding"] == "do_reference"
    assert found["next"]["reference"] == found["turn_apology"]["reference"]


async def test_who_writes_too_fast_is_not_answered_now(counter: Counter) -> None:
    await say(counter, *["منو"] * 40, address=TELEGRAM)
    found = await told(counter.settings, str(TELEGRAM))
    assert found["turn_too_fast"]
    assert found["too_fast"]
    assert found["next"]["finding"] == "do_slower"


async def test_a_conversation_in_circles_is_silenced(counter: Counter) -> None:
    for n in range(40):
        await counter.gateway.receive(Inbound(f"{n}", SMS, Event.MESSAGE, text="من خودکار پاسخ می‌دهم", costly=True))
    found = await told(counter.settings, NUMBER)
    assert found["turn_circles"]
    assert datetime.fromisoformat(found["silenced"]["until"]) > counter.live.now()
    assert found["next"]["finding"] == "do_slower"


async def test_lines_that_the_database_lacks_are_missed(counter: Counter) -> None:
    await say(counter, "سلام", "منو")
    contact = await counter.contacts.resolve(SMS)
    last = (await counter.sessions.lines(contact, 0))[-1].seq
    await counter.stores.database.write(lambda c: c.execute(sa.delete(lines).where(lines.c.seq == last)))
    assert (await told(counter.settings, NUMBER))["lines_missing"]["count"] == 1


# --- notices ----------------------------------------------------------------------------------------


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


def quiet_now(folder: Path) -> Path:
    """The content, with quiet hours around this moment."""
    shutil.copytree(KNOWLEDGE_BASE, folder)
    now = datetime.now(ZoneInfo("Asia/Tehran"))
    begins, ends = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-2, 2))
    file = folder / "organization.yaml"
    text, count = re.subn(
        r"^quiet_hours:.*$", f'quiet_hours: {{from: "{begins}", until: "{ends}"}}', file.read_text("utf-8"), flags=re.M
    )
    assert count == 1
    file.write_text(text, "utf-8")
    return folder


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


async def test_nobody_is_woken_at_night(data: Path, tmp_path: Path) -> None:
    given = {"environment": "production", "secret_key": SecretStr("k" * 40)}
    async with office(data, content_dir=quiet_now(tmp_path / "knowledge_base"), **given) as here:
        await move(here.counter, here.request)
        found = await here.until("notice_quiet")
    assert (
        timedelta()
        < datetime.fromisoformat(found["notice_quiet"]["until"]) - here.counter.live.now()
        < timedelta(hours=2)
    )
    assert found["next"]["finding"] == "do_wait"


# --- the stores -------------------------------------------------------------------------------------


@pytest.fixture
def valkey() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.kill()


async def test_a_turn_that_does_not_end_and_a_store_that_is_away(
    data: Path, valkey: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case, "PATIENCE", 0.3)
    settings = settings_of(data, redis_url=SecretStr(valkey.url))
    counter = await asyncio.to_thread(app.assemble, settings)
    async with counter.opened():
        await say(counter, "سلام")
        async with counter.sessions.open(await counter.contacts.resolve(SMS)):
            held = await told(settings, NUMBER)
        valkey.kill()
        away = await told(settings, NUMBER)
        valkey.start()
    assert held["turn_under_way"]
    assert held["next"]["finding"] == "do_wait_turn"
    assert away["store_away"]
    assert away["next"]["finding"] == "do_store"


def test_every_sentence_is_there_in_both_languages_with_the_same_gaps() -> None:
    gap = re.compile(r"\{(\w+)\}")
    for key, text in SENTENCES.items():
        assert set(text) == {"fa", "en"}, key
        assert set(gap.findall(text["fa"])) == set(gap.findall(text["en"])), key
    assert set(REASONS.values()) <= set(SENTENCES)
