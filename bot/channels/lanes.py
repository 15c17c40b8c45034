"""One at a time and in the order of coming for each citizen; different citizens at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Lanes:
    def __init__(self) -> None:
        self._lanes: dict[str, tuple[asyncio.Lock, int]] = {}  # with how many are in it or wait for it

    @asynccontextmanager
    async def lane(self, key: str) -> AsyncIterator[None]:
        lock, n = self._lanes.get(key) or (asyncio.Lock(), 0)
        self._lanes[key] = lock, n + 1
        try:
            async with lock:
                yield
        finally:
            lock, n = self._lanes.pop(key)
            if n > 1:
                self._lanes[key] = lock, n - 1
