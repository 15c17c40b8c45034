"""How long a part of the bench takes, and what it finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plan:
    """How long. `seconds`: a window of measuring; `rounds`: windows of each system; `scale`: of all counts, 1 for the
    figures that are published. `soak`: seconds, 0 for none. `sessions`: stored in Valkey, of which a million is
    extrapolated. `beside`: another working tree of ours, to compare with. `systems`: those whose turns are measured,
    all when none is named."""

    seconds: float = 1.2
    rounds: int = 6
    users: int = 32
    scale: float = 1.0
    soak: float = 0.0
    sessions: int = 50_000
    beside: Path | None = None
    systems: tuple[str, ...] = ()

    def count(self, number: int) -> int:
        return max(8, round(number * self.scale))


@dataclass(slots=True)
class Table:
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: str = ""


@dataclass(slots=True)
class Found:
    """`figures` are what targets look at; `wrong` says which answers were not right, or did not come."""

    figures: dict[str, float] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Found) -> None:
        self.figures |= other.figures
        self.tables += other.tables
        self.wrong += other.wrong

    def blame(self, who: str, wrong: Sequence[str]) -> None:
        self.wrong += [f"{who}: {what}" for what in wrong]
