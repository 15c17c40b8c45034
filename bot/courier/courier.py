"""The courier looks into the outbox, and sees to it that what is due is under way.

Of several couriers one holds a notice at a time. Notices of one address go out one after the other, in order; urgent
ones go at once. A channel whose provider is slow keeps no other waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.catalogue import QuietHours
from bot.core.messages import Address, Reply
from bot.core.notices import Notice, Outbox, Queue
from bot.core.ports import Contacts, Limits, Sender
from bot.courier.delivery import LEASE, Deliverer, Delivery
from bot.courier.pace import Pace
from bot.gateway import Gateway

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two looks into the outbox
AT_ONCE = 16  # notices of one channel under way at the same time
STOPPING = 5.0  # seconds that deliveries under way get when the process stops


async def always_news(notice: Notice) -> bool:
    return True


def nothing_apart(notice: Notice) -> tuple[Reply, str] | None:
    return None


@dataclass(slots=True)
class _UnderWay:
    notice: Notice
    begun: bool = False

    def begins(self) -> None:
        self.begun = True


class Courier:
    def __init__(
        self,
        outbox: Outbox,
        gateway: Gateway,
        senders: Mapping[str, Sender],
        contacts: Contacts,
        clock: Callable[[], datetime],
        limits: Limits,
        *,
        is_news: Callable[[Notice], Awaitable[bool]] = always_news,
        apart: Callable[[Notice], tuple[Reply, str] | None] = nothing_apart,
        quiet_hours: Callable[[], QuietHours | None] = lambda: None,
        reached_at: Callable[[Address], Address] = lambda address: address,
        every: float = EVERY,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` tells the time in the organisation's zone. `is_news`: whether a notice is still worth telling.
        `apart`: what is said without a turn, and in which language. `reached_at`: where a notice for an address really
        goes; a telephone is told by text message. `stopwatch` counts seconds, and nobody can set it."""
        self.watchers: list[Callable[[Delivery], None]] = []
        self._outbox = outbox
        self._clock = clock
        self._every = every
        self._deliverer = Deliverer(
            outbox,
            gateway,
            senders,
            contacts,
            clock,
            Pace(limits),
            is_news,
            apart,
            quiet_hours,
            reached_at,
            self._watch,
            stopwatch,
        )
        self._woken = asyncio.Event()
        self._stopping = False
        self._under_way: dict[asyncio.Task[None], _UnderWay] = {}

    def wake(self) -> None:
        """Look into the outbox now rather than at the next second."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until `stop`. An outbox that does not answer is asked again later."""
        while not self._stopping:
            self._woken.clear()
            try:
                await self._begin()
            except Exception:
                log.exception("the outbox does not answer")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._every)

    async def stop(self, running: asyncio.Task[None]) -> None:
        """End `run`. What is held and not begun is given back at once; what is begun may end within a few seconds."""
        self._stopping = True
        self.wake()
        with contextlib.suppress(TimeoutError, asyncio.CancelledError):
            await asyncio.wait_for(running, STOPPING)
        for task, under_way in self._under_way.items():
            if not under_way.begun:
                task.cancel()
        if self._under_way:
            await asyncio.wait(tuple(self._under_way), timeout=STOPPING)
        for task in tuple(self._under_way):
            task.cancel()  # in doubt from here on, as if the process had been killed

    async def round(self, only: Address | None = None) -> int:
        """Try what is due now, of this address if it is given, and wait for it; how many notices were tried."""
        tasks = await self._begin(only)
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        for failure in ended:
            if isinstance(failure, BaseException):
                raise failure
        return len(tasks)

    async def queue(self) -> Queue:
        return await self._outbox.queue(self._clock())

    # --- inside ---------------------------------------------------------------------------------

    async def _begin(self, only: Address | None = None) -> list[asyncio.Task[None]]:
        """Take what is due, as far as there is room on its channel."""
        now = self._clock()
        until = now + timedelta(seconds=LEASE)
        busy = Counter(u.notice.address.channel for u in self._under_way.values() if not u.notice.urgent)
        full = [channel for channel, count in busy.items() if count >= AT_ONCE]
        tasks = [self._start(notice) for notice in await self._outbox.take(now, until, urgent=True, only=only)]
        taken = await self._outbox.take(now, until, limit=AT_ONCE, but=full, only=only)
        return [*tasks, *(self._start(notice) for notice in taken)]

    def _start(self, notice: Notice) -> asyncio.Task[None]:
        under_way = _UnderWay(notice)
        task = asyncio.create_task(self._deliver(under_way))
        self._under_way[task] = under_way
        task.add_done_callback(_ended)
        return task

    async def _deliver(self, under_way: _UnderWay) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            await self._deliverer.deliver(under_way.notice, under_way.begins)
        except asyncio.CancelledError:
            if not under_way.begun:
                await self._outbox.postpone(under_way.notice, self._clock())
            raise
        finally:
            del self._under_way[task]
            if len(self._under_way) < AT_ONCE // 2:
                self.wake()  # there may be more, of the same address or of all

    def _watch(self, delivery: Delivery) -> None:
        for watch in self.watchers:
            watch(delivery)


def _ended(task: asyncio.Task[None]) -> None:
    """What failed, by the outbox, is held until the lease is over."""
    if not task.cancelled() and (error := task.exception()):
        log.error("the outbox does not answer", exc_info=error)
