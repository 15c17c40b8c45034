"""Whole turns of every channel and every peer, in short windows by turns."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from bench import load
from bench.found import Found, Plan, Table
from bench.load import Sample
from bench.pool import Pool, Running
from bench.systems import BY_ID

WARM_UP = 0.25  # of a window
LONGEST = 300.0  # seconds for all rounds; the first one is always finished
_ECHOED = ("echo", "socket", "socket_distributed")


async def run(pool: Pool, folder: Path, plan: Plan) -> Found:
    samples: dict[str, list[Sample]] = {id: [] for id in plan.systems or BY_ID}
    systems = await pool.up(*samples)
    await rounds(systems, samples, plan)
    full = {each.system.id: each.server.memory() for each in systems}
    found = Found()
    for each in systems:
        id = each.system.id
        found.figures |= figures(id, samples[id])
        found.blame(each.system.name, [wrong for sample in samples[id] for wrong in sample.wrong])
    found.figures |= _ratios(samples)
    found.tables.append(_table(found, systems, full, len(samples["bare"])))
    return found


async def rounds(systems: Sequence[Running], samples: dict[str, list[Sample]], plan: Plan) -> None:
    """All systems, round after round, as long as there is time."""
    began = time.perf_counter()
    for number in range(plan.rounds):
        for each in systems:
            samples[each.system.id].append(await window(each, plan.users, plan.seconds))
        spent = time.perf_counter() - began
        sys.stderr.write(f"round {number + 1} of {plan.rounds}: {spent:.0f} s\n")
        if spent / (number + 1) * (number + 2) > LONGEST:
            break


async def window(each: Running, users: int, seconds: float) -> Sample:
    talks = each.users(users)
    try:
        return await load.measure(talks, each.server.spent, warm_up=WARM_UP * seconds, seconds=seconds)
    finally:
        for talk in talks:
            talk.close()


def figures(id: str, samples: Sequence[Sample]) -> dict[str, float]:
    """Medians of the windows in which anything was answered; nothing when there was none."""
    samples = [sample for sample in samples if sample.turns]
    if not samples:
        return {}

    def mid(of: Callable[[Sample], float]) -> float:
        return median(map(of, samples))

    return {
        f"{id}.cpu": mid(lambda s: s.cpu),
        f"{id}.per_second": mid(lambda s: s.per_second),
        f"{id}.p50": mid(lambda s: s.p50),
        f"{id}.p99": mid(lambda s: s.p99),
        f"{id}.spread": mid(lambda s: s.p99 / s.p50),
        f"{id}.waited": mid(lambda s: s.waited),
    }


def _ratios(samples: dict[str, list[Sample]]) -> dict[str, float]:
    """Against the floor: the median of what each round said, since a noisy moment is noisy for both."""
    ratios = {}
    for id, own in samples.items():
        floor = samples["echo" if id in _ECHOED else "bare"]
        if found := [one.cpu / other.cpu for one, other in zip(own, floor, strict=True) if one.turns and other.turns]:
            ratios[f"{id}.bare"] = median(found)
    return ratios


def _table(found: Found, systems: Sequence[Running], full: dict[str, float], rounds: int) -> Table:
    f = found.figures
    table = Table(
        "Whole turns",
        ("system", "CPU µs/turn", "× bare", "turns/s", "p50 ms", "p99 ms", "RSS MB idle → full", "start s"),
        notes=f"{rounds} interleaved rounds, medians; users who wait for their answer; provider at 0 ms. `× bare` is "
        "the median of each round's ratio: against the bare POST, for WebSockets against the bare echo. Noise: the "
        f"bare handler waited {f['bare.waited']:.0%} of its time for its core (0 % on a quiet machine). It takes 25 µs "
        "on the machine that the targets' microseconds are of.",
    )
    for each in systems:
        id = each.system.id
        table.rows.append(
            (
                each.system.name,
                *(
                    f"{f[key]:,.{digits}f}" if (key := f"{id}.{name}") in f else "–"
                    for name, digits in (("cpu", 0), ("bare", 1), ("per_second", 0), ("p50", 1), ("p99", 1))
                ),
                f"{each.idle:.0f} → {full[id]:.0f}",
                "–" if each.start is None else f"{each.start:.2f}",
            )
        )
    return table
