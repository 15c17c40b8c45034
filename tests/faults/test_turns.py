"""kill -9 at every step of a turn, on each channel: what was acknowledged is there once, and is answered as before."""

from __future__ import annotations

import pytest

from tests.faults.citizens import KINDS
from tests.faults.fuse import TURN
from tests.faults.town import Town
from tests.faults.traffic import at_every_step


@pytest.mark.parametrize("channel", KINDS)
async def test_kill_9_at_every_step_of_a_turn(alone: Town, channel: str) -> None:
    await at_every_step(alone, channel, TURN)
