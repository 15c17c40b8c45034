"""A real Valkey, and a Cluster of one and of two."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.stores.redis_servers import RedisServers
from tests.stores.valkey import Cluster, Server


@pytest.fixture(scope="session")
def valkey() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def valkey_cluster() -> Iterator[Cluster]:
    cluster = Cluster(2)
    cluster.start()
    yield cluster
    cluster.remove()


@pytest.fixture
def valkey_alone() -> Iterator[Server]:
    """One that a test may stop, kill and empty."""
    server = Server()
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def redis(valkey: Server) -> AsyncIterator[RedisServers]:
    valkey.say("FLUSHALL")
    redis = RedisServers(valkey.url)
    yield redis
    await redis.close()
