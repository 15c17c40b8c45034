"""Redis as a broker. In a Cluster any node passes on to all others."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection

from redis.asyncio import Redis


class RedisBroker:
    """Implements `bot.stores.relay.Broker`."""

    def __init__(self, url: str) -> None:
        """A URL as `RedisServers` takes it."""
        self._redis = Redis.from_url(url, decode_responses=True)

    async def publish(self, channel: str, text: str) -> None:
        await self._redis.publish(channel, text)

    async def heard(self, channels: Collection[str]) -> AsyncGenerator[tuple[str, str]]:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe(*channels)
            async for news in pubsub.listen():
                yield news["channel"], news["data"]

    async def close(self) -> None:
        await self._redis.aclose()
