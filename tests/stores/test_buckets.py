"""What a token bucket promises, whatever is asked of it and when."""

from __future__ import annotations

import asyncio
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from bot.stores.limits import MemoryLimits

BURST = 5.0
rates = st.floats(0.01, 50, allow_nan=False)
asks = st.lists(st.tuples(st.floats(0, 30, allow_nan=False), st.floats(0.1, BURST, allow_nan=False)), max_size=60)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(rates, asks)
def test_in_no_span_of_time_does_it_give_more_than_it_holds_and_gets(
    rate: float, asked: list[tuple[float, float]]
) -> None:
    clock, given_out = Clock(), [(0.0, 0.0)]
    limits = MemoryLimits(clock)

    async def ask() -> None:
        for gap, cost in asked:
            clock.now += gap
            if not await limits.take("a", rate=rate, burst=BURST, cost=cost):
                given_out.append((clock.now, cost))

    asyncio.run(ask())
    sums = list(accumulate(cost for _, cost in given_out))
    for first in range(1, len(given_out)):
        for last in range(first, len(given_out)):
            span = given_out[last][0] - given_out[first][0]
            assert sums[last] - sums[first - 1] <= BURST + rate * span + 1e-3


@given(rates, asks)
def test_who_waits_as_long_as_it_says_is_served_and_who_does_not_is_not(
    rate: float, asked: list[tuple[float, float]]
) -> None:
    clock = Clock()
    limits = MemoryLimits(clock)

    async def ask() -> None:
        for gap, cost in asked:
            clock.now += gap
            if wait := await limits.take("a", rate=rate, burst=BURST, cost=cost):
                clock.now += wait * 0.99
                if wait > 0.01:
                    assert await limits.take("a", rate=rate, burst=BURST, cost=cost) > 0
                clock.now += wait * 0.01 + 1e-6
                assert await limits.take("a", rate=rate, burst=BURST, cost=cost) == 0.0

    asyncio.run(ask())
