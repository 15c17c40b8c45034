"""The same office over every implementation of `Records`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.stores.contacts import SqlContacts
from bot.stores.database import Database
from bot.stores.memory import MemoryContacts, MemoryRecords, MemorySessions
from bot.stores.migrations import migrate
from bot.stores.records import SqlRecords
from bot.stores.sessions import SqlSessions
from tests.desk.office import Office


@pytest.fixture(params=["memory", "sqlite"])
async def office(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Office]:
    if request.param == "memory":
        contacts = MemoryContacts()
        yield Office(MemoryRecords(contacts), contacts, MemorySessions(contacts))
        return
    url = f"sqlite+aiosqlite:///{tmp_path / 'desk.db'}"
    await migrate(url)
    database = Database(url)
    yield Office(SqlRecords(database), SqlContacts(database), SqlSessions(database))
    await database.close()
