"""One of two replicas ends under load, asked politely or not: whoever was turned away is served by the other."""

from __future__ import annotations

import asyncio
import itertools
from functools import partial

from tests.faults.conftest import TIMES
from tests.faults.replica import Replica
from tests.faults.town import Town, until
from tests.faults.traffic import more, stands, traffic

DRAIN = "2"  # seconds


async def test_sigterm_to_one_after_the_other(distributed: Town) -> None:
    """Who balances the load asks /readyz: no request fails, neither before it knows nor afterwards."""
    for replica in distributed.replicas:
        replica.environment["DRAIN"] = DRAIN
    async with traffic(distributed):
        for replica in distributed.replicas * TIMES:
            await more(distributed)
            ending = asyncio.create_task(replica.terminate())
            await until(partial(_is_about_to_end, distributed, replica), "it does not say that it ends")
            distributed.away = replica
            await more(distributed)
            await ending
            await replica.start()
            distributed.away = None
            distributed.ledger.faults["SIGTERMs"] += 1
        assert not distributed.ledger.failures, "a request was dropped"


async def _is_about_to_end(town: Town, replica: Replica) -> bool:
    return not await replica.is_ready(town.http)


async def test_kill_9_of_one_after_the_other(distributed: Town) -> None:
    async with traffic(distributed):
        for n, replica in zip(range(6 * TIMES), itertools.cycle(distributed.replicas), strict=False):
            await more(distributed)
            await asyncio.sleep(0.01 * n)
            await replica.kill()
            distributed.ledger.killed("anywhere")
            await stands(distributed)
            await replica.start()
