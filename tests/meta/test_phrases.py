"""Every phrase that the code says exists in every language, and every phrase that exists is said."""

from __future__ import annotations

import pytest

from bot import phrase_keys
from bot.core.catalogue import Catalogue
from bot.core.requests import Status
from bot.dialogs.fields import EXPECTS
from tests.conversation import content


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return content()[0]


@pytest.fixture(scope="module")
def said() -> phrase_keys.Said:
    return phrase_keys.said()


def test_the_scan_sees_what_the_code_says(said: phrase_keys.Said) -> None:
    assert {"menu.greeting", "engine.apology", "form.filed"} <= set(said.keys)
    assert {"status.", "form.help_"} <= set(said.beginnings)
    assert all(place.startswith("bot/") for place in said.keys.values())


def test_every_phrase_that_is_said_exists(said: phrase_keys.Said, catalogue: Catalogue) -> None:
    assert said.missing(catalogue.phrases) == []


def test_every_phrase_is_said_somewhere(said: phrase_keys.Said, catalogue: Catalogue) -> None:
    assert said.unused(catalogue.phrases) == []


def test_every_phrase_is_there_in_every_language(catalogue: Catalogue) -> None:
    lacking = {
        (key, language)
        for key, text in catalogue.phrases.items()
        for language in catalogue.languages
        if not text.get(language, "").strip()
    }
    assert lacking == set()


def test_keys_made_of_a_status_or_a_field_type_are_complete(catalogue: Catalogue) -> None:
    wanted = {f"status.{s}" for s in Status} | {f"form.help_{t}" for t in EXPECTS}
    assert wanted - set(catalogue.phrases) == set()
