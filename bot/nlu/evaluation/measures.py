"""Figures of merit: of labels, of ranks, and of how well a confidence tells right from wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bot.nlu.vectors import Floats

DEPTH = 10  # ranks that count
BINS = 10  # of the calibration curve


@dataclass(frozen=True, slots=True)
class Judged:
    """One utterance or question as it was understood. `wanted` is an intent or an entry, "" for what is out of scope;
    `given` the best of ours that it was taken for, "" for none, and `confidence` how sure that was, 0 to 1; `told`:
    sure enough to act upon it."""

    text: str
    wanted: str
    given: str
    confidence: float
    told: bool = True

    @property
    def right(self) -> bool:
        return self.wanted == self.given != ""

    @property
    def in_scope(self) -> bool:
        return self.wanted != ""


def mean(values: Iterable[float]) -> float:
    """0 of nothing."""
    found = list(values)
    return float(np.mean(found)) if found else 0.0


# --- labels and ranks ---------------------------------------------------------------------------


def macro_f1(judged: Iterable[Judged]) -> float:
    """The mean over the labels that were wanted of each one's F1."""
    pairs = Counter((j.wanted, j.given) for j in judged)
    wanted: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for (w, g), times in pairs.items():
        wanted[w] += times
        given[g] += times
    return mean(2 * pairs[label, label] / (wanted[label] + given[label]) for label in wanted)


def ranking(ranks: Sequence[int | None]) -> tuple[float, float, float]:
    """Recall at 1 and 3 and mean reciprocal rank to the tenth, of ranks from 0; None: not found."""
    return (
        mean(rank == 0 for rank in ranks),
        mean(rank is not None and rank < 3 for rank in ranks),
        mean(1 / (rank + 1) if rank is not None and rank < DEPTH else 0.0 for rank in ranks),
    )


class Confusion(NamedTuple):
    """What was wanted, what it was taken for, and the sentences; out of `asked` that wanted it."""

    wanted: str
    given: str
    texts: tuple[str, ...]
    asked: int


def confusions(judged: Iterable[Judged]) -> list[Confusion]:
    """Mistakes inside the scope, the most frequent first; in each the surest mistake first."""
    asked: Counter[str] = Counter()
    texts: dict[tuple[str, str], list[tuple[float, str]]] = {}
    for each in judged:
        if each.in_scope:
            asked[each.wanted] += 1
            if not each.right:
                texts.setdefault((each.wanted, each.given), []).append((-each.confidence, each.text))
    found = [Confusion(w, g, tuple(t for _, t in sorted(said)), asked[w]) for (w, g), said in texts.items()]
    return sorted(found, key=lambda c: (-len(c.texts), c.wanted, c.given))


# --- confidence ---------------------------------------------------------------------------------


def auroc(ours: Sequence[float], others: Sequence[float]) -> float | None:
    """The chance that one of ours scores above one of the others, ties half; None when there are none to compare."""
    if not ours or not others:
        return None
    ordered = np.sort(np.array(others))
    below, upto = np.searchsorted(ordered, ours, "left"), np.searchsorted(ordered, ours, "right")
    return float((below + upto).mean() / (2 * len(others)))


def out_of_scope_auroc(judged: Sequence[Judged]) -> float | None:
    """The chance that what is out of scope gets less confidence than what is inside; None when one of them lacks."""
    return auroc([j.confidence for j in judged if j.in_scope], [j.confidence for j in judged if not j.in_scope])


class Bin(NamedTuple):
    """Answers of about one confidence: how sure they were on average, how often right, how many."""

    confidence: float
    right: float
    n: int


def calibration(judged: Iterable[Judged]) -> list[Bin]:
    """Everything asked, in bins of equal width; empty bins are left out. What is out of scope is never right."""
    bins: dict[int, list[Judged]] = {}
    for each in judged:
        bins.setdefault(min(int(each.confidence * BINS), BINS - 1), []).append(each)
    return [
        Bin(mean(j.confidence for j in inside), mean(j.right for j in inside), len(inside))
        for _, inside in sorted(bins.items())
    ]


def calibration_error(judged: Sequence[Judged]) -> float:
    """How far confidence is from the share of right answers, on average over all asked (expected calibration error:
    Guo et al., 2017)."""
    return sum(b.n * abs(b.confidence - b.right) for b in calibration(judged)) / max(len(judged), 1)


def scope_curve(judged: Sequence[Judged]) -> tuple[Floats, Floats]:
    """For each threshold from the highest down: the share of what is out of scope that passes it, and the share of what
    is inside. The area under it is `out_of_scope_auroc`. Empty without the one or the other."""
    scores = np.array([j.confidence for j in judged])
    inside = np.array([j.in_scope for j in judged], bool)
    if not inside.any() or inside.all():
        return np.zeros(0, np.float32), np.zeros(0, np.float32)
    order = np.argsort(-scores, kind="stable")
    last_of_its_score = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    passed = [np.append(0, np.cumsum(which[order])[last_of_its_score]) for which in (~inside, inside)]
    strange, ours = (np.asarray(p / p[-1], np.float32) for p in passed)
    return strange, ours
