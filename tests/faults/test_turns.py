"""kill -9 at every step of a turn, on each channel: what was acknowledged is there once, and is answered as before."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults import fuse
from tests.faults.citizens import KINDS
from tests.faults.conftest import TIMES
from tests.faults.town import Town
from tests.faults.traffic import killed

AT_ONCE = 3  # citizens
PASSAGES = (1, 4, *range(5, 4 + TIMES))  # of a point, before the power goes


@pytest.mark.parametrize("channel", KINDS)
async def test_kill_9_at_every_step_of_a_turn(town: Town, channel: str) -> None:
    points = [*fuse.TURN, *(fuse.CALL if channel == "telegram" else ()), *(fuse.MOVE if town.redis_url else ())]
    closing = asyncio.Event()

    async def visits() -> None:
        while not closing.is_set():
            await KINDS[channel](town).files()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(visits())
        await killed(town, points, PASSAGES)
        closing.set()  # who is in the middle of it goes on to the end
    await town.terminate()
