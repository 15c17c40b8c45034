"""What answering costs: work is counted in CPU time, which a busy machine does not change; waiting is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import NamedTuple, TypeVar

import numpy as np

from bot.nlu.evaluation.measures import mean

T = TypeVar("T")
A = TypeVar("A")


class Took(NamedTuple):
    """Seconds of one piece of work: of the CPU, and by the clock on the wall."""

    cpu: float
    wall: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Microseconds of one answer: its work on average, and how long half of them and all but one in a hundred took."""

    mean: float
    p50: float
    p99: float

    @classmethod
    def of(cls, took: Sequence[Took]) -> Latency:
        p50, p99 = np.percentile([each.wall for each in took], (50, 99)) if took else (0.0, 0.0)
        return cls(1e6 * mean(each.cpu for each in took), 1e6 * float(p50), 1e6 * float(p99))


def timed(work: Callable[[], T]) -> tuple[T, Took]:
    """What it gives, and what it took."""
    cpu, wall = process_time(), perf_counter()
    done = work()
    return done, Took(process_time() - cpu, perf_counter() - wall)


def each_timed(answer: Callable[[A], T], asked: Iterable[A]) -> tuple[list[T], list[Took]]:
    """The answers one after the other, and what each took."""
    pairs = [timed(lambda one=one: answer(one)) for one in asked]  # type: ignore[misc]
    return [given for given, _ in pairs], [took for _, took in pairs]
