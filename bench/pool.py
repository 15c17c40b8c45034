"""The servers that run: each is started when it is first asked for, and runs until the bench ends. Idle ones cost next
to nothing, so windows can be short and interleaved.
"""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bench import load
from bench.botapi import BotApi
from bench.process import Server
from bench.systems import BY_ID, Around, System, around
from bench.talks import Talk


@dataclass(frozen=True, slots=True)
class Running:
    """A system that has answered. `start`: seconds to the first answer of the server, None when another system was
    before; `idle`: MB after that conversation."""

    system: System
    server: Server
    api: BotApi
    start: float | None
    idle: float

    def users(self, count: int) -> list[Talk]:
        return [self.system.talk(self.server.port, user, self.api) for user in range(count)]


class Pool:
    """`async with Pool(folder) as pool`: all that runs lives in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._servers: dict[str, Server] = {}
        self._running: dict[str, Running] = {}

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self.needs: Around = await stack.enter_async_context(around(self._folder / "learnt"))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def up(self, *ids: str) -> list[Running]:
        """These systems, each of which has answered. Raises RuntimeError when one does not start or answers wrongly."""
        return [await self.runs(BY_ID[id]) for id in ids]

    async def runs(self, system: System) -> Running:
        """The same of a system that is not among all others."""
        if system.id not in self._running:
            self._running[system.id] = await self._answering(system)
            sys.stderr.write(f"{system.id} is up\n")
        return self._running[system.id]

    async def _answering(self, system: System) -> Running:
        api, new = self.needs.api, system.server not in self._servers
        if new:
            starting = system.start(self.needs, self._folder / system.server)
            self._servers[system.server] = await self._stack.enter_async_context(starting)
        server = self._servers[system.server]
        await server.accepting()
        talk = system.talk(server.port, 0, api)
        try:
            answered, _ = await load.once(talk, server.spent)
        finally:
            talk.close()
        if new:
            await server.settled()
        return Running(system, server, api, answered - server.started_at if new else None, server.memory())
