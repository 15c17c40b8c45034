"""Token buckets that many processes share."""

from __future__ import annotations

from hashlib import blake2s

from bot.stores.limits import check_bucket
from bot.stores.redis_places import Places
from bot.stores.redis_scripts import TAKE
from bot.stores.redis_servers import RedisServers


class RedisLimits:
    """`Limits`, in one question. Raises StoreUnavailable. Redis' clock counts; keys are written as hashes."""

    def __init__(self, redis: RedisServers, *, prefix: str = "pk") -> None:
        self._redis = redis
        self._places = Places(prefix)

    async def take(self, key: str, *, rate: float, burst: float, cost: float = 1.0) -> float:
        check_bucket(rate, burst, cost)
        name = blake2s(key.encode(), digest_size=12).hexdigest().encode()
        tag = self._places.tag(name)
        wait = await self._redis.run(
            TAKE, tag, (b"%b:t:%b" % (tag, name),), repr(rate).encode(), repr(burst).encode(), repr(cost).encode()
        )
        assert isinstance(wait, bytes)
        return float(wait)
