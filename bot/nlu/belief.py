"""How far to believe the first of many scored answers: a logistic regression over signs, learnt from rehearsals.

What is rehearsed on one organisation's content is little and easier than what people ask. So learning starts from a
belief that holds in general and leaves it only for what many rehearsals say (a Gaussian prior around it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from operator import mul

import numpy as np

Signs = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The signs of one answer, whether it was right, and how much it counts."""

    signs: Signs
    right: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Belief:
    """Weights of the signs, of which the first is always 1; and how much it takes to change each."""

    weights: Signs
    persistence: Signs

    def chance(self, signs: Signs) -> float:
        """Of being right, 0 to 1."""
        return 1 / (1 + exp(-max(min(sum(map(mul, self.weights, signs)), 30.0), -30.0)))

    def after(self, rehearsals: Sequence[Rehearsal]) -> Belief:
        """Newton's method. A sign never comes to count against what it stands for."""
        if len({each.right for each in rehearsals}) < 2:
            return self
        signs = np.array([each.signs for each in rehearsals])
        right = np.array([each.right for each in rehearsals], float)
        weight = np.array([each.weight for each in rehearsals])
        ridge = np.diag(self.persistence)
        start = found = np.array(self.weights)
        for _ in range(25):
            chance = 1 / (1 + np.exp(-np.clip(signs @ found, -30, 30)))
            slope = signs.T @ (weight * (chance - right)) + ridge @ (found - start)
            curve = (signs * (weight * chance * (1 - chance))[:, None]).T @ signs + ridge + 1e-9 * np.eye(len(found))
            found = found - np.linalg.solve(curve, slope)
        lowest = np.where(np.arange(len(found)) > 0, 0.0, -np.inf)
        return Belief(tuple(np.maximum(found, lowest).tolist()), self.persistence)
