"""Notices of the desk become turns of a conversation, and their replies are sent.

Each notice goes through the gateway as an inbound with the id `notice:ID`, so the transcript has it, and a notice that
is delivered again, after a crash between sending and settling, says the same words; in that one case the citizen
may read them twice. Of several couriers one holds a notice at a time. Notices of one address keep their order: while
one waits for its next try, the later ones wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from bot.core.messages import Address, Event, Inbound
from bot.core.ports import Outbox, Sender, SendFailed
from bot.core.requests import Notice
from bot.gateway import Gateway

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two looks into the outbox
AT_ONCE = 8  # addresses served at the same time
BACK_OFF = (5, 15, 60, 300, 900, 3600, 3600)  # seconds before the second, third… try; then the notice is given up
LEASE = 90.0  # seconds that notices are held; those of a courier that was killed come back then
BEGUN = 45.0  # seconds of them in which a delivery may begin
DELIVERY = 30.0  # seconds that one may take
STOPPING = 5.0  # seconds that deliveries under way get when the process stops


class Courier:
    def __init__(
        self,
        outbox: Outbox,
        gateway: Gateway,
        senders: Mapping[str, Sender],
        clock: Callable[[], datetime],
        *,
        reached_at: Callable[[Address], Address] = lambda address: address,
        every: float = EVERY,
    ) -> None:
        """`reached_at`: where a notice for an address really goes; a telephone is told by text message."""
        self.outbox = outbox
        self.gateway = gateway
        self.senders = senders
        self.clock = clock
        self.reached_at = reached_at
        self.every = every
        self._woken = asyncio.Event()
        self._stopping = False
        self._held: dict[Address, datetime] = {}  # addresses with a notice that waits, and until when

    def wake(self) -> None:
        """Look into the outbox now rather than at the next second."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until `stop`. An outbox that does not answer is asked again later."""
        while not self._stopping:
            self._woken.clear()
            try:
                await self.round()
            except Exception:
                log.exception("the outbox does not answer")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self.every)

    async def stop(self, running: asyncio.Task[None]) -> None:
        """End `run`; deliveries under way may finish within a few seconds."""
        self._stopping = True
        self.wake()
        with contextlib.suppress(TimeoutError, asyncio.CancelledError):
            await asyncio.wait_for(running, STOPPING)

    async def round(self) -> int:
        """Try everything that is due now; how many notices were tried."""
        now = self.clock()
        self._held = {address: until for address, until in self._held.items() if until > now}
        due = [n for n in await self.outbox.due(lease=LEASE) if n.address not in self._held]
        until = now + timedelta(seconds=BEGUN)
        due.sort(key=lambda n: n.address)  # stable: each address keeps the outbox's order
        places = asyncio.Semaphore(AT_ONCE)

        async def serve(notices: Sequence[Notice]) -> int:
            async with places:
                return await self._in_order(notices, until)

        groups = [tuple(group) for _, group in groupby(due, key=lambda n: n.address)]
        tried = await asyncio.gather(*(serve(group) for group in groups), return_exceptions=True)
        for failure in tried:
            if isinstance(failure, BaseException):  # the outbox; by now no delivery is under way any more
                raise failure
        return sum(n for n in tried if isinstance(n, int))

    async def _in_order(self, notices: Sequence[Notice], until: datetime) -> int:
        """What is not begun by then is left to whoever holds it next."""
        for tried, notice in enumerate(notices, start=1):
            if self.clock() > until:
                return tried - 1
            retry_in = await self._deliver(notice)
            if retry_in is not None:
                self._held[notice.address] = self.clock() + timedelta(seconds=retry_in)
                return tried
        return len(notices)

    async def _deliver(self, notice: Notice) -> float | None:
        """One try, settled. Seconds until the next one, or None when the notice is done with."""
        to = self.reached_at(notice.address)
        try:
            async with asyncio.timeout(DELIVERY):
                outcome = await self.gateway.receive(
                    Inbound(id=f"notice:{notice.id}", address=to, event=Event.NOTICE, value=notice.command)
                )
                sender = self.senders.get(to.channel)
                if sender and outcome.replies:  # without a sender the transcript tells it at the next visit
                    await sender.send(to, outcome.replies, outcome.language, seq=outcome.seq)
        except SendFailed as failed:
            return await self._failed(notice, failed)
        except Exception:
            log.exception("a notice could not be delivered", extra={"notice": notice.id})
            return await self._failed(notice, SendFailed("failed on our side", retry_in=0))
        await self.outbox.settle(notice, delivered=True)
        return None

    async def _failed(self, notice: Notice, failed: SendFailed) -> float | None:
        retry_in = None
        if failed.retry_in is not None and not failed.unreachable and notice.tries < len(BACK_OFF):
            retry_in = max(failed.retry_in, BACK_OFF[notice.tries])
        tries = notice.tries + 1
        seen = {"notice": notice.id, "channel": notice.address.channel, "tries": tries, "retry_in": retry_in}
        log.warning("a notice was not taken", extra=seen)
        await self.outbox.settle(notice, delivered=False, retry_in=retry_in, why=failed.why)
        return retry_in
