"""What the figures have to be, and what they should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that has to be at most (or at least) so much."""

    part: str
    what: str
    figure: Callable[[Figures], float]
    must: float
    ambition: float
    at_most: bool = True
    unit: str = ""

    def measured(self, figures: Figures) -> float | None:
        """None when the part was not run."""
        try:
            return self.figure(figures)
        except KeyError:
            return None

    def verdict(self, value: float | None) -> str:
        def holds(limit: float) -> bool:
            assert value is not None
            return value <= limit if self.at_most else value >= limit

        if value is None:
            return "not measured"
        return "ambition reached" if holds(self.ambition) else "reached" if holds(self.must) else "MISSED"


def _named(name: str) -> Callable[[Figures], float]:
    return lambda f: f[name]


def _ratio(one: str, other: str) -> Callable[[Figures], float]:
    return lambda f: f[one] / f[other]


def _at_most(part: str, what: str, name: str, must: float, ambition: float, unit: str = "") -> Target:
    return Target(part, what, _named(name), must, ambition, unit=unit)


def _both(end: str, kind: str) -> tuple[Target, ...]:
    """Those of the small way and of the large way alike; `end` is that of the systems' names."""
    ours = f"telegram{end}"

    def at_least(part: str, what: str, one: str, other: str, must: float, ambition: float, unit: str = "×") -> Target:
        return Target(part, f"{kind}: {what}", _ratio(one, other), must, ambition, at_most=False, unit=unit)

    responses = (("sms", "SMS"), ("voice", "telephone"), ("post", "web chat by POST"))
    now, many, slow = (f"{ours} {load}.per_second" for load in ("0", "0 many", "50 many"))
    return (
        at_least("turns", "Telegram turn, aiogram's CPU / ours", "aiogram.cpu", f"{ours}.cpu", 3, 5),
        _at_most("turns", f"{kind}: Telegram turn, our CPU / the bare handler's", f"{ours}.bare", 15, 9, "×"),
        at_least("turns", "Telegram turn, botbuilder's CPU / ours", "botbuilder.cpu", f"{ours}.cpu", 20, 40),
        _at_most("turns", f"{kind}: Telegram at saturation, p99 / p50", f"{ours}.spread", 4, 2.5),
        *(
            at_least("turns", f"{name}, the bare handler's CPU / ours", "bare.cpu", f"{id}{end}.cpu", 0.12, 0.25, "")
            for id, name in responses
        ),
        _at_most("turns", f"{kind}: WebSocket turn, our CPU / the bare echo's", f"socket{end}.bare", 20, 8, "×"),
        at_least("provider", "turns/s / python-telegram-bot's, provider at 0 ms", now, "ptb 0.per_second", 3, 6),
        at_least("provider", "the same, provider at 50 ms", slow, "ptb 50.per_second", 100, 200),
        at_least("provider", "turns/s with 256 users, provider at 50 ms / at 0 ms", slow, many, 0.5, 0.8, ""),
        _at_most("burst", f"{kind}: 10,000 webhooks on 100 connections, own time", f"{ours} burst.own", 5, 2.5, " s"),
        _at_most("burst", f"{kind}: of them lost, doubled, misordered", f"{ours} burst.faults", 0, 0),
        _at_most("latency", f"{kind}: longest at half load, own time", f"{ours} half.own_longest", 50, 50, " ms"),
        _at_most("memory", f"{kind}: growth for 10,000 sessions", f"{ours} growth", 2, 0.5, " MB"),
    )


TARGETS = (
    *_both("", "SQLite"),
    *_both("_distributed", "PostgreSQL + Valkey"),
    _at_most("latency", "SMS and telephone at half load, own p99", "response half.own_p99", 20, 10, " ms"),
    _at_most("share", "our share: engine, dialogs, rendering", "share own", 60, 60, " µs"),
    _at_most("share", "our share: understanding free words", "share words", 200, 100, " µs"),
    _at_most("memory", "start to the first answered request, own time", "start again", 1.5, 0.8, " s"),
    _at_most("memory", "memory, idle", "idle", 120, 80, " MB"),
    _at_most("memory", "memory, idle, with meanings", "idle meaning", 300, 220, " MB"),
    _at_most("memory", "an idle WebSocket", "socket idle", 20, 16, " KB"),
    _at_most("redis", "Redis: questions a turn", "redis trips", 2, 2),
    _at_most("redis", "Redis: bytes stored / payload", "redis overhead", 1.4, 1.25),
    _at_most("durability", "recording both messages, durable before the reply", "recording", 60, 20, " µs"),
    _at_most("replicas", "2 processes, CPU a turn / 1 process", "replicas two", 1.15, 1.08, "×"),
)
