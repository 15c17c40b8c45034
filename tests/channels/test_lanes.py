"""One at a time and in order for each chat."""

from __future__ import annotations

import asyncio

import pytest

from bot.channels.lanes import Lanes


async def test_order_within_a_lane_and_none_between_lanes() -> None:
    lanes, done = Lanes(), []

    async def run(key: str, n: int, seconds: float) -> None:
        async with lanes.lane(key):
            await asyncio.sleep(seconds)
            done.append((key, n))

    async with asyncio.TaskGroup() as tasks:
        for n, seconds in enumerate((0.03, 0.0, 0.01)):
            tasks.create_task(run("a", n, seconds))
        tasks.create_task(run("b", 0, 0.0))
    assert done == [("b", 0), ("a", 0), ("a", 1), ("a", 2)]
    assert not lanes._lanes  # nothing is kept of a lane that is empty


async def test_errors_and_cancelled_waiters_leave_the_lane_open() -> None:
    lanes = Lanes()

    async def enter() -> None:
        async with lanes.lane("a"):
            pass

    async with lanes.lane("a"):
        waiting = asyncio.create_task(enter())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    with pytest.raises(ValueError, match="broken"):
        async with lanes.lane("a"):
            raise ValueError("broken")
    await asyncio.wait_for(enter(), 1)
    assert not lanes._lanes
