"""The way of one inbound: exclusive, in order, once, and never without an answer."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest

from bot import gateway as gateway_module
from bot.core.messages import Address, Event, Inbound
from bot.core.ports import StaleSession, StoreUnavailable
from bot.gateway import End, Gateway, Outcome, Seen, reference
from bot.logs import Lines
from bot.stores.memory import MemoryContacts, MemorySessions
from tests.dialogs.small_desk import NOW, Citizen

FORM = ("/form/lamp", "off", "dark", "3", "skip", "09123456789")


class Door:
    """The gateway with doubles behind it, and an address in front."""

    def __init__(self) -> None:
        self.citizen = Citizen()
        self.now = NOW
        self.sessions = MemorySessions()
        self.gateway = Gateway(
            self.sessions,
            MemoryContacts(),
            self.citizen.engine,
            clock=lambda: self.now,
            new_reference=lambda: "ref-0001",
        )
        self.count = 0

    def inbound(self, text: str, id: str = "", name: str = "ann") -> Inbound:
        self.count += 1
        return Inbound(id or f"{self.count}", Address("web", name), Event.MESSAGE, text=text)

    async def say(self, *texts: str) -> Outcome:
        for text in texts:
            outcome = await self.gateway.receive(self.inbound(text))
        return outcome


@pytest.fixture
def door() -> Door:
    return Door()


async def test_a_repeated_inbound_hears_the_same_and_changes_nothing(door: Door) -> None:
    await door.say(*FORM)
    confirm = door.inbound("confirm", id="the-same")
    first = await door.gateway.receive(confirm)
    again = await door.gateway.receive(confirm)
    assert again.replies == first.replies
    assert again.seq == first.seq
    assert again.repeated
    assert len(door.citizen.desk.requests) == 1


async def test_fifty_deliveries_at_once_take_effect_once(door: Door) -> None:
    await door.say(*FORM)
    confirm = door.inbound("confirm")
    outcomes = await asyncio.gather(*(door.gateway.receive(confirm) for _ in range(50)))
    assert len(door.citizen.desk.requests) == 1
    assert all(o.replies == outcomes[0].replies for o in outcomes)
    assert sum(not o.repeated for o in outcomes) == 1


async def test_a_notice_is_told_again_and_nothing_in_its_place(door: Door) -> None:
    """However many turns came between, and when there was nothing to say."""
    await door.say(*FORM, "confirm")
    code = door.citizen.desk.requests[0].code
    told = Inbound("notice:1", Address("web", "ann"), Event.NOTICE, value=f"/told {code} 0")
    nothing = Inbound("notice:2", Address("web", "ann"), Event.NOTICE, value="/told 0000000000 0")
    first = await door.gateway.receive(told)
    assert first.replies[0].say.key == "form.lines"
    for _ in range(2):
        assert (await door.gateway.receive(nothing)).replies == ()
        again = await door.gateway.receive(told)
        assert (again.replies, again.seq) == (first.replies, first.seq)
        await door.say("/form/lamp", *["repeat"] * 10)


async def test_a_notice_that_cannot_be_told_is_no_reason_to_apologise(door: Door) -> None:
    async def fail(code: object) -> None:
        raise LookupError

    door.citizen.desk.find = fail  # type: ignore[method-assign, assignment]
    with pytest.raises(LookupError):
        await door.gateway.receive(Inbound("notice:1", Address("web", "ann"), Event.NOTICE, value="/told 6020511976 0"))
    assert await door.sessions.lines(await door.gateway.contacts.resolve(Address("web", "ann")), 0) == ()


async def test_an_old_repeat_hears_the_open_question(door: Door) -> None:
    first = door.inbound("/form/lamp")
    await door.gateway.receive(first)
    await door.say("off", "dark", *["repeat"] * 10)
    outcome = await door.gateway.receive(first)
    assert outcome.repeated
    assert outcome.replies[-1].say.args["ask"] == "How many?"


async def test_messages_of_one_contact_keep_their_order(door: Door) -> None:
    await asyncio.gather(*(door.gateway.receive(door.inbound(text)) for text in (*FORM, "confirm")))
    (request,) = door.citizen.desk.requests
    assert [a.value for a in request.draft.answers] == ["off", "dark", 3, "+989123456789"]


async def test_contacts_do_not_mix(door: Door) -> None:
    async def file(name: str) -> None:
        for text in (*FORM, "confirm"):
            await door.gateway.receive(door.inbound(text, name=name))

    await asyncio.gather(*(file(f"citizen-{n}") for n in range(20)))
    assert len({r.draft.contact for r in door.citizen.desk.requests}) == 20


async def test_the_transcript_numbers_every_line(door: Door) -> None:
    await door.say(*FORM, "confirm")
    contact = (await door.say("menu")).contact
    lines = await door.sessions.lines(contact, 0)
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    assert [line.content["text"] for line in lines if line.direction == "in"] == [*FORM, "confirm", "menu"]


async def test_a_failing_dialog_apologises_and_keeps_every_answer(door: Door, caplog: Any) -> None:
    await door.say(*FORM)
    door.citizen.desk.fails = True
    with caplog.at_level(logging.ERROR):
        outcome = await door.say("confirm")
    (apology,) = outcome.replies
    assert apology.say.key == "engine.apology"
    assert apology.say.args["reference"] == "ref-0001"
    assert "/human" in {c.value for c in apology.choices}
    assert "channel=web reference=ref-0001" in Lines().format(caplog.records[-1]), (
        "the citizen's reference is the log's"
    )
    assert "dark" not in caplog.text and "09123456789" not in caplog.text
    door.citizen.desk.fails = False
    await door.say("confirm")
    (request,) = door.citizen.desk.requests
    assert request.draft.answers[1].value == "dark"


async def test_a_dialog_that_takes_too_long_is_stopped(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_module, "TURN_BUDGET", 0.01)

    async def slow(*args: object, **kwargs: object) -> None:
        await asyncio.sleep(5)

    await door.say(*FORM)
    monkeypatch.setattr(door.citizen.desk, "file", slow)
    assert (await door.say("confirm")).replies[0].say.key == "engine.apology"


async def test_a_stale_session_is_taken_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    await door.say("/form/lamp")
    opened = door.sessions.open
    failures = iter([True, False, False, False])

    class Once:
        def __init__(self, contact: str) -> None:
            self.inner = opened(contact)

        async def __aenter__(self) -> Any:
            return await self.inner.__aenter__()

        async def __aexit__(self, *error: Any) -> None:
            if next(failures):
                await self.inner.__aexit__(ValueError, ValueError(), None)
                raise StaleSession
            await self.inner.__aexit__(*error)

    monkeypatch.setattr(door.sessions, "open", Once)
    outcome = await door.say("off")
    assert outcome.replies[-1].say.args["ask"] == "Describe."


async def test_a_verified_number_of_the_channel_is_remembered(door: Door) -> None:
    heard = Inbound("c1", Address("telegram", "7"), Event.MESSAGE, phone="+989123456789")
    await door.gateway.receive(heard)
    contacts = door.gateway.contacts
    assert isinstance(contacts, MemoryContacts)
    assert (await contacts.resolve(heard.address)) in str(vars(contacts))


async def test_time_passes_between_turns_and_drafts_are_offered_again(door: Door) -> None:
    await door.say("/form/lamp", "off")
    door.now += timedelta(days=1)
    assert (await door.say("dark")).replies[-1].say.key == "resume.ask"


async def test_nobody_hears_of_news_that_could_not_be_told(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> Any:
        raise ValueError

    contact = (await door.say("hello")).contact
    before = await door.sessions.lines(contact, 0)
    monkeypatch.setattr(door.citizen.engine, "advance", fails)
    notice = Inbound("notice:1", Address("web", "ann"), Event.NOTICE, value="/told 1000000005 1")
    with pytest.raises(ValueError):
        await door.gateway.receive(notice)
    assert await door.sessions.lines(contact, 0) == before


# --- watchers ----------------------------------------------------------------------------------------


@pytest.fixture
def seen(door: Door) -> list[Seen]:
    found: list[Seen] = []
    door.gateway.watchers.append(found.append)
    return found


def ends(seen: list[Seen]) -> list[str]:
    return [each.end.value for each in seen]


async def test_a_watcher_is_told_how_each_inbound_was_met(door: Door, seen: list[Seen]) -> None:
    first = door.inbound("/form/lamp")
    outcome = await door.gateway.receive(first)
    await door.gateway.receive(first)
    assert ends(seen) == ["answered", "replayed"]
    assert (seen[0].heard, seen[0].outcome) == (first, outcome)
    assert all(each.seconds > 0 for each in seen)


async def test_a_good_turn_has_a_line_for_who_debugs_alone(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await door.say("hello")
    assert caplog.records == []
    with caplog.at_level(logging.DEBUG, "bot.gateway"):
        await door.say("hello again")
    (line,) = [Lines().format(record) for record in caplog.records]
    assert "msg=turn end=answered" in line
    assert "hello" not in line


async def test_a_watcher_sees_an_apology(door: Door, seen: list[Seen]) -> None:
    door.citizen.desk.fails = True
    await door.say(*FORM, "confirm")
    assert ends(seen)[-1] == "apology"


async def test_a_watcher_sees_what_was_not_answered(
    door: Door, seen: list[Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> Any:
        raise StoreUnavailable("no disk")

    async def rivals(*_: object) -> Any:
        raise StaleSession("another was faster")

    monkeypatch.setattr(gateway_module, "STALE_PAUSE", 0)
    for engine_does, error in ((lost, StoreUnavailable), (rivals, StaleSession)):
        monkeypatch.setattr(door.citizen.engine, "advance", engine_does)
        with pytest.raises(error):
            await door.say("hello")
    assert set(ends(seen)) == {End.UNAVAILABLE, End.STALE}
    assert ends(seen).count("stale") == gateway_module.STALE_RETRIES
    assert all(each.outcome is None for each in seen)


async def test_turns_at_once_keep_their_references_apart(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    numbers = iter(range(100))
    door.gateway.new_reference = lambda: f"ref-{next(numbers):04}"
    door.citizen.desk.fails = True
    names = [f"citizen{n}" for n in range(5)]

    async def whole(name: str) -> tuple[str, str]:
        for text in (*FORM, "confirm"):
            outcome = await door.gateway.receive(door.inbound(text, name=name))
        return str(outcome.replies[0].say.args["reference"]), reference.get()

    told = await asyncio.gather(*(whole(name) for name in names))
    assert all(said == bound for said, bound in told)
    assert len({said for said, _ in told}) == len(names)
