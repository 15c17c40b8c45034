from __future__ import annotations

import copy
import dataclasses
import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mypy import api as mypy

from bot.core.messages import Address, Event, Inbound, Phrase, Reply
from bot.core.sessions import Frame, Pace, Session
from bot.core.values import replace

NOW = datetime(2026, 11, 26, tzinfo=UTC)
HEARD = Inbound("1", Address("web", "a"), Event.MESSAGE, text="x")


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        (Session("c", frames=(Frame("f", "form/x", 1, "a"),), seq=3), {"pace": Pace(used=2.0), "touched_at": NOW}),
        (Frame("f", "form/x", 1, "a", {"a": 1}), {"tries": 2}),
        (HEARD, {"event": Event.CHOICE, "value": "y"}),
        (Reply(Phrase("k")), {}),
    ],
)
def test_replacing_does_what_the_standard_library_does(value: Any, changes: dict[str, Any]) -> None:
    before = dataclasses.asdict(value)
    after = replace(value, **changes)
    assert after == dataclasses.replace(value, **changes) and type(after) is type(value)
    assert dataclasses.asdict(value) == before, "the given one is as it was"


def test_a_field_that_is_none_is_refused() -> None:
    with pytest.raises(AttributeError):
        replace(Session("c"), colour="red")  # type: ignore[call-arg]


def test_whoever_assigns_to_a_field_is_told_by_the_type_checker(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from bot.core.sessions import Pace\npace = Pace()\npace.used = 1.0\n", "utf-8")
    told, _, _ = mypy.run(["--config-file=", f"--cache-dir={tmp_path}", "--no-error-summary", str(wrong)])
    assert told == f'{wrong}:3: error: Property "used" defined in "Pace" is read-only  [misc]\n'


def test_values_are_equal_and_hashed_by_what_they_say() -> None:
    same = Inbound("1", Address("web", "a"), Event.MESSAGE, text="x", costly=True)
    assert same == HEARD and hash(HEARD) == hash(same), "costly is not compared"
    assert replace(HEARD, text="y") != HEARD
    with pytest.raises(AttributeError):
        HEARD.colour = "red"  # type: ignore[attr-defined]


@pytest.mark.parametrize("through", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_values_are_copied_and_pickled(through: Any) -> None:
    assert through(HEARD) == HEARD and through(HEARD) is not HEARD
