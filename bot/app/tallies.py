"""Counts in plain numbers, which become Prometheus' metrics when somebody asks for them.

Everything is counted in the event loop's one thread: no locks, no labels to look up, and prometheus_client, 36 ms of
start and 3 MB, is not loaded where nobody collects. `metric()` of each is what stands there at that moment.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric


class Count:
    """How often something happened, by labels. The name ends with `_total` when it is shown."""

    def __init__(self, name: str, tells: str, *labels: str) -> None:
        self._name, self._tells, self._labels = name, tells, labels
        self._of: dict[tuple[str, ...], int] = {}

    def add(self, *labels: str, by: int = 1) -> None:
        self._of[labels] = self._of.get(labels, 0) + by

    def metric(self) -> Metric:
        from prometheus_client.metrics_core import CounterMetricFamily

        family = CounterMetricFamily(self._name, self._tells, labels=self._labels)
        for labels, count in sorted(self._of.items()):
            family.add_metric(labels, count)
        return family


class Spread:
    """How values are spread, by one label: Prometheus' histogram with these upper bounds."""

    def __init__(self, name: str, tells: str, label: str, bounds: Sequence[float]) -> None:
        self._name, self._tells, self._label, self._bounds = name, tells, label, tuple(bounds)
        self._of: dict[str, list[float]] = {}  # in each bucket, and the sum at the end

    def add(self, label: str, value: float) -> None:
        buckets = self._of.get(label)
        if buckets is None:
            buckets = self._of[label] = [0.0] * (len(self._bounds) + 2)
        buckets[bisect_left(self._bounds, value)] += 1
        buckets[-1] += value

    def metric(self) -> Metric:
        from prometheus_client.metrics_core import HistogramMetricFamily

        family = HistogramMetricFamily(self._name, self._tells, labels=[self._label])
        for label, (*counts, total) in sorted(self._of.items()):
            family.add_metric([label], list(self._cumulated(counts)), total)
        return family

    def _cumulated(self, counts: Sequence[float]) -> Iterator[tuple[str, float]]:
        below = 0.0
        for bound, count in zip((*map(str, self._bounds), "+Inf"), counts, strict=True):
            below += count
            yield bound, below


class Level:
    """How something stands now: a value for each label, or one without any. What is not known is not shown."""

    def __init__(self, name: str, tells: str, label: str = "") -> None:
        self._name, self._tells, self._labels = name, tells, (label,) if label else ()
        self._of: dict[str, float | Callable[[], float]] = {}

    def put(self, value: float | Callable[[], float], label: str = "") -> None:
        """The value, or what tells it when it is asked for."""
        self._of[label] = value

    def forget(self) -> None:
        self._of.clear()

    def metric(self) -> Metric:
        from prometheus_client.metrics_core import GaugeMetricFamily

        family = GaugeMetricFamily(self._name, self._tells, labels=self._labels)
        for label, value in sorted(self._of.items()):
            family.add_metric([label] if self._labels else [], value() if callable(value) else value)
        return family
