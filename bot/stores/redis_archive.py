"""The database as the place where the transcripts of Redis' sessions stay."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from bot.core.messages import Line
from bot.stores.database import Database
from bot.stores.sessions import SqlSessions
from bot.stores.tables import lines, to_micros


class SqlArchive:
    """`redis_lines.Archive`."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.lines = SqlSessions(db).lines
        self._insert = db.insert(lines).on_conflict_do_nothing()

    async def put(self, said: Sequence[tuple[str, Line]]) -> None:
        rows = [  # in order, so that two processes that put the same ones do not wait for each other in a circle
            {
                "contact": contact,
                "seq": line.seq,
                "address": str(line.address),
                "inbound": line.inbound,
                "said_at": to_micros(line.said_at),
                "direction": line.direction,
                "content": orjson.dumps(line.content),
            }
            for contact, line in sorted(said, key=_place)
        ]
        if rows:
            await self._db.write(lambda connection: connection.execute(self._insert, rows))


def _place(said: tuple[str, Line]) -> tuple[str, int]:
    contact, line = said
    return contact, line.seq
