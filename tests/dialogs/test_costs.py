"""What is costly is asked only where it can matter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.core.messages import Event
from bot.core.ports import Match, Reading
from tests.dialogs.small_desk import Citizen, PlainNlu


class Counting(PlainNlu):
    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def read(self, text: str, language: str) -> Reading:
        self.asked.append(f"wish: {text}")
        return await super().read(text, language)

    async def answers(self, text: str, language: str, *, service: str = "", limit: int = 4) -> tuple[Match, ...]:
        self.asked.append(f"answers: {text}")
        return await super().answers(text, language, service=service, limit=limit)


@pytest.fixture
def ann(monkeypatch: pytest.MonkeyPatch) -> Iterator[Citizen]:
    monkeypatch.setattr("tests.dialogs.small_desk.PlainNlu", Counting)
    yield Citizen()


def asked(citizen: Citizen) -> list[str]:
    assert isinstance(citizen.nlu, Counting)
    return citizen.nlu.asked


async def test_an_answer_that_a_form_takes_is_read_by_the_form_alone(ann: Citizen) -> None:
    await ann.does(Event.CHOICE, value="/form/lamp")
    await ann.says("Dim", "It flickers every evening.", "3", "/cancel")
    assert asked(ann) == []


async def test_an_answer_that_it_does_not_take_is_understood_once(ann: Citizen) -> None:
    await ann.does(Event.CHOICE, value="/form/lamp")
    await ann.says("Dim", "It flickers.", "many more than you think")
    assert asked(ann) == ["answers: many more than you think", "wish: many more than you think"]


async def test_free_words_are_read_once_and_looked_up_once(ann: Citizen) -> None:
    await ann.says("my street is dark and nobody comes")
    assert len(asked(ann)) == len(set(asked(ann)))
