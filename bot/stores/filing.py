"""How a request is filed: its row, and the entry that opens its history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.stores.database import Database, cursor_of
from bot.stores.prepared import Prepared
from bot.stores.tables import changes, requests

File = Callable[[Mapping[str, Any]], Awaitable[bool]]
"""Write both from a row that has the columns of `requests`, and those of `changes` by `entry_…`. False, and nothing is
written, when the key or the code is there already: it does no harm to try again."""

_OF_ENTRY = ("at", "status", "note", "unit", "officer", "made_by", "attachments")


def filing(db: Database) -> File:
    columns = [column for column in requests.c if column is not requests.c.id]
    new = {column.name: sa.bindparam(column.name, type_=column.type) for column in columns}
    filed = db.insert(requests).values(new).on_conflict_do_nothing().returning(requests.c.code)
    entry = [sa.bindparam(f"entry_{name}", type_=changes.c[name].type) for name in _OF_ENTRY]
    into = sa.insert(changes)
    if db.dialect.name == "postgresql":
        code = filed.cte("filed").c.code
        both = into.from_select(["code", *_OF_ENTRY], sa.select(code, *entry)).returning(changes.c.code)
        return partial(_in_one_statement, db, Prepared(db, both))
    opening = into.values({"code": new["code"], **dict(zip(_OF_ENTRY, entry, strict=True))})
    one_by_one = partial(_one_by_one, Prepared(db, filed), Prepared(db, opening))
    return lambda row: db.write(partial(one_by_one, row))


async def _in_one_statement(db: Database, both: Prepared, row: Mapping[str, Any]) -> bool:
    return bool(await db.ask(both.sql, *both.values(row), writes=True))


def _one_by_one(filed: Prepared, opening: Prepared, row: Mapping[str, Any], connection: Connection) -> bool:
    cursor = cursor_of(connection)
    cursor.execute(filed.sql, filed.values(row))
    if not cursor.fetchall():
        return False
    cursor.execute(opening.sql, opening.values(row))
    return True
