"""A tour of hard utterances, one a line with what is understood of it: `tour.yaml`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.content import load
from bot.core.ports import Match, Reading
from bot.dialogs.router import CERTAIN
from bot.nlu.model import EmbeddedNlu

HERE = Path(__file__).parent
TODAY = date(2026, 11, 23)  # Monday, 2 Azar 1405
OFFERED = 3  # guesses that a citizen can choose from
TOUR: list[dict[str, Any]] = YAML(typ="safe").load(HERE / "tour.yaml")
ASKED = {"said", "wish", "answer", "entities", "both", "nothing"}


@pytest.fixture(scope="module")
def nlu() -> Iterator[EmbeddedNlu]:
    yield EmbeddedNlu.train(load(HERE.parents[1] / "knowledge_base"), today=lambda: TODAY)


def heard(nlu: EmbeddedNlu, said: str) -> tuple[Reading, tuple[Match, ...]]:
    async def hear() -> tuple[Reading, tuple[Match, ...]]:
        return await nlu.read(said, "fa"), await nlu.answers(said, "fa")

    return asyncio.run(hear())


def offered(reading: Reading, matches: tuple[Match, ...]) -> set[str]:
    return {m.id for m in matches[:OFFERED]} | {f"intent/{name}" for name, _ in reading.guesses[:OFFERED]}


@pytest.mark.parametrize("stop", TOUR, ids=[stop["said"] for stop in TOUR])
def test_what_was_said_is_understood(nlu: EmbeddedNlu, stop: dict[str, Any]) -> None:
    reading, matches = heard(nlu, stop["said"])
    if "wish" in stop:
        assert reading.intent == stop["wish"], reading.guesses
    if "answer" in stop:
        assert matches and matches[0].id == stop["answer"], matches
    found = [(entity.kind, entity.value) for entity in reading.entities]
    assert set(stop.get("entities", {}).items()) <= set(found), found
    assert set(stop.get("both", ())) <= offered(reading, matches), (reading.guesses, matches)
    if "nothing" in stop:
        wished = reading.intent != "none" and reading.confidence >= CERTAIN
        assert not wished and not any(match.sure for match in matches), (reading.guesses, matches)


def test_the_tour_is_long_and_each_stop_asks_for_something() -> None:
    assert len(TOUR) >= 40
    assert all(set(stop) <= ASKED and len(stop) > 1 for stop in TOUR)
    assert len({stop["said"] for stop in TOUR}) == len(TOUR)


@pytest.mark.parametrize(
    ("said", "service", "told"),
    [
        ("هزینه‌ش چنده؟", "building_permit", "faq/permit_fee"),
        ("چقدر طول می‌کشه", "building_permit", "faq/permit_duration"),
        ("کی آماده میشه", "building_permit", "faq/permit_duration"),
        ("مدارکش چیه", "building_permit", "faq/permit_documents"),
        ("مدارکش چیه", "burial_services", "faq/burial_documents"),
        ("سگ ولگرد زیاد شده", "building_permit", "faq/stray_dogs"),
        ("هوا چطوره", "building_permit", ""),
        ("باشه ممنون", "building_permit", ""),
        ("نمی‌دونم", "building_permit", ""),
        ("قبض آب رو کجا بدم", "waste_fee", ""),
    ],
)
def test_what_names_no_service_is_about_the_one_that_is_talked_of(
    nlu: EmbeddedNlu, said: str, service: str, told: str
) -> None:
    matches = nlu.matches(said, "fa", service=service)
    assert (matches[0].id if matches and matches[0].sure else "") == told
