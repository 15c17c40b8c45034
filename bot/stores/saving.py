"""How turns that wait together are written: sessions if nobody saved them meanwhile, and the lines that were said."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPICursor

from bot.core.messages import Line
from bot.core.ports import StaleSession
from bot.core.sessions import Session
from bot.stores.database import Database, cursor_of
from bot.stores.tables import lines, sessions, to_micros

Row = tuple[Any, ...]
_VALUES = re.compile(r"VALUES (\([^)]*\))")
_LARGEST = 6  # 64 rows


@dataclass(frozen=True, slots=True)
class Save:
    """One turn to be written: rows in the order of the tables' columns."""

    session: tuple[str, int, bytes]
    lines: list[Row]


Write = Callable[[Sequence[Save], Connection], Collection[str]]
"""Write turns of different contacts. The contacts whose turn is written; those that are not among them were saved by
another process meanwhile, which may also be raised as StaleSession for all of them."""


Put = Callable[[Sequence[Row]], Awaitable[object]]
"""Write rows of `lines` in one transaction, of which some may be there already. They come in order, so that two
processes that put the same ones do not wait for each other in a circle."""


def saved(contact: str, session: Session, said: Sequence[Line]) -> Save:
    state = orjson.dumps(session.to_json())
    return Save((contact, session.version, state), [row_of(contact, line) for line in said])


def row_of(contact: str, line: Line) -> Row:
    content = orjson.dumps(line.content)
    return contact, line.seq, str(line.address), line.inbound, to_micros(line.said_at), line.direction, content


def putting(db: Database) -> Put:
    if db.dialect.name == "postgresql":
        return lambda said: db.ask(_PUT, *_columns(said, 7), writes=True)
    insert = db.compile(db.insert(lines).on_conflict_do_nothing())
    return lambda said: db.write(lambda connection: cursor_of(connection).executemany(insert, said))


def writing(db: Database) -> Write:
    if db.dialect.name == "postgresql":
        return _in_one_statement
    insert = db.insert(sessions)
    upsert = insert.on_conflict_do_update(
        index_elements=[sessions.c.contact],
        set_={"version": insert.excluded.version, "state": insert.excluded.state},
        where=sessions.c.version == insert.excluded.version - sa.literal_column("1"),
    )
    return partial(_in_batches, _Batches(db.compile(upsert)), _Batches(db.compile(sa.insert(lines))))


class _Batches:
    """An INSERT with any number of rows, in statements of 1, 2, 4 … rows: SQLite's driver gives up the interpreter's
    lock at each step, and getting it back costs more than the row."""

    def __init__(self, insert: str) -> None:
        """`insert`: of one row, as `Database.compile` writes it."""
        values = _VALUES.search(insert)
        assert values is not None
        head, row, tail = insert[: values.start(1)], values[1], insert[values.end(1) :]
        self._statements = [(1 << n, f"{head}{', '.join([row] * (1 << n))}{tail}") for n in range(_LARGEST, -1, -1)]

    def run(self, rows: Sequence[Row], cursor: DBAPICursor) -> int:
        """How many rows were written."""
        written = at = 0
        for size, statement in self._statements:
            while len(rows) - at >= size:
                cursor.execute(statement, list(chain.from_iterable(rows[at : at + size])))
                written += cursor.rowcount
                at += size
        return written


def _in_batches(session: _Batches, line: _Batches, turns: Sequence[Save], connection: Connection) -> Collection[str]:
    cursor = cursor_of(connection)
    if session.run([turn.session for turn in turns], cursor) != len(turns):
        raise StaleSession("another process saved first")
    line.run([row for turn in turns for row in turn.lines], cursor)
    return [turn.session[0] for turn in turns]


# One trip for any number of turns; a stale one takes nothing with it. Contacts come in order, so that two processes
# that save the same ones do not wait for each other in a circle.
_STATEMENT = """
WITH saved AS (
    INSERT INTO sessions (contact, version, state)
    SELECT * FROM unnest($1::varchar[], $2::int[], $3::bytea[])
    ON CONFLICT (contact) DO UPDATE SET version = excluded.version, state = excluded.state
    WHERE sessions.version = excluded.version - 1
    RETURNING contact
), said AS (
    INSERT INTO lines (contact, seq, address, inbound, said_at, direction, content)
    SELECT line.* FROM unnest(
        $4::varchar[], $5::int[], $6::varchar[], $7::varchar[], $8::bigint[], $9::varchar[], $10::bytea[]
    ) AS line (contact, seq, address, inbound, said_at, direction, content)
    WHERE line.contact IN (SELECT contact FROM saved)
)
SELECT contact FROM saved
"""


_PUT = """
INSERT INTO lines (contact, seq, address, inbound, said_at, direction, content)
SELECT * FROM unnest(
    $1::varchar[], $2::int[], $3::varchar[], $4::varchar[], $5::bigint[], $6::varchar[], $7::bytea[]
)
ON CONFLICT DO NOTHING
"""


def _in_one_statement(turns: Sequence[Save], connection: Connection) -> Collection[str]:
    ordered = sorted(turns, key=lambda turn: turn.session[0])
    said = [line for turn in ordered for line in turn.lines]
    cursor = cursor_of(connection)
    cursor.execute(_STATEMENT, (*_columns([turn.session for turn in ordered], 3), *_columns(said, 7)))
    return {contact for (contact,) in cursor.fetchall()}


def _columns(rows: Sequence[Row], count: int) -> list[list[Any]]:
    """Without U+0000, which PostgreSQL has in no text."""
    return [
        [cell.replace("\0", "") if type(cell) is str else cell for cell in column]
        for column in (zip(*rows, strict=True) if rows else [()] * count)
    ]
