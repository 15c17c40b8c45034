"""The database file, its units of work and its versions."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from bot.core.messages import Address
from bot.stores import migrations
from bot.stores.database import Database
from bot.stores.migrations import upgrade
from bot.stores.tables import from_micros, metadata, misses, to_address, to_micros

FOLDER = Path(migrations.__file__).parent


@pytest.mark.parametrize("url", ["sqlite://", "sqlite+aiosqlite:///:memory:", "mysql://localhost/x"])
def test_only_a_file_is_a_database(url: str) -> None:
    with pytest.raises(ValueError, match="file"):
        Database(url)


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_the_file_is_for_its_owner_alone_and_keeps_what_it_promises(database: Database, tmp_path: Path) -> None:
    def pragmas(connection: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}

    promised = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert await database.write(pragmas) == promised
    assert await database.read(pragmas) == promised
    assert modes(tmp_path) == {0o600}


async def test_a_unit_of_work_that_fails_leaves_nothing(database: Database) -> None:
    def half(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO sessions VALUES ('c1', 1, x'00')")
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(half)
    assert await database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM sessions").scalar()) == 0
    await database.ping()


async def test_writes_that_wait_together_share_a_commit_and_fail_alone(database: Database) -> None:
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


async def test_an_error_tells_no_personal_data(database: Database) -> None:
    wrong = sa.insert(misses).values(text="0912-secret")
    with pytest.raises(sa.exc.IntegrityError) as raised:
        await database.write(lambda connection: connection.execute(wrong))
    assert "0912-secret" not in str(raised.value)


async def test_a_cancelled_caller_breaks_nothing(database: Database) -> None:
    def count(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO sessions VALUES ('n', 1, x'00') ON CONFLICT DO NOTHING")
        connection.exec_driver_sql("UPDATE sessions SET version = version + 1")

    for n in range(30):
        task = asyncio.create_task(database.write(count))
        for _ in range(n % 4):
            await asyncio.sleep(0)
        task.cancel()
    await database.write(count)
    version = await database.read(lambda c: c.exec_driver_sql("SELECT version FROM sessions").scalar())
    assert version is not None
    assert 2 <= version <= 32


async def test_a_closed_database_says_so(database: Database) -> None:
    await database.close()
    with pytest.raises(RuntimeError, match="closed"):
        await database.ping()


async def test_two_processes_write_in_turn(url: str) -> None:
    def count(connection: Connection) -> None:
        known = connection.exec_driver_sql("SELECT version FROM sessions").scalar()
        connection.exec_driver_sql("INSERT OR REPLACE INTO sessions VALUES ('n', ?, x'00')", ((known or 0) + 1,))

    both = [Database(url), Database(url)]
    await asyncio.gather(*(database.write(count) for _ in range(25) for database in both))
    assert await both[0].read(lambda c: c.exec_driver_sql("SELECT version FROM sessions").scalar()) == 50
    for database in both:
        await database.close()


# --- versions -----------------------------------------------------------------------------------


async def test_the_migrations_make_the_tables_that_the_code_uses(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert await database.read(differences) == []


async def test_two_processes_may_migrate_a_new_file_at_once_and_again(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
    await asyncio.gather(*(migrations.migrate(url) for _ in range(3)))
    await migrations.migrate(url)
    database = Database(url)
    version = await database.read(
        lambda c: c.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    )
    assert version == [upgrade.newest()]
    await database.close()


def test_the_newest_version_is_the_one_that_alembic_knows() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    assert ScriptDirectory.from_config(config).get_current_head() == upgrade.newest()


async def test_starting_on_the_newest_version_does_not_load_alembic(url: str) -> None:
    code = "import asyncio, sys; from bot.stores.migrations import migrate; asyncio.run(migrate(sys.argv[1]))"
    code += "; sys.exit('alembic' in sys.modules)"
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code, url], cwd=FOLDER.parents[2])
    assert done.returncode == 0


# --- values -------------------------------------------------------------------------------------


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)), st.integers(-720, 720))
def test_moments_are_exact(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert from_micros(to_micros(moment)) == moment
    assert from_micros(to_micros(moment)).tzinfo is UTC


@given(st.from_regex(r"[a-z]{1,9}", fullmatch=True), st.text())
def test_addresses_come_back(channel: str, id: str) -> None:
    assert to_address(str(Address(channel, id))) == Address(channel, id)
