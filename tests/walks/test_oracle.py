"""Walks that cannot fall would prove nothing: a house with a planted fault is noticed, and for the right reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from bot.channels.sms import rendering
from bot.core.sessions import Frame, Session
from bot.desk.identity import LinkedIdentity
from bot.dialogs.form import FormDialog
from bot.dialogs.presence import Presence
from bot.dialogs.turn import Turning
from bot.stores.memory import MemoryRecords
from tests.walks import Fallen, walk

SINCE, MOST = 18, 100  # the first seed, from which all are noticed soon; walks until a fault has to be


async def _anything_goes(*_: object, **__: object) -> bool:
    return True


async def _every_time(self: MemoryRecords, request: Any, *, key: str) -> Any:
    return await _add(self, request, key=f"{key}{len(self._requests)}")


def _misplaced(self: FormDialog, frame: Frame, answers: dict[str, Any]) -> Any:
    return _goto(self, frame, {**answers, next(iter(self.fields)): "one"})


def _forget(self: Presence, other: Session) -> bool:
    self.before = self.before.with_memory_of(other)
    return False


_add, _goto = MemoryRecords.add, FormDialog._goto
FAULTS: dict[str, tuple[object, str, Callable[..., Any], str]] = {
    "an aside ends the draft below": (Turning, "follow", Turning.apply, "is lost with its answers"),
    "callers are taken for who they say they are": (
        Presence,
        "admit",
        lambda self: None,
        "an unproven caller was told",
    ),
    "repetitions are new": (Session, "replay", lambda self, id: None, "repetition"),
    "first words elsewhere are an answer": (Turning, "arrived_elsewhere", lambda self: False, "had last been asked"),
    "a conversation that is taken over is dropped": (Presence, "adopt", _forget, "is lost with its"),
    "any code is right": (LinkedIdentity, "check_code", _anything_goes, "without a proof|is lost"),
    "a request is filed at each try": (MemoryRecords, "add", _every_time, "request"),
    "an answer is put where another was asked for": (FormDialog, "_goto", _misplaced, "was asked"),
    "text messages are of any length": (rendering, "budget", lambda replies: 9, "a text message of"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, wrong, why = FAULTS[fault]
    monkeypatch.setattr(where, name, wrong)
    with pytest.raises(Fallen) as fallen:
        for seed in range(SINCE, SINCE + MOST):
            await walk(seed, to_the_end=False)
    assert re.search(why, fallen.value.why), fallen.value
