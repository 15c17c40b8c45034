"""What the officer's commands share: work at the desk's data while the server runs, and how it is printed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import orjson

from bot import app
from bot.core.catalogue import Catalogue
from bot.core.ports import Contacts
from bot.desk.service_desk import ServiceDesk
from bot.settings import Settings
from bot.stores.contacts import SqlContacts

Result = TypeVar("Result")


def at_the_desk(
    settings: Settings,
    work: Callable[[ServiceDesk, Contacts], Awaitable[Result]],
    catalogue: Catalogue | None = None,
) -> Result:
    """Do this with the stores open. Loads the content unless it is given; raises ContentErrors."""
    known = catalogue or app.load_content(settings)

    async def run() -> Result:
        stores, desk = app.desk(settings, lambda: known)
        async with stores.opened():
            return await work(desk, SqlContacts(stores.database))

    return asyncio.run(run())


def as_json(data: object) -> str:
    return orjson.dumps(data, option=orjson.OPT_INDENT_2).decode()


def as_table(rows: Sequence[tuple[str, ...]]) -> str:
    """Columns as wide as their widest cell; the last one runs free."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    return "\n".join("  ".join([*(c.ljust(w) for c, w in zip(r, widths, strict=False)), r[-1]]) for r in rows)
