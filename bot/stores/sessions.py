"""Sessions and transcripts in the database."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.core.messages import Line
from bot.core.ports import Opened, StaleSession, StoreUnavailable
from bot.core.sessions import Session
from bot.core.turnstile import Turnstile
from bot.core.values import replace
from bot.stores.database import Database, cursor_of
from bot.stores.saving import Save, saved, writing
from bot.stores.tables import from_micros, lines, sessions, to_address
from bot.stores.waiting import Together

_LINE = (
    lines.c.seq,
    lines.c.address,
    lines.c.inbound,
    lines.c.said_at,
    lines.c.direction,
    lines.c.content,
)
KEPT = 512  # sessions kept as they were last saved, so that a busy conversation is not read again each turn


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
        self._write = writing(db)
        self._select = db.compile(
            sa.select(sessions.c.contact, sessions.c.state).where(db.among(sessions.c.contact, "contacts"))
        )

        said = (lines.c.contact == sa.bindparam("contact"), lines.c.seq > sa.bindparam("after", type_=sa.BigInteger))
        last = sa.select(*_LINE).where(*said).order_by(lines.c.seq.desc())
        limit = sa.bindparam("limit", type_=sa.Integer)
        self._select_lines = db.compile(last.limit(limit).offset(sa.literal_column("0")))  # SQLite would bind one

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
                await self._saving(saved(contact, session, opened.lines))
            if self._db.shared:
                return  # it is likely to be old when it is needed again, and a turn that is taken again costs more
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
        self._db.alone(connection, f"session {contact}", f"session {into}")
        states = self._read([contact, into], connection)
        found = {id: Session.from_json(orjson.loads(state)) for id, state in states.items()}
        session = found.get(contact, Session(contact))
        if (into in found and found[into].merged_into) or session.merged_into not in ("", into):
            raise StaleSession("the two were merged in another way meanwhile")
        if not session.merged_into:
            moved = replace(session, merged_into=into, version=session.version + 1)
            if not self._write([saved(contact, moved, [])], connection):
                raise StaleSession("another process saved first")
        return replace(session, merged_into="")

    async def _read_session(self, contact: str) -> Session:
        state = await self._loading(contact)
        return Session.from_json(orjson.loads(state)) if state else Session(contact)

    async def lines(self, contact: str, after: int, limit: int = 200) -> tuple[Line, ...]:
        rows = await self._db.ask(self._select_lines, contact, after, limit)
        return tuple(
            Line(seq, to_address(address), inbound, from_micros(said_at), direction, orjson.loads(content))
            for seq, address, inbound, said_at, direction, content in reversed(rows)
        )

    async def _load(self, contacts: list[str]) -> Sequence[bytes | None]:
        states = dict(await self._db.ask(self._select, self._db.many(contacts)))
        return [states.get(contact) for contact in contacts]

    def _read(self, contacts: Sequence[str], connection: Connection) -> dict[str, bytes]:
        cursor = cursor_of(connection)
        cursor.execute(self._select, (self._db.many(contacts),))
        return dict(cursor.fetchall())

    async def _save(self, group: list[Save]) -> Sequence[Exception | None]:
        """A turn that was written and is written again, since nobody heard of it, is stale, and replayed."""
        try:
            written = await self._db.write(partial(self._write, group), single=True)
        except Exception as error:
            if len(group) == 1 or isinstance(error, StoreUnavailable):
                return [error] * len(group)
            return [(await self._save([save]))[0] for save in group]
        return [None if save.session[0] in written else StaleSession("another process saved first") for save in group]
