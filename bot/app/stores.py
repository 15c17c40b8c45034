"""Where sessions and everything else are kept, by the settings: one SQLite file, or PostgreSQL and Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

from bot.core.ports import Limits, Relay, SessionStore, Transcripts
from bot.settings import Settings
from bot.stores.database import Database, open_database
from bot.stores.limits import Lenient, MemoryLimits
from bot.stores.migrations import migrate
from bot.stores.sessions import SqlSessions

if TYPE_CHECKING:
    from bot.stores.redis import RedisSessions
    from bot.stores.redis_servers import RedisServers
    from bot.stores.relay import BrokersRelay


class Sessions(SessionStore, Transcripts, Protocol):
    """Conversations, and what was said in them."""


class Stores:
    """Nothing is connected before `opened`."""

    def __init__(self, settings: Settings) -> None:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._url = settings.database
        self.database: Database = open_database(settings.database)
        self._redis: RedisServers | None = None
        self._distributed: RedisSessions | None = None
        self._relay: BrokersRelay | None = None
        self.limits: Limits = MemoryLimits()
        if url := settings.redis_url.get_secret_value():
            from bot.stores.redis import RedisSessions
            from bot.stores.redis_archive import SqlArchive
            from bot.stores.redis_limits import RedisLimits
            from bot.stores.redis_relay import RedisBroker
            from bot.stores.redis_servers import RedisServers
            from bot.stores.relay import BrokersRelay

            self._redis = RedisServers(url)
            self._relay = BrokersRelay(RedisBroker(self._redis))
            self.limits = Lenient(RedisLimits(self._redis))
            self._distributed = RedisSessions(self._redis, SqlArchive(self.database))
        elif self.database.shared and settings.worker == "separate":  # else there may be nobody else to tell
            self._relay = _by_postgres(self.database)
        self.sessions: Sessions = self._distributed or SqlSessions(self.database)

    @property
    def relay(self) -> Relay | None:
        return self._relay

    @property
    def checks(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What tells that each of them answers, by raising when it does not."""
        checks = {"database": self.database.ping}
        return checks | {"redis": self._redis.ping} if self._redis else checks

    @property
    def lines_waiting(self) -> int:
        """Lines of the transcript that this process has still to move from Redis into the database."""
        return self._distributed.waiting if self._distributed else 0

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """With today's tables. At the end lines that Redis still holds alone are moved, as long as that is quick."""
        await migrate(self._url)
        if self._distributed:
            self._distributed.start()
        try:
            async with self._relay.running() if self._relay else nullcontext():
                yield
        finally:
            if self._distributed and self._redis:
                await self._distributed.close()
                await self._redis.close()
            await self.database.close()


def _by_postgres(database: Database) -> BrokersRelay:
    from bot.stores.postgres import PostgresDatabase
    from bot.stores.postgres_relay import PostgresBroker
    from bot.stores.relay import BrokersRelay

    assert isinstance(database, PostgresDatabase)
    return BrokersRelay(PostgresBroker(database))
