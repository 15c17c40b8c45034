"""One notice, from the outbox to the citizen: whether it is still news, by which way, and what came of it.

A notice is a turn of the conversation at its way, an inbound with the id `notice:ID`, so that the transcript has it and
the same words are said when it comes again. Before the provider is called it is written down that an attempt begins:
what a crash leaves begun is told again only through a sender that shows the same key once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.catalogue import QuietHours
from bot.core.messages import Address, Event, Inbound, Reply
from bot.core.notices import Attempt, Notice, Outbox
from bot.core.ports import Contacts, Sender, SendFailed, StoreUnavailable
from bot.courier.pace import Pace
from bot.courier.times import BACK_OFF, end_of_quiet, pause
from bot.courier.ways import Over, choose
from bot.gateway import Gateway

log = logging.getLogger(__name__)

# Holding is proved by the moment that was written, not by comparing clocks: a courier whose clock is fast may take a
# notice early, and the other then cannot begin. Only what was begun has to end before anybody's clock says that it is
# over: clocks may be apart by the difference of these two. And a clock can be set in the middle of it, so an attempt of
# which nothing is known is left alone for as long as one may take, by this process's own stopwatch.
LEASE = 90.0  # seconds that a notice is held; those of a courier that was killed come back then
DELIVERY = 30.0  # seconds that a provider may take
LEFT_ALONE = DELIVERY  # seconds for which an attempt of somebody else may still be under way
FORGOTTEN = 86_400.0  # seconds after which an attempt that was left alone is not remembered

OURS = "failed on our side"
STUMBLES = 3  # tries that may fail so: what is broken here is seldom mended by itself


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a step of a notice came to, for whoever counts. outcome: that of an attempt, or "postponed", "dropped",
    "dead", "delivered", "undelivered"."""

    channel: str
    outcome: str
    seconds: float  # since it was due
    tries: int


