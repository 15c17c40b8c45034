"""A server process: started on a core of its own, measured from /proc, always ended. Linux."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / ".cache" / "bench" / "bin" / "python"
"""Of the environment that `make bench` makes for the peers."""
_GRACE = 10.0  # seconds that a server gets to stop
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
_POLL = 0.005  # seconds
_SETTLING, _LOOK = 10.0, 0.25  # seconds
_IDLE = 0.1  # of a core


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
    """Seconds since the start of a process: what its threads of now ran, and what its first one waited for a core."""

    cpu: float
    waited: float


def waited(pid: int | str = "self") -> float:
    """Seconds that the first thread of a process could have run and somebody else had its core."""
    return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[1]) / 1e9


def _children(pid: int) -> Iterator[int]:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text("ascii").split():
            yield int(child)
            yield from _children(int(child))


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    line = next((line for line in status.splitlines() if line.startswith("VmRSS")), "VmRSS: 0 kB")
    return int(line.split()[1]) / 1024


class Server:
    """One process with all its threads."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.port = port
        self.started_at = time.perf_counter()
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    def spent(self) -> Spent:
        """To the nanosecond; `/proc/PID/stat` counts in hundredths of a second."""
        ran = 0
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(OSError):  # it ended meanwhile
                ran += int((thread / "schedstat").read_text("ascii").split()[0])
        return Spent(ran / 1e9, waited(self.pid))

    def memory(self) -> float:
        """Resident set, MB, of the process and of those it has started."""
        return sum(map(_resident, (self.pid, *_children(self.pid))))

    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    async def accepting(self, patience: float = 60.0) -> None:
        """Wait until its port is open. Raises RuntimeError with the end of what it wrote when it does not open."""
        deadline = time.perf_counter() + patience
        while self._process.returncode is None and time.perf_counter() < deadline:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            await asyncio.sleep(_POLL)
        raise RuntimeError(f"a server did not start:\n{self.log()[-2000:]}")

    async def settled(self) -> None:
        """Wait until what it does by itself after the start is done, as far as that takes no more than `_SETTLING`."""
        for _ in range(round(_SETTLING / _LOOK)):
            before = self.spent().cpu
            await asyncio.sleep(_LOOK)
            if self.spent().cpu - before < _IDLE * _LOOK:
                return

    async def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _GRACE)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def made(folder: Path) -> Path:
    """The folder, which is there then."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@asynccontextmanager
async def running(
    module: str,
    arguments: Sequence[str],
    port: int,
    folder: Path,
    environment: Mapping[str, str],
    *,
    python: Path = Path(sys.executable),
    tree: Path = ROOT,
) -> AsyncIterator[Server]:
    """`python -m module arguments` of this working tree, in `folder`, with these variables and none of our settings."""
    log = made(folder) / "log.txt"
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            python,
            "-m",
            module,
            *arguments,
            cwd=folder,
            env={**kept, "PYTHONPATH": str(tree), **environment},
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
