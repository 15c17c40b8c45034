"""Which understanding serves, while content, encoder and Rasa come and go."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import app
from bot.app import Counter
from bot.nlu.model import EmbeddedNlu
from bot.nlu.rasa import RasaNlu
from bot.nlu.semantic import NoEncoder
from tests.app.serving import settings_of
from tests.nlu.small_encoder import NAME


def embedded(counter: Counter) -> EmbeddedNlu:
    assert isinstance(counter.live.nlu, EmbeddedNlu)
    return counter.live.nlu


async def learnt(counter: Counter) -> None:
    """Wait until meanings are understood."""
    async with asyncio.timeout(60):
        while embedded(counter).intents.by_both is None:  # noqa: ASYNC110 - the task that learns tells nobody
            await asyncio.sleep(0.05)


async def test_words_serve_at_once_and_meanings_when_they_are_learnt(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, semantic_model=NAME)
    counter = await asyncio.to_thread(app.assemble, settings)
    at_first = embedded(counter)
    assert at_first.intents.by_both is None
    async with counter.opened():
        assert (await at_first.read("سلام", "fa")).intent == "greet"
        await learnt(counter)
        assert getattr(counter.engine.dialogs.nlu, "nlu", None) is counter.live.nlu
        assert (await counter.live.nlu.read("سلام", "fa")).intent == "greet"
    again = await asyncio.to_thread(app.assemble, settings)
    assert embedded(again).intents.by_both is not None, "learnt before: there at once"


async def test_an_edit_is_understood_at_once_and_its_meanings_later(tmp_path: Path) -> None:
    counter = await asyncio.to_thread(app.assemble, settings_of(tmp_path, semantic_model=NAME))
    async with counter.opened():
        await learnt(counter)
        await counter.edited(replace(app.load_content(counter.settings), unrelated=("nothing of the kind",)))
        assert embedded(counter).intents.by_both is None
        await learnt(counter)


async def test_an_encoder_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(NoEncoder):
        await asyncio.to_thread(app.assemble, settings_of(tmp_path, semantic_model="nowhere:Nothing"))


async def test_the_embedded_model_stands_in_for_rasa(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    closed = SecretStr("http://127.0.0.1:9?token=hidden")
    counter = await asyncio.to_thread(app.assemble, settings_of(tmp_path, rasa_url=closed))
    assert isinstance(counter.live.nlu, RasaNlu)
    async with counter.opened():
        with caplog.at_level(logging.INFO):
            for _ in range(4):
                assert (await counter.live.nlu.read("سلام", "fa")).intent == "greet"
    assert caplog.text.count("Rasa does not answer") == 1
    assert "hidden" not in caplog.text
