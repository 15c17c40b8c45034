"""Sessions in Redis over an archive that can be made to refuse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bot.core.messages import Line
from bot.core.sessions import Session
from bot.stores.redis import EVER, RedisSessions
from bot.stores.redis_archive import SqlArchive
from bot.stores.redis_servers import RedisServers
from tests.stores.turns import go_on


class Broken(Exception):
    pass


class Archive(SqlArchive):
    """Refuses while it is `broken`, and for ever the lines of one contact."""

    broken = False
    never = ""

    async def put(self, said: Sequence[tuple[str, Line]]) -> None:
        if self.broken or any(contact == self.never for contact, _ in said):
            raise Broken
        await super().put(said)


@asynccontextmanager
async def sessions_at(servers: RedisServers, archive: Archive, **options: float) -> AsyncIterator[RedisSessions]:
    sessions = RedisSessions(servers, archive, lease=2, claim=0.2, **options)  # type: ignore[arg-type]
    yield sessions
    await sessions.close()


async def turns(store: RedisSessions, count: int, contact: str = "c1", text: str = "before") -> Session:
    for _ in range(count):
        async with store.open(contact) as opened:
            session = go_on(opened, text)
    return session


async def numbers(store: RedisSessions, contact: str = "c1") -> list[int]:
    return [line.seq for line in await store.lines(contact, EVER, 1000)]


def numbered(numbers: list[int], lines: Sequence[Line]) -> bool:
    return [line.seq for line in lines] == numbers
