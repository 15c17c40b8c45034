"""One at a time and in order for each name."""

from __future__ import annotations

import asyncio

import pytest

from bot.core.turnstile import Turnstile


async def test_order_at_a_gate_and_none_between_gates() -> None:
    turnstile, done = Turnstile(), []

    async def run(key: str, n: int, seconds: float) -> None:
        async with turnstile.pass_through(key):
            await asyncio.sleep(seconds)
            done.append((key, n))

    async with asyncio.TaskGroup() as tasks:
        for n, seconds in enumerate((0.03, 0.0, 0.01)):
            tasks.create_task(run("a", n, seconds))
        tasks.create_task(run("b", 0, 0.0))
    assert done == [("b", 0), ("a", 0), ("a", 1), ("a", 2)]
    assert not turnstile._gates  # nothing is kept of a gate where nobody is


async def test_errors_and_cancelled_waiters_leave_the_gate_open() -> None:
    turnstile = Turnstile()

    async def enter() -> None:
        async with turnstile.pass_through("a"):
            pass

    async with turnstile.pass_through("a"):
        waiting = asyncio.create_task(enter())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    with pytest.raises(ValueError, match="broken"):
        async with turnstile.pass_through("a"):
            raise ValueError("broken")
    await asyncio.wait_for(enter(), 1)
    assert not turnstile._gates
