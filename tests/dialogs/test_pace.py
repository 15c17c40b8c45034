"""Nobody is answered faster than people read, and no two robots keep each other talking; nothing typed is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.render import Renderer
from bot.channels.sms.rendering import Composer
from bot.core.catalogue import pick
from bot.core.messages import Address, Event, Inbound
from bot.core.sessions import Pace, Session
from bot.dialogs.engine import Engine
from bot.dialogs.pace import USUAL, Pacing, Rhythm
from bot.dialogs.registry import build
from bot.gateway import End, Gateway, Outcome
from bot.stores.memory import MemoryContacts, MemorySessions
from tests.conversation import content
from tests.dialogs.small_desk import NOW, Citizen, KeysAsWords

ENOUGH = USUAL.burst * 2


class Desk:
    """A small desk behind a gateway that paces, and one citizen before it."""

    def __init__(self, gateway: Gateway | None = None) -> None:
        self.citizen = Citizen()
        self.now = NOW
        self.sessions = MemorySessions()
        self.citizen.engine.pacing = Pacing()
        self.gateway = gateway or Gateway(self.sessions, MemoryContacts(), self.citizen.engine, clock=lambda: self.now)
        self.count = 0

    def heard(self, text: str = "", event: Event = Event.MESSAGE, **more: Any) -> Inbound:
        self.count += 1
        return Inbound(f"{self.count}", Address("web", "ann"), event, text=text, **more)

    async def hear(self, heard: Inbound) -> Outcome:
        return await self.gateway.receive(heard)

    async def say(self, *texts: str, every: float = 0.0, **more: Any) -> list[Outcome]:
        outcomes = []
        for text in texts:
            outcomes.append(await self.hear(self.heard(text, **more)))
            self.now += timedelta(seconds=every)
        return outcomes

    async def stored(self) -> Session:
        async with self.sessions.open(await self.gateway.contacts.resolve(Address("web", "ann"))) as opened:
            return opened.session


@pytest.fixture
def desk() -> Desk:
    return Desk()


def ends(outcomes: Sequence[Outcome]) -> list[End]:
    return [outcome.end for outcome in outcomes]


def words(outcome: Outcome) -> str:
    return " ".join(KeysAsWords().text(reply.say, "en") for reply in outcome.replies)


# --- too fast -------------------------------------------------------------------------------------


async def test_who_is_too_fast_is_told_once_and_then_not_answered_until_there_is_room(desk: Desk) -> None:
    outcomes = await desk.say(*["menu"] * ENOUGH)
    answered = [End.ANSWERED] * USUAL.burst
    assert ends(outcomes) == [*answered, End.HELD, *[End.DROPPED] * (ENOUGH - USUAL.burst - 1)]
    assert words(outcomes[USUAL.burst]) == "engine.too_fast 17"
    desk.now += timedelta(seconds=17)
    assert ends(await desk.say("menu")) == [End.ANSWERED]


async def test_nothing_is_written_of_what_is_dropped(desk: Desk) -> None:
    await desk.say(*["menu"] * (USUAL.burst + 1))
    before = await desk.stored()
    assert ends(await desk.say(*["menu"] * 50)) == [End.DROPPED] * 50
    assert await desk.stored() == before


async def test_an_answer_that_came_too_fast_is_still_waited_for(desk: Desk) -> None:
    await desk.say("/form/lamp", "off", *["repeat"] * ENOUGH)
    assert "dark" not in str((await desk.stored()).frames)
    desk.now += timedelta(minutes=1)
    assert "How many?" in words((await desk.say("dark"))[0])


async def test_a_repeated_inbound_costs_nothing_and_hears_the_same(desk: Desk) -> None:
    first = desk.heard("menu")
    answer = await desk.hear(first)
    for _ in range(ENOUGH):
        again = await desk.hear(first)
        assert again.repeated and again.replies == answer.replies
    assert ends(await desk.say(*["menu"] * (USUAL.burst - 1))) == [End.ANSWERED] * (USUAL.burst - 1)
    too_fast = desk.heard("menu")
    told = await desk.hear(too_fast)
    assert told.end is End.HELD
    assert (await desk.hear(too_fast)).replies == told.replies


async def test_of_fifty_at_once_no_more_than_the_bucket_are_answered(desk: Desk) -> None:
    outcomes = await asyncio.gather(*(desk.hear(desk.heard("menu")) for _ in range(50)))
    assert ends(outcomes).count(End.ANSWERED) == USUAL.burst
    assert ends(outcomes).count(End.HELD) == 1


async def test_buttons_count_as_words_do(desk: Desk) -> None:
    outcomes = [await desk.hear(desk.heard(event=Event.CHOICE, value="/menu")) for _ in range(USUAL.burst + 1)]
    assert ends(outcomes)[-2:] == [End.ANSWERED, End.HELD]


async def test_the_desk_s_news_and_the_keys_of_a_call_do_not_count(desk: Desk) -> None:
    for n in range(ENOUGH):
        notice = Inbound(f"notice:{n}", Address("web", "ann"), Event.NOTICE, value="/kept")
        key = Inbound(f"key{n}", Address("web", "ann"), Event.CHOICE, value="/menu", proven=False, visit="call")
        assert (await desk.hear(notice)).end is End.ANSWERED
        assert (await desk.hear(key)).end is End.ANSWERED
    assert ends(await desk.say("menu")) == [End.ANSWERED]


async def test_a_dialog_that_fails_counts_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*args: object) -> None:
        raise OSError

    monkeypatch.setattr(desk.citizen.engine, "advance", fails)
    outcomes = await desk.say(*["menu"] * (USUAL.burst + 2))
    assert ends(outcomes)[-3:] == [End.APOLOGY, End.HELD, End.DROPPED]


async def test_a_clock_that_is_set_back_locks_nobody_out(desk: Desk) -> None:
    await desk.say(*["menu"] * ENOUGH)
    desk.now -= timedelta(hours=1)
    assert ends(await desk.say("menu")) == [End.ANSWERED]


def test_a_session_of_before_has_the_whole_bucket() -> None:
    data = Session("c").to_json()
    del data["pace"]
    assert Session.from_json(data).pace == Pace()


QUICK = Rhythm(burst=5, fills_in=2.0, rounds=1000, forgets_in=1, silence=1, grows=1, longest=1)
gaps = st.lists(st.floats(0, 20, allow_nan=False).map(lambda s: round(s, 2)), min_size=1, max_size=60)


@given(gaps)
@settings(max_examples=200, deadline=None)
def test_in_no_span_of_time_are_more_admitted_than_the_bucket_gives(waits: list[float]) -> None:
    pacing, session, now, admitted = Pacing(QUICK, QUICK), Session("c"), NOW, []
    for n, wait in enumerate(waits):
        now += timedelta(seconds=wait)
        heard = Inbound(f"{n}", Address("web", "a"), Event.MESSAGE, text="menu")
        session = Session.from_json(orjson.loads(orjson.dumps(session.to_json())))
        after, held = pacing.admit(session, heard, now, {})
        if held is None:
            admitted.append(now)
        else:
            assert held or after == session, "what is not told leaves no trace"
            assert after.pace.used <= QUICK.burst
        session = after
    for first, began in enumerate(admitted):
        for last, ended in enumerate(admitted[first:], 1):
            assert last <= QUICK.burst + (ended - began).total_seconds() / QUICK.fills_in + 0.1


@given(st.lists(st.floats(QUICK.fills_in, 60, allow_nan=False), min_size=1, max_size=60))
def test_who_waits_as_long_as_a_turn_takes_to_fill_is_never_held(waits: list[float]) -> None:
    pacing, session, now = Pacing(QUICK, QUICK), Session("c"), NOW
    for n, wait in enumerate(waits):
        now += timedelta(seconds=wait)
        session, held = pacing.admit(session, Inbound(f"{n}", Address("web", "a"), Event.MESSAGE, text="hm"), now, {})
        assert held is None


# --- in circles -----------------------------------------------------------------------------------

AUTOMATIC = "Thank you for your message. Our office is closed until Monday."


@pytest.mark.parametrize(("costly", "answered"), [(False, 8), (True, 4)])
async def test_an_automatic_reply_is_soon_left_alone(desk: Desk, costly: bool, answered: int) -> None:
    outcomes = await desk.say(*[AUTOMATIC] * 20, every=5, costly=costly)
    assert ends(outcomes)[: answered + 2] == [*[End.ANSWERED] * answered, End.HELD, End.DROPPED]
    assert words(outcomes[answered]).startswith("engine.going_round")
    assert {choice.value for choice in outcomes[answered].replies[0].choices} == {"/human", "/menu"}


async def test_one_that_waits_for_minutes_does_not_get_through_either_where_answers_cost(desk: Desk) -> None:
    outcomes = await desk.say(*[AUTOMATIC] * 100, every=240, costly=True)
    assert len([o for o in outcomes if o.replies]) <= 20, "in seven hours"


async def test_each_silence_is_longer_than_the_last(desk: Desk) -> None:
    said, last = [], desk.now
    for _ in range(4000):
        if (await desk.say(AUTOMATIC, every=5))[0].end is End.HELD:
            said.append((desk.now - last).total_seconds())
            last = desk.now
    assert len(said) > 4
    assert said[1:] == sorted(said[1:])


def test_no_silence_is_longer_than_a_day_however_many_there_were() -> None:
    session = Session("c", pace=Pace(at=NOW.timestamp(), rounds=9.0, silences=10**6))
    heard = Inbound("1", Address("sms", "+1"), Event.MESSAGE, text=AUTOMATIC, costly=True)
    after, held = Pacing().admit(session, heard, NOW, {})
    assert held
    assert after.pace.silence == 24 * 60 * 60


async def test_a_robot_with_other_words_each_time_is_left_too(desk: Desk) -> None:
    outcomes = await desk.say(*(f"{AUTOMATIC} Ticket nr {n}" for n in range(30)), every=5)
    assert End.HELD in ends(outcomes[:20])


@pytest.mark.parametrize("costly", [False, True])
async def test_a_human_who_greets_three_times_is_answered(desk: Desk, costly: bool) -> None:
    assert ends(await desk.say(*["hello"] * 3, every=10, costly=costly)) == [End.ANSWERED] * 3


@pytest.mark.parametrize("costly", [False, True])
async def test_buttons_codes_and_words_of_ours_are_answered_however_often(desk: Desk, costly: bool) -> None:
    for _ in range(25):
        menu = await desk.hear(desk.heard(event=Event.CHOICE, value="/menu", costly=costly))
        assert menu.end is End.ANSWERED
        assert ends(await desk.say("menu", "۱۲۳۴۵ ۶۷۸۹۰", every=20, costly=costly)) == [End.ANSWERED] * 2


async def test_a_button_is_answered_in_the_midst_of_a_silence_and_ends_it(desk: Desk) -> None:
    outcomes = await desk.say(*[AUTOMATIC] * 12, every=1)
    assert outcomes[-1].end is End.DROPPED
    assert (await desk.hear(desk.heard(event=Event.CHOICE, value="/human"))).end is End.ANSWERED
    assert ends(await desk.say("the lamp at our door is dark")) == [End.ANSWERED]


async def test_a_form_goes_on_whatever_the_words(desk: Desk) -> None:
    for _ in range(5):
        outcomes = await desk.say("/form/lamp", "off", AUTOMATIC, "3", "skip", "09123456789", "confirm", every=10)
        assert ends(outcomes) == [End.ANSWERED] * 7
    assert len(desk.citizen.desk.requests) == 5


class Robots:
    """Desks with the town's whole content, each of which takes another's text messages for a citizen's."""

    def __init__(self, desks: int = 2, *, costly: bool, every: float) -> None:
        catalogue, nlu = content()
        self.now = NOW
        self.costly, self.every, self.sent = costly, every, 0
        self.composer = Composer(Renderer(lambda: catalogue.phrases))
        self.gateways = [
            Gateway(
                MemorySessions(),
                MemoryContacts(),
                Engine(build(catalogue, nlu, Citizen().desk), Renderer(lambda: catalogue.phrases), pacing=Pacing()),
                clock=lambda: self.now,
            )
            for _ in range(desks)
        ]

    async def hear(self, text: str) -> Outcome:
        self.sent += 1
        self.now += timedelta(seconds=self.every)
        sender = Address("sms", "+989120000000")
        return await self.gateways[self.sent % len(self.gateways)].receive(
            Inbound(f"{self.sent}", sender, Event.MESSAGE, text, costly=self.costly)
        )

    async def talk(self, text: str, most: int) -> int:
        """Messages until one of them says nothing."""
        while text and self.sent < most:
            outcome = await self.hear(text)
            text = self.composer.part(outcome.replies, outcome.language).text
        return self.sent


@pytest.mark.parametrize("every", [0.5, 5.0, 60.0])
@pytest.mark.parametrize("opening", ["سلام", "قبض نوسازی را کجا بپردازم؟", "a message in no language at all", "منو"])
async def test_two_desks_that_answer_each_other_by_text_message_come_to_an_end(opening: str, every: float) -> None:
    assert await Robots(costly=True, every=every).talk(opening, 100) <= 20


@pytest.mark.parametrize("every", [0.5, 5.0, 60.0])
async def test_so_they_do_where_answers_cost_nothing(every: float) -> None:
    assert await Robots(costly=False, every=every).talk("سلام", 200) <= 60


@pytest.mark.parametrize("costly", [False, True])
async def test_who_asks_one_thing_after_another_is_answered(costly: bool) -> None:
    desk = Robots(1, costly=costly, every=60.0)
    questions = [pick(entry.question, "fa") for entry in content()[0].faq.values()][:25]
    assert ends([await desk.hear(question) for question in questions]) == [End.ANSWERED] * 25
