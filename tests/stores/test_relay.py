"""News between processes: told to all others, in order, again after the broker was away."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from bot.stores.postgres import PostgresDatabase
from bot.stores.postgres_relay import PostgresBroker
from bot.stores.redis_relay import RedisBroker
from bot.stores.redis_servers import RedisServers
from bot.stores.relay import Broker, BrokersRelay
from tests.app.serving import until
from tests.stores import postgres, valkey


class Place(Protocol):
    """A server of the test's own."""

    def connected(self) -> Broker: ...

    async def end(self) -> None: ...

    def kill(self) -> None: ...

    def start(self) -> None: ...


class Valkey(valkey.Server):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[RedisServers] = []

    def connected(self) -> RedisBroker:
        self.links.append(RedisServers(self.url))
        return RedisBroker(self.links[-1])

    async def end(self) -> None:
        for link in self.links:
            await link.close()
        self.remove()


class Postgres(postgres.Server):
    def __init__(self) -> None:
        super().__init__()
        self.databases: list[PostgresDatabase] = []

    def connected(self) -> PostgresBroker:
        self.databases.append(PostgresDatabase(self.url("postgres")))
        return PostgresBroker(self.databases[-1])

    async def end(self) -> None:
        for database in self.databases:
            await database.close()
        self.remove()

    def kill(self) -> None:
        self.stop(signal.SIGQUIT)


@pytest.fixture(params=[Valkey, Postgres])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    server = request.param()
    server.start()
    yield server
    await server.end()


async def test_the_others_hear_in_order_and_again_after_a_restart(place: Place) -> None:
    here, there = BrokersRelay(place.connected()), BrokersRelay(place.connected())
    heard: dict[str, list[str]] = {"here": [], "there": []}

    async def note(at: str, message: str) -> None:
        heard[at].append(message)
        if message == "nonsense":
            raise ValueError

    here.listen("talk", lambda m: note("here", m))
    there.listen("talk", lambda m: note("there", m))
    async with here.running(), there.running():

        async def told(message: str) -> bool:
            here.tell("talk", message)
            await asyncio.sleep(0.05)
            return message in heard["there"]

        await until(lambda: told("first"))
        before = len(heard["there"])
        here.tell("talk", "nonsense")
        for n in range(20):
            here.tell("other things", "nobody listens")
            here.tell("talk", str(n))
        await until(lambda: told("last"))
        assert [m for m in heard["there"][before:] if m.isdigit()] == [str(n) for n in range(20)]
        place.kill()
        here.tell("talk", "lost, perhaps")
        place.start()
        await until(lambda: told("after"))
        assert heard["here"] == [], "nobody is told what it said itself"
