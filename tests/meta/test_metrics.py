"""What operators are told about metrics is true of the metrics that there are."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from bot.app.metering import Meter

ROOT = Path(__file__).parents[2]
ALERTS = yaml.safe_load((ROOT / "deploy" / "alerts.yaml").read_text("utf-8"))
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
LABELS = {"channel", "outcome", "status", "store", "kind", "result", "le"}


def series() -> set[str]:
    """The names of all series of our own."""
    return {metric.name + suffix for metric in Meter().collect() for suffix in SUFFIXES[metric.type]}


def named(text: str) -> set[str]:
    return set(re.findall(r"\bpishkhan_\w+", text))


def test_every_alert_is_about_metrics_that_there_are() -> None:
    rules = [rule for group in ALERTS["groups"] for rule in group["rules"]]
    assert len(rules) == len({rule["alert"] for rule in rules}) == 5
    for rule in rules:
        used = named(rule["expr"])
        assert used, rule["alert"]
        assert used <= series(), rule["alert"]
        assert set(re.findall(r"(\w+)=~?\"", rule["expr"])) <= LABELS, rule["alert"]
        assert {"summary", "description"} == set(rule["annotations"]), rule["alert"]
        assert rule["expr"].count("(") == rule["expr"].count(")")
        told = "".join(rule["annotations"].values())
        assert set(re.findall(r"\$labels\.(\w+)", told)) <= LABELS
        assert named(told) <= series()


def test_what_the_operations_guide_says_of_metrics_is_true() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text("utf-8")
    known = series() | {metric.name for metric in Meter().collect()}
    assert named(guide) <= known


def test_every_metric_says_what_it_is() -> None:
    for metric in Meter().collect():
        assert metric.documentation.endswith("."), metric.name
        assert metric.name.startswith("pishkhan_"), metric.name
