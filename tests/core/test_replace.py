from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.messages import Address, Event, Inbound, Phrase, Reply
from bot.core.sessions import Frame, Pace, Session
from bot.core.values import replace

NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        (Session("c", frames=(Frame("f", "form/x", 1, "a"),), seq=3), {"pace": Pace(used=2.0), "touched_at": NOW}),
        (Frame("f", "form/x", 1, "a", {"a": 1}), {"tries": 2}),
        (Inbound("1", Address("web", "a"), Event.MESSAGE, text="x"), {"event": Event.CHOICE, "value": "y"}),
        (Reply(Phrase("k")), {}),
    ],
)
def test_it_does_what_the_standard_library_does(value: Any, changes: dict[str, Any]) -> None:
    before = dataclasses.asdict(value)
    after = replace(value, **changes)
    assert after == dataclasses.replace(value, **changes) and type(after) is type(value)
    assert dataclasses.asdict(value) == before, "the given one is as it was"


def test_what_is_made_is_as_frozen_as_what_it_was_made_of() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        replace(Session("c"), seq=1).seq = 2  # type: ignore[misc]


def test_a_field_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError):
        replace(Session("c"), colour="red")  # type: ignore[call-arg]
