"""PostgreSQL: many processes, many writers.

A unit of work runs in a greenlet over asyncpg. Each is a transaction of its own, READ COMMITTED when it writes; one
that only reads sees one view of all tables; a single statement needs neither BEGIN nor COMMIT, which spares two trips.
Turns that wait together are written by one statement (`bot/stores/saving.py`), and nothing else shares a commit:
PostgreSQL flushes its log for several at once by itself, and locks are held no longer than need be. A statement that is
asked every turn goes straight to the driver (`ask`): a third of the cost of a unit of work.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from socket import gaierror
from typing import Any, Literal, TypeVar

import asyncpg  # type: ignore[import-untyped]
import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.core.ports import StoreUnavailable
from bot.stores.database import FateUnknown, cursor_of, to_json

T = TypeVar("T")

CONNECTIONS = 8  # of one process
WAIT = 10.0  # seconds for a free connection
CONNECT = 5.0  # seconds for a new one
STATEMENT = 30.0  # seconds for a statement
FORGOTTEN = "60s"  # until the server undoes the transaction of a process that it no longer hears of
PAUSE = 0.01  # seconds, at most, before the third attempt; more before each one after it
COLLISIONS = 5  # times that a unit of work runs at most, when it is in the way of others

OPTIONS = frozenset({"host", "port", "ssl"})  # that may stand behind the address's ?

_COLLIDED = ("40001", "40P01")
_LOST = ("08", "57P", "53300")  # connection lost, server going or coming, too many connections
_NO_CONNECTION = (ConnectionError, TimeoutError, FileNotFoundError, gaierror)
_DATA = "22"  # what is wrong with a value, and the value
_ALONE = "SELECT pg_advisory_xact_lock(name) FROM unnest($1::bigint[]) AS name"


@dataclass(frozen=True, slots=True)
class _How:
    isolation: Literal["READ COMMITTED", "REPEATABLE READ", "AUTOCOMMIT"]
    readonly: bool = False


_WRITING = _How("READ COMMITTED")
_READING = _How("REPEATABLE READ", readonly=True)
_SINGLE = _How("AUTOCOMMIT")


class PostgresDatabase:
    """`Database`. Connections are made when they are needed, and again after they were lost."""

    shared = True

    def __init__(self, url: str, *, connections: int = CONNECTIONS, patience: float | None = STATEMENT) -> None:
        """`postgresql://…`, `postgres://…` or `postgresql+asyncpg://…`. `patience`: seconds that a statement may take.
        Raises ValueError."""
        settings = {"application_name": "pishkhan", "idle_in_transaction_session_timeout": FORGOTTEN, "jit": "off"}
        self._engine = create_async_engine(
            _address(url),
            connect_args={"timeout": CONNECT, "command_timeout": patience, "server_settings": settings},
            hide_parameters=True,  # no personal data in the text of an error
            json_serializer=_to_json,
            json_deserializer=orjson.loads,
            poolclass=sa.NullPool,  # they are held here: a pool's hand-over costs more than a statement
        )
        self.engine = self._engine.sync_engine
        sa.event.listen(self.engine, "before_cursor_execute", _without_nul, retval=True)
        self._places = asyncio.Semaphore(connections)
        self._free: list[AsyncConnection] = []  # the one that was used last comes first
        self._begun: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def dialect(self) -> sa.Dialect:
        return self.engine.dialect

    async def write(self, work: Callable[[Connection], T], *, single: bool = False) -> T:
        return await self._through(partial(_run, _SINGLE if single else _WRITING, work))

    async def read(self, work: Callable[[Connection], T], *, single: bool = False) -> T:
        return await self._through(partial(_run, _SINGLE if single else _READING, work))

    async def ask(self, statement: str, *values: Any, writes: bool = False) -> list[Any]:
        return await self._through(partial(_rows, statement, values))

    async def ping(self) -> None:
        await self.ask("SELECT 1")

    async def close(self) -> None:
        self._closed = True
        if self._begun:
            await asyncio.wait(self._begun)
        await self._let_go()
        await self._engine.dispose()

    def alone(self, connection: Connection, *names: str) -> None:
        cursor_of(connection).execute(_ALONE, (sorted(set(map(_number, names))),))

    def insert(self, table: sa.Table) -> Any:
        return postgresql.insert(table)

    def among(self, column: sa.Column[str], name: str) -> sa.ColumnElement[bool]:
        return column == sa.any_(sa.bindparam(name, type_=postgresql.ARRAY(sa.String)))

    def many(self, values: Sequence[str]) -> list[str]:
        return list(values)

    def compile(self, statement: sa.ClauseElement) -> str:
        return str(statement.compile(dialect=self.dialect))

    async def _through(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """A caller that is cancelled meanwhile does not tear the connection: what has begun comes to its end."""
        if self._closed:
            raise RuntimeError("the database is closed")
        task = asyncio.ensure_future(self._again(work))
        self._begun.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._begun.discard(task)
        if not task.cancelled():
            task.exception()  # if nobody waits for it any more, it is no news

    async def _again(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run it; once more after a lost connection (one may have ended long ago), and as often as need be when it
        collides with others."""
        attempts = 0
        while True:
            attempts += 1
            try:
                async with self._connection() as connection:
                    return await work(connection)
            except FateUnknown:
                raise
            except Exception as error:
                lost = _lost(error)
                most = 2 if lost else COLLISIONS if _state(error) in _COLLIDED else 0
                if not most:
                    raise _discreet(error)  # noqa: B904  # it is the same error
                if lost:
                    await self._let_go()  # the others are hardly better
                if attempts >= most:
                    raise StoreUnavailable(f"the database does not answer: {type(_driver(error)).__name__}") from None
            await asyncio.sleep(random.uniform(0, PAUSE) * (attempts - 1))  # noqa: S311  # not in step with others

    async def _let_go(self) -> None:
        while self._free:
            await self._free.pop().close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        """One that nobody else uses, and that the server has not closed as far as is known here."""
        async with asyncio.timeout(WAIT) if self._places.locked() else nullcontext():
            await self._places.acquire()
        connection: AsyncConnection | None = None
        try:
            while connection is None:
                connection = self._free.pop() if self._free else await self._engine.connect()
                if _closed(connection):
                    await connection.close()
                    connection = None
            yield connection
        finally:
            if connection is not None:
                if _closed(connection):
                    await connection.close()
                else:
                    self._free.append(connection)
            self._places.release()


