"""What PostgreSQL alone promises: many writers, connections that break, a server that goes and comes back."""

from __future__ import annotations

import asyncio
import signal
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.core.messages import Address
from bot.core.notices import News
from bot.core.ports import StaleSession, StoreUnavailable
from bot.core.requests import Miss
from bot.stores.contacts import SqlContacts
from bot.stores.database import FateUnknown
from bot.stores.migrations import migrate
from bot.stores.outbox import SqlOutbox
from bot.stores.postgres import PostgresDatabase
from bot.stores.records import SqlRecords
from bot.stores.sessions import SqlSessions
from bot.stores.tables import sessions, spent
from tests.stores.postgres import Server
from tests.stores.rival import LEASE, NOW, request
from tests.stores.turns import go_on

END = "SELECT pg_terminate_backend(pg_backend_pid())"
END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = $1"


@pytest.fixture
async def url(postgres: Server) -> AsyncIterator[str]:
    name = await postgres.lend()
    yield postgres.url(name)
    await postgres.give_back(name)


@pytest.fixture
async def database(url: str) -> AsyncIterator[PostgresDatabase]:
    database = PostgresDatabase(url)
    yield database
    await database.close()


def put(contact: str, connection: Connection) -> None:
    connection.execute(sa.insert(sessions).values(contact=contact, version=1, state=b""))


async def contacts(database: PostgresDatabase) -> list[str]:
    query = sa.select(sessions.c.contact).order_by(sessions.c.contact)
    return list(await database.read(lambda connection: connection.execute(query).scalars().all()))


# --- several at once ----------------------------------------------------------------------------


async def test_units_of_work_that_wait_for_each_other_in_a_circle_are_all_done(database: PostgresDatabase) -> None:
    for contact in ("a", "b"):
        await database.write(partial(put, contact))

    def swap(first: str, second: str, connection: Connection) -> None:
        for contact in (first, second):
            count = sa.update(sessions).where(sessions.c.contact == contact).values(version=sessions.c.version + 1)
            connection.execute(count)
            connection.exec_driver_sql("SELECT pg_sleep(0.03)")

    await asyncio.gather(*(database.write(partial(swap, *pair)) for pair in [("a", "b"), ("b", "a")] * 2))
    versions = await database.read(lambda connection: connection.execute(sa.select(sessions.c.version)).scalars().all())
    assert list(versions) == [5, 5]


async def test_who_reads_sees_one_state_of_all_tables(database: PostgresDatabase) -> None:
    count = sa.select(sa.func.count()).select_from(sessions)

    def look(connection: Connection) -> tuple[object, object]:
        first = connection.execute(count).scalar()
        connection.exec_driver_sql("SELECT pg_sleep(0.2)")
        return first, connection.execute(count).scalar()

    looking = asyncio.create_task(database.read(look))
    for n in range(5):
        await database.write(partial(put, f"c{n}"))
        await asyncio.sleep(0.02)
    first, second = await looking
    assert first == second
    with pytest.raises(sa.exc.DBAPIError):
        await database.read(partial(put, "who reads does not write"))


async def test_more_units_of_work_than_connections_wait_for_their_turn(url: str) -> None:
    database = PostgresDatabase(url, connections=2)
    await asyncio.gather(*(database.write(partial(put, f"c{n:02}")) for n in range(30)))
    assert await contacts(database) == [f"c{n:02}" for n in range(30)]
    await database.close()


async def test_an_address_that_another_process_set_apart_is_somebody_else_at_once(url: str) -> None:
    databases = [PostgresDatabase(url) for _ in range(2)]
    here, there = (SqlContacts(database) for database in databases)
    for process in (here, there, here):
        old = await process.resolve(Address("web", "a"))
    new = await there.unlink(Address("web", "a"))
    assert old != new == await here.resolve(Address("web", "a"))
    for database in databases:
        await database.close()


# --- connections that break ---------------------------------------------------------------------


async def test_a_connection_that_ended_meanwhile_is_not_noticed(database: PostgresDatabase, url: str) -> None:
    await asyncio.gather(*(database.ping() for _ in range(8)))
    other = PostgresDatabase(url, connections=1)
    name = url.rpartition("/")[2]
    await other.read(lambda connection: connection.exec_driver_sql(END_ALL, (name,)).all())
    await asyncio.gather(*(database.write(partial(put, f"c{n}")) for n in range(8)))
    assert len(await contacts(database)) == 8
    await other.close()


