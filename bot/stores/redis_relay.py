"""News between the processes of one counter, by publish and subscribe."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

PREFIX = "pishkhan:"  # of the channels, one for each topic
WAITING = 1000  # messages to be published; more are dropped
PAUSE = 1.0  # seconds until a lost connection is tried again

Hear = Callable[[str], Awaitable[None]]


class RedisRelay:
    """Implements `bot.core.ports.Relay`. In a Cluster any node passes on to all others."""

    def __init__(self, url: str) -> None:
        """A URL as `RedisServers` takes it."""
        self._redis = Redis.from_url(url, decode_responses=True)
        self._us = secrets.token_hex(4)
        self._outbox: asyncio.Queue[tuple[str, str]] = asyncio.Queue(WAITING)
        self._listeners: dict[str, Hear] = {}  # by channel

    def tell(self, topic: str, message: str = "") -> None:
        try:
            self._outbox.put_nowait((PREFIX + topic, f"{self._us} {message}"))
        except asyncio.QueueFull:
            log.warning("Redis takes no news; the other processes learn it later")

    def listen(self, topic: str, hear: Hear) -> None:
        self._listeners[PREFIX + topic] = hear

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Meanwhile news are published and heard."""
        parts = [self._publish, *([self._listen] if self._listeners else [])]
        working = [asyncio.create_task(self._again(part)) for part in parts]
        try:
            yield
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
            await self._redis.aclose()

    async def _again(self, work: Callable[[], Awaitable[None]]) -> None:
        """Whatever happens to Redis."""
        while True:
            try:
                await work()
            except (RedisError, OSError) as error:
                log.warning("no news from or to Redis", extra={"error": type(error).__name__})
            except Exception:
                log.exception("news were not understood")
            await asyncio.sleep(PAUSE)

    async def _publish(self) -> None:
        while True:
            await self._redis.publish(*await self._outbox.get())

    async def _listen(self) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe(*self._listeners)
            async for news in pubsub.listen():
                by, _, message = news["data"].partition(" ")
                if by != self._us:
                    await self._listeners[news["channel"]](message)
