"""The load: so many users at once, each of whom says the next thing when the last was answered; or so many turns a
second, whatever becomes of them.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.conversation import Turn
from bench.process import Spent, waited
from bench.talks import Talk

DRAIN = 20.0  # seconds that the last turns get; a turn that takes longer is an error


@dataclass(slots=True)
class Tally:
    """What the users saw. `seconds` holds (when it ended, how long it took) of every right turn."""

    seconds: list[tuple[float, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    over: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured window. Latencies in milliseconds, `cpu` in microseconds of the server for each turn, `waited` the
    share of the window in which the server could run and somebody else had its core. `finished` counts the turns
    before and after it too."""

    turns: int
    finished: int
    per_second: float
    cpu: float
    p50: float
    p99: float
    waited: float
    wrong: tuple[str, ...]


async def once(talk: Talk, spent: Callable[[], Spent]) -> tuple[float, Spent]:
    """The whole script, checked; when its first answer came, as `time.perf_counter` has it, and what the server had
    spent until then."""
    first = None
    talk.arrive()
    for turn in talk.script:
        text = await asyncio.wait_for(talk.say(turn.say), DRAIN)
        first = first or (time.perf_counter(), spent())
        if not turn.answer.search(text):
            raise RuntimeError(f"after {turn.say!r} this answer is not right: {text[:200]!r}")
    assert first
    return first


async def measure(talks: Sequence[Talk], spent: Callable[[], Spent], *, warm_up: float, seconds: float) -> Sample:
    """Let all users talk for both spans of time and look at the second. Turns under way at its end are finished."""
    tally = Tally()
    users = [asyncio.create_task(_talk(talk, tally)) for talk in talks]
    with _uncollected():
        try:
            await asyncio.sleep(warm_up)
            began, before = time.perf_counter(), spent()
            await asyncio.sleep(seconds)
            ended, after = time.perf_counter(), spent()
        finally:
            tally.over = True
            await _drained(users, tally)
    took = sorted(span for at, span in tally.seconds if began < at <= ended)
    return Sample(
        turns=len(took),
        finished=len(tally.seconds),
        per_second=len(took) / (ended - began),
        cpu=1e6 * (after.cpu - before.cpu) / len(took) if took else 0.0,
        p50=percentile(took, 0.50),
        p99=percentile(took, 0.99),
        waited=(after.waited - before.waited) / (ended - began),
        wrong=tuple(tally.wrong),
    )


@dataclass(frozen=True, slots=True)
class Paced:
    """At a fixed load. Milliseconds; `own` are latencies without what the server and the load waited for a core that
    somebody else had: of a machine where nobody else is, they would be the same."""

    turns: int
    p50: float
    p99: float
    longest: float
    own_p99: float
    own_longest: float
    wrong: tuple[str, ...]


async def at_rate(talks: Sequence[Talk], pid: int, *, rate: float, seconds: float) -> Paced:
    """`rate` turns a second, each by a user who has been answered; where there is none, one is late, and it counts."""
    tally = Tally()
    scripts = {talk: _script(talk) for talk in talks}
    free: asyncio.Queue[Talk] = asyncio.Queue()
    for talk in talks:
        free.put_nowait(talk)
    taken: list[tuple[float, float]] = []  # seconds, and of them waited for a core
    running: set[asyncio.Task[None]] = set()

    async def say(talk: Talk, due: float) -> None:
        turn = next(scripts[talk])
        before = waited(pid) + waited()
        try:
            text = await talk.say(turn.say)
        except (ConnectionError, KeyError, ValueError) as error:
            tally.wrong.append(f"after {turn.say!r}: {error!r}")
            return
        taken.append((time.perf_counter() - due, waited(pid) + waited() - before))
        if not turn.answer.search(text):
            tally.wrong.append(f"after {turn.say!r}: {text[:200]!r}")
            return
        free.put_nowait(talk)

    with _uncollected():
        began = time.perf_counter()
        for number in range(int(rate * seconds)):
            ahead = began + number / rate - time.perf_counter()
            if ahead > 0:
                await asyncio.sleep(ahead)
            due = time.perf_counter() if ahead > 0 else began + number / rate
            try:
                talk = free.get_nowait()
            except asyncio.QueueEmpty:
                if not running:
                    break  # all have fallen silent after a wrong answer
                talk = await free.get()
            task = asyncio.create_task(say(talk, due))
            running.add(task)
            task.add_done_callback(running.discard)
        await _drained(list(running), tally)
    spans = sorted(span for span, _ in taken)
    own = sorted(max(span - lost, 0.0) for span, lost in taken)
    return Paced(
        turns=len(taken),
        p50=percentile(spans, 0.5),
        p99=percentile(spans, 0.99),
        longest=percentile(spans, 1.0),
        own_p99=percentile(own, 0.99),
        own_longest=percentile(own, 1.0),
        wrong=tuple(tally.wrong),
    )


def _script(talk: Talk) -> Iterator[Turn]:
    while True:
        talk.arrive()
        yield from talk.script


async def _talk(talk: Talk, tally: Tally) -> None:
    """The script over and over; after a wrong answer nothing that follows would mean anything."""
    for turn in _script(talk):
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


@contextmanager
def _uncollected() -> Iterator[None]:
    """A pause of the load's own garbage collector would look like one of the server's."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _drained(users: Sequence[asyncio.Task[None]], tally: Tally) -> None:
    if users:
        _, late = await asyncio.wait(users, timeout=DRAIN)
        for user in late:
            tally.wrong.append("a turn was never answered")
            user.cancel()
        await asyncio.gather(*users, return_exceptions=True)


def percentile(ordered: Sequence[float], share: float) -> float:
    """In milliseconds; by the nearest rank."""
    return 1e3 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
