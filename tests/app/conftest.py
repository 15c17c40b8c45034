"""Applications that start quickly: what was loaded or learnt once in this process is not loaded or learnt again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path

import pytest

from bot import app, content
from bot.app import Counter, understanding
from bot.core.catalogue import Catalogue
from bot.nlu.model import Trained, trained
from bot.nlu.model_cache import fingerprint
from bot.nlu.vectors import Encode
from tests.app.serving import settings_of
from tests.conversation import KNOWLEDGE_BASE
from tests.stores.valkey import Server

_load = cache(content.load)
_learnt: dict[bytes, Trained] = {}


def _trained(catalogue: Catalogue, encode: Encode | None = None) -> Trained:
    if encode is not None:
        return trained(catalogue, encode)
    known = fingerprint(catalogue, "")
    if known not in _learnt:
        _learnt[known] = trained(catalogue)
    return _learnt[known]


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catalogues and models are values that nobody changes; copies of the content are loaded each time: they may be."""
    load = content.load
    monkeypatch.setattr(content, "load", lambda folder: _load(folder) if folder == KNOWLEDGE_BASE else load(folder))
    monkeypatch.setattr(understanding, "trained", _trained)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where an application keeps its own."""
    return tmp_path / "data"


@pytest.fixture
async def counter(data: Path) -> AsyncIterator[Counter]:
    """The parts without a server: nobody delivers."""
    counter = await asyncio.to_thread(app.assemble, settings_of(data))
    async with counter.opened():
        yield counter


@pytest.fixture
def valkey() -> Iterator[Server]:
    """One that a test may stop and kill."""
    server = Server()
    server.start()
    yield server
    server.remove()
