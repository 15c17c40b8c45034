"""Applications that start quickly: what was loaded or trained once is not loaded or trained again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

import pytest

from bot import app, content
from bot.app import Counter
from tests.app.serving import settings_of
from tests.conversation import KNOWLEDGE_BASE

_load = cache(content.load)


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's own content is values that nobody changes; copies that are edited are loaded each time."""
    load = content.load
    monkeypatch.setattr(content, "load", lambda folder: _load(folder) if folder == KNOWLEDGE_BASE else load(folder))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of a server that has learnt the content."""
    folder = tmp_path_factory.mktemp("trained")
    app.assemble(settings_of(folder))
    return folder


@pytest.fixture
def data(trained: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for kept in ("models", "secret_key"):
        source = trained / kept
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / kept)
    return folder


@pytest.fixture
async def counter(data: Path) -> AsyncIterator[Counter]:
    """The parts without a server: nobody delivers."""
    counter = await asyncio.to_thread(app.assemble, settings_of(data))
    async with counter.opened():
        yield counter
