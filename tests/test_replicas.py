"""Two replicas over one database, without Redis: what comes to both at once is answered once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.messages import Address
from bot.stores.contacts import SqlContacts
from bot.stores.database import open_database
from bot.stores.records import SqlRecords
from bot.stores.sessions import SqlSessions
from tests.stores.databases import KINDS, new_database
from tests.test_merging import Process

ADDRESS = Address("telegram", "77")


@pytest.fixture(params=KINDS)
async def replicas(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[Process]]:
    async with new_database(request.param, request, tmp_path) as url:
        databases = [open_database(url) for _ in range(2)]
        yield [Process(SqlSessions(d), SqlContacts(d), SqlRecords(d)) for d in databases]
        for database in databases:
            await database.close()


async def heard(process: Process) -> list[str]:
    contact = await process.contacts.resolve(ADDRESS)
    lines = await process.sessions.lines(contact, 0, 10**6)  # type: ignore[attr-defined]
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    return [line.content["text"] for line in lines if line.direction == "in"]


async def test_one_webhook_that_is_delivered_fifty_times_at_once_is_one_turn(replicas: list[Process]) -> None:
    outcomes = await asyncio.gather(
        *(replicas[n % 2].say(ADDRESS, "/form/pothole_report", id="the same") for n in range(50))
    )
    said = [(outcome.seq, outcome.replies) for outcome in outcomes]
    assert said == said[:1] * 50
    assert [outcome.repeated for outcome in outcomes].count(False) == 1
    assert await heard(replicas[0]) == ["/form/pothole_report"]


async def test_webhooks_of_one_contact_on_both_at_once_are_each_one_turn(replicas: list[Process]) -> None:
    texts = [f"سؤال {n}" for n in range(6)]
    await asyncio.gather(*(replicas[n % 2].say(ADDRESS, text, id=text) for n, text in enumerate(texts)))
    assert sorted(await heard(replicas[0])) == texts
    assert await heard(replicas[0]) == await heard(replicas[1])
