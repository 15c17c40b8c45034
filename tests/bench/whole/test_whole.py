"""Every part of the bench, with next to no load."""

from __future__ import annotations

from pathlib import Path

from bench.targets import TARGETS
from tests.bench.test_bench import bench

ONLY_IN_FULL = {"memory, idle, with meanings"}  # learning them takes a minute


def test_every_figure_is_measured(tmp_path: Path) -> None:
    told = bench(tmp_path, "--rounds=1", "--seconds=0.4", "--users=4", "--scale=0.01", "--soak=1")
    assert {t["what"] for t in told["targets"]} == {target.what for target in TARGETS}
    assert {t["what"] for t in told["targets"] if t["verdict"] == "not measured"} == ONLY_IN_FULL
    for id in ("telegram", "telegram_distributed"):
        assert told["figures"][f"{id} burst.faults"] == 0
    assert told["figures"]["redis trips"] == 2
