"""How often somebody may do something: token buckets.

A bucket holds `burst` tokens and fills at `rate` a second. All that is kept of it is the moment at which it is full
again; a full one is not kept at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable

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


def check_bucket(rate: float, burst: float, cost: float) -> None:
    """Raises ValueError."""
    if not (rate > 0 and 0 < cost <= burst):
        raise ValueError("a bucket has to fill, and to hold what is taken")
