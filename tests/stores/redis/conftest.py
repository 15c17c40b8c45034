"""A real Valkey, and a Cluster of one and of two."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from bot.stores.database import Database
from bot.stores.redis import RedisSessions
from bot.stores.redis_servers import RedisServers
from tests.stores.databases import new_database
from tests.stores.redis.stores import Archive, sessions_at
from tests.stores.valkey import Cluster, Server

ROOT = Path(__file__).parents[3]
Start = Callable[..., Awaitable[Process]]
T = TypeVar("T")
SECONDS = 30.0


class Until(Protocol):
    async def __call__(self, ask: Callable[[], Awaitable[T]], enough: Callable[[T], bool]) -> T: ...


@pytest.fixture
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """PostgreSQL alone: who has Redis has it too."""
    async with new_database("postgresql", request, tmp_path) as url:
        yield url


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


@pytest.fixture
async def child(valkey: Server, url: str) -> AsyncIterator[Start]:
    """Starts another process at the store of `redis` and `database`."""
    children = []

    async def start(*arguments: str, lease: float = 0.5, at: str = valkey.url) -> Process:
        command = (sys.executable, "-m", "tests.stores.redis.child", at, url, str(lease), *arguments)
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE)
        children.append(process)
        return process

    yield start
    for process in children:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
def until() -> Until:
    """Ask until the answer is good enough."""

    async def until(ask: Callable[[], Awaitable[T]], enough: Callable[[T], bool]) -> T:
        async with asyncio.timeout(SECONDS):
            while True:
                answer = await ask()
                if enough(answer):
                    return answer
                await asyncio.sleep(0.02)

    return until


@pytest.fixture
def archive(database: Database) -> Archive:
    return Archive(database)


@pytest.fixture
async def servers(valkey_alone: Server) -> AsyncIterator[RedisServers]:
    servers = RedisServers(valkey_alone.url, patience=1.5)
    yield servers
    await servers.close()


@pytest.fixture
async def store(servers: RedisServers, archive: Archive) -> AsyncIterator[RedisSessions]:
    async with sessions_at(servers, archive) as sessions:
        yield sessions
