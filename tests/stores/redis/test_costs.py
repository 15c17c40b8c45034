"""What a turn asks of Redis, what a session takes there, and where it lies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.sessions import Session
from bot.stores.database import Database
from bot.stores.redis import SILENCE, RedisSessions
from bot.stores.redis_archive import SqlArchive
from bot.stores.redis_places import Places
from bot.stores.redis_servers import RedisServers
from bot.stores.redis_wire import Reply, pack, unpack
from tests.stores.turns import go_on
from tests.stores.valkey import Server, slot_of


@pytest.fixture
async def store(redis: RedisServers, database: Database) -> AsyncIterator[RedisSessions]:
    """Which does nothing by the clock while a test lasts."""
    store = RedisSessions(redis, SqlArchive(database), lease=600, quiet=600, sweep=600)
    store.start()
    async with store.open("first"):
        await asyncio.sleep(0.2)  # its first look for lines is over
    yield store
    await store.close()


def asked(valkey: Server) -> dict[str, int]:
    """Commands that came from outside."""
    return {name: count for name, count in valkey.calls().items() if name in ("evalsha", "eval", "ping")}


def state_key(contact: str) -> str:
    return Places().of(contact).state.decode()


async def test_a_turn_asks_twice(store: RedisSessions, valkey: Server) -> None:
    async with store.open("c1") as opened:
        go_on(opened)
    valkey.say("CONFIG", "RESETSTAT")
    for _ in range(50):
        async with store.open("c1") as opened:
            go_on(opened)
    assert asked(valkey) == {"evalsha": 100}


async def test_an_unchanged_session_is_not_written_and_its_leaving_not_waited_for(
    store: RedisSessions, valkey: Server
) -> None:
    async with store.open("c1") as opened:
        go_on(opened)
    before = valkey.say("GET", state_key("c1"))
    async with store.open("c1"):
        pass
    await asyncio.sleep(0.1)
    valkey.say("CONFIG", "RESETSTAT")
    async with store.open("c1"):
        pass
    await asyncio.sleep(0.1)
    assert asked(valkey) == {"evalsha": 2}
    assert valkey.calls()["set"] == 1, "the lock"
    assert valkey.say("GET", state_key("c1")) == before


async def test_each_save_puts_off_the_one_expiry(store: RedisSessions, valkey: Server) -> None:
    for _ in range(2):
        async with store.open("c1") as opened:
            go_on(opened)
        left = valkey.say("TTL", state_key("c1"))
        assert isinstance(left, int)
        assert SILENCE - 10 < left <= SILENCE
        valkey.say("EXPIRE", state_key("c1"), "50")
    async with store.open("c1"):
        pass
    assert valkey.say("TTL", state_key("c1")) in (49, 50)


async def test_stored_bytes_stay_near_the_payload(redis: RedisServers, database: Database, valkey: Server) -> None:
    def used() -> int:
        told = valkey.say("INFO", "memory")
        assert isinstance(told, bytes)
        return int(told.partition(b"used_memory:")[2].split()[0])

    store = RedisSessions(redis, SqlArchive(database))
    before, payload = used(), 0

    async def talk(contact: str) -> int:
        for _ in range(6):
            async with store.open(contact) as opened:
                session = go_on(opened, "سلام، وقت بخیر")
        return len(orjson.dumps(replace(session, version=6).to_json()))

    for n in range(0, 1000, 100):
        payload += sum(await asyncio.gather(*(talk(f"{k:016x}") for k in range(n, n + 100))))
    await store.close()
    ratio = (used() - before) / payload
    print(f"1000 sessions of {payload // 1000} bytes: {ratio:.2f} bytes stored for one of payload")
    assert ratio <= 1.4


@given(st.text(), st.booleans())
def test_all_keys_of_a_contact_lie_in_one_slot(contact: str, merging: bool) -> None:
    place = Places().of(contact, merging=merging)
    keys = (place.tag, place.state, place.lock, place.queue, place.todo)
    assert len({slot_of(key) for key in keys}) == 1
    assert len({*keys}) == len(keys)


def test_buckets_lie_in_many_slots() -> None:
    assert len({slot_of(tag) for tag in Places().tags}) > 250


# --- the protocol -------------------------------------------------------------------------------

replies: st.SearchStrategy[Reply] = st.recursive(
    st.none() | st.integers(-(2**62), 2**62) | st.binary(), lambda some: st.lists(some), max_leaves=8
)


def written(reply: Reply) -> bytes:
    if reply is None:
        return b"$-1\r\n"
    if isinstance(reply, int):
        return b":%d\r\n" % reply
    if isinstance(reply, bytes):
        return b"$%d\r\n%b\r\n" % (len(reply), reply)
    assert isinstance(reply, list)
    return b"*%d\r\n" % len(reply) + b"".join(map(written, reply))


@given(replies, st.data())
def test_replies_are_read_whole_or_not_at_all(reply: Reply, data: st.DataObject) -> None:
    wire = written(reply)
    assert unpack(wire + b"+", 0) == (reply, len(wire))
    part = data.draw(st.integers(0, len(wire) - 1))
    assert unpack(wire[:part], 0) is None


@given(st.lists(st.binary(), min_size=1))
def test_commands_are_lists_of_strings(parts: list[bytes]) -> None:
    assert pack(parts) == written(list(parts))


def test_a_session_has_no_line_feed() -> None:
    assert b"\n" not in orjson.dumps(Session("c\n1", aside="a\r\nb").to_json())
