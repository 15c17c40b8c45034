"""One of two replicas ends under load, asked politely or not: whoever was turned away is served by the other."""

from __future__ import annotations

import asyncio
import itertools

from tests.faults.conftest import TIMES
from tests.faults.town import Town
from tests.faults.traffic import more, stands, traffic

NOT_BEGUN = {"ClientConnectorError", "ClientOSError"}  # what a client sees of a door that closes before it


async def test_sigterm_to_one_after_the_other(distributed: Town) -> None:
    async with traffic(distributed):
        failures = distributed.ledger.failures
        failures.clear()  # those of the start
        for replica in distributed.replicas * 2 * TIMES:
            await more(distributed)
            await replica.terminate()
            await stands(distributed)
            await replica.start()
            distributed.ledger.faults["SIGTERMs"] += 1
        assert failures.keys() <= NOT_BEGUN, "a request that had come in was dropped"


async def test_kill_9_of_one_after_the_other(distributed: Town) -> None:
    async with traffic(distributed):
        for n, replica in zip(range(6 * TIMES), itertools.cycle(distributed.replicas), strict=False):
            await more(distributed)
            await asyncio.sleep(0.01 * n)
            await replica.kill()
            distributed.ledger.killed("anywhere")
            await stands(distributed)
            await replica.start()
