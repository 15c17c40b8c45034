"""Intents: multinomial logistic regression over sparse views of a sentence, trained in a fraction of a second.

Up to `KERNEL_LIMIT` examples the regression is solved in the space of examples (their products with each other), where
each step costs n² · classes; beyond that by stochastic descent over the features. Both end in a weight row a feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.nlu.vectors import Floats, Index, Shares, Space, Vector, views

NONE = "none"
SHARES: Shares = (0.35, 0.5, 0.15)  # words, letters, skeleton
NONE_WORTH = 0.5  # of an unrelated sentence: they are many and like nothing, also not like each other
RIDGE = 0.02
KERNEL_LIMIT = 2500
STEPS = 60
FOLDS = 3
EPOCHS = 8
_SHARPNESS = np.geomspace(0.5, 8, 25)


@dataclass(frozen=True, slots=True)
class IntentModel:
    """`sharpness` turns scores into honest probabilities: it was fitted to sentences that the model had not seen."""

    labels: tuple[str, ...]
    space: Space
    weights: Floats  # features × labels
    sharpness: float

    @classmethod
    def train(cls, examples: Sequence[tuple[Sequence[str], str]]) -> IntentModel:
        """From (tokens, label) pairs. The same examples in the same order give the same model."""
        labels = tuple(dict.fromkeys(label for _, label in examples))
        number = {label: i for i, label in enumerate(labels)}
        seen = [views(words) for words, _ in examples]
        space = Space(seen, SHARES)
        vectors = [space.vector(v) for v in seen]
        wanted = np.eye(len(labels), dtype=np.float32)[[number[label] for _, label in examples]]
        if not len(examples) or len(labels) < 2:
            return cls(labels, space, np.zeros((len(space), len(labels)), np.float32), 1.0)
        importance = _importance(wanted, labels)
        solve = _by_kernel if len(examples) <= KERNEL_LIMIT else _by_descent
        weights, sharpness = solve(vectors, wanted, importance, len(space))
        return cls(labels, space, weights, sharpness)

    def guess(self, words: Sequence[str]) -> list[tuple[str, float]]:
        """Labels with their probabilities, best first; nothing when no part of it was ever seen."""
        vector = self.space.vector(views(words))
        if not len(vector.ids) or not self.labels:
            return []
        chances = _softmax((vector.weights @ self.weights[vector.ids])[None] * self.sharpness)[0]
        return [(self.labels[i], float(chances[i])) for i in np.argsort(-chances, kind="stable")]


def _softmax(scores: Floats) -> Floats:
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True), np.float32)


def _importance(wanted: Floats, labels: Sequence[str]) -> Floats:
    """One weight a row: a label with four times the examples counts twice, not four times; unrelated sentences less."""
    counts = np.maximum(wanted.sum(axis=0), 1)
    worth = np.sqrt(counts.mean() / counts) * np.where(np.array(labels) == NONE, NONE_WORTH, 1.0)
    return np.asarray(wanted @ worth, np.float32)[:, None]


def _by_kernel(vectors: Sequence[Vector], wanted: Floats, importance: Floats, features: int) -> tuple[Floats, float]:
    index = Index.of(vectors, features)
    products = np.stack([index.dot(v) for v in vectors])
    fold = np.arange(len(vectors)) % FOLDS
    scores = np.zeros_like(wanted)
    for held in range(FOLDS):
        rest, out = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        alphas = _solve(products[np.ix_(rest, rest)], wanted[rest], importance[rest], STEPS // 2)
        scores[out] = products[np.ix_(out, rest)] @ alphas
    alphas = _solve(products, wanted, importance, STEPS)
    return index.sums(alphas), _sharpest(scores, wanted, importance)


def _solve(products: Floats, wanted: Floats, importance: Floats, steps: int) -> Floats:
    """Accelerated gradient descent (Nesterov) on the ridge-penalised log-loss; returns dual weights."""
    direction = np.ones(len(products), np.float32)
    size = 1.0
    for _ in range(8):
        direction = products @ direction
        size = float(np.linalg.norm(direction)) or 1.0
        direction /= size
    pace = 0.5 * size * float(importance.max()) + RIDGE
    alphas = ahead = np.zeros_like(wanted)
    momentum = 1.0
    for _ in range(steps):
        moved = ahead - (importance * (_softmax(products @ ahead) - wanted) + RIDGE * ahead) / np.float32(pace)
        faster = (1 + (1 + 4 * momentum * momentum) ** 0.5) / 2
        ahead = moved + np.float32((momentum - 1) / faster) * (moved - alphas)
        alphas, momentum = moved, faster
    return alphas


def _sharpest(scores: Floats, wanted: Floats, importance: Floats) -> float:
    """The factor under which these scores were the best forecast of what was wanted."""

    def loss(factor: float) -> float:
        chances = (_softmax(scores * np.float32(factor)) * wanted).sum(axis=1)
        return float(-(importance[:, 0] * np.log(np.maximum(chances, 1e-9))).sum())

    return float(min(_SHARPNESS, key=loss))


def _by_descent(vectors: Sequence[Vector], wanted: Floats, importance: Floats, features: int) -> tuple[Floats, float]:
    """Stochastic gradient descent; a tenth of the examples is held out of it to fit the sharpness."""
    weights = np.zeros((features, wanted.shape[1]), np.float32)
    order: list[int] = np.random.default_rng(0).permutation(len(vectors)).tolist()
    held, rest = order[::10], [row for place, row in enumerate(order) if place % 10]
    step = 0
    for _ in range(EPOCHS):
        for row in rest:
            ids, values = vectors[row]
            scores = values @ weights[ids]
            chances = np.exp(scores - scores.max())
            chances /= chances.sum()
            pace = np.float32(4.0 / (1 + 2 * step / len(rest)))
            weights[ids] -= (pace * values)[:, None] * (chances - wanted[row])
            step += 1
    scores = np.stack([vectors[row].weights @ weights[vectors[row].ids] for row in held])
    return weights, _sharpest(scores, wanted[held], importance[held])
