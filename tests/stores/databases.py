"""A new database with today's tables, of either kind, for one test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.stores.migrations import migrate
from tests.stores.postgres import Server

KINDS = ("sqlite", "postgresql")


@asynccontextmanager
async def new_database(kind: str, request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[str]:
    """Its URL."""
    if kind == "sqlite":
        url = f"sqlite+aiosqlite:///{folder / 'stores.db'}"
        await migrate(url)
        yield url
        return
    server: Server = request.getfixturevalue("postgres")
    name = await server.lend()
    yield server.url(name)
    await server.give_back(name)
