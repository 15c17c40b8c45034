"""News between processes: told to all others, in order, again after Redis was away."""

from __future__ import annotations

import asyncio

from bot.stores.redis_relay import RedisRelay
from tests.stores.redis.conftest import Until
from tests.stores.valkey import Server


async def test_the_others_hear_in_order_and_again_after_a_restart(valkey_alone: Server, until: Until) -> None:
    here, there = RedisRelay(valkey_alone.url), RedisRelay(valkey_alone.url)
    heard: dict[str, list[str]] = {"here": [], "there": []}

    async def note(place: str, message: str) -> None:
        heard[place].append(message)

    here.listen("talk", lambda m: note("here", m))
    there.listen("talk", lambda m: note("there", m))
    async with here.running(), there.running():

        async def told(message: str) -> bool:
            here.tell("talk", message)
            await asyncio.sleep(0.05)
            return message in heard["there"]

        await until(lambda: told("first"), bool)
        before = len(heard["there"])
        for n in range(20):
            here.tell("other things", "nobody listens")
            here.tell("talk", str(n))
        await until(lambda: told("last"), bool)
        assert [m for m in heard["there"][before:] if m.isdigit()] == [str(n) for n in range(20)]
        valkey_alone.kill()
        here.tell("talk", "lost, perhaps")
        valkey_alone.start()
        await until(lambda: told("after"), bool)
        assert heard["here"] == [], "nobody is told what it said itself"
