"""Another process at the same store: `python -m tests.stores.redis.child REDIS_URL DATABASE_URL LEASE WHAT…`.

`hold CONTACT` says "in" and saves when a line comes on its standard input, `wait CONTACT` says "asking" and then "in",
`talk CONTACT TURNS` takes turns and tells each that is acknowledged."""

from __future__ import annotations

import asyncio
import sys

from bot.core.ports import StaleSession
from bot.stores.database import open_database
from bot.stores.redis import RedisSessions
from bot.stores.redis_archive import SqlArchive
from bot.stores.redis_servers import RedisServers
from tests.stores.turns import go_on


def say(*words: object) -> None:
    print(*words, flush=True)


async def hold(store: RedisSessions, contact: str) -> None:
    try:
        async with store.open(contact) as opened:
            go_on(opened, "held")
            say("in")
            await asyncio.to_thread(sys.stdin.readline)
    except StaleSession:
        say("stale")
    else:
        say("saved")


async def wait(store: RedisSessions, contact: str) -> None:
    say("asking")
    async with store.open(contact):
        say("in")


async def talk(store: RedisSessions, contact: str, turns: str) -> None:
    for _ in range(int(turns)):
        async with store.open(contact) as opened:
            seq = go_on(opened, "child").seq
        say(contact, seq)


async def main(redis_url: str, database_url: str, lease: str, what: str, *arguments: str) -> None:
    redis = RedisServers(redis_url)
    store = RedisSessions(redis, SqlArchive(open_database(database_url)), lease=float(lease))
    await {"hold": hold, "wait": wait, "talk": talk}[what](store, *arguments)
    await store.close()
    await redis.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
