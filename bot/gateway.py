"""One inbound, from the channel's door to its answer: open the session, replay or advance, save, hand back.

The channel acknowledges its provider only after `receive` has returned and the replies are out. Whatever happens
before the save leaves no trace but what the desk did under a frame's id, which takes effect once; whatever happens
after it is answered by replay.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.messages import Inbound, Line, Reply, replies_from_json, replies_to_json
from bot.core.ports import Contacts, Opened, SessionStore, StaleSession
from bot.core.sessions import Session, Turn
from bot.dialogs.engine import Engine

log = logging.getLogger(__name__)

TURN_BUDGET = 8.0  # seconds a dialog may take; a telephone caller notices after one
STALE_RETRIES = 3


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

    async def receive(self, heard: Inbound) -> Outcome:
        """Take one inbound through. Safe to repeat: the same `heard.id` gets the same replies and changes nothing."""
        contact = await self.contacts.resolve(heard.address)
        if heard.phone:
            await self.contacts.verify(contact, heard.phone)
        for _ in range(STALE_RETRIES):
            try:
                async with self.sessions.open(contact) as opened:
                    return await self._turn(opened, heard)
            except StaleSession:
                continue
        raise StaleSession(contact)

    async def _turn(self, opened: Opened, heard: Inbound) -> Outcome:
        before = opened.session
        turn = before.replay(heard.key)
        if turn is not None:
            replies = replies_from_json(turn.replies) or self.engine.open_question(before, heard, self.clock())
            return Outcome(before.contact, self.engine.language(before, heard), replies, turn.seq, repeated=True)
        now = self.clock()
        try:
            async with asyncio.timeout(TURN_BUDGET):
                after, replies = await self.engine.advance(before, heard, now)
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
