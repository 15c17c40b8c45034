"""«چرا پاسخی نرفت؟»: what happened to a citizen in the real application, and what `pishkhan explain` says about it."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from bot import app, courier
from bot.app import Counter
from bot.commands import case
from bot.commands.errors import Ended
from bot.commands.explanations import REASONS, SENTENCES
from bot.core.messages import Address, Event, Inbound
from bot.dialogs.engine import Engine
from bot.stores.tables import lines
from tests.app.citizens import NUMBER, SMS, TELEGRAM, file, say, sentences, told
from tests.app.serving import settings_of
from tests.stores.valkey import Server

LIKE_A_NUMBER = Address("telegram", "9121234567")
MAIL = Address("mail", "ann@example.org")


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


# --- the stores -------------------------------------------------------------------------------------


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


def test_every_reason_is_one_that_the_courier_gives() -> None:
    written = "".join(path.read_text() for path in Path(courier.__file__).parent.glob("*.py"))
    assert [reason for reason in REASONS if f'"{reason}"' not in written] == []
