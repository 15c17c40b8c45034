"""The wall clock is set in the middle of traffic: forwards, backwards, far and near."""

from __future__ import annotations

from tests.faults.conftest import TIMES
from tests.faults.town import Town
from tests.faults.traffic import more, traffic

HOUR = 3600.0


async def test_the_clock_is_set(town: Town) -> None:
    async with traffic(town):
        for seconds in (HOUR, -2 * HOUR, HOUR, -5.0, 1.0, -60.0) * TIMES:
            await more(town)
            town.turn_clock(seconds)
            town.ledger.faults["clock steps"] += 1
