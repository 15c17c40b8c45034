"""How often somebody may do something: token buckets.

A bucket holds `burst` tokens and fills at `rate` a second. All that is kept of it is the moment at which it is full
again; a full one is not kept at all.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from bot.core.ports import Limits, StoreUnavailable

log = logging.getLogger(__name__)

SWEPT = 1024  # buckets in memory after which full ones are looked for


class MemoryLimits:
    """`Limits` of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._full: dict[str, float] = {}
        self._sweep = SWEPT

    async def take(self, key: str, *, rate: float, burst: float, cost: float = 1.0) -> float:
        check_bucket(rate, burst, cost)
        now, room = self._clock(), burst / rate
        full = max(now, min(self._full.get(key, 0.0), now + room)) + cost / rate
        wait = full - now - room
        if wait > 1e-6:
            return wait
        self._full[key] = full
        if len(self._full) > self._sweep:
            self._full = {key: full for key, full in self._full.items() if full > now}
            self._sweep = max(SWEPT, 2 * len(self._full))
        return 0.0


class Lenient:
    """`Limits` that let everybody through while theirs do not answer, and say so in the log once."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._answering = True

    async def take(self, key: str, *, rate: float, burst: float, cost: float = 1.0) -> float:
        try:
            wait = await self._limits.take(key, rate=rate, burst=burst, cost=cost)
        except StoreUnavailable:
            if self._answering:
                log.error("limits are not kept: their store does not answer")
            self._answering = False
            return 0.0
        if not self._answering:
            log.warning("limits are kept again")
        self._answering = True
        return wait


def check_bucket(rate: float, burst: float, cost: float) -> None:
    """Raises ValueError."""
    if not (rate > 0 and 0 < cost <= burst):
        raise ValueError("a bucket has to fill, and to hold what is taken")
