"""Citizens of all channels who file while something happens, and processes that are killed meanwhile."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.faults.citizens import KINDS
from tests.faults.town import Town, until

BETWEEN = 6  # requests that are filed between two faults


@asynccontextmanager
async def traffic(town: Town, *, patiently: bool = False) -> AsyncIterator[None]:
    """Citizens of all channels file meanwhile, and each is told something; the town is at rest afterwards."""
    await town.start()
    closing = asyncio.Event()

    async def visits(channel: str) -> None:
        while not closing.is_set():
            citizen = KINDS[channel](town)
            code = await citizen.files(patiently=patiently)
            await town.note(code, citizen.address)

    async with asyncio.TaskGroup() as tasks:
        for channel in KINDS:
            tasks.create_task(visits(channel))
        yield
        await more(town)
        closing.set()
    await town.settled()
    await town.terminate()


async def more(town: Town) -> None:
    """Wait until traffic has gone on."""
    goal = len(town.ledger.codes) + BETWEEN

    async def filed() -> bool:
        return len(town.ledger.codes) >= goal

    await until(filed, "traffic does not go on")


async def stands(town: Town) -> None:
    """Wait until somebody was told to come again."""
    told = town.ledger.failures.total()

    async def repeated() -> bool:
        return town.ledger.failures.total() > told

    await until(repeated, "nobody noticed")


async def killed(town: Town, points: Sequence[str], passages: Sequence[int], between: float = 0.0) -> None:
    """One life after the other, each to such a passage of a point; of two replicas the other serves on. Before each the
    clock goes on by `between` seconds."""
    lives = list(itertools.product(points, passages))
    for n, (point, passage) in enumerate(lives):
        victim = town.replicas[n * len(town.replicas) // len(lives)]  # the first half of them, then the other
        await town.start(but=victim)
        if victim.alive:
            await victim.kill()
            town.ledger.killed("anywhere")
        town.turn_clock(between)
        await victim.start(point, passage)
        await victim.blown()
        town.ledger.killed(point)
    await town.start()
