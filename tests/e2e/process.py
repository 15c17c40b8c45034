"""A counter as it is really run: `python -m bot serve` in a process of its own, and commands typed beside it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.settings import Settings

ROOT = Path(__file__).parents[2]
API_TOKEN = "the-token-of-the-office"
PATIENCE = 60.0  # seconds; two shared cores may be busy
_POLL = 0.02  # seconds
_WATCHER = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[2], uri=True, isolation_level=None)
answer = lambda: database.execute(sys.argv[3]).fetchone()
before = answer()
print(flush=True)
while answer() == before:
    pass
os.kill(int(sys.argv[1]), signal.SIGKILL)
"""
# A number that reaches a person: nothing of the kind may stand in a log.
_PERSONAL = re.compile(r"(?:\+98|0)9\d{9}|[\u0600-\u06ff]")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


class Counter:
    """One installation: a data folder, its settings, and the server that runs on them now."""

    def __init__(self, folder: Path, **settings: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        foreign = {name for name in os.environ if name.lower() in Settings.model_fields}
        kept = {k: v for k, v in os.environ.items() if k not in foreign | {"PYTHONDONTWRITEBYTECODE"}}
        self.environment = kept | {
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "DATA_DIR": str(self.data),
            "CONTENT_DIR": str(ROOT / "knowledge_base"),
            "PORT": str(self.port),
            "API_TOKEN": API_TOKEN,
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None

    # --- the server -----------------------------------------------------------------------------

    def start(self) -> None:
        """Returns when it is ready to serve. Blocking."""
        with (self.folder / "log.txt").open("ab") as log:
            self.process = self.popen("serve", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
            time.sleep(_POLL)
        raise AssertionError(f"the server did not start:\n{self.log[-2000:]}")

    def stop(self) -> None:
        """As Ctrl-C does; it has to end well. Blocking."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        try:
            assert self.process.wait(PATIENCE) == 0, self.log[-2000:]
        finally:
            self.end()

    def kill(self) -> None:
        """As a power cut does. Blocking."""
        assert self.process is not None
        self.process.kill()
        assert self.process.wait(PATIENCE) == -signal.SIGKILL

    def kill_at_filing(self) -> None:
        """As a power cut does in the worst moment: a request has just been filed, and nobody has been told its code.
        Blocking."""
        with self.killed_at("SELECT max(id) FROM requests"):
            pass

    @contextlib.contextmanager
    def killed_at(self, query: str) -> Iterator[None]:
        """As a power cut does as soon as the database answers this query otherwise: after the block the server is
        dead. A process of its own watches, already when the block begins, so that nothing of ours comes between.
        Blocking."""
        assert self.process is not None
        database = f"file:{self.data / 'pishkhan.db'}?mode=ro"
        words = [sys.executable, "-c", _WATCHER, str(self.process.pid), database, query]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as watcher:
            try:
                assert watcher.stdout and watcher.stdout.readline(), "the watcher did not begin"
                yield
                assert watcher.wait(PATIENCE) == 0
            finally:
                watcher.kill()
        assert self.process.wait(PATIENCE) == -signal.SIGKILL

    def end(self) -> None:
        """Whatever became of it, the process is gone afterwards."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)

    @property
    def log(self) -> str:
        return (self.folder / "log.txt").read_text("utf-8", "replace")

    def faults(self) -> list[str]:
        """What must not stand in a log: errors, and anything of a citizen."""
        lines = self.log.replace("Ctrl-C", "").splitlines()
        return [line for line in lines if "level=error" in line or "Traceback" in line or _PERSONAL.search(line)]

    # --- beside it ------------------------------------------------------------------------------

    def popen(self, *words: str, **streams: Any) -> subprocess.Popen[bytes]:
        """`pishkhan …` on this installation's data."""
        return subprocess.Popen([sys.executable, "-m", "bot", *words], env=self.environment, cwd=self.folder, **streams)

    def command(self, *words: str) -> str:
        """What a command printed; it has to end well. Blocking."""
        process = self.popen(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors.decode()
        return out.decode()

    def officer(self, code: str, status: str, **options: str) -> None:
        """`pishkhan requests set CODE STATUS`, the command itself. Blocking."""
        more = [word for name, value in options.items() for word in (f"--{name}", value)]
        assert self.command("requests", "set", code, status, *more).split()[-1] == status

    def stored(self, query: str) -> list[Any]:
        """Rows of the database itself, read from outside."""
        database = f"file:{self.data / 'pishkhan.db'}?mode=ro"
        with contextlib.closing(sqlite3.connect(database, uri=True)) as connection:
            return connection.execute(query).fetchall()

    def let_go(self) -> None:
        """What a courier holds that was killed is free again, as it would be after a minute and a half."""
        with contextlib.closing(sqlite3.connect(self.data / "pishkhan.db", timeout=PATIENCE)) as connection:
            connection.execute("UPDATE notices SET next_at = made_at WHERE state = 'pending'")
            connection.commit()

    async def all_told(self) -> None:
        """Wait until nothing that the desk has to say waits any more."""
        deadline = time.monotonic() + PATIENCE
        while self.stored("SELECT 1 FROM notices WHERE state = 'pending' LIMIT 1"):
            assert time.monotonic() < deadline, "the notices stay in the outbox"
            await asyncio.sleep(0.05)
