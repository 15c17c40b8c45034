"""What a session costs in Redis: trips, bytes, and a million of them. Through our own store, in this process."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from bench.found import Found, Plan, Table
from bench.parts.durability import lines
from bench.parts.share import after_a_form
from bench.pool import Pool
from bench.process import made
from bot.core.sessions import Session
from bot.stores.database import open_database
from bot.stores.migrations import migrate
from bot.stores.redis import RedisSessions
from bot.stores.redis_archive import SqlArchive
from bot.stores.redis_scripts import ENTER, SAVE, Script
from bot.stores.redis_servers import RedisServers
from tests.stores import valkey

CONTACTS, TURNS = 200, 10
MILLION = 1_000_000
AT_ONCE = 64


class Counted(RedisServers):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked: Counter[Script] = Counter()

    def run(self, script: Script, tag: bytes, keys: Sequence[bytes], *arguments: bytes) -> asyncio.Future[object]:  # type: ignore[override]
        self.asked[script] += 1
        return super().run(script, tag, keys, *arguments)  # type: ignore[return-value]


async def run(pool: Pool, folder: Path, plan: Plan) -> Found:
    made(folder)
    url = f"sqlite:///{folder / 'archive.db'}"
    await migrate(url)
    server = valkey.Server(appendfsync="everysec")
    server.start()
    database, redis = open_database(url), Counted(server.url)
    store = RedisSessions(redis, SqlArchive(database))
    found = Found()
    try:
        pattern = await after_a_form()
        await _turns(store, redis, pattern, plan, found)
        await _stored(store, server, pattern, plan.count(plan.sessions), found)
    finally:
        await store.close()
        await redis.close()
        await database.close()
        server.remove()
    f = found.figures
    found.tables.append(
        Table(
            "Sessions in Valkey",
            ("what", "figure"),
            [
                ("questions that a turn waits for", f"{f['redis trips']:.2f}"),
                ("session after a form, JSON", f"{f['redis payload']:,.0f} B"),
                ("stored, with key, expiry and all that lies beside it", f"{f['redis stored']:,.0f} B"),
                ("stored / payload", f"{f['redis overhead']:.2f}"),
                (f"sessions written, by {AT_ONCE} at once", f"{f['redis written']:,.0f}/s"),
                ("a million sessions", f"{f['redis million']:.2f} GiB"),
            ],
            notes=f"Written through the store: {plan.count(plan.sessions):,} sessions, by which a million is reckoned.",
        )
    )
    return found


async def _turns(store: RedisSessions, redis: Counted, pattern: Session, plan: Plan, found: Found) -> None:
    contacts = [f"turn{n}" for n in range(plan.count(CONTACTS))]
    await _save(store, contacts, pattern)  # scripts are known from here on
    redis.asked.clear()
    for _ in range(TURNS):
        await _save(store, contacts, pattern, said=True)
    turns = len(contacts) * TURNS
    found.figures["redis trips"] = (redis.asked[ENTER] + redis.asked[SAVE]) / turns


async def _stored(store: RedisSessions, server: valkey.Server, pattern: Session, count: int, found: Found) -> None:
    contacts = [f"{n:032x}" for n in range(count)]
    before, began = _used(server), time.perf_counter()
    await _save(store, contacts, pattern)
    took = time.perf_counter() - began
    payload = len(orjson.dumps(replace(pattern, contact=contacts[-1], version=1).to_json()))
    each = (_used(server) - before) / count
    found.figures |= {
        "redis payload": payload,
        "redis stored": each,
        "redis overhead": each / payload,
        "redis written": count / took,
        "redis million": each * MILLION / (1 << 30),
    }


async def _save(store: RedisSessions, contacts: Sequence[str], pattern: Session, *, said: bool = False) -> None:
    waiting = iter(contacts)

    async def save() -> None:
        for contact in waiting:
            async with store.open(contact) as opened:
                session = opened.session
                if said:
                    opened.lines = lines(contact, session.seq)
                opened.session = replace(pattern, contact=contact, seq=session.seq + 2, version=session.version)

    await asyncio.gather(*(save() for _ in range(AT_ONCE)))


def _used(server: valkey.Server) -> int:
    told = server.say("INFO", "memory")
    assert isinstance(told, bytes)
    line = next(line for line in told.decode().splitlines() if line.startswith("used_memory:"))
    return int(line.partition(":")[2])
