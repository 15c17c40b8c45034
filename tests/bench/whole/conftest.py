"""All of the bench takes minutes, so its test runs by `PISHKHAN_BENCH=1 pytest tests/bench` alone: it is not collected
otherwise."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("PISHKHAN_BENCH") else ["test_*.py"]
