"""Not faster than the providers take it."""

from __future__ import annotations

import asyncio

from bot.core.messages import Address
from bot.core.ports import Limits, Rate

PATIENCE = 20.0  # seconds that are waited for; a longer wait is no reason to hold a notice
BURST = 0.1  # seconds' worth of messages that go out at once


class Pace:
    """One for all couriers that share the `limits`. Urgent ones have a bucket of their own: they wait for no others."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    async def wait(self, rate: Rate | None, to: Address, *, urgent: bool) -> float:
        """Return 0 when it may be sent, or the seconds after which to ask again."""
        if rate is None:
            return 0.0
        buckets = [(f"send {to.channel}{' urgently' * urgent}", rate.per_second)]
        if not urgent:
            buckets.insert(0, (f"send {to}", rate.per_address))
        for key, per_second in buckets:
            burst = max(1.0, per_second * BURST)
            while wait := await self._limits.take(key, rate=per_second, burst=burst):
                if wait > PATIENCE:
                    return wait
                await asyncio.sleep(wait)
        return 0.0
