"""What SQLite alone promises."""

from __future__ import annotations

import asyncio
import stat
import threading
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.core.ports import StoreUnavailable
from bot.stores.migrations import migrate
from bot.stores.sessions import SqlSessions
from bot.stores.sqlite import SqliteDatabase
from tests.stores.turns import go_on


@pytest.fixture
async def url(tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path / 'stores.db'}"
    await migrate(url)
    return url


@pytest.fixture
async def database(url: str) -> AsyncIterator[SqliteDatabase]:
    database = SqliteDatabase(url)
    yield database
    await database.close()


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_the_file_is_for_its_owner_alone_and_keeps_what_it_promises(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    def pragmas(connection: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}

    promised = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert await database.write(pragmas) == promised
    assert await database.read(pragmas) == promised
    assert modes(tmp_path) == {0o600}


async def test_writes_that_wait_together_share_a_commit_and_fail_alone(database: SqliteDatabase) -> None:
    await database.write(lambda connection: connection.exec_driver_sql("CREATE TABLE shared (n INTEGER PRIMARY KEY)"))
    commits: list[None] = []
    sa.event.listen(database.engine, "commit", lambda connection: commits.append(None))
    gate = threading.Event()
    first = asyncio.create_task(database.write(lambda connection: gate.wait(10)))
    await asyncio.sleep(0.05)  # the writer is busy: what comes now waits together
    numbers = [1, 2, 3, 2, 4, None, 5]

    def insert(n: int | None, connection: Connection) -> None:
        connection.execute(sa.text("INSERT INTO shared VALUES (:n)"), {"n": n if n is not None else "no number"})

    waiting = [asyncio.create_task(database.write(partial(insert, n))) for n in numbers]
    await asyncio.sleep(0.05)
    gate.set()
    await first
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(e, sa.exc.DBAPIError) for e in ends] == [False, False, False, True, False, True, False]
    rows = await database.read(lambda connection: connection.exec_driver_sql("SELECT n FROM shared").scalars().all())
    assert list(rows) == [1, 2, 3, 4, 5]
    assert len(commits) - 1 <= 2, "one for the first, one for the rest, one for the reading"


async def test_two_processes_write_in_turn(url: str) -> None:
    def count(connection: Connection) -> None:
        known = connection.exec_driver_sql("SELECT version FROM sessions").scalar()
        connection.exec_driver_sql("INSERT OR REPLACE INTO sessions VALUES ('n', ?, x'00')", ((known or 0) + 1,))

    both = [SqliteDatabase(url), SqliteDatabase(url)]
    await asyncio.gather(*(database.write(count) for _ in range(25) for database in both))
    assert await both[0].read(lambda c: c.exec_driver_sql("SELECT version FROM sessions").scalar()) == 50
    for database in both:
        await database.close()


async def test_a_full_disk_is_told_and_all_goes_on_when_there_is_room(database: SqliteDatabase) -> None:
    store = SqlSessions(database)
    full = "PRAGMA max_page_count = 1"  # no more than there are
    await database.write(lambda connection: connection.exec_driver_sql(full).all())

    async def talk(contact: str) -> None:
        async with store.open(contact) as opened:
            go_on(opened, "سلام" * 2000)

    ends = await asyncio.gather(*(talk(f"c{n}") for n in range(5)), return_exceptions=True)
    assert {type(end) for end in ends} == {StoreUnavailable}
    await database.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 100000").all())
    for n in range(5):
        await talk(f"c{n}")
        assert len(await store.lines(f"c{n}", 0)) == 2
