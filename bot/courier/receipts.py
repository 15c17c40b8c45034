"""What providers tell of messages after they have taken them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.core.messages import Address
from bot.core.notices import Outbox, receipt_says
from bot.courier.delivery import Delivery


class Receipts:
    """Of any message; those of replies change nothing."""

    def __init__(self, outbox: Outbox, clock: Callable[[], datetime], wake: Callable[[], None]) -> None:
        """`wake` is called when a notice may lie in the outbox again."""
        self.watchers: list[Callable[[Delivery], None]] = []
        self._outbox = outbox
        self._clock = clock
        self._wake = wake

    async def take(self, channel: str, message: str, delivered: bool) -> Address | None:
        """Where the message went, if it was a notice. One that was not delivered goes the citizen's next way. A receipt
        may be faster than our note that the message was sent: it waits in the outbox for that."""
        now = self._clock()
        notice = await self._outbox.receipt(channel, message, delivered, at=now)
        if notice is None:
            return None
        seconds = (now - notice.due_at).total_seconds()
        for watch in self.watchers:
            watch(Delivery(channel, receipt_says(delivered), seconds, notice.tries))
        self._wake()
        return notice.way
