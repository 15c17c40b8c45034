"""Two conversations become one while both go on: nothing is answered twice, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.channels.render import Renderer
from bot.core.messages import Address, Event, Inbound
from bot.core.ports import Contacts, SessionStore
from bot.core.sessions import Session
from bot.desk.identity import LinkedIdentity
from bot.desk.service_desk import ServiceDesk
from bot.dialogs.engine import Engine
from bot.dialogs.registry import build
from bot.gateway import Gateway, Outcome
from bot.stores.contacts import SqlContacts
from bot.stores.database import open_database
from bot.stores.memory import MemoryContacts, MemoryRecords, MemorySessions
from bot.stores.records import SqlRecords
from bot.stores.sessions import SqlSessions
from tests.conversation import content
from tests.stores.databases import KINDS, new_database

NUMBER = "+989121234567"
WEB, SMS, TELEGRAM = Address("web", "w1"), Address("sms", NUMBER), Address("telegram", "77")
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


class Process:
    """One process of the application over stores that others may share."""

    def __init__(self, sessions: Any, contacts: Any, records: Any) -> None:
        catalogue, nlu = content()
        self.sessions: SessionStore = sessions
        self.contacts: Contacts = contacts
        self.desk = ServiceDesk(records, lambda: catalogue, lambda: NOW)
        self.identity = LinkedIdentity(contacts, sessions, records, lambda: NOW, secret=lambda: "s")
        engine = Engine(build(catalogue, nlu, self.desk, self.identity), Renderer(lambda: catalogue.phrases))
        self.gateway = Gateway(sessions, contacts, engine, clock=lambda: NOW)
        self.count = 0

    async def say(self, address: Address, text: str, id: str = "", **more: Any) -> Outcome:
        self.count += 1
        return await self.gateway.receive(Inbound(id or f"{id}{self.count}", address, Event.MESSAGE, text=text, **more))

    async def session(self, address: Address) -> Session:
        async with self.sessions.open(await self.contacts.resolve(address)) as opened:
            return opened.session

    async def join(self, address: Address, to: Address) -> Outcome:
        ticket = self.identity.ticket(await self.contacts.resolve(to))
        await self.say(address, f"/join {ticket}")
        return await self.say(address, "بله")


@pytest.fixture(params=["memory", *KINDS])
async def two(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes; those over memory are one and the same."""
    if request.param == "memory":
        contacts = MemoryContacts()
        stores = MemorySessions(contacts), contacts, MemoryRecords(contacts)
        yield Process(*stores), Process(*stores)
        return
    async with new_database(request.param, request, tmp_path) as url:
        databases = [open_database(url), open_database(url)]
        first, second = (Process(SqlSessions(d), SqlContacts(d), SqlRecords(d)) for d in databases)
        second.count = 10_000
        yield first, second
        for database in databases:
            await database.close()


def drafts(session: Session) -> dict[str, int]:
    return {f.dialog: len(f.answers) for f in session.frames if f.dialog.startswith("form/")}


async def test_drafts_and_answers_of_both_are_there_on_both(two: tuple[Process, Process]) -> None:
    one, other = two
    await one.say(SMS, "/form/pothole_report")
    await one.say(SMS, "۱")
    await other.say(WEB, "/form/street_light_report")
    await other.say(WEB, "۱")
    await other.join(WEB, SMS)
    both = {"form/pothole_report": 1, "form/street_light_report": 1}
    assert drafts(await other.session(WEB)) == both
    told = await one.say(SMS, "سلام")  # a process that knew the old contact
    assert told.contact == (await other.session(WEB)).contact
    assert await one.contacts.resolve(SMS) == await other.contacts.resolve(WEB)
    assert drafts(await one.session(SMS)) == both


async def test_a_delivery_of_before_the_merge_is_still_known(two: tuple[Process, Process]) -> None:
    one, other = two
    await one.say(SMS, "/form/pothole_report", id="the first")
    before = await one.say(SMS, "۱", id="the second")
    await other.join(WEB, SMS)
    again = await one.say(SMS, "۱", id="the second")
    assert again.repeated and again.replies == before.replies
    assert (await one.say(SMS, "/form/pothole_report", id="the first")).repeated
    assert drafts(await one.session(SMS)) == {"form/pothole_report": 1}


async def test_what_comes_after_is_news_to_readers_of_either(two: tuple[Process, Process]) -> None:
    one, other = two
    talk = [await one.say(WEB, f"سؤال {n}") for n in range(9)]
    joined = await other.join(TELEGRAM, WEB)
    assert joined.seq > talk[-1].seq + len(talk[-1].replies) - 1, "the web page has read so far"
    assert (await one.say(WEB, "سلام")).seq >= joined.seq + len(joined.replies)
    lines = await one.sessions.lines(joined.contact, -(2**40))  # type: ignore[attr-defined]
    assert len({line.seq for line in lines}) == len(lines)
    asked = [line.content["text"] for line in lines if line.address == WEB and line.content.get("text")]
    assert asked == [*(f"سؤال {n}" for n in range(9)), "سلام"]


