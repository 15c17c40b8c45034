"""Logistic regression in numpy: of labels, over products of examples or over features; and of a yes or no."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.nlu.vectors import Floats, Vector

RIDGE = 0.02
EPOCHS = 8
SMALL = 1e-6  # a step that is none
CAUTION = 1.0  # how much evidence it takes to leave the prior of `yes_or_no`


def softmax(scores: Floats) -> Floats:
    """Of each row."""
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True), np.float32)


def by_products(products: Floats, wanted: Floats, importance: Floats, steps: int) -> tuple[Floats, Floats]:
    """Multinomial, from inner products (n × n), wanted chances (n × labels) and the importance of rows (n × 1): the
    shares of rows in each label (n × labels) and the labels' biases.

    What all rows have in common is taken out (centring in the space of the products): it tells nothing, and the
    ridge shall not pay for it. Accelerated gradient descent (Nesterov); a step costs n² · labels.
    """
    common = products.mean(axis=0, keepdims=True)
    centred = products - common - common.T + common.mean()
    direction = np.ones(len(products), np.float32)
    direction[::2] = -0.5  # the centred products know nothing of a constant one
    size = 1.0
    for _ in range(8):
        direction = centred @ direction
        size = float(np.linalg.norm(direction)) or 1.0
        direction /= np.float32(size)
    pace = 0.5 * size * float(importance.max()) + RIDGE
    shares = ahead = np.zeros_like(wanted)
    momentum = 1.0
    for _ in range(steps):
        slope = importance * (softmax(centred @ ahead) - wanted) + np.float32(RIDGE) * ahead
        moved = ahead - slope / np.float32(pace)
        faster = (1 + (1 + 4 * momentum * momentum) ** 0.5) / 2
        ahead = moved + np.float32((momentum - 1) / faster) * (moved - shares)
        shares, momentum = moved, faster
    shares = shares - shares.mean(axis=0, keepdims=True)
    return shares, -(common @ shares)[0]


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
