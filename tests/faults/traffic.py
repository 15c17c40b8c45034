"""Citizens of all channels who file while something happens, and processes that are killed meanwhile."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.faults.citizens import KINDS
from tests.faults.conftest import TIMES
from tests.faults.fuse import CALL
from tests.faults.town import Town, until

BETWEEN = 6  # requests that are filed between two faults
AT_ONCE = 2  # citizens of one channel
PASSAGES = (1, 4, *range(5, 4 + TIMES))  # of a point, before the power goes


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


async def at_every_step(town: Town, channel: str, points: Sequence[str]) -> None:
    """Citizens of a channel file, while processes are killed at the steps of their turns."""
    points = [*points, *(CALL if channel == "telegram" else ())]
    closing = asyncio.Event()

    async def visits() -> None:
        while not closing.is_set():
            await KINDS[channel](town).files()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(visits())
        await killed(town, points, PASSAGES)
        closing.set()  # who is in the middle of it goes on to the end
