"""The database as the place where the transcripts of Redis' sessions stay."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.messages import Line
from bot.stores.database import Database
from bot.stores.saving import putting, row_of
from bot.stores.sessions import SqlSessions


class SqlArchive:
    """`redis_lines.Archive`."""

    def __init__(self, db: Database) -> None:
        self.lines = SqlSessions(db).lines
        self._put = putting(db)

    async def put(self, said: Sequence[tuple[str, Line]]) -> None:
        rows = [row_of(contact, line) for contact, line in sorted(said, key=_place)]
        if rows:
            await self._put(rows)


def _place(said: tuple[str, Line]) -> tuple[str, int]:
    contact, line = said
    return contact, line.seq
