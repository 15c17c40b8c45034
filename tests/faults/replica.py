"""One server process after the other on the same port and the same data."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
import signal
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import aiohttp

from tests.e2e.process import PATIENCE
from tests.faults import server

_POLL = 0.01  # seconds
# A number that reaches a person, or words: nothing of the kind may stand in a log.
_PERSONAL = re.compile(r"(?:\+98|(?<![\d.])0)9\d{9}|[\u0600-\u06ff]")  # but no seconds
_PARENT = multiprocessing.get_context("forkserver")
# Without __main__ each server would import all of pytest.
_PARENT.set_forkserver_preload(["__main__", "tests.faults.nursery"])


class Replica:
    def __init__(self, folder: Path, port: int, settings: Mapping[str, str], clock: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / f"log-{port}.txt"
        self.environment = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", "PORT": str(port), **settings}
        self._clock = clock
        self._process: ForkServerProcess | None = None

    async def start(self, point: str = "", passages: int = 1) -> None:
        """Returns when it is ready to serve; it will kill itself at that passage of the point, and may have already."""
        given = self.environment, str(self._log), point, passages, self._clock
        self._process = _PARENT.Process(target=server.run, args=given, daemon=True)
        await asyncio.to_thread(self._process.start)
        async with aiohttp.ClientSession() as http, asyncio.timeout(PATIENCE):
            while not await self.is_ready(http) and (self.alive or not point):
                assert self.alive, f"the server did not start:\n{self.log[-2000:]}"
                await asyncio.sleep(_POLL)

    async def is_ready(self, http: aiohttp.ClientSession) -> bool:
        try:
            async with http.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    @property
    def pid(self) -> int:
        assert self._process and self._process.pid
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    async def blown(self) -> None:
        """Wait until the fuse has blown."""
        assert await self._ended() == -signal.SIGKILL, self.log[-2000:]

    async def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        await self.blown()

    async def terminate(self) -> None:
        """As a service manager does; it has to end well."""
        os.kill(self.pid, signal.SIGTERM)
        assert await self._ended() == 0, self.log[-2000:]

    async def _ended(self) -> int | None:
        assert self._process
        await asyncio.to_thread(self._process.join, PATIENCE)
        return self._process.exitcode

    def end(self) -> None:
        """Whatever became of it, the process is gone afterwards."""
        if self._process and self._process.is_alive():
            self._process.kill()
            self._process.join(PATIENCE)

    @property
    def indiscretions(self) -> list[str]:
        """Lines of the log with anything of a citizen."""
        return [line for line in self.log.splitlines() if _PERSONAL.search(line)]
