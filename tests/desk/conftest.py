"""The same office over every implementation of `Records`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.stores.contacts import SqlContacts
from bot.stores.database import open_database
from bot.stores.memory import MemoryContacts, MemoryRecords, MemorySessions
from bot.stores.outbox import SqlOutbox
from bot.stores.records import SqlRecords
from bot.stores.sessions import SqlSessions
from tests.desk.office import Office
from tests.stores.databases import KINDS, new_database


@pytest.fixture(params=["memory", *KINDS])
async def office(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Office]:
    if request.param == "memory":
        contacts = MemoryContacts()
        records = MemoryRecords(contacts)
        yield Office(records, records.outbox, contacts, MemorySessions(contacts))
        return
    async with new_database(request.param, request, tmp_path) as url:
        database = open_database(url)
        yield Office(SqlRecords(database), SqlOutbox(database), SqlContacts(database), SqlSessions(database))
        await database.close()
