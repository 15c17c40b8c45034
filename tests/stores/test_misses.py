"""Questions that were kept before editors could decide about them are open."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection

from bot.core.requests import Miss
from bot.stores import migrations
from bot.stores.database import open_database
from bot.stores.records import SqlRecords

KEPT = {
    "key": "web:1",
    "text": "پارکینگ کجاست؟",
    "language": "fa",
    "channel": "web",
    "reason": "unknown",
    "entry": "",
    "nearest": '["faq/parking"]',
    "missed_at": 1_780_000_000_000_000,
}


def older(connection: Connection) -> None:
    """The tables as they were before, with a question in them."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "0002")
    columns, values = ", ".join(KEPT), ", ".join(f":{name}" for name in KEPT)
    connection.execute(sa.text(f"INSERT INTO misses ({columns}) VALUES ({values})"), KEPT)


async def test_older_misses_are_open(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'older.db'}"
    database = open_database(url)
    await database.write(older)
    await migrations.migrate(url)
    records = SqlRecords(database)
    (missed,) = await records.misses("open", 10)
    assert missed.miss == Miss("پارکینگ کجاست؟", "fa", "web", "unknown", nearest=("faq/parking",))
    await records.decide([missed.id], "dismissed")
    assert await records.misses("open", 10) == ()
    assert await records.misses("dismissed", 10) == (missed,)
    await database.close()
