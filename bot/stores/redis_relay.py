"""Redis as a broker. In a Cluster any node passes on to all others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection
from functools import partial

from bot.stores.redis_link import taken_over
from bot.stores.redis_servers import RedisServers
from bot.stores.redis_wire import Reply, Wire, pack

KEPT = 10_000  # messages that wait to be heard; more of them are lost


class RedisBroker:
    """Implements `bot.stores.relay.Broker`. Publishes over the connection of all that is asked, and hears over one of
    its own: every turn of the web chat tells something, and redis-py takes 100 µs for each of both."""

    def __init__(self, redis: RedisServers) -> None:
        self._redis = redis

    async def publish(self, channel: str, text: str) -> None:
        await self._redis.ask(b"", b"PUBLISH", channel.encode(), text.encode())

    async def heard(self, channels: Collection[str]) -> AsyncGenerator[tuple[str, str]]:
        told: asyncio.Queue[Reply] = asyncio.Queue()
        connection = self._redis.connection()
        await connection.connect()  # type: ignore[no-untyped-call]
        writer = taken_over(connection, Wire(partial(_put, told), partial(told.put_nowait, None)))
        try:
            writer.transport.write(pack((b"SUBSCRIBE", *(channel.encode() for channel in channels))))
            while isinstance(message := await told.get(), list):
                kind, channel, text = message
                if kind == b"message" and isinstance(channel, bytes) and isinstance(text, bytes):
                    yield channel.decode(), text.decode()
        finally:
            writer.transport.abort()

    async def close(self) -> None:
        """The connection of all that is asked is not ours."""


def _put(told: asyncio.Queue[Reply], message: Reply) -> None:
    if told.qsize() < KEPT:
        told.put_nowait(message)
