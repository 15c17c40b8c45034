"""From one machine to many: all that a SQLite file of ours holds into PostgreSQL, its sessions into Redis if wished."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import closing

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.core.ports import SessionStore
from bot.core.sessions import Session
from bot.core.values import replace
from bot.stores.database import Database
from bot.stores.migrations import migrate
from bot.stores.sqlite import SqliteDatabase
from bot.stores.tables import metadata, sessions

AT_ONCE = 64  # sessions under way to the store
ROWS = 500  # of one statement


class NotEmpty(Exception):
    """The database that is to be filled has rows already."""


async def move(url: str, database: Database, store: SessionStore | None = None) -> Mapping[str, int]:
    """Copy everything that SQLite's `url` holds; the number of rows by table. `database` has the tables and no rows.
    `store`: where sessions are kept instead of in the table. Nobody may use either meanwhile.

    Sessions first, any number of times; then the tables in one transaction: what is broken off can be begun again.
    Raises NotEmpty, StoreUnavailable."""
    await migrate(url)
    source = SqliteDatabase(url)
    try:
        await database.read(_refuse_rows)
        moved = {sessions.name: await _move_sessions(source, store)} if store else {}
        with closing(source.engine.connect()) as read:
            read.exec_driver_sql("BEGIN")  # one view of all tables
            return moved | await database.write(lambda connection: _copy(read, connection, set(moved)))
    finally:
        await source.close()


def _refuse_rows(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            raise NotEmpty(table.name)


async def _move_sessions(source: Database, store: SessionStore) -> int:
    states = await source.read(lambda connection: connection.execute(sa.select(sessions.c.state)).scalars().all())
    waiting = iter(states)

    async def put() -> None:
        for state in waiting:
            session = Session.from_json(orjson.loads(state))
            async with store.open(session.contact) as opened:
                opened.session = replace(session, version=opened.session.version)

    await asyncio.gather(*(put() for _ in range(AT_ONCE)))
    return len(states)


def _copy(source: Connection, target: Connection, without: set[str]) -> dict[str, int]:
    _refuse_rows(target)  # again, where nobody can come between
    copied = {}
    for table in metadata.sorted_tables:
        if table.name in without:
            continue
        copied[table.name] = 0
        for rows in source.execute(sa.select(table)).mappings().partitions(ROWS):
            target.execute(sa.insert(table), [dict(row) for row in rows])
            copied[table.name] += len(rows)
        if copied[table.name] and "id" in table.c and target.dialect.name == "postgresql":
            last = sa.select(sa.func.max(table.c.id)).scalar_subquery()
            target.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, "id"), last)))
    return copied
