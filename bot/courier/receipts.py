"""What providers tell of messages after they have taken them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from bot.core.notices import Outbox
from bot.courier.delivery import Delivery

log = logging.getLogger(__name__)

AGAIN = (
    5.0  # seconds after which a message that we do not know is looked up again: a receipt may be faster than our note
)


class Receipts:
    """Of any message; those of replies are passed over."""

    def __init__(self, outbox: Outbox, clock: Callable[[], datetime], wake: Callable[[], None]) -> None:
        """`wake` is called when a notice may lie in the outbox again."""
        self.watchers: list[Callable[[Delivery], None]] = []
        self._outbox = outbox
        self._clock = clock
        self._wake = wake
        self._later: set[asyncio.Task[None]] = set()

    async def take(self, channel: str, message: str, delivered: bool) -> None:
        """A notice that was not delivered goes the citizen's next way."""
        if not await self._take(channel, message, delivered):
            task = asyncio.create_task(self._take_later(channel, message, delivered))
            self._later.add(task)
            task.add_done_callback(self._later.discard)

    async def close(self) -> None:
        """What is not known by now is no notice's."""
        for task in self._later:
            task.cancel()
        if self._later:
            await asyncio.wait(tuple(self._later))

    async def _take(self, channel: str, message: str, delivered: bool) -> bool:
        now = self._clock()
        notice = await self._outbox.receipt(channel, message, delivered, at=now)
        if notice is None:
            return False
        outcome = "delivered" if delivered else "undelivered"
        for watch in self.watchers:
            watch(Delivery(channel, outcome, (now - notice.due_at).total_seconds(), notice.tries))
        self._wake()
        return True

    async def _take_later(self, channel: str, message: str, delivered: bool) -> None:
        await asyncio.sleep(AGAIN)
        try:
            await self._take(channel, message, delivered)
        except Exception:
            log.exception("a receipt is lost", extra={"channel": channel})
