"""Sessions and transcripts in the database."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.core.messages import Line
from bot.core.ports import Opened, StaleSession
from bot.core.sessions import Session
from bot.stores.database import Database, cursor_of
from bot.stores.tables import from_micros, lines, sessions, to_address, to_micros
from bot.stores.waiting import Together, Turnstile

KEPT = 512  # sessions kept as they were last saved, so that a busy conversation is not read again each turn


@dataclass(frozen=True, slots=True)
class _Save:
    """One turn to be written: rows in the order of the tables' columns."""

    session: tuple[str, int, bytes]
    lines: list[tuple[Any, ...]]


class SqlSessions:
    """`SessionStore` and `Transcripts`. Turns that wait at the same time are loaded by one query and written by one
    unit of work; if one of them fails they are written again one by one, so that it fails alone. The database would
    let single saves share a commit too, but a savepoint each costs a fifth of a turn more."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._turnstile = Turnstile()
        self._loading = Together(self._load)
        self._saving = Together(self._save)
        self._kept: OrderedDict[str, Session] = OrderedDict()
        insert = db.insert(sessions)
        self._upsert = db.compile(
            insert.on_conflict_do_update(
                index_elements=[sessions.c.contact],
                set_={"version": insert.excluded.version, "state": insert.excluded.state},
                where=sessions.c.version == insert.excluded.version - sa.literal_column("1"),
            )
        )
        self._insert = db.compile(sa.insert(lines))
        self._select = db.compile(
            sa.select(sessions.c.contact, sessions.c.state).where(db.among(sessions.c.contact, "contacts"))
        )

    @asynccontextmanager
    async def open(self, contact: str) -> AsyncIterator[Opened]:
        async with self._turnstile.pass_through(contact):
            # What is kept may be old if another process saved since: the save then finds a stale version, and the
            # turn is taken again on what is read.
            session = self._kept.pop(contact, None) or await self._read_session(contact)
            opened = Opened(session)
            yield opened
            if opened.session is not session:
                session = replace(opened.session, version=session.version + 1)
                await self._saving(_saved(contact, session, opened.lines))
            self._kept[contact] = session
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    async def absorb(self, contact: str, into: str) -> Session:
        """One transaction, past the turnstile: a turn of `contact` that is under way must not be waited for, since it
        may be waiting for one of `into`."""
        session = await self._db.write(partial(self._absorb, contact, into))
        self._kept.pop(contact, None)
        return session

    def _absorb(self, contact: str, into: str, connection: Connection) -> Session:
        states = self._read(orjson.dumps([contact, into]).decode(), connection)
        found = {id: Session.from_json(orjson.loads(state)) for id, state in states.items()}
        session = found.get(contact, Session(contact))
        if (into in found and found[into].merged_into) or session.merged_into not in ("", into):
            raise StaleSession("the two were merged in another way meanwhile")
        if not session.merged_into:
            moved = replace(session, merged_into=into, version=session.version + 1)
            self._write([_saved(contact, moved, [])], connection)
        return replace(session, merged_into="")

    async def _read_session(self, contact: str) -> Session:
        state = await self._loading(contact)
        return Session.from_json(orjson.loads(state)) if state else Session(contact)

    async def lines(self, contact: str, after: int, limit: int = 200) -> tuple[Line, ...]:
        query = (
            sa.select(lines)
            .where(lines.c.contact == contact, lines.c.seq > after)
            .order_by(lines.c.seq.desc())
            .limit(limit)
        )
        rows = await self._db.read(lambda connection: connection.execute(query).all())
        return tuple(
            Line(r.seq, to_address(r.address), r.inbound, from_micros(r.said_at), r.direction, orjson.loads(r.content))
            for r in reversed(rows)
        )

    async def _load(self, contacts: list[str]) -> Sequence[bytes | None]:
        states = await self._db.read(partial(self._read, orjson.dumps(contacts).decode()))
        return [states.get(contact) for contact in contacts]

    def _read(self, contacts: str, connection: Connection) -> dict[str, bytes]:
        cursor = cursor_of(connection)
        cursor.execute(self._select, (contacts,))
        return dict(cursor.fetchall())

    async def _save(self, group: list[_Save]) -> Sequence[Exception | None]:
        try:
            await self._db.write(partial(self._write, group))
        except Exception as error:
            if len(group) == 1:
                return [error]
            return [(await self._save([save]))[0] for save in group]
        return [None] * len(group)

    def _write(self, group: list[_Save], connection: Connection) -> None:
        cursor = cursor_of(connection)
        cursor.executemany(self._upsert, [save.session for save in group])
        if cursor.rowcount != len(group):
            raise StaleSession("another process saved first")
        cursor.executemany(self._insert, [line for save in group for line in save.lines])


def _saved(contact: str, session: Session, said: list[Line]) -> _Save:
    return _Save(
        (contact, session.version, orjson.dumps(session.to_json())),
        [
            (contact, n.seq, str(n.address), n.inbound, to_micros(n.said_at), n.direction, orjson.dumps(n.content))
            for n in said
        ],
    )