def _closed(connection: AsyncConnection) -> bool:
    if connection.invalidated:
        return True
    driver = _driver_of(connection)
    return driver is None or driver.is_closed()


def _driver_of(connection: AsyncConnection) -> Any:
    return connection.sync_connection.connection.driver_connection  # type: ignore[union-attr]


async def _rows(statement: str, values: Sequence[Any], connection: AsyncConnection) -> list[Any]:
    try:
        rows: list[Any] = await _driver_of(connection).fetch(statement, *values)
    except BaseException as error:
        if _lost(error) or not isinstance(error, Exception):
            await connection.invalidate()
        raise
    return rows


async def _run(how: _How, work: Callable[[Connection], T], connection: AsyncConnection) -> T:
    return await connection.run_sync(partial(_unit, how, work))


def _unit(how: _How, work: Callable[[Connection], T], connection: Connection) -> T:
    dialect: Any = connection.dialect  # nothing is sent: the driver begins its next transaction like this
    dialect.set_isolation_level(connection.connection.dbapi_connection, how.isolation)
    dialect.set_readonly(connection.connection.dbapi_connection, how.readonly)
    transaction = connection.begin()
    try:
        result = work(connection)
    except BaseException as error:
        if _lost(error) or not isinstance(error, Exception):
            connection.invalidate()
        else:
            transaction.rollback()
        raise
    try:
        transaction.commit()
    except BaseException as error:
        connection.invalidate()
        if isinstance(error, Exception) and not _lost(error):
            raise
        raise FateUnknown("the connection was lost while a unit of work was being committed") from None
    return result


# --- errors -------------------------------------------------------------------------------------


def _driver(error: BaseException) -> BaseException:
    """What the driver raised, beneath SQLAlchemy's error and its adapter's."""
    adapted = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(adapted, AsyncAdapt_asyncpg_dbapi.Error) and adapted.__cause__:
        return adapted.__cause__
    return adapted or error


def _state(error: BaseException) -> str:
    """PostgreSQL's own code of what happened; "" if it is no error of PostgreSQL."""
    return getattr(_driver(error), "sqlstate", None) or ""


def _lost(error: BaseException) -> bool:
    """Whether there is no connection, or none that is of use: one that knows the tables as they were before they were
    changed is of none."""
    driver = _driver(error)
    if isinstance(driver, _NO_CONNECTION) or type(driver) is OSError:  # a rule of the desk may raise other ones
        return True
    if isinstance(
        driver, asyncpg.InterfaceError | asyncpg.InternalClientError | asyncpg.InvalidCachedStatementError
    ):  # it is in no state to go on
        return not isinstance(driver, asyncpg.DataError)
    return _state(error).startswith(_LOST)


def _discreet(error: Exception) -> Exception:
    """The error without the values that PostgreSQL and its driver put into the words of some."""
    driver = _driver(error)
    tells = isinstance(driver, asyncpg.DataError) or _state(error).startswith(_DATA)
    chain: list[BaseException | None] = [error, getattr(error, "orig", None), driver, driver.__cause__]
    for one in chain:
        if getattr(one, "detail", None):
            one.detail = None  # type: ignore[union-attr]
        if one and tells:
            one.args = (f"a value that does not fit: {type(driver).__name__}",)
    return error


# --- addresses, connections and values ---------------------------------------------------------------------


def _address(url: str) -> sa.URL:
    """As the driver wants it. Raises ValueError."""
    parsed = sa.make_url(url).set(drivername="postgresql+asyncpg")
    if not parsed.database:
        raise ValueError("the database has to have a name: postgresql://user@host/name")
    query = {("ssl" if name == "sslmode" else name): value for name, value in parsed.query.items()}
    if unknown := query.keys() - OPTIONS:
        raise ValueError(f"the database's address may have the options host, port and sslmode: not {min(unknown)}")
    return parsed.set(query=query)


def _number(name: str) -> int:
    """One of 2⁶⁴ for a name; two that share theirs would wait for each other and be none the worse."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)


def _without_nul(
    _connection: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool
) -> tuple[str, Any]:
    """PostgreSQL has no text with U+0000 in it, and citizens write what they like."""
    return statement, [_clean_row(row) for row in parameters] if many else _clean_row(parameters)


def _clean_row(row: Any) -> Any:
    if any(type(value) is str and "\0" in value for value in row):
        return tuple(value.replace("\0", "") if type(value) is str else value for value in row)
    return row


def _to_json(value: Any) -> str:
    text = to_json(value)
    return to_json(_clean(value)) if "\\u0000" in text else text


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {_clean(name): _clean(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    return value
