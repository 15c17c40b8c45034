"""Citizens of all channels who file while something happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
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
