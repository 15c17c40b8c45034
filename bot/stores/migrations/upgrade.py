"""Bringing a database to the newest version."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.stores.database import open_database

FOLDER = Path(__file__).parent


async def migrate(url: str) -> None:
    """Make the tables, or bring them to the newest version; all of it or nothing. Safe to call at every start, also by
    several processes at once: one does it, the others wait for it. A database that is newer
    than this program is left alone. Alembic is loaded only when there is something to
    do."""
    db = open_database(url, patience=None)

    def work(connection: Connection) -> None:
        db.alone(connection, "migrations")
        _upgrade(connection)

    try:
        if (await db.read(_version) or "") < newest():
            await db.write(work)
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
    """Nothing, if another process did it meanwhile."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
