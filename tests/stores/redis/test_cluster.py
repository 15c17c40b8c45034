"""A Cluster whose slots move and whose servers die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from bot.stores.database import Database
from bot.stores.redis import RedisSessions
from bot.stores.redis_archive import SqlArchive
from bot.stores.redis_places import Places
from bot.stores.redis_servers import RedisServers
from tests.stores.redis.conftest import Until
from tests.stores.turns import go_on
from tests.stores.valkey import SECONDS, Cluster, slot_of


async def test_a_slot_that_moves_to_another_server_is_followed(valkey_cluster: Cluster, database: Database) -> None:
    one, other = valkey_cluster.servers
    for server in (one, other):
        server.say("FLUSHALL")
    redis = RedisServers(one.url)
    store = RedisSessions(redis, SqlArchive(database))
    slot = slot_of(Places().tag(b"c1"))
    for source, target in ((one, other), (other, one), (one, other)):
        async with store.open("c1") as opened:
            go_on(opened)
        owner = source if source.say("CLUSTER", "COUNTKEYSINSLOT", str(slot)) else target
        valkey_cluster.move(slot, owner, one if owner is other else other)
    async with store.open("c1") as opened:
        assert opened.session.seq == 6
    await store.close()
    await redis.close()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Three masters, and a server that takes the place of the last."""
    cluster = Cluster(3, spare=True)
    cluster.start()
    yield cluster
    cluster.remove()


@pytest.fixture
async def store(cluster: Cluster, database: Database) -> AsyncIterator[RedisSessions]:
    redis = RedisServers(cluster.servers[2].url, patience=SECONDS)  # the one that will die
    store = RedisSessions(redis, SqlArchive(database), lease=1, claim=0.2)
    yield store
    await store.close()
    await redis.close()


async def turn(store: RedisSessions, contact: str) -> None:
    async with store.open(contact) as opened:
        go_on(opened)


async def test_when_a_master_dies_the_others_go_on_and_its_place_is_taken(
    store: RedisSessions, cluster: Cluster, until: Until
) -> None:
    contacts = [f"c{n}" for n in range(24)]
    await asyncio.gather(*(turn(store, contact) for contact in contacts))
    await until(cluster.replicated, bool)
    cluster.servers[2].kill()
    theirs = [c for c in contacts if slot_of(Places().tag(c.encode())) * 3 >= 2 * 16383]
    others = [c for c in contacts if slot_of(Places().tag(c.encode())) * 3 < 2 * 16380]
    assert len(theirs) > 2 < len(others)
    for contact in others:
        await turn(store, contact)
    await asyncio.gather(*(turn(store, contact) for contact in theirs))
    for contact in (*theirs, *others):
        assert [line.seq for line in await store.lines(contact, 0)] == [1, 2, 3, 4]
