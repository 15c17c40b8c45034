"""The figures as a Markdown table and as JSON, and which targets they reach."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench.load import Sample
from bench.systems import SYSTEMS

PACKAGES = ("pishkhan", "aiohttp", "aiogram", "python-telegram-bot", "sqlalchemy", "uvloop", "orjson")
COLUMNS = (
    "system", "turns/s", "CPU µs/turn", "× bare", "aiogram ÷ it", "p50 ms", "p99 ms", "errors", "RSS MB idle → full",
    "start s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Round:
    """One system in one round. `start`: seconds to the first answered request; memory in MB, idle after that one
    and full at the end of the window."""

    sample: Sample
    start: float
    idle: float
    full: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The medians of all rounds; `errors` are counted over all of them."""

    turns_per_second: float
    cpu_micros: float
    p50_ms: float
    p99_ms: float
    errors: int
    idle_mb: float
    full_mb: float
    start_s: float
    turns: int
    waited: float


Results = Mapping[str, Figures]


def figures(rounds: Sequence[Round]) -> Figures:
    def mid(figure: Callable[[Round], float]) -> float:
        return median(figure(r) for r in rounds)

    return Figures(
        turns_per_second=mid(lambda r: r.sample.per_second),
        cpu_micros=mid(lambda r: r.sample.cpu),
        p50_ms=mid(lambda r: r.sample.p50),
        p99_ms=mid(lambda r: r.sample.p99),
        errors=sum(len(r.sample.wrong) for r in rounds),
        idle_mb=mid(lambda r: r.idle),
        full_mb=mid(lambda r: r.full),
        start_s=mid(lambda r: r.start),
        turns=sum(r.sample.turns for r in rounds),
        waited=mid(lambda r: r.sample.waited),
    )


def _ratio(over: float, under: float) -> float:
    return over / under if under else 0.0


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that has to be at most (or at least) so much."""

    what: str
    figure: Callable[[Results], float]
    must: float
    ambition: float
    at_most: bool = True
    unit: str = ""

    def verdict(self, value: float) -> str:
        def holds(limit: float) -> bool:
            return value <= limit if self.at_most else value >= limit

        if not value:
            return "not measured"
        return "ambition reached" if holds(self.ambition) else "reached" if holds(self.must) else "NOT REACHED"


TARGETS = (
    Target(
        "Telegram turn: aiogram's CPU / ours",
        lambda r: _ratio(r["aiogram"].cpu_micros, r["telegram"].cpu_micros),
        3,
        5,
        at_most=False,
        unit="×",
    ),
    Target(
        "Telegram turn: our CPU / the bare handler's",
        lambda r: _ratio(r["telegram"].cpu_micros, r["bare"].cpu_micros),
        15,
        9,
        unit="×",
    ),
    Target("Telegram turn: our CPU", lambda r: r["telegram"].cpu_micros, 375, 225, unit=" µs"),
    Target("Telegram at saturation: p99 / p50", lambda r: _ratio(r["telegram"].p99_ms, r["telegram"].p50_ms), 4, 2.5),
    Target(
        "answered in the response (web chat POST): turns/s / the bare handler's",
        lambda r: _ratio(r["post"].turns_per_second, r["bare"].turns_per_second),
        0.12,
        0.25,
        at_most=False,
    ),
    Target(
        "WebSocket turn: our CPU / the bare echo's",
        lambda r: _ratio(r["socket"].cpu_micros, r["echo"].cpu_micros),
        20,
        8,
        unit="×",
    ),
    Target("start to the first answered request", lambda r: r["telegram"].start_s, 1.5, 0.8, unit=" s"),
    Target("memory, idle", lambda r: r["telegram"].idle_mb, 120, 80, unit=" MB"),
)


def machine() -> dict[str, object]:
    """Where the figures were made."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?"
    )
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _lines(file: str) -> list[str]:
    path = Path(file)
    return path.read_text("utf-8").splitlines() if path.exists() else []


def markdown(results: Results, *, command: str, rounds: int) -> str:
    where = machine()
    packages = where["packages"]
    assert isinstance(packages, dict)
    versions = ", ".join(f"{name} {number}" for name, number in packages.items())
    lines = [
        f"{where['cpu']}, {where['cores']} cores, {where['system']}, Python {where['python']}",
        f"{versions}",
        f"`{command}` — {rounds} interleaved rounds, medians; the server on one core, load and Bot API on another",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---" + "|---:" * (len(COLUMNS) - 1) + "|",
        *(_row(system.id, system.name, results) for system in SYSTEMS),
        "",
        f"Noise: the bare handler waited {results['bare'].waited:.0%} of its time for its core: 0 % on a quiet "
        "machine. Above 10 % microseconds grow and ratios waver: run it again when nothing else does.",
        "",
        "× bare: against the bare POST, for WebSockets against the bare echo. Each answer was checked to be the right "
        "next question.",
        "",
        "| target | measured | must | ambition | |",
        "|---|---:|---:|---:|---|",
        *(_target(target, results) for target in TARGETS),
    ]
    return "\n".join(lines)


def _row(id: str, name: str, results: Results) -> str:
    f = results[id]
    floor = results["echo" if id in ("echo", "socket") else "bare"]
    return (
        f"| {name} | {f.turns_per_second:,.0f} | {f.cpu_micros:,.0f} | {_ratio(f.cpu_micros, floor.cpu_micros):.1f} "
        f"| {_ratio(results['aiogram'].cpu_micros, f.cpu_micros):.1f} | {f.p50_ms:.1f} | {f.p99_ms:.1f} | {f.errors} "
        f"| {f.idle_mb:.0f} → {f.full_mb:.0f} | {f.start_s:.2f} |"
    )


def _target(target: Target, results: Results) -> str:
    value = target.figure(results)
    sign = "≤" if target.at_most else "≥"
    digits = 0 if value >= 100 else 2
    return (
        f"| {target.what} | {value:.{digits}f}{target.unit} | {sign} {target.must:g}{target.unit} "
        f"| {sign} {target.ambition:g}{target.unit} | {target.verdict(value)} |"
    )


def as_json(results: Results, *, command: str, rounds: int) -> dict[str, object]:
    return {
        "command": command,
        "rounds": rounds,
        "machine": machine(),
        "systems": {id: asdict(f) for id, f in results.items()},
        "targets": [
            {
                "what": t.what,
                "measured": (value := t.figure(results)),
                "must": t.must,
                "ambition": t.ambition,
                "verdict": t.verdict(value),
            }
            for t in TARGETS
        ],
    }