async def test_words_that_arrive_while_the_two_become_one_are_all_heard(two: tuple[Process, Process]) -> None:
    one, other = two
    await one.say(SMS, "/form/letter")
    await one.say(SMS, "موضوع نامه")
    ticket = other.identity.ticket(await other.contacts.resolve(SMS))
    await other.say(WEB, f"/join {ticket}")
    outcomes = await asyncio.gather(
        other.say(WEB, "بله"), *(one.say(SMS, f"سؤال {n}", id=f"late {n}") for n in range(6))
    )
    assert not any(reply.say.key == "engine.apology" for outcome in outcomes for reply in outcome.replies)
    assert all(outcome.replies for outcome in outcomes)
    for n in range(6):
        assert (await one.say(SMS, f"سؤال {n}", id=f"late {n}")).repeated, "taken once, before or after"
    assert "form/letter" in drafts(await one.session(SMS))


async def test_two_that_join_each_other_at_once_are_one(two: tuple[Process, Process]) -> None:
    one, other = two
    for process, address, form in ((one, SMS, "/form/letter"), (other, TELEGRAM, "/form/suggestion")):
        await process.say(address, form)
        await process.say(address, "چیزی که نوشته شد")
    tickets = [p.identity.ticket(await p.contacts.resolve(a)) for p, a in ((other, TELEGRAM), (one, SMS))]
    await one.say(SMS, f"/join {tickets[0]}")
    await other.say(TELEGRAM, f"/join {tickets[1]}")
    await asyncio.gather(one.say(SMS, "بله"), other.say(TELEGRAM, "بله"))
    for _ in range(2):
        outcomes = [await one.say(SMS, "منو"), await other.say(TELEGRAM, "منو")]
    assert outcomes[0].contact == outcomes[1].contact
    assert set(drafts(await one.session(SMS))) == {"form/letter", "form/suggestion"}


async def test_a_crash_between_the_save_and_the_moving_is_made_good(
    two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    await one.say(SMS, "/form/officer_message")
    await one.say(SMS, "لطفاً تماس بگیرید.")

    async def killed(*_: object) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as patch:
        patch.setattr(other.contacts, "link", killed)
        with pytest.raises(ConnectionAbortedError):
            await other.join(WEB, SMS)
    assert await other.contacts.resolve(SMS) != await other.contacts.resolve(WEB)
    await other.say(WEB, "سلام")
    assert await other.contacts.resolve(SMS) == await other.contacts.resolve(WEB)
    assert drafts(await other.session(WEB)) == {"form/officer_message": 1}


async def test_a_crash_between_the_pointer_and_the_save_forgets_no_answer(two: tuple[Process, Process]) -> None:
    first, second = two
    said = [await first.say(WEB, text, id=text) for text in ("/form/letter", "نشانی")]
    await first.say(TELEGRAM, "منو")
    web, telegram = [await first.contacts.resolve(address) for address in (WEB, TELEGRAM)]
    await first.sessions.absorb(web, telegram)  # and here the process dies
    for n, process in enumerate((second, first, second)):
        for text, before in zip(("/form/letter", "نشانی"), said, strict=True):
            again = await process.say(WEB, text, id=text)
            assert again.repeated
            assert again.replies == before.replies
        assert not (await process.say(WEB, "منو", id=f"menu{n}")).repeated, "it goes on where the other was taken over"
    assert await second.contacts.resolve(WEB, fresh=True) == telegram


async def test_the_messenger_s_own_word_joins_the_number(two: tuple[Process, Process]) -> None:
    one, other = two
    await one.say(SMS, "/form/letter")
    await one.say(SMS, "موضوع نامه")
    told = await other.say(TELEGRAM, NUMBER, phone=NUMBER)
    assert told.replies[0].say.key == "link.number"
    assert drafts(await other.session(TELEGRAM)) == {"form/letter": 1}
    assert (await one.say(SMS, "سلام")).contact == told.contact
    assert (await other.say(TELEGRAM, NUMBER, phone=NUMBER)).replies[0].say.key != "link.number"


async def test_a_forged_caller_hears_nothing_of_the_owner(two: tuple[Process, Process]) -> None:
    one, _ = two
    await one.say(SMS, "/form/letter")
    await one.say(SMS, "راز من")
    called = Inbound("c1", Address("voice", NUMBER), Event.START, proven=False, visit="call")
    outcome = await one.gateway.receive(called)
    heard = list(outcome.replies)
    for n, text in enumerate(("بازگشت", "/resume", "/front/x", "/mine", "تکرار", "منو", "/form/letter")):
        more = Inbound(f"k{n}", called.address, Event.MESSAGE, text=text, proven=False, visit="call")
        heard += (await one.gateway.receive(more)).replies
    assert "راز من" not in repr(heard)
    assert "letter" not in repr([r for r in heard if "form.ask" not in repr(r)])
    assert drafts(await one.session(SMS))["form/letter"] == 0, "a letter of the caller's own"
    await one.gateway.receive(Inbound("end", called.address, Event.HANGUP, proven=False, visit="call"))
    await one.say(SMS, "سلام")
    answers = [f.answers for f in (await one.session(SMS)).frames if f.dialog == "form/letter"]
    assert {"subject": "راز من"} in answers
