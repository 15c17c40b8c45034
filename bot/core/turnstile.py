"""One at a time and in order of asking for each name; different names at once."""

from __future__ import annotations

import asyncio


class Turnstile:
    """A gate where nobody is takes no memory."""

    def __init__(self) -> None:
        self._gates: dict[str, _Gate] = {}

    def pass_through(self, name: str) -> _Gate:
        """To be used in `async with` at once."""
        gate = self._gates.get(name)
        if gate is None:
            gate = self._gates[name] = _Gate(self._gates, name)
        return gate


class _Gate:
    """A class, since every turn passes three: a generator for each would cost three times as much."""

    __slots__ = ("_gates", "_lock", "_name", "_people")

    def __init__(self, gates: dict[str, _Gate], name: str) -> None:
        self._gates = gates
        self._name = name
        self._lock = asyncio.Lock()  # wakes in order of asking
        self._people = 0

    async def __aenter__(self) -> None:
        self._people += 1
        try:
            await self._lock.acquire()
        except BaseException:
            self._left()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()
        self._left()

    def _left(self) -> None:
        self._people -= 1
        if not self._people:
            del self._gates[self._name]
