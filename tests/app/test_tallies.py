"""Plain numbers, as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from bot.app.tallies import Count, Level, Spread


def read(*tallies: Count | Spread | Level) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""

    class Collector:
        def collect(self) -> Iterator[Metric]:
            return (tally.metric() for tally in tallies)

    registry = CollectorRegistry()
    registry.register(Collector())
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_a_count_grows_by_its_labels() -> None:
    turns = Count("turns", "Turns.", "channel", "outcome")
    turns.add("web", "answered", by=0)
    turns.add("sms", "answered")
    turns.add("sms", "answered", by=2)
    assert read(turns) == {("turns_total", "web", "answered"): 0, ("turns_total", "sms", "answered"): 3}


def test_a_spread_counts_into_every_bucket_above() -> None:
    seconds = Spread("seconds", "Seconds.", "channel", (0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7.0):
        seconds.add("web", value)
    assert read(seconds) == {
        ("seconds_bucket", "web", "0.1"): 2,
        ("seconds_bucket", "web", "1.0"): 3,
        ("seconds_bucket", "web", "+Inf"): 4,
        ("seconds_count", "web"): 4,
        ("seconds_sum", "web"): pytest.approx(7.65),
    }


def test_a_level_is_what_it_is_when_asked_for() -> None:
    up, open_ = Level("up", "Up.", "store"), Level("open", "Open.")
    sockets: list[int] = []
    open_.put(lambda: len(sockets))
    up.put(1, "redis")
    sockets.append(1)
    assert read(up, open_) == {("up", "redis"): 1, ("open",): 1}
    up.forget()
    assert read(up) == {}
