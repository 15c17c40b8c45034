"""kill -9 at every step of a turn, on each channel: what was acknowledged is there once, and is answered as before."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from tests.faults import fuse
from tests.faults.citizens import KINDS
from tests.faults.conftest import TIMES
from tests.faults.town import Town

AT_ONCE = 3  # citizens
PASSAGES = (1, 4, *range(5, 4 + TIMES))  # of a point, before the power goes


@pytest.mark.parametrize("channel", KINDS)
async def test_kill_9_at_every_step_of_a_turn(town: Town, channel: str) -> None:
    points = [*fuse.TURN, *(fuse.CALL if channel == "telegram" else ()), *(fuse.MOVE if town.redis_url else ())]
    closing = asyncio.Event()

    async def visits() -> None:
        while not closing.is_set():
            await KINDS[channel](town).files()

    lives = list(itertools.product(points, PASSAGES))
    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(visits())
        for n, (point, passage) in enumerate(lives):
            victim = town.replicas[n * len(town.replicas) // len(lives)]  # the first half of them, then the other
            await town.start(but=victim)
            if victim.alive:
                await victim.kill()
                town.ledger.killed("anywhere")
            await victim.start(point, passage)
            await victim.blown()
            town.ledger.killed(point)
        await town.start()
        closing.set()  # who is in the middle of it goes on to the end
    await town.terminate()
