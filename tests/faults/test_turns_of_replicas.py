"""The same of two replicas, of which the other serves on; lines come to the database behind the reply."""

from __future__ import annotations

import pytest

from tests.faults.citizens import KINDS
from tests.faults.fuse import MOVE, TURN
from tests.faults.town import Town
from tests.faults.traffic import at_every_step


@pytest.mark.parametrize("channel", KINDS)
async def test_kill_9_at_every_step_of_a_turn(distributed: Town, channel: str) -> None:
    await at_every_step(distributed, channel, (*TURN, *MOVE))
