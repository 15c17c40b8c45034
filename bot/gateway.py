"""One inbound, from the channel's door to its answer: open the session, replay or advance, save, hand back.

The channel acknowledges its provider only after `receive` has returned and the replies are out. Whatever happens
before the save leaves no trace but what the desk did under a frame's id, which takes effect once; whatever happens
after it is answered by replay.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.messages import Address, Inbound, Line, Reply, replies_from_json, replies_to_json
from bot.core.ports import Contacts, Opened, SessionStore, StaleSession, StoreUnavailable
from bot.core.sessions import Session, Turn
from bot.dialogs.engine import Engine

log = logging.getLogger(__name__)

TURN_BUDGET = 8.0  # seconds a dialog may take; a telephone caller notices after one
STALE_RETRIES = 20  # turns of other processes that came first
STALE_PAUSE = 0.02  # seconds at most, so that two processes do not meet again


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a channel has to bring to the citizen. `seq` numbers the first reply, the others follow it."""

    contact: str
    language: str
    replies: tuple[Reply, ...]
    seq: int
    repeated: bool = False


class Gateway:
    def __init__(
        self,
        sessions: SessionStore,
        contacts: Contacts,
        engine: Engine,
        *,
        clock: Callable[[], datetime],
        new_reference: Callable[[], str] = lambda: secrets.token_hex(4),
    ) -> None:
        self.sessions = sessions
        self.contacts = contacts
        self.engine = engine
        self.clock = clock
        self.new_reference = new_reference
        self.watchers: list[Callable[[Inbound, Outcome], None]] = []

    async def receive(self, heard: Inbound) -> Outcome:
        """Take one inbound through. Safe to repeat: the same `heard.id` gets the same replies and changes nothing."""
        for _ in range(STALE_RETRIES):
            try:
                async with self._conversation(heard.address) as opened:
                    outcome = await self._turn(opened, heard)
                    absorbed = opened.session.absorbed
            except StaleSession:
                await asyncio.sleep(random.uniform(0, STALE_PAUSE))  # noqa: S311 - to be apart, not to be secret
                continue
            for contact in absorbed:
                await self.contacts.link(contact, outcome.contact)
            for watch in self.watchers:
                watch(heard, outcome)
            return outcome
        raise StaleSession(heard.address.channel)

    async def last(self, address: Address) -> tuple[str, tuple[Reply, ...]]:
        """The language of the conversation that this address belongs to, and what was said last in it; nothing, when
        that was on another channel."""
        async with self._conversation(address) as opened:
            session = opened.session
        turn = session.turns[-1] if session.turns else None
        here = turn is not None and turn.inbound.startswith(f"{address.channel}:")
        language = session.language or self.engine.dialogs.catalogue.languages[0]
        return language, replies_from_json(turn.replies) if turn and here else ()

    async def said(self, address: Address, inbound: str) -> tuple[Reply, ...]:
        """What was answered to the inbound with this id on this address; nothing when it is no longer kept."""
        async with self._conversation(address) as opened:
            turn = opened.session.replay(f"{address.channel}:{inbound}")
        return replies_from_json(turn.replies) if turn else ()

    async def drafting(self, address: Address) -> bool:
        """Whether a form is under way in the conversation that this address belongs to."""
        async with self._conversation(address) as opened:
            return self.engine.drafting(opened.session)

    @asynccontextmanager
    async def _conversation(self, address: Address) -> AsyncIterator[Opened]:
        """The session of whoever this address belongs to. One that was merged into another's meanwhile is followed."""
        contact = await self.contacts.resolve(address)
        while True:
            async with self.sessions.open(contact) as opened:
                if not opened.session.merged_into:
                    yield opened
                    return
                into = opened.session.merged_into
            await self.contacts.link(contact, into)  # again, should a crash have come between the two
            contact = into

    async def _turn(self, opened: Opened, heard: Inbound) -> Outcome:
        before = opened.session
        turn = before.replay(heard.key)
        if turn is not None:
            replies = replies_from_json(turn.replies) or self.engine.open_question(before, heard, self.clock())
            return Outcome(before.contact, self.engine.language(before, heard), replies, turn.seq, repeated=True)
        for contact in before.absorbed:  # again, should a crash have come after the save
            await self.contacts.link(contact, before.contact)
        before = replace(before, absorbed=()) if before.absorbed else before
        now = self.clock()
        try:
            async with asyncio.timeout(TURN_BUDGET):
                after, replies = await self.engine.advance(before, heard, now)
        except (StaleSession, StoreUnavailable):
            raise  # nothing is saved, nothing acknowledged: it comes again
        except Exception:
            after, replies = before, (self._apology(heard),)
        return self._close(opened, after, heard, replies, now)

    def _apology(self, heard: Inbound) -> Reply:
        """No answer is lost: the session stays as it was; the citizen gets a reference to quote, and a person."""
        reference = self.new_reference()
        log.exception("turn failed", extra={"reference": reference, "channel": heard.address.channel})
        return self.engine.apology(reference)

    def _close(
        self, opened: Opened, after: Session, heard: Inbound, replies: tuple[Reply, ...], now: datetime
    ) -> Outcome:
        said = replies_to_json(replies)
        seq = after.seq + 1
        opened.lines = [
            Line(seq, heard.address, heard.key, now, "in", _content(heard)),
            *(Line(seq + 1 + n, heard.address, heard.key, now, "out", data) for n, data in enumerate(said)),
        ]
        turn = Turn(heard.key, seq + 1, tuple(said))
        opened.session = after.remember(turn, seq + len(said), now)
        return Outcome(after.contact, self.engine.language(after, heard), replies, seq + 1)


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
