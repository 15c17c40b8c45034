"""The highest of many scores."""

from __future__ import annotations

import numpy as np

from bot.nlu.vectors import Floats, Ints


def highest(scores: Floats, count: int) -> Ints:
    """The places of the highest scores, best first; the earlier first of equal ones."""
    if count < len(scores):  # to sort few is faster
        some: Ints = (scores >= np.partition(scores, -count)[-count]).nonzero()[0]
        return some[(-scores[some]).argsort(kind="stable")][:count]
    return (-scores).argsort(kind="stable")
