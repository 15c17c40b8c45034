"""Towns of both kinds; each is audited at the end."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.faults.auditor import Auditor
from tests.faults.summary import COUNTS, POINTS
from tests.faults.town import Town, founded
from tests.stores.databases import new_database
from tests.stores.valkey import Server as Valkey

TIMES = int(os.environ.get("FAULTS", "1"))  # how often everything is done that is done more than once


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    server = Valkey()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
async def alone(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Town]:
    """One server with SQLite."""
    async with founded(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'pishkhan.db'}") as town:
        yield town
        await audited(town, request)


@pytest.fixture
async def distributed(valkey: Valkey, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Town]:
    """Two replicas with PostgreSQL and Valkey."""
    async with (
        new_database("postgresql", request, tmp_path) as url,
        founded(tmp_path, url, replicas=2, redis_url=valkey.url) as town,
    ):
        yield town
        await audited(town, request)


@pytest.fixture(params=["alone", "distributed"])
def town(request: pytest.FixtureRequest) -> Town:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


async def audited(town: Town, request: pytest.FixtureRequest) -> None:
    async with Auditor(town) as auditor:
        await auditor.moved()
        await town.terminate()
        report = await auditor.audit()
    request.node.user_properties += [(COUNTS, dict(report.counted)), (POINTS, sorted(town.ledger.points))]
    assert (report.lost, report.doubled, report.half) == ([], [], [])
