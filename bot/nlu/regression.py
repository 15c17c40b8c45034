"""Logistic regression in numpy: of labels, over products of examples or over features; and of a yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.nlu.vectors import Floats, Vector

RIDGE = 0.02
SQUARES_RIDGE = 0.3
STEPS = 40
EPOCHS = 8
SMALL = 1e-6  # a step that is none
CAUTION = 1.0  # how much evidence it takes to leave the prior of `yes_or_no`


class Learnt(NamedTuple):
    """Of n examples whose inner products (n × n), wanted chances (n × labels) and importance (n × 1) were given."""

    shares: Floats  # of each example in each label's weights (n × labels)
    bias: Floats

    def scores(self, products: Floats) -> Floats:
        """Of others, by their products with the n."""
        return products @ self.shares + self.bias


def softmax(scores: Floats) -> Floats:
    """Of each row."""
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True), np.float32)


def by_chances(products: Floats, wanted: Floats, importance: Floats) -> Learnt:
    """Multinomial logistic regression. Accelerated gradient descent (Nesterov); a step costs n² · labels."""
    common, centred = _centred(products)
    size = _largest(centred)
    pace = np.float32(0.5 * size * float(importance.max()) + RIDGE)
    shares = ahead = np.zeros_like(wanted)
    momentum = 1.0
    for _ in range(STEPS):
        moved = ahead - (importance * (softmax(centred @ ahead) - wanted) + np.float32(RIDGE) * ahead) / pace
        faster = (1 + (1 + 4 * momentum * momentum) ** 0.5) / 2
        ahead = moved + np.float32((momentum - 1) / faster) * (moved - shares)
        shares, momentum = moved, faster
    return _learnt(common, shares)


def by_squares(products: Floats, wanted: Floats, importance: Floats) -> Learnt:
    """Least squares: each label against all others. Better than chances where few words tell a label, worse where
    there are many labels of much the same words."""
    common, centred = _centred(products)
    np.fill_diagonal(centred, centred.diagonal() + np.float32(SQUARES_RIDGE) / importance[:, 0])
    return _learnt(common, np.linalg.solve(centred, wanted - wanted.mean(axis=0)))


def _centred(products: Floats) -> tuple[Floats, Floats]:
    """What all rows have in common tells nothing, and the ridge shall not pay for it."""
    common = products.mean(axis=0, keepdims=True)
    centred = products - common
    centred -= common.T
    centred += common.mean()
    return common, centred


def _largest(products: Floats) -> float:
    """The largest eigenvalue, by the power method."""
    direction = np.ones(len(products), np.float32)
    direction[::2] = -0.5  # what is centred knows nothing of a constant one
    size = 1.0
    for _ in range(8):
        direction = products @ direction
        size = float(np.linalg.norm(direction)) or 1.0
        direction /= np.float32(size)
    return size


def _learnt(common: Floats, shares: Floats) -> Learnt:
    shares = shares - shares.mean(axis=0, keepdims=True)
    return Learnt(shares, -(common @ shares)[0])


def by_descent(rows: Sequence[Vector], wanted: Floats, importance: Floats, features: int) -> tuple[Floats, Floats]:
    """The same from sparse rows, for many of them: weights (features × labels) and biases. Stochastic gradient descent
    that always takes the rows in the same order; a step costs a row's features · labels."""
    weights = np.zeros((features, wanted.shape[1]), np.float32)
    bias = np.zeros(wanted.shape[1], np.float32)
    order = np.random.default_rng(0)
    step = 0
    for _ in range(EPOCHS):
        for row in order.permutation(len(rows)).tolist():
            ids, values = rows[row]
            scores = values @ weights[ids] + bias
            chances = np.exp(scores - scores.max())
            chances /= chances.sum()
            pace = np.float32(4.0 / (1 + 2 * step / len(rows))) * importance[row]
            wrong = pace * (chances - wanted[row])
            weights[ids] -= values[:, None] * wrong
            bias -= np.float32(0.1) * wrong
            step += 1
    return weights, bias


def yes_or_no(clues: Floats, yes: Floats, importance: Floats, prior: Floats) -> Floats:
    """Weights of clues (n × k) for the chance of a yes (n, 0 or 1); `prior` when there is nothing to learn from.
    Newton's method with steps that are halved until they help."""
    x, weights = clues.astype(np.float64), prior.astype(np.float64)

    def loss(at: NDArray[np.float64]) -> float:
        doubt = np.logaddexp(0, np.where(yes > 0, -1, 1) * (x @ at))
        return float(importance @ doubt + CAUTION / 2 * ((at - prior) @ (at - prior)))

    reached = loss(weights)
    for _ in range(20):
        chances = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (importance * (chances - yes)) + CAUTION * (weights - prior)
        bend = (x * (importance * chances * (1 - chances))[:, None]).T @ x + CAUTION * np.eye(len(prior))
        step = np.linalg.solve(bend, slope)
        while (there := loss(weights - step)) > reached and np.abs(step).max() > SMALL:
            step = step / 2
        if there > reached or np.abs(step).max() <= SMALL:
            break
        weights, reached = weights - step, there
    return np.asarray(weights, np.float32)
