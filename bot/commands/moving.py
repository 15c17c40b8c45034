"""`pishkhan move FILE`: from one machine to many."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from bot.app.stores import Stores
from bot.commands.errors import Ended
from bot.commands.officer import as_table
from bot.settings import Settings
from bot.stores.moving import NotEmpty, move


def moved(settings: Settings, file: Path) -> str:
    """Everything in the SQLite file, in the stores of the settings from now on. Raises Ended."""
    if not settings.database_url.startswith("postgres"):
        raise Ended("DATABASE_URL names no PostgreSQL database to move to")
    if not file.is_file():
        raise Ended(f"{file}: there is no such file")
    try:
        rows = asyncio.run(_moved(settings, f"sqlite:///{file.absolute()}"))
    except NotEmpty as table:
        raise Ended(f"DATABASE_URL: this database has {table} already; move into an empty one") from None
    told = as_table([(name, f"{count:,}") for name, count in rows.items() if count])
    where = settings.data_dir / "files"
    return f"{told}\nAll of it is moved, and {file} is as it was. Citizens' files belong into {where}."


async def _moved(settings: Settings, url: str) -> Mapping[str, int]:
    stores = Stores(settings)
    async with stores.opened():
        return await move(url, stores.database, stores.sessions if settings.redis_url.get_secret_value() else None)
