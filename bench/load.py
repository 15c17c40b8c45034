"""The load: so many users at once, each of whom says the next thing when the last was answered."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.process import Spent
from bench.talks import Talk

DRAIN = 10.0  # seconds that the last turns get; a turn that takes longer is an error


@dataclass(slots=True)
class Tally:
    """What the users saw. `seconds` holds (when it ended, how long it took) of every right turn."""

    seconds: list[tuple[float, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    over: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured window. Latencies in milliseconds, `cpu` in microseconds of the server for each turn, `waited` the
    share of the window in which the server could run and somebody else had its core."""

    turns: int
    per_second: float
    cpu: float
    p50: float
    p99: float
    waited: float
    wrong: tuple[str, ...]


async def say_first(talk: Talk) -> float:
    """The first turn of the first user, checked; when it was answered, as `time.perf_counter` has it."""
    turn = talk.script[0]
    text = await asyncio.wait_for(talk.say(turn.say), DRAIN)
    if not turn.answer.search(text):
        raise RuntimeError(f"the first answer is not right: {text[:200]!r}")
    return time.perf_counter()


async def measure(talks: Sequence[Talk], spent: Callable[[], Spent], *, warm_up: float, seconds: float) -> Sample:
    """Let all users talk for both spans of time and look at the second. Turns under way at its end are finished."""
    tally = Tally()
    users = [asyncio.create_task(_talk(talk, tally)) for talk in talks]
    gc.collect()
    gc.disable()  # a pause here would look like one of the server's
    try:
        await asyncio.sleep(warm_up)
        began, before = time.perf_counter(), spent()
        await asyncio.sleep(seconds)
        ended, after = time.perf_counter(), spent()
    finally:
        gc.enable()
        tally.over = True
        _, late = await asyncio.wait(users, timeout=DRAIN)
        for user in late:
            tally.wrong.append("a turn was never answered")
            user.cancel()
        await asyncio.gather(*users, return_exceptions=True)
    took = sorted(span for at, span in tally.seconds if began < at <= ended)
    return Sample(
        turns=len(took),
        per_second=len(took) / (ended - began),
        cpu=1e6 * (after.cpu - before.cpu) / len(took) if took else 0.0,
        p50=_percentile(took, 0.50),
        p99=_percentile(took, 0.99),
        waited=(after.waited - before.waited) / (ended - began),
        wrong=tuple(tally.wrong),
    )


async def _talk(talk: Talk, tally: Tally) -> None:
    """The script over and over; after a wrong answer nothing that follows would mean anything."""
    while True:
        for turn in talk.script:
            began = time.perf_counter()
            try:
                text = await talk.say(turn.say)
            except (ConnectionError, KeyError, ValueError) as error:
                tally.wrong.append(f"after {turn.say!r}: {error!r}")
                return
            ended = time.perf_counter()
            if not turn.answer.search(text):
                tally.wrong.append(f"after {turn.say!r}: {text[:200]!r}")
                return
            tally.seconds.append((ended, ended - began))
            if tally.over:
                return


def _percentile(ordered: Sequence[float], share: float) -> float:
    """In milliseconds; by the nearest rank."""
    return 1e3 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