async def test_a_single_statement_does_not_notice_it_either_and_a_slow_one_is_told(url: str) -> None:
    database, other = PostgresDatabase(url, connections=1, patience=0.2), PostgresDatabase(url, connections=1)
    await database.ping()
    await other.ask(END_ALL, url.rpartition("/")[2])
    assert [tuple(row) for row in await database.ask("SELECT $1::int", 1)] == [(1,)]
    with pytest.raises(StoreUnavailable):
        await database.ask("SELECT pg_sleep(5)")
    assert [tuple(row) for row in await database.ask("SELECT $1::int", 2)] == [(2,)]
    for one in (database, other):
        await one.close()


async def test_what_was_not_committed_is_done_again(database: PostgresDatabase) -> None:
    runs: list[str] = []

    def work(connection: Connection) -> None:
        put("c1", connection)
        runs.append("run")
        if len(runs) == 1:
            connection.exec_driver_sql(END)

    await database.write(work)
    assert len(runs) == 2
    assert await contacts(database) == ["c1"]


async def test_a_connection_that_breaks_twice_is_told(database: PostgresDatabase) -> None:
    for call in (database.write, database.read):
        with pytest.raises(StoreUnavailable) as raised:
            await call(lambda connection: connection.exec_driver_sql(END))
        assert not isinstance(raised.value, FateUnknown)
    assert await contacts(database) == []


async def test_a_commit_of_which_nobody_heard_is_told(postgres: Server) -> None:
    name = await postgres.new()
    database = PostgresDatabase(postgres.url(name))

    def trap(connection: Connection) -> None:
        """Whoever commits a row loses the connection while the commit is under way."""
        for statement in (
            "CREATE TABLE rows (n int)",
            f"CREATE FUNCTION fall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM ({END}); RETURN NULL; END $$",
            "CREATE CONSTRAINT TRIGGER trap AFTER INSERT ON rows DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION fall()",
        ):
            connection.exec_driver_sql(statement)

    await database.write(trap)
    with pytest.raises(FateUnknown):
        await database.write(lambda connection: connection.exec_driver_sql("INSERT INTO rows VALUES (1)"))
    assert await database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM rows").scalar()) == 0
    await database.close()
    await postgres.drop(name)


async def test_tables_that_are_changed_under_way_are_no_trouble(postgres: Server) -> None:
    name = await postgres.new()
    await migrate(postgres.url(name))
    database, other = PostgresDatabase(postgres.url(name)), PostgresDatabase(postgres.url(name))
    store = SqlSessions(database)

    async def talk(contact: str) -> None:
        async with store.open(contact) as opened:
            go_on(opened)

    query = sa.select(sessions.c.version).limit(1)
    for kind in ("bigint", "int"):
        await asyncio.gather(*(talk(f"c{n}") for n in range(5)))
        await asyncio.gather(*(database.read(lambda connection: connection.execute(query).all()) for _ in range(5)))
        change = f"ALTER TABLE sessions ALTER version TYPE {kind}"
        await other.write(lambda connection, change=change: connection.exec_driver_sql(change))  # type: ignore[misc]
        await asyncio.gather(*(database.read(lambda connection: connection.execute(query).all()) for _ in range(5)))
        await asyncio.gather(*(talk(f"c{n}") for n in range(5)))
    for one in (database, other):
        await one.close()
    await postgres.drop(name)


async def test_a_commit_that_is_refused_is_the_unit_of_work_s_own_failure(postgres: Server) -> None:
    name = await postgres.new()
    database = PostgresDatabase(postgres.url(name), connections=1)
    table = "CREATE TABLE rows (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)"
    await database.write(lambda connection: connection.exec_driver_sql(table))
    for _ in range(2):
        with pytest.raises(sa.exc.IntegrityError):
            await database.write(lambda connection: connection.exec_driver_sql("INSERT INTO rows VALUES (7), (7)"))
        await database.write(lambda connection: connection.exec_driver_sql("INSERT INTO rows VALUES (DEFAULT)"))
    assert await database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM rows").scalar()) == 2
    await database.close()
    await postgres.drop(name)


# --- a server that goes and comes back ----------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.remove()


