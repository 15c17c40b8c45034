"""One Redis server, or all masters of a Cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.crc import key_slot

from bot.stores.redis_link import Link, Request, unheard
from bot.stores.redis_scripts import Script
from bot.stores.redis_wire import ErrorReply, Reply, pack

PATIENCE = 2.0  # seconds that anybody waits for an answer

_slot = lru_cache(4096)(key_slot)


class RedisServers:
    """Whether it is a Cluster is learnt from the first server that sends us on: where a slot lies is remembered until
    that server is out of reach."""

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        """`redis://`, `rediss://` or `unix://`, as redis-py reads it; of a Cluster any node. Raises ValueError."""
        options: dict[str, Any] = {**parse_url(url), "protocol": 2}
        self._kind: type[AbstractConnection] = options.pop("connection_class", Connection)
        self._options = options
        self._patience = patience
        self._links: dict[tuple[str, int], Link] = {}
        self._slots: dict[int, Link] = {}
        self._first = self._link(options.get("host", "localhost"), options.get("port", 6379))

    def ask(self, tag: bytes, *parts: bytes) -> asyncio.Future[Reply]:
        """Send a command about keys with this tag; it is on its way when this returns. The answer raises
        StoreUnavailable."""
        return self._send(tag, pack(parts))

    def run(self, script: Script, tag: bytes, keys: Sequence[bytes], *arguments: bytes) -> asyncio.Future[Reply]:
        """The same with a script."""
        rest = (b"%d" % len(keys), *keys, *arguments)
        return self._send(tag, pack((b"EVALSHA", script.sha, *rest)), script, rest)

    def life(self, tag: bytes) -> bytes:
        """Marks the process of the server that has the slot; empty when none was reached yet."""
        return self._of(tag).life

    def connection(self) -> AbstractConnection:
        """A new one, to the server of the URL, that is not connected yet."""
        return self._kind(**self._options)

    async def ping(self) -> None:
        """Raises StoreUnavailable."""
        await self.ask(b"", b"PING")

    async def close(self) -> None:
        await asyncio.gather(*(link.close() for link in self._links.values()))

    def _send(
        self, tag: bytes, packed: bytes, script: Script | None = None, rest: tuple[bytes, ...] = ()
    ) -> asyncio.Future[Reply]:
        loop = asyncio.get_running_loop()
        request = Request(tag, packed, loop.create_future(), loop.time() + self._patience, script, rest)
        self._of(tag).send(request)
        return request.answer

    def _of(self, tag: bytes) -> Link:
        return self._slots.get(_slot(tag), self._first) if self._slots else self._first

    def _link(self, host: str, port: int) -> Link:
        link = self._links.get((host, port))
        if link is None:
            options = self._options
            if issubclass(self._kind, Connection):
                options = {**options, "host": host, "port": port}
            link = self._links[host, port] = Link(
                self._kind,
                options,
                patience=self._patience,
                elsewhere=self._elsewhere,
                unreachable=self._unreachable,
            )
        return link

    def _elsewhere(self, request: Request, error: ErrorReply) -> None:
        """`MOVED slot host:port` from now on, `ASK slot host:port` this once."""
        code, slot, place = error.split(" ")
        host, _, port = place.rpartition(":")
        link = self._link(host or self._options.get("host", "localhost"), int(port))
        if code == "ASK":
            asking: asyncio.Future[Reply] = request.answer.get_loop().create_future()
            link.send(Request(request.tag, pack((b"ASKING",)), unheard(asking), request.until))
        else:
            self._slots[int(slot)] = link
        link.again(request)

    def _unreachable(self, link: Link) -> None:
        """A Cluster may have put another server in its place: ask one that can be reached, which sends us on."""
        others = [other for other in self._links.values() if other is not link and other.life and not other.failing]
        if not others:
            return
        self._slots = {slot: known for slot, known in self._slots.items() if known is not link}
        if link is self._first:
            self._first = others[0]
        for request in link.unanswered():
            self._first.send(request)
