"""`Limits`: one contract in memory and in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import unused_port

from bot.core.ports import Limits, StoreUnavailable
from bot.stores.limits import Lenient, MemoryLimits
from bot.stores.redis_limits import RedisLimits
from bot.stores.redis_servers import RedisServers
from tests.stores.valkey import Server


class LimitsContract:
    @pytest.fixture
    def limits(self) -> Limits:
        raise NotImplementedError

    async def test_a_full_bucket_gives_its_burst_and_then_says_how_long_to_wait(self, limits: Limits) -> None:
        assert [await limits.take("a", rate=0.01, burst=3) for _ in range(3)] == [0, 0, 0]
        for _ in range(2):  # a refusal costs nothing
            assert 90 < await limits.take("a", rate=0.01, burst=3) <= 100

    async def test_it_fills_again(self, limits: Limits) -> None:
        assert await limits.take("a", rate=20, burst=1) == 0
        wait = await limits.take("a", rate=20, burst=1)
        while wait:
            assert wait <= 0.05
            await asyncio.sleep(wait)
            wait = await limits.take("a", rate=20, burst=1)

    async def test_it_never_holds_more_than_its_burst(self, limits: Limits) -> None:
        await limits.take("a", rate=200, burst=2)
        await asyncio.sleep(0.1)
        taken = [await limits.take("a", rate=0.001, burst=2) for _ in range(4)]
        assert [wait == 0 for wait in taken] == [True, True, False, False]

    async def test_keys_do_not_share(self, limits: Limits) -> None:
        assert [await limits.take(key, rate=0.01, burst=1) for key in ("a", "b", "تهران")] == [0, 0, 0]

    async def test_some_cost_more(self, limits: Limits) -> None:
        assert await limits.take("a", rate=0.1, burst=10, cost=7) == 0
        assert 30 < await limits.take("a", rate=0.1, burst=10, cost=7) <= 40
        assert await limits.take("a", rate=0.1, burst=10, cost=2.5) == 0

    async def test_of_many_at_once_no_more_pass_than_the_bucket_holds(self, limits: Limits) -> None:
        waits = await asyncio.gather(*(limits.take("a", rate=0.001, burst=10) for _ in range(200)))
        assert sum(wait == 0 for wait in waits) == 10

    @pytest.mark.parametrize(("rate", "burst", "cost"), [(0, 1, 1), (1, 1, 2), (1, 0, 0), (1, 1, 0)])
    async def test_what_can_never_be_is_an_error(self, limits: Limits, rate: float, burst: float, cost: float) -> None:
        with pytest.raises(ValueError, match="bucket"):
            await limits.take("a", rate=rate, burst=burst, cost=cost)


class TestMemoryLimits(LimitsContract):
    @pytest.fixture
    def limits(self) -> Limits:
        return MemoryLimits()

    async def test_full_buckets_take_no_memory(self) -> None:
        now = 0.0
        limits = MemoryLimits(lambda: now)
        for n in range(10_000):
            now += 0.01
            await limits.take(f"k{n}", rate=1, burst=1)
        assert len(limits._full) < 2000

    async def test_a_clock_that_goes_back_locks_nobody_out(self) -> None:
        now = 1000.0
        limits = MemoryLimits(lambda: now)
        await limits.take("a", rate=1, burst=2)
        now = 10.0
        assert await limits.take("a", rate=1, burst=2) <= 1


class TestRedisLimits(LimitsContract):
    @pytest.fixture
    def limits(self, redis: RedisServers) -> Limits:
        return RedisLimits(redis)

    @pytest.fixture
    async def elsewhere(self, valkey: Server) -> AsyncIterator[Limits]:
        redis = RedisServers(valkey.url)
        yield RedisLimits(redis)
        await redis.close()

    async def test_processes_share_it(self, limits: Limits, elsewhere: Limits) -> None:
        both = [side.take("a", rate=0.001, burst=5) for _ in range(10) for side in (limits, elsewhere)]
        assert sum(wait == 0 for wait in await asyncio.gather(*both)) == 5

    async def test_it_is_gone_when_it_is_full_and_tells_nobodys_name(self, limits: Limits, valkey: Server) -> None:
        await limits.take("+989121234567", rate=0.01, burst=5)
        keys = valkey.say("KEYS", "*")
        assert isinstance(keys, list)
        [key] = keys
        assert isinstance(key, bytes)
        assert b"9121234567" not in key
        left = valkey.say("PTTL", key.decode())
        assert isinstance(left, int)
        assert 0 < left <= 100_002


class Broken:
    """`Limits` whose store does not answer."""

    broken = True

    async def take(self, key: str, *, rate: float, burst: float, cost: float = 1.0) -> float:
        if self.broken:
            raise StoreUnavailable("no answer")
        return 3.0


async def test_a_store_that_does_not_answer_locks_nobody_out_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    broken = Broken()
    limits = Lenient(broken)
    assert [await limits.take("a", rate=1, burst=1) for _ in range(5)] == [0.0] * 5
    broken.broken = False
    assert [await limits.take("a", rate=1, burst=1) for _ in range(2)] == [3.0, 3.0]
    assert [record.getMessage() for record in caplog.records] == [
        "limits are not kept: their store does not answer",
        "limits are kept again",
    ]


async def test_a_redis_that_is_not_there_locks_nobody_out() -> None:
    gone = RedisServers(f"redis://127.0.0.1:{unused_port()}")
    limits = Lenient(RedisLimits(gone))
    assert [await limits.take("a", rate=1, burst=1) for _ in range(3)] == [0.0] * 3
    await gone.close()