@dataclass(frozen=True, slots=True)
class Ready:
    """What is to be said where, by whom; `tried`: the attempts before."""

    way: Address
    sender: Sender
    replies: Sequence[Reply]
    language: str
    seq: int
    tried: Sequence[Attempt]


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
    stopwatch: Callable[[], float]
    _met: dict[tuple[str, int], float] = field(default_factory=dict)  # attempts of others, first seen when

    async def deliver(self, notice: Notice, begins: Callable[[], None]) -> None:
        """One try. `begins` is called before the attempt is written down."""
        try:
            step = await self._step(notice)
        except StoreUnavailable as away:
            await self.outbox.postpone(notice, self._in(away.retry_in))
            return
        except Exception:
            log.exception("a notice could not be delivered", extra={"notice": notice.id})
            await self._stumbled(notice, begins)
            return
        match step:
            case Over(state, why):
                await self._end(notice, state, why)
            case Ready():
                if begun := await self._begun(notice, step.way, begins):
                    await self._send(notice, begun, step)
            case later:
                await self.outbox.postpone(notice, later)
                self._tell(notice, notice.way or notice.address, "postponed")

    # --- before ---------------------------------------------------------------------------------

    async def _step(self, notice: Notice) -> Ready | Over | datetime:
        """What is to be done now: to send it, to end it, or to take it up again then."""
        tried = await self._tried(notice)
        if left := self._left_alone(notice, tried):
            return self._in(left)
        if not await self._holds(notice):
            return Over("dropped", "stale")
        known = await self.contacts.ways(notice.address)
        way = choose(notice, known, tried, self.senders.keys(), self.reached_at)
        if isinstance(way, Over):
            return way
        sender = self.senders.get(way.channel)
        if notice.doubt and not (sender and sender.repeatable):
            return Over("dead", "doubtful")
        if sender and (later := await self._later(notice, sender, way)):
            return later
        replies, language, seq = await self._words(notice, way)
        if not replies:
            return Over("dropped", "nothing to say")
        return Ready(way, sender, replies, language, seq, tried) if sender else Over("delivered", "")

    async def _holds(self, notice: Notice) -> bool:
        return (notice.until is None or self.clock() <= notice.until) and await self.is_news(notice)

    async def _tried(self, notice: Notice) -> tuple[Attempt, ...]:
        if notice.tries == notice.forgiven:
            return ()
        (record,) = await self.outbox.told(ids=(notice.id,))
        return tuple(attempt for attempt in record.attempts if attempt.n > notice.forgiven)

    def _left_alone(self, notice: Notice, tried: tuple[Attempt, ...]) -> float:
        """Seconds for which the last attempt may still be under way somewhere."""
        if not tried or tried[-1].outcome != "begun":
            return 0.0
        attempt, now = (notice.id, tried[-1].n), self.stopwatch()
        for forgotten in [known for known, at in self._met.items() if now > at + FORGOTTEN]:
            del self._met[forgotten]
        return max(0.0, self._met.setdefault(attempt, now) + LEFT_ALONE - now)

    async def _later(self, notice: Notice, sender: Sender, way: Address) -> datetime | None:
        if sender.disturbs and not notice.urgent and (end := end_of_quiet(self.quiet_hours(), self.clock())):
            return end
        wait = await self.pace.wait(sender.rate, way, urgent=notice.urgent)
        return self._in(wait) if wait else None

    async def _words(self, notice: Notice, way: Address) -> tuple[Sequence[Reply], str, int]:
        """Replies, their language, and the number of the first."""
        if said := self.apart(notice):
            return said[:1], said[1], 0
        heard = Inbound(id=f"notice:{notice.id}", address=way, event=Event.NOTICE, value=notice.command)
        outcome = await self.gateway.receive(heard)
        return outcome.replies, outcome.language, outcome.seq

    async def _stumbled(self, notice: Notice, begins: Callable[[], None]) -> None:
        """A mistake of ours, before anything was sent: it counts as a try, and has an end soon, since others wait."""
        if begun := await self._begun(notice, notice.way or notice.address, begins):
            tries = 1 + sum(attempt.why == OURS for attempt in await self._tried(notice))
            outcome = "doubtful" if notice.doubt else "failed"
            if tries >= STUMBLES:
                await self._settle(begun, "dead", outcome, why=OURS)
            else:
                await self._settle(begun, "pending", outcome, why=OURS, at=self._in(pause(tries, 0)))

    # --- the attempt ----------------------------------------------------------------------------

    async def _begun(self, notice: Notice, way: Address, begins: Callable[[], None]) -> Notice | None:
        """None: another courier holds it."""
        begins()
        return await self.outbox.begin(notice, way, at=self.clock(), until=self._in(LEASE))

    async def _send(self, notice: Notice, begun: Notice, ready: Ready) -> None:
        key = f"notice:{notice.id}"
        since = next((attempt.at for attempt in ready.tried if attempt.outcome in ("begun", "doubtful")), None)
        try:
            async with asyncio.timeout(DELIVERY):
                message = await ready.sender.send(
                    ready.way, ready.replies, ready.language, seq=ready.seq, key=key, since=since
                )
        except SendFailed as failed:
            await self._failed(notice, begun, ready, failed)
        except Exception as error:
            log.exception("a notice may not have been delivered", extra={"notice": notice.id})
            await self._failed(notice, begun, ready, SendFailed(type(error).__name__, retry_in=0, doubtful=True))
        else:
            await self._settle(begun, "sent", "sent", message=message)

    async def _failed(self, notice: Notice, begun: Notice, ready: Ready, failed: SendFailed) -> None:
        """What is in doubt stays so until it is sent: it can neither go another way nor be forgotten."""
        tries = sum(attempt.way == ready.way for attempt in ready.tried) + 1
        final = failed.retry_in is None or failed.unreachable
        doubt = failed.doubtful or notice.doubt
        outcome = "doubtful" if doubt else "refused" if final else "failed"
        retry_in = None if final or tries > len(BACK_OFF) else pause(tries, failed.retry_in or 0)
        later = None if retry_in is None else round(retry_in)
        seen = {"notice": begun.id, "channel": ready.way.channel, "tries": begun.tries, "retry_in": later}
        log.warning("a notice was not taken", extra={**seen, "outcome": outcome})
        if doubt and (retry_in is None or not ready.sender.repeatable):
            await self._settle(begun, "dead", outcome, why="doubtful")
        else:
            await self._settle(begun, "pending", outcome, why=failed.why, at=self._in(retry_in or 0))

    # --- what came of it ------------------------------------------------------------------------

    async def _settle(
        self, begun: Notice, state: str, outcome: str, *, why: str = "", message: str = "", at: datetime | None = None
    ) -> None:
        now = self.clock()
        received = await self.outbox.settle(begun, state, at=at or now, outcome=outcome, why=why, message=message)
        for what in (outcome, received, state if state == "dead" else ""):
            if what:
                self._tell(begun, begun.way or begun.address, what)

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
