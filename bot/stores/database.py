"""The database as the stores see it: a unit of work is a plain function of a SQLAlchemy `Connection`.

SQLite runs it in a thread, PostgreSQL by an asynchronous driver; the functions are the same. SQLite has one writer.
PostgreSQL has as many as there are processes and connections: what decides by what it read takes a lock first, on rows
by FOR UPDATE (SQLite passes it over) or on anything else by `alone`, and reads then; it runs in READ COMMITTED, where
each statement sees what is committed when it begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPICursor

from bot.core.ports import StoreUnavailable

T = TypeVar("T")


class FateUnknown(StoreUnavailable):
    """The connection broke while a unit of work was being committed: all of it is there, or nothing. What carries a
    key may be asked for again."""


class Database(Protocol):
    @property
    def shared(self) -> bool:
        """Whether other processes write as well, as a rule: what was read a moment ago may be old."""
        ...

    @property
    def dialect(self) -> sa.Dialect: ...

    async def write(self, work: Callable[[Connection], T], *, single: bool = False) -> T:
        """Run `work` as one transaction: durable when this returns, undone when it raises. It may run again after a
        deadlock or a lost connection. `single`: it is one statement, which does no harm when it takes effect and is
        run again all the same. Raises StoreUnavailable, then nothing was written but perhaps what is `single`; and
        FateUnknown."""
        ...

    async def read(self, work: Callable[[Connection], T], *, single: bool = False) -> T:
        """Run `work`, again if need be, on one unchanging view of what is committed. `single`: it is one statement.
        Raises StoreUnavailable."""
        ...

    async def ask(self, statement: str, *values: Any, writes: bool = False) -> list[Any]:
        """The rows of one statement that `compile` gave, with plain values: what `read` or, if it `writes`, `write`
        gives for a single one, for less. Raises StoreUnavailable."""
        ...

    async def ping(self) -> None:
        """Raises when the database does not answer."""
        ...

    async def close(self) -> None:
        """Wait for what has begun, then let go of it."""
        ...

    def alone(self, connection: Connection, *names: str) -> None:
        """Wait until no other unit of work is alone with one of these names; until this one has ended, none is.
        What is read from here on is what they have committed. Names that are taken one after another need an order."""
        ...

    def insert(self, table: sa.Table) -> Any:
        """The dialect's own INSERT, which knows `on_conflict_do_nothing`."""
        ...

    def among(self, column: sa.Column[str], name: str) -> sa.ColumnElement[bool]:
        """Whether the column is among the strings bound to `name`: one statement for any number."""
        ...

    def many(self, values: Sequence[str]) -> Any:
        """What to bind for `among` when the statement goes past SQLAlchemy."""
        ...

    def compile(self, statement: sa.ClauseElement) -> str:
        """SQL for `cursor_of`: what is done for every turn goes past SQLAlchemy's 45 µs a statement, 7 µs a row."""
        ...


def open_database(url: str, **options: Any) -> Database:
    """`sqlite:///path`, `sqlite+aiosqlite:///path`, `postgresql://…`, `postgres://…`, `postgresql+asyncpg://…`: nothing
    is connected yet, a new file is made. Raises ValueError. `options`: those of `PostgresDatabase`."""
    try:
        kind = sa.make_url(url).drivername.partition("+")[0]
    except sa.exc.ArgumentError:
        raise ValueError("this is no address of a database") from None
    if kind in ("postgresql", "postgres"):
        from bot.stores.postgres import PostgresDatabase  # needs the extra `distributed`, and memory

        return PostgresDatabase(url, **options)
    from bot.stores.sqlite import SqliteDatabase

    return SqliteDatabase(url)


def cursor_of(connection: Connection) -> DBAPICursor:
    """The driver's own cursor, inside the connection's transaction. Rows are tuples of plain values."""
    return connection.connection.cursor()


def to_json(value: Any) -> str:
    return orjson.dumps(value).decode()
