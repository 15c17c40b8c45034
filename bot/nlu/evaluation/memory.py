"""Memory of this process, where the system tells it."""

from __future__ import annotations

import os
from pathlib import Path


def resident_mb() -> float | None:
    """Now; None where the system has no /proc (see proc_pid_statm(5))."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def grown_mb(before: float | None) -> float | None:
    """What this process has gained since."""
    now = resident_mb()
    return None if before is None or now is None else max(now - before, 0.0)
