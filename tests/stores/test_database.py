"""A database, its units of work and its versions; of each kind."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
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
from bot.stores.database import Database, open_database
from bot.stores.migrations import upgrade
from bot.stores.tables import from_micros, metadata, misses, sessions, to_address, to_micros
from tests.stores.databases import KINDS
from tests.stores.postgres import Server

FOLDER = Path(migrations.__file__).parent


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sqlite://",
        "sqlite+aiosqlite:///:memory:",
        "mysql://x/y",
        "postgresql://x",
        "postgres:x",
        "postgres://x/y?channel=z",
    ],
)
def test_what_is_no_database_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="database"):
        open_database(url)


async def test_a_unit_of_work_that_fails_leaves_nothing(database: Database) -> None:
    def half(connection: Connection) -> None:
        connection.execute(sa.insert(sessions).values(contact="c1", version=1, state=b""))
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(half)
    assert await database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM sessions").scalar()) == 0
    await database.ping()


async def test_an_error_tells_no_personal_data(database: Database) -> None:
    wrong = sa.insert(misses).values(text="0912-secret")
    with pytest.raises(sa.exc.IntegrityError) as raised:
        await database.write(lambda connection: connection.execute(wrong))
    assert "0912-secret" not in str(raised.value)


async def test_a_cancelled_caller_breaks_nothing(database: Database) -> None:
    def count(connection: Connection) -> None:
        first = database.insert(sessions).values(contact="n", version=1, state=b"").on_conflict_do_nothing()
        connection.execute(first)
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
    both = [open_database(url), open_database(url)]

    def count(database: Database, connection: Connection) -> None:
        database.alone(connection, "the count", "another name")
        known = connection.execute(sa.select(sessions.c.version)).scalar()
        connection.execute(sa.delete(sessions))
        connection.execute(sa.insert(sessions).values(contact="n", version=(known or 0) + 1, state=b""))

    await asyncio.gather(*(database.write(partial(count, database)) for _ in range(25) for database in both))
    assert await both[0].read(lambda c: c.execute(sa.select(sessions.c.version)).scalar()) == 50
    for database in both:
        await database.close()


async def test_any_number_of_strings_is_asked_for_by_one_statement(database: Database) -> None:
    contacts = [f"c{n}'\"؛{{}}" for n in range(500)]
    rows = [{"contact": contact, "version": 1, "state": b""} for contact in contacts]
    await database.write(lambda connection: connection.execute(sa.insert(sessions), rows))
    query = sa.select(sessions.c.contact).where(database.among(sessions.c.contact, "wanted"))
    for wanted in ([], contacts[:1], contacts[::2], [*contacts, "nobody"]):
        values = {"wanted": wanted}
        found = await database.read(lambda c, values=values: c.execute(query, values).scalars().all(), single=True)  # type: ignore[misc]
        assert sorted(found) == sorted(set(wanted) & set(contacts))


# --- versions -----------------------------------------------------------------------------------


async def test_a_statement_that_is_asked_past_sqlalchemy_is_a_unit_of_work(database: Database) -> None:
    new = {name: sa.bindparam(None, type_=sessions.c[name].type) for name in ("contact", "version", "state")}
    insert = database.compile(database.insert(sessions).values(new).returning(sessions.c.version))
    select = database.compile(sa.select(sessions).order_by(sessions.c.contact))
    [[version]] = await database.ask(insert, "c1", 7, b"x", writes=True)
    assert version == 7
    with pytest.raises(Exception, match=r"(?i)unique"):
        await database.ask(insert, "c1", 8, b"y", writes=True)
    await database.ask(insert, "c2", 1, b"z", writes=True)
    assert [tuple(row) for row in await database.ask(select)] == [("c1", 7, b"x"), ("c2", 1, b"z")]


async def test_the_migrations_make_the_tables_that_the_code_uses(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert await database.read(differences) == []


@pytest.fixture(params=KINDS)
async def bare(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a new database without tables."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
        return
    server: Server = request.getfixturevalue("postgres")
    name = await server.new()
    yield server.url(name)
    await server.drop(name)


async def test_two_processes_may_migrate_a_new_file_at_once_and_again(bare: str) -> None:
    url = bare
    await asyncio.gather(*(migrations.migrate(url) for _ in range(3)))
    await migrations.migrate(url)
    database = open_database(url)
    version = await database.read(
        lambda c: c.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    )
    assert version == [upgrade.newest()]
    await database.close()


async def test_a_database_of_a_later_version_is_left_alone(url: str) -> None:
    database = open_database(url)
    later = sa.text("UPDATE alembic_version SET version_num = '9999'")
    today = sa.text(f"UPDATE alembic_version SET version_num = '{upgrade.newest()}'")
    await database.write(lambda connection: connection.execute(later))
    await migrations.migrate(url)
    assert (await database.write(lambda connection: connection.execute(today))).rowcount == 1
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
