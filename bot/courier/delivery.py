"""One notice, from the outbox to the citizen: whether it is still news, by which way, and what came of it.

A notice is a turn of the conversation at its way, an inbound with the id `notice:ID`, so that the transcript has it and
the same words are said when it comes again. Before the provider is called it is written down that an attempt begins:
what a crash leaves begun is told again only through a sender that shows the same key once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.catalogue import QuietHours
from bot.core.messages import Address, Event, Inbound, Reply
from bot.core.notices import Attempt, Notice, Outbox
from bot.core.ports import Contacts, Sender, SendFailed, StoreUnavailable
from bot.courier.pace import Pace
from bot.courier.times import BACK_OFF, end_of_quiet, pause
from bot.courier.ways import Nowhere, choose
from bot.gateway import Gateway

log = logging.getLogger(__name__)

# Holding is proved by the moment that was written, not by comparing clocks: a courier whose clock is fast may take a
# notice early, and the other then cannot begin. Only what was begun has to end before anybody's clock says that it is
# over: clocks may be apart by the difference of these two.
LEASE = 90.0  # seconds that a notice is held; those of a courier that was killed come back then
DELIVERY = 30.0  # seconds that a provider may take


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a step of a notice came to, for whoever counts. outcome: that of an attempt, or "postponed", "dropped",
    "dead", "delivered", "undelivered"."""

    channel: str
    outcome: str
    seconds: float  # since it was due
    tries: int


@dataclass(frozen=True, slots=True)
class Words:
    """What is to be said at a way."""

    replies: tuple[Reply, ...]
    language: str
    seq: int = 0


Apart = Callable[[Notice], "tuple[Reply, str] | None"]
"""What is told without a turn, in which language; None where the conversation knows what to say."""


