"""What understanding costs: seconds, and memory where the system tells."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
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


def resident_mb() -> float | None:
    """Memory of this process now; None where the system has no /proc (see proc_pid_statm(5))."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def grown_mb(before: float | None) -> float | None:
    """How much memory this process has gained since."""
    now = resident_mb()
    return None if before is None or now is None else max(now - before, 0.0)
