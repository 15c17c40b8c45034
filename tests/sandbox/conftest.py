"""The served desk, its pages, and a browser before it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sandbox.served import Client, Page, Served, serving, visit


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path)


@pytest.fixture
async def client(served: Served) -> AsyncIterator[Client]:
    async with serving(served) as client:
        yield client


@pytest.fixture
async def page(client: Client) -> Page:
    return await visit(client)
