"""News between the processes of one counter, by publish and subscribe."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection
from contextlib import aclosing, asynccontextmanager
from typing import Protocol

log = logging.getLogger(__name__)

PREFIX = "pishkhan:"  # of the channels, one for each topic
WAITING = 1000  # messages to be published; more are dropped
GATHER = 0.01  # seconds between two publications: what is told meanwhile goes out together
LONGEST = 4000  # characters after which what waits goes into the next publication; PostgreSQL takes 8,000 bytes
PAUSE = 1.0  # seconds until what failed is tried again

Hear = Callable[[str], Awaitable[None]]


class Broker(Protocol):
    """Tells all who listen at the moment. Whatever its methods raise, they are called again."""

    async def publish(self, channel: str, text: str) -> None: ...

    def heard(self, channels: Collection[str]) -> AsyncGenerator[tuple[str, str]]:
        """Channel and text of each message, until the connection is lost."""
        ...

    async def close(self) -> None: ...


class BrokersRelay:
    """Implements `bot.core.ports.Relay`. A message is one line; what is told within a moment is published together."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._us = secrets.token_hex(4)
        self._outbox: deque[tuple[str, str]] = deque()
        self._called = asyncio.Event()
        self._listeners: dict[str, Hear] = {}  # by channel

    def tell(self, topic: str, message: str = "") -> None:
        if len(self._outbox) >= WAITING:
            log.warning("the broker takes no news; the other processes learn it later")
            return
        self._outbox.append((PREFIX + topic, message))
        self._called.set()

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
            await self._broker.close()

    async def _again(self, work: Callable[[], Awaitable[None]]) -> None:
        """Whatever happens to the broker."""
        while True:
            try:
                await work()
            except Exception as error:
                log.warning("no news from or to the broker", extra={"error": type(error).__name__})
            await asyncio.sleep(PAUSE)

    async def _publish(self) -> None:
        while True:
            await self._called.wait()
            channel, news = self._next()
            if not self._outbox:
                self._called.clear()
            await self._broker.publish(channel, "\n".join([self._us, *news]))
            if not self._outbox:
                await asyncio.sleep(GATHER)

    def _next(self) -> tuple[str, list[str]]:
        """What waits at the head for one channel."""
        channel, message = self._outbox.popleft()
        news, size = [message], len(message)
        while self._outbox and self._outbox[0][0] == channel and size < LONGEST:
            news.append(self._outbox.popleft()[1])
            size += len(news[-1])
        return channel, news

    async def _listen(self) -> None:
        async with aclosing(self._broker.heard(self._listeners)) as heard:
            async for channel, text in heard:
                by, _, news = text.partition("\n")
                for message in news.split("\n") if by != self._us else ():
                    await self._hear(channel, message)

    async def _hear(self, channel: str, message: str) -> None:
        try:
            await self._listeners[channel](message)
        except Exception:
            log.exception("news were not understood")
