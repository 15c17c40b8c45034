"""PostgreSQL as a broker (postgresql.org/docs/current/sql-notify.html): where there is no Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.stores.postgres import PostgresDatabase


class PostgresBroker:
    """Implements `bot.stores.relay.Broker`. Who listens has a connection for it alone."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def publish(self, channel: str, text: str) -> None:
        await self._database.ask("SELECT pg_notify($1, $2)", channel, text, writes=True)

    async def heard(self, channels: Collection[str]) -> AsyncGenerator[tuple[str, str]]:
        arrived: asyncio.Queue[tuple[str, str] | None] = asyncio.Queue()

        def note(_connection: object, _pid: int, channel: str, text: str) -> None:
            arrived.put_nowait((channel, text))

        async with AsyncEngine(self._database.engine).connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            driver.add_termination_listener(lambda _: arrived.put_nowait(None))
            for channel in channels:
                await driver.add_listener(channel, note)
            while (news := await arrived.get()) is not None:
                yield news

    async def close(self) -> None:
        """The database outlives this."""