async def test_a_restart_in_the_middle_of_load_loses_and_doubles_nothing(server: Server) -> None:
    database = PostgresDatabase(server.url(await server.lend()))
    store, records = SqlSessions(database), SqlRecords(database)
    acknowledged: Counter[str] = Counter()
    filed: dict[str, str] = {}
    failures: Counter[str] = Counter()
    over = asyncio.Event()

    async def talk(contact: str) -> None:
        """As a provider does: the same turn until it is acknowledged. One that was saved although nobody heard of it
        is known by its text."""
        turn = 0
        while not over.is_set():
            try:
                async with store.open(contact) as opened:
                    frames = opened.session.frames
                    if not frames or frames[0].answers["text"] != str(turn):
                        go_on(opened, str(turn))
                key = f"{contact} {turn}"
                request_ = await records.add(request(contact), key=key)
                assert request_
                filed[key] = str(request_.code)
            except (StaleSession, StoreUnavailable) as error:
                failures[type(error).__name__] += 1
                await asyncio.sleep(0.02)
            else:
                acknowledged[contact] += 1
                more.release()
                turn += 1

    more = asyncio.Semaphore(0)

    async def go_on_for(turns: int) -> None:
        for _ in range(turns):
            await more.acquire()

    talks = [asyncio.create_task(talk(f"c{n}")) for n in range(12)]
    for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGINT):
        await go_on_for(60)
        await asyncio.to_thread(server.stop, how)
        with pytest.raises(StoreUnavailable):
            await database.ping()
        await asyncio.to_thread(server.start)
    await go_on_for(60)
    over.set()
    await asyncio.gather(*talks)

    assert failures["StoreUnavailable"] > 0
    for contact, turns in acknowledged.items():
        lines = await store.lines(contact, 0, limit=10**6)
        heard = [line.content["text"] for line in lines if line.direction == "in"]
        assert heard == [str(n) for n in range(turns)], "each turn once, in order"
        mine = await records.of(contact, 10**6)
        assert len(mine) == turns
        assert {str(one.code) for one in mine} == {code for key, code in filed.items() if key.startswith(f"{contact} ")}
    await database.close()


# --- values -------------------------------------------------------------------------------------


async def test_a_character_that_postgresql_does_not_know_is_left_out(database: PostgresDatabase) -> None:
    records = SqlRecords(database)
    await records.miss(Miss("a\0b\\u0000", "fa", "web", "unknown", nearest=("x\0",)), key="k\0", at=NOW)
    (missed,) = await records.misses("open", 1)
    assert (missed.miss.text, missed.miss.nearest) == ("ab\\u0000", ("x",))
    store = SqlSessions(database)
    async with store.open("c1") as opened:
        go_on(opened, "a\0b", channel="we\0b")
    (line, _) = await store.lines("c1", 0)
    assert (line.content["text"], line.address.channel) == ("a\0b", "web")


@pytest.mark.parametrize(
    "wrong",
    [
        sa.insert(spent).values(what="0912-secret", key="0912-secret", at=NOW),
        sa.insert(spent).values(what="0912-secret"),
        sa.text("SELECT CAST(CAST(:said AS varchar) AS int)").bindparams(said="0912-secret"),
        sa.select(sessions).where(sessions.c.version == sa.literal("0912-secret", sa.Integer)),
    ],
)
@pytest.mark.parametrize("single", [False, True])
async def test_no_error_tells_a_value(database: PostgresDatabase, wrong: sa.Executable, single: bool) -> None:
    await SqlRecords(database).spend("0912-secret", key="k", at=NOW)
    with pytest.raises(sa.exc.DBAPIError) as raised:
        await database.write(lambda connection: connection.execute(wrong), single=single)
    assert "secret" not in "".join(traceback.format_exception(raised.value)).replace('spend("0912-secret"', "")


async def test_no_error_tells_a_value_past_sqlalchemy(database: PostgresDatabase) -> None:
    store, contact = SqlSessions(database), "-".join(("0912", "secret"))
    with pytest.raises(Exception, match="duplicate") as raised:
        async with store.open(contact) as opened:
            go_on(opened)
            opened.lines = opened.lines * 2
    assert contact not in "".join(traceback.format_exception(raised.value))


async def test_an_address_may_be_of_any_length(database: PostgresDatabase) -> None:
    """What has no limit on SQLite has none here, but in an index."""
    records = SqlRecords(database)
    await records.tell(Address("web", "x" * 2000), News("/told"), at=NOW)
    assert len(await SqlOutbox(database).take(NOW, LEASE)) == 1


@pytest.mark.parametrize("kind", ["postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg2"])
def test_addresses_are_read_as_everybody_writes_them(kind: str) -> None:
    url = PostgresDatabase(f"{kind}://me:0912-secret@db.example.org:6432/desk?sslmode=require").engine.url
    assert (url.drivername, url.host, url.port, url.database) == ("postgresql+asyncpg", "db.example.org", 6432, "desk")
    assert url.query == {"ssl": "require"}
    assert "secret" not in repr(url)
