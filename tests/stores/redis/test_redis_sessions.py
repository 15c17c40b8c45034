"""Sessions in a real Valkey: the contract, alone and in a Cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.stores.database import Database
from bot.stores.redis import RedisSessions
from bot.stores.redis_archive import SqlArchive
from bot.stores.redis_servers import RedisServers
from tests.stores.test_sessions import SessionsContract, Store
from tests.stores.valkey import Cluster


class TestRedisSessions(SessionsContract):
    @pytest.fixture
    async def store(self, redis: RedisServers, database: Database) -> AsyncIterator[Store]:
        sessions = RedisSessions(redis, SqlArchive(database))
        yield sessions
        await sessions.close()


class TestRedisClusterSessions(SessionsContract):
    @pytest.fixture
    async def store(self, valkey_cluster: Cluster, database: Database) -> AsyncIterator[Store]:
        for server in valkey_cluster.servers:
            server.say("FLUSHALL")
        redis = RedisServers(valkey_cluster.servers[0].url)
        sessions = RedisSessions(redis, SqlArchive(database))
        yield sessions
        await sessions.close()
        await redis.close()
