"""One turn of a contact at a time, whoever stalls or dies."""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest

from bot.core.ports import StaleSession
from bot.stores.database import Database
from bot.stores.redis import RedisSessions
from bot.stores.redis_archive import SqlArchive
from bot.stores.redis_places import Places
from bot.stores.redis_servers import RedisServers
from tests.stores.redis.conftest import Start
from tests.stores.turns import go_on
from tests.stores.valkey import Server

LEASE = 0.5
Replica = Callable[[], RedisSessions]


@pytest.fixture
async def replica(redis: RedisServers, valkey: Server, database: Database) -> AsyncIterator[Replica]:
    """Another process' store, with a connection of its own."""
    made: list[tuple[RedisServers, RedisSessions]] = []

    def make() -> RedisSessions:
        servers = RedisServers(valkey.url)
        made.append((servers, RedisSessions(servers, SqlArchive(database), lease=LEASE, claim=0.2)))
        return made[-1][1]

    yield make
    for servers, sessions in made:
        await sessions.close()
        await servers.close()


async def heard(process: Process) -> str:
    assert process.stdout
    return (await process.stdout.readline()).decode().strip()


async def test_processes_take_turns_in_order_of_asking(replica: Replica) -> None:
    stores = [replica() for _ in range(4)]
    order: list[int] = []

    async def turn(number: int) -> None:
        async with stores[number].open("c1") as opened:
            order.append(number)
            go_on(opened)

    async with stores[0].open("c1") as opened:
        waiting = []
        for number in (2, 1, 3):
            waiting.append(asyncio.create_task(turn(number)))
            await asyncio.sleep(0.05)
        waiting.append(asyncio.create_task(turn(0)))  # the one that is inside asks last
        await asyncio.sleep(0.05)
        go_on(opened)
    await asyncio.gather(*waiting)
    assert order == [2, 1, 3, 0]


async def test_turns_of_many_processes_lose_and_double_nothing(replica: Replica, child: Start) -> None:
    children = [await child("talk", "c1", "25"), await child("talk", "c1", "25")]
    store = replica()
    for _ in range(25):
        async with store.open("c1") as opened:
            go_on(opened, "here")
    told = [(await process.communicate())[0].decode().split() for process in children]
    numbers = [list(map(int, said[1::2])) for said in told]
    assert [len(own) for own in numbers] == [25, 25]
    assert all(own == sorted(own) for own in numbers)
    lines = await store.lines("c1", 0, 1000)
    assert [line.seq for line in lines] == list(range(1, 151))
    texts = Counter(line.content["text"] for line in lines if line.direction == "in")
    assert texts == {"child": 50, "here": 25}


async def test_a_long_turn_is_protected_for_as_long_as_it_lasts(replica: Replica) -> None:
    one, other = replica(), replica()
    order = []

    async def later() -> None:
        async with other.open("c1") as opened:
            order.append("other")
            go_on(opened)

    async with one.open("c1") as opened:
        waiting = asyncio.create_task(later())
        await asyncio.sleep(4 * LEASE)
        order.append("one")
        go_on(opened)
    await waiting
    assert order == ["one", "other"]


async def test_who_stalled_beyond_its_lease_is_refused(replica: Replica, child: Start) -> None:
    holder = await child("hold", "c1")
    assert await heard(holder) == "in"
    holder.send_signal(signal.SIGSTOP)
    store = replica()
    async with store.open("c1") as opened:  # after the lease
        go_on(opened, "other")
    holder.send_signal(signal.SIGCONT)
    assert holder.stdin
    holder.stdin.write(b"\n")
    assert await heard(holder) == "stale"
    lines = await store.lines("c1", 0)
    assert [line.content["text"] for line in lines if line.direction == "in"] == ["other"]


async def test_who_stalled_is_refused_even_if_the_next_one_changed_nothing(replica: Replica, child: Start) -> None:
    store = replica()
    async with store.open("c1") as opened:
        go_on(opened)
    holder = await child("hold", "c1")
    assert await heard(holder) == "in"
    holder.send_signal(signal.SIGSTOP)
    async with store.open("c1"):
        holder.send_signal(signal.SIGCONT)
        assert holder.stdin
        holder.stdin.write(b"\n")
        assert await heard(holder) == "stale"


async def test_who_was_killed_holds_up_nobody_longer_than_its_lease(replica: Replica, child: Start) -> None:
    holder = await child("hold", "c1")
    assert await heard(holder) == "in"
    waiter = await child("wait", "c1")
    assert await heard(waiter) == "asking"
    await asyncio.sleep(0.1)
    waiter.kill()  # in the queue
    holder.kill()
    store = replica()
    async with asyncio.timeout(20), store.open("c1") as opened:
        go_on(opened)
    assert [line.seq for line in await store.lines("c1", 0)] == [1, 2]


async def test_the_order_outlives_who_was_inside(replica: Replica, child: Start) -> None:
    holder = await child("hold", "c1", lease=2)
    assert await heard(holder) == "in"
    order: list[int] = []

    async def turn(number: int, store: RedisSessions) -> None:
        async with store.open("c1"):
            order.append(number)

    waiting = []
    for number in range(6):
        waiting.append(asyncio.create_task(turn(number, replica())))
        await asyncio.sleep(0.05)
    holder.kill()
    await asyncio.gather(*waiting)
    assert order == list(range(6))


async def test_who_gives_up_in_the_queue_leaves_it(replica: Replica, valkey: Server) -> None:
    one, other = replica(), replica()

    async def wait() -> None:
        async with other.open("c1"):
            pass

    async with one.open("c1"):
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.sleep(0.05)
        assert valkey.say("LLEN", Places().of("c1").queue.decode()) == 0
    await asyncio.sleep(0.05)
    assert valkey.say("KEYS", "*") == []  # neither lock nor queue is left


async def test_two_processes_that_absorb_each_other_at_once_make_no_circle(replica: Replica) -> None:
    one, other = replica(), replica()
    ends: Counter[int] = Counter()
    for n in range(30):
        a, b = f"a{n}", f"b{n}"
        results = await asyncio.gather(one.absorb(a, b), other.absorb(b, a), return_exceptions=True)
        ends[sum(isinstance(result, StaleSession) for result in results)] += 1
        async with one.open(a) as first, one.open(b) as second:
            assert sorted((first.session.merged_into, second.session.merged_into)) in (["", a], ["", b])
    assert ends == {1: 30}


async def test_absorbing_waits_for_no_turn_and_ends_those_under_way(replica: Replica) -> None:
    one, other = replica(), replica()
    with pytest.raises(StaleSession):
        async with one.open("old") as opened, other.open("new") as taking:
            go_on(taking)
            await other.absorb("old", "new")
            go_on(opened)
    async with one.open("new") as opened:
        assert opened.session.seq == 2
    async with one.open("old") as opened:
        assert opened.session.merged_into == "new"
