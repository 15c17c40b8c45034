"""A server process: started on a core of its own, measured from /proc, always ended. Linux."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")
_GRACE = 10.0  # seconds that a server gets to stop
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
_POLL = 0.005  # seconds


def cores() -> tuple[int, int]:
    """One for the servers, one for the load; the same one where there is no other."""
    mine = sorted(os.sched_getaffinity(0))
    return mine[0], mine[-1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Spent(NamedTuple):
    """Seconds since the start of a process: what all its threads ran, and what its first one waited for a core."""

    cpu: float
    waited: float


class Server:
    """One process with all its threads."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.port = port
        self.started_at = time.perf_counter()
        self._process = process
        self._log = log

    def spent(self) -> Spent:
        stat = Path(f"/proc/{self._process.pid}/stat").read_text("ascii")
        fields = stat.rpartition(")")[2].split()  # the name before may hold spaces; see proc_pid_stat(5)
        _, waited, _ = Path(f"/proc/{self._process.pid}/schedstat").read_text("ascii").split()
        return Spent((int(fields[11]) + int(fields[12])) / _TICKS, int(waited) / 1e9)

    def memory(self) -> float:
        """Resident set, MB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text("ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    async def accepting(self, patience: float = 60.0) -> None:
        """Wait until its port is open. Raises RuntimeError with the end of what it wrote when it does not open."""
        deadline = time.perf_counter() + patience
        while self._process.returncode is None and time.perf_counter() < deadline:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            await asyncio.sleep(_POLL)
        raise RuntimeError(f"a server did not start:\n{self._log.read_text('utf-8', 'replace')[-2000:]}")

    async def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _GRACE)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def running(
    module: str, arguments: Sequence[str], port: int, folder: Path, environment: Mapping[str, str]
) -> AsyncIterator[Server]:
    """`python -m module arguments` in `folder`, with these variables and none of our own settings."""
    log = folder / "log.txt"
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            cwd=folder,
            env={**kept, "PYTHONPATH": str(ROOT), **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    server = Server(process, port, log)
    try:
        os.sched_setaffinity(process.pid, {cores()[0]})  # threads to come inherit it
        yield server
    finally:
        await server.stop()
