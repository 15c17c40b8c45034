"""What answering costs in time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

import numpy as np

from bot.nlu.evaluation.measures import mean

T = TypeVar("T")
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Latency:
    """Microseconds of one answer."""

    mean: float
    p50: float
    p99: float

    @classmethod
    def of(cls, seconds: list[float]) -> Latency:
        p50, p99 = np.percentile(seconds, (50, 99)) if seconds else (0.0, 0.0)
        return cls(1e6 * mean(seconds), 1e6 * float(p50), 1e6 * float(p99))


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What it gives, and the seconds that it took."""
    begun = perf_counter()
    done = work()
    return done, perf_counter() - begun


def each_timed(answer: Callable[[A], T], asked: Iterable[A]) -> tuple[list[T], list[float]]:
    """The answers one after the other, and the seconds of each."""
    pairs = [timed(lambda one=one: answer(one)) for one in asked]  # type: ignore[misc]
    return [given for given, _ in pairs], [seconds for _, seconds in pairs]
