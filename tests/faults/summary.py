"""What the tests of faults have counted, at the end of the run. A plugin of the whole suite's, for with pytest-xdist
the tests run in processes other than the one that sums up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

COUNTS, POINTS = "faults", "fault points"
_FIRST = ("inbounds", "requests", "notices", "lines")
_LAST = ("lost", "doubled", "half done")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counted: Counter[str] = Counter()
    points: set[str] = set()
    for reports in terminalreporter.stats.values():
        for report in reports:
            seen = report.user_properties if getattr(report, "when", "") == "teardown" else ()
            for name, value in seen:
                if name == COUNTS:
                    counted.update(value)
                elif name == POINTS:
                    points.update(value)
    if counted:
        counted["points"] = len(points)
        terminalreporter.write_line(told(counted))


def told(counted: Counter[str]) -> str:
    """faults: 214 kills at 12 points, 1,932 inbounds, 388 requests, …; 0 lost, 0 doubled, 0 half done"""
    others = sorted(counted.keys() - {"kills", "points", *_FIRST, *_LAST})
    kills = f"{counted['kills']:,} kills at {counted['points']} points"
    return f"faults: {kills}, {_listed(counted, [*_FIRST, *others])}; {_listed(counted, _LAST)}"


def _listed(counted: Counter[str], names: Iterable[str]) -> str:
    return ", ".join(f"{counted[name]:,} {name}" for name in names)