@dataclass(slots=True)
class Deliverer:
    outbox: Outbox
    gateway: Gateway
    senders: Mapping[str, Sender]
    contacts: Contacts
    clock: Callable[[], datetime]
    pace: Pace
    is_news: Callable[[Notice], Awaitable[bool]]
    apart: Apart
    quiet_hours: Callable[[], QuietHours | None]
    reached_at: Callable[[Address], Address]
    watch: Callable[[Delivery], None]

    async def deliver(self, notice: Notice, begins: Callable[[], None]) -> None:
        """One try. `begins` is called before the attempt is written down."""
        way = notice.way or notice.address
        tried: tuple[Attempt, ...] = ()
        try:
            if not await self._holds(notice):
                await self._end(notice, "dropped", "stale")
                return
            tried = await self._tried(notice)
            chosen = choose(
                notice, await self.contacts.ways(notice.address), tried, self.senders.keys(), self.reached_at
            )
            if isinstance(chosen, Nowhere):
                await self._end(notice, chosen.state, chosen.why)
                return
            way, sender = chosen, self.senders.get(chosen.channel)
            if notice.doubt and not (sender and sender.repeatable):
                await self._end(notice, "dead", "doubtful")
                return
            if sender and (later := await self._later(notice, sender, way)):
                await self.outbox.postpone(notice, later)
                self._tell(notice, way, "postponed")
                return
            words = await self._words(notice, way)
        except StoreUnavailable as away:
            await self.outbox.postpone(notice, self._in(away.retry_in))
            return
        except Exception:
            log.exception("a notice could not be delivered", extra={"notice": notice.id})
            if begun := await self._begun(notice, way, begins):
                await self._failed(notice, begun, tried, SendFailed("failed on our side", retry_in=0))
            return
        if not words.replies:
            await self._end(notice, "dropped", "nothing to say")
        elif sender is None:
            await self._end(notice, "delivered", "")
        elif begun := await self._begun(notice, way, begins):
            await self._send(notice, begun, tried, sender, words)

    # --- before ---------------------------------------------------------------------------------

    async def _holds(self, notice: Notice) -> bool:
        return (notice.until is None or self.clock() <= notice.until) and await self.is_news(notice)

    async def _tried(self, notice: Notice) -> tuple[Attempt, ...]:
        if notice.tries == notice.forgiven:
            return ()
        (record,) = await self.outbox.told(ids=(notice.id,))
        return tuple(attempt for attempt in record.attempts if attempt.n > notice.forgiven)

    async def _later(self, notice: Notice, sender: Sender, way: Address) -> datetime | None:
        if sender.disturbs and not notice.urgent and (end := end_of_quiet(self.quiet_hours(), self.clock())):
            return end
        wait = await self.pace.wait(sender.rate, way, urgent=notice.urgent)
        return self._in(wait) if wait else None

    async def _words(self, notice: Notice, way: Address) -> Words:
        if said := self.apart(notice):
            return Words(said[:1], said[1])
        heard = Inbound(id=f"notice:{notice.id}", address=way, event=Event.NOTICE, value=notice.command)
        outcome = await self.gateway.receive(heard)
        return Words(outcome.replies, outcome.language, outcome.seq)

    # --- the attempt ----------------------------------------------------------------------------

    async def _begun(self, notice: Notice, way: Address, begins: Callable[[], None]) -> Notice | None:
        """None: another courier holds it."""
        begins()
        return await self.outbox.begin(notice, way, at=self.clock(), until=self._in(LEASE))

    async def _send(
        self, notice: Notice, begun: Notice, tried: tuple[Attempt, ...], sender: Sender, words: Words
    ) -> None:
        assert begun.way is not None
        key = f"notice:{notice.id}"
        since = next((attempt.at for attempt in tried if attempt.outcome in ("begun", "doubtful")), None)
        try:
            async with asyncio.timeout(DELIVERY):
                message = await sender.send(
                    begun.way, words.replies, words.language, seq=words.seq, key=key, since=since
                )
        except SendFailed as failed:
            await self._failed(notice, begun, tried, failed)
        except Exception as error:
            log.exception("a notice may not have been delivered", extra={"notice": notice.id})
            await self._failed(notice, begun, tried, SendFailed(type(error).__name__, retry_in=0, doubtful=True))
        else:
            await self._settle(begun, "sent", "sent", message=message)

    async def _failed(self, notice: Notice, begun: Notice, tried: tuple[Attempt, ...], failed: SendFailed) -> None:
        """What is in doubt stays so until it is sent: it can neither go another way nor be forgotten."""
        assert begun.way is not None
        sender = self.senders.get(begun.way.channel)
        tries = sum(attempt.way == begun.way for attempt in tried) + 1
        final = failed.retry_in is None or failed.unreachable
        doubt = failed.doubtful or notice.doubt
        outcome = "doubtful" if doubt else "refused" if final else "failed"
        retry_in = None if final or tries > len(BACK_OFF) else pause(tries, failed.retry_in or 0)
        seen = {"notice": begun.id, "channel": begun.way.channel, "tries": begun.tries}
        later = None if retry_in is None else round(retry_in)
        log.warning("a notice was not taken", extra={**seen, "outcome": outcome, "retry_in": later})
        if doubt and (retry_in is None or not (sender and sender.repeatable)):
            await self._settle(begun, "dead", outcome, why="doubtful")
            self._tell(begun, begun.way, "dead")
        else:
            await self._settle(begun, "pending", outcome, why=failed.why, at=self._in(retry_in or 0))

    # --- what came of it ------------------------------------------------------------------------

    async def _settle(
        self, begun: Notice, state: str, outcome: str, *, why: str = "", message: str = "", at: datetime | None = None
    ) -> None:
        now = self.clock()
        await self.outbox.settle(begun, state, at=at or now, outcome=outcome, why=why, message=message)
        self._tell(begun, begun.way or begun.address, outcome)

    async def _end(self, notice: Notice, state: str, why: str) -> None:
        """Without a further attempt; one that was begun stays in doubt."""
        outcome = "doubtful" if notice.doubt else ""
        await self.outbox.settle(notice, state, at=self.clock(), outcome=outcome, why=why)
        if state == "dead":
            log.warning("a notice was given up", extra={"notice": notice.id, "why": why})
        self._tell(notice, notice.way or notice.address, state)

    def _tell(self, notice: Notice, way: Address, outcome: str) -> None:
        seconds = (self.clock() - notice.due_at).total_seconds()
        self.watch(Delivery(way.channel, outcome, seconds, notice.tries))

    def _in(self, seconds: float) -> datetime:
        return self.clock() + timedelta(seconds=seconds)
