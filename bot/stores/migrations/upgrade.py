"""Bringing a database to the newest version."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.stores.database import Database

FOLDER = Path(__file__).parent


async def migrate(url: str) -> None:
    """Make the tables, or bring them to the newest version; all of it or nothing. Safe to call at every start, also by
    two processes at once. Alembic is loaded only when there is something to do."""
    db = Database(url)
    try:
        if await db.read(_version) != newest():
            await db.write(_upgrade)
    finally:
        await db.close()


def newest() -> str:
    """The number of the last version: "0001"."""
    return max(path.name[:4] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def _version(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return version


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
