"""One inbound, from the channel's door to its answer: open the session, replay or advance, save, hand back.

The channel acknowledges its provider only after `receive` has returned and the replies are out. Whatever happens
before the save leaves no trace but what the desk did under a frame's id, which takes effect once; whatever happens
after it is answered by replay.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from time import perf_counter
from typing import Protocol, TypeVar

from bot.core.messages import Address, Event, Inbound, Line, Reply, replies_from_json, replies_to_json
from bot.core.ports import Contacts, Opened, SessionStore, StaleSession, StoreUnavailable, Transcripts
from bot.core.sessions import Session, Turn
from bot.core.values import replace, value
from bot.dialogs.engine import Engine

log = logging.getLogger(__name__)

T = TypeVar("T")

TURN_BUDGET = 8.0  # seconds a dialog may take; a telephone caller notices after one
LOOKED_THROUGH = 1000  # lines of a transcript, for what was told long ago
STALE_RETRIES = 20  # turns of other processes that came first
STALE_PAUSE = 0.02  # seconds at most, so that two processes do not meet again

reference: ContextVar[str] = ContextVar("structlog_reference")
channel: ContextVar[str] = ContextVar("structlog_channel")
"""The turn that this task is in, or took last, for its log lines; by such names structlog knows what to put into them.
They outlast the turn: what its channel does with the answer belongs to it."""


class End(StrEnum):
    """How an inbound was met."""

    ANSWERED = "answered"
    REPLAYED = "replayed"  # a redelivery: the stored replies again
    APOLOGY = "apology"  # a dialog failed
    HELD = "held"  # too fast, or in circles: that was said, once
    DROPPED = "dropped"  # and then nothing more; nothing is kept of it
    STALE = "stale"  # another process saved first: tried again, and told again
    UNAVAILABLE = "unavailable"  # a store does not answer: nothing acknowledged, it comes again


@value
class Outcome:
    """What a channel has to bring to the citizen. `seq` numbers the first reply, the others follow it."""

    contact: str
    language: str
    replies: tuple[Reply, ...]
    seq: int
    end: End = End.ANSWERED

    @property
    def repeated(self) -> bool:
        return self.end is End.REPLAYED


@value
class Seen:
    """An inbound as a watcher gets it. Without an outcome nothing was said."""

    heard: Inbound
    end: End
    seconds: float
    outcome: Outcome | None = None


class Conversations(SessionStore, Transcripts, Protocol):
    pass


class Gateway:
    def __init__(
        self,
        sessions: Conversations,
        contacts: Contacts,
        engine: Engine,
        *,
        clock: Callable[[], datetime],
        new_reference: Callable[[], str] = lambda: f"{random.getrandbits(32):08x}",
    ) -> None:
        self.sessions = sessions
        self.contacts = contacts
        self.engine = engine
        self.clock = clock
        self.new_reference = new_reference
        self.watchers: list[Callable[[Seen], None]] = []

    async def receive(self, heard: Inbound) -> Outcome:
        """Take one inbound through. Safe to repeat: the same `heard.id` gets the same replies and changes nothing.
        Raises StoreUnavailable, StaleSession, and whatever a notice could not be told for; then nothing is saved."""
        began = perf_counter()
        reference.set(self.new_reference())
        channel.set(heard.address.channel)
        for _ in range(STALE_RETRIES):
            try:
                outcome = await self._taken(heard)
            except StaleSession:
                self._tell(heard, End.STALE, began)
                await asyncio.sleep(random.uniform(0, STALE_PAUSE))  # noqa: S311 - to be apart, not to be secret
            except StoreUnavailable:
                self._tell(heard, End.UNAVAILABLE, began)
                raise
            else:
                self._tell(heard, outcome.end, began, outcome)
                return outcome
        self._tell(heard, End.UNAVAILABLE, began)
        raise StaleSession(heard.address.channel)

    def _tell(self, heard: Inbound, end: End, began: float, outcome: Outcome | None = None) -> None:
        if self.watchers:
            seen = Seen(heard, end, perf_counter() - began, outcome)
            for watch in self.watchers:
                watch(seen)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("turn", extra={"end": end.value, "ms": round((perf_counter() - began) * 1000, 1)})

    async def _taken(self, heard: Inbound) -> Outcome:
        async def turn(opened: Opened, passed: Sequence[Session]) -> tuple[Outcome, Iterable[str]]:
            outcome = await self._turn(opened, heard, passed)
            return outcome, {*opened.session.absorbed, *(session.contact for session in passed)}

        outcome, absorbed = await self._opened(heard.address, turn)
        for contact in absorbed:  # once it is saved what was said to them
            await self.contacts.link(contact, outcome.contact)
        return outcome

    async def last(self, address: Address) -> tuple[str, tuple[Reply, ...]]:
        """The language of the conversation that this address belongs to, and what was said last in it; nothing, when
        that was on another channel."""
        session = await self._session(address)
        turn = session.turns[-1] if session.turns else None
        here = turn is not None and turn.inbound.startswith(f"{address.channel}:")
        language = session.language or self.engine.dialogs.catalogue.languages[0]
        return language, replies_from_json(turn.replies) if turn and here else ()

    async def said(self, address: Address, inbound: str) -> tuple[Reply, ...]:
        """What was answered to the inbound with this id on this address; nothing when it is no longer kept."""
        turn = (await self._session(address)).replay(f"{address.channel}:{inbound}")
        return replies_from_json(turn.replies) if turn else ()

    async def drafting(self, address: Address) -> bool:
        """Whether a form is under way in the conversation that this address belongs to."""
        return self.engine.drafting(await self._session(address))

    async def _session(self, address: Address) -> Session:
        async def read(opened: Opened, passed: Sequence[Session]) -> Session:
            return opened.session

        return await self._opened(address, read)

    async def _opened(self, address: Address, use: Callable[[Opened, Sequence[Session]], Awaitable[T]]) -> T:
        """What comes of the session of whoever this address belongs to. Those that were merged into another's meanwhile
        are passed by."""
        contact = await self.contacts.resolve(address)
        passed: list[Session] = []
        while True:
            async with self.sessions.open(contact) as opened:
                if not opened.session.merged_into:
                    return await use(opened, passed)
            passed.append(opened.session)
            contact = opened.session.merged_into

    async def _turn(self, opened: Opened, heard: Inbound, passed: Sequence[Session]) -> Outcome:
        for other in passed:  # a crash may have come before what was said to them was saved here
            if not opened.session.knows(other):
                opened.session = opened.session.with_memory_of(other)
        before = opened.session
        turn = before.replay(heard.key)
        news = heard.event is Event.NOTICE  # nobody asked: neither an apology nor an open question is told in its place
        if turn is not None and news and not turn.replies:
            turn = await self._from_transcript(before, turn)
        if turn is not None:
            replies = replies_from_json(turn.replies)
            if not replies and not news:
                replies = self.engine.open_question(before, heard, self.clock())
            return Outcome(before.contact, self.engine.language(before, heard), replies, turn.seq, End.REPLAYED)
        going = {session.contact for session in passed}
        for contact in before.absorbed:  # again, should a crash have come after the save
            if contact not in going:
                await self.contacts.link(contact, before.contact)
        before = replace(before, absorbed=()) if before.absorbed else before
        now = self.clock()
        before, held = self.engine.admit(before, heard, now)
        if held:
            return self._close(opened, before, heard, held, now, End.HELD)
        if held is not None:
            return Outcome(before.contact, self.engine.language(before, heard), (), before.seq + 1, End.DROPPED)
        try:
            async with asyncio.timeout(TURN_BUDGET):
                after, replies = await self.engine.advance(before, heard, now)
        except (StaleSession, StoreUnavailable):
            raise  # nothing is saved, nothing acknowledged: it comes again
        except Exception:
            if news:
                raise
            # No answer is lost: the session stays as it was; the citizen gets a reference to quote, and a person.
            log.exception("turn failed")
            return self._close(opened, before, heard, (self.engine.apology(reference.get()),), now, End.APOLOGY)
        return self._close(opened, after, heard, replies, now)

    async def _from_transcript(self, session: Session, turn: Turn) -> Turn:
        """A turn whose replies the session no longer keeps, if it had any."""
        lines = await self.sessions.lines(session.contact, session.seq - LOOKED_THROUGH, LOOKED_THROUGH)
        said = [line for line in lines if line.inbound == turn.inbound and line.direction == "out"]
        return Turn(turn.inbound, said[0].seq, tuple(line.content for line in said)) if said else turn

    def _close(
        self,
        opened: Opened,
        after: Session,
        heard: Inbound,
        replies: tuple[Reply, ...],
        now: datetime,
        end: End = End.ANSWERED,
    ) -> Outcome:
        said = replies_to_json(replies)
        pace = self.engine.watch(opened.session, after, heard, said) if end is End.ANSWERED else after.pace
        seq, key = after.seq + 1, heard.key
        opened.lines = [
            Line(seq, heard.address, key, now, "in", _content(heard)),
            *(Line(seq + 1 + n, heard.address, key, now, "out", data) for n, data in enumerate(said)),
        ]
        turn = Turn(key, seq + 1, tuple(said))
        opened.session = after.remember(turn, seq + len(said), now, pace)
        return Outcome(after.contact, self.engine.language(after, heard), replies, seq + 1, end)


def _content(heard: Inbound) -> dict[str, object]:
    """What the transcript keeps of an inbound."""
    content: dict[str, object] = {"event": heard.event.value}
    if heard.text:
        content["text"] = heard.text
    if heard.value:
        content["value"] = heard.value
    if heard.files:
        content["files"] = [f.to_json() for f in heard.files]
    if heard.location:
        content["location"] = [heard.location.latitude, heard.location.longitude]
    if heard.problem:
        content["problem"] = heard.problem
    return content
