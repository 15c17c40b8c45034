"""Scores of labels, how they are learnt from sparse rows and vectors of meaning, and what confidence they deserve.

A confidence is the chance that the best label is right. It is learnt from held-out rows: some of known labels, some of
labels that were left out altogether, which show how strange sentences score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.nlu.regression import Learnt, by_chances, by_descent, by_squares, softmax, yes_or_no
from bot.nlu.vectors import Floats, Index, Ints, Vector

MEANING = 0.5  # share of the vectors of meaning beside the words
NONE_WORTH = 0.5  # of an unrelated sentence: they are many and like nothing, also not like each other
STRANGE = 0.15  # share of rows that belong to no label, among those that the confidence is learnt from
KERNEL_LIMIT = 2500
FOLDS = 3
TENTH = 10  # one in so many rows is held out of a descent
BETTER = 0.9  # loss of chances, which forecast well, beside that of squares, which tell labels apart well
FEWEST = 4  # labels, of which some can be left out
SUREST = 20.0  # log-odds
LEAST = 1e-9  # share
LEAST_TRUST = 0.1  # in the best score: a better one never means less
_SHARPNESS = np.geomspace(0.5, 40, 30, dtype=np.float32)
PRIOR = np.array([1, 0, 0], np.float32)


@dataclass(frozen=True, slots=True)
class Scorer:
    """`trust` weighs, for the confidence: the best score, the score of the label "none of these", and 1."""

    weights: Floats  # features × labels
    meaning: Floats  # size of a vector × labels; no rows when words alone were learnt
    middle: Floats  # the mean of the vectors that were learnt
    bias: Floats
    trust: Floats
    none: int  # place of the label "none of these"; -1 without

    def chances(self, words: Vector, vector: Floats | None = None) -> list[float]:
        """Of each label. Together at most 1; with a label "none of these", which takes the rest, exactly 1."""
        added = words.weights @ self.weights.take(words.ids, axis=0) + self.bias
        if vector is not None:
            added = added + _directions(vector[None], self.middle)[0] @ self.meaning
        scores: list[float] = added.tolist()
        real = [place for place in range(len(scores)) if place != self.none]
        if not real:
            return [1.0]  # there is no other label than "none of these"
        best = max(real, key=scores.__getitem__)
        of_best, of_none, always = self.trust.tolist()
        hope = of_best * scores[best] + (of_none * scores[self.none] if self.none >= 0 else 0) + always
        confidence = 1 / (1 + exp(-max(-SUREST, min(SUREST, hope))))
        highest = max(scores)
        shares = [exp((score - highest) * of_best) for score in scores]
        whole = sum(shares)
        shares = [max(share / whole, LEAST) for share in shares]
        most = shares[best]
        others = sum(shares) - most
        scale = min(confidence / most, (1 - confidence) / others if others > 0 else 0.0)
        chances = [share * scale for share in shares]
        chances[best] = confidence
        if self.none >= 0:
            chances[self.none] = 0.0
            chances[self.none] = max(0.0, 1 - sum(chances))
        return chances


Learn = Callable[[Floats, Floats, Floats], Learnt]


class Trial(NamedTuple):
    """How a way of learning did on rows that it had not seen, by place; `strange` are those whose label it had not seen
    either. `sharpness` is the factor under which its scores were the best forecast: it is in them already."""

    learn: Learn
    scores: Floats
    places: Ints
    strange: NDArray[np.bool_]
    sharpness: np.float32
    loss: float


@dataclass(frozen=True, slots=True)
class Lesson:
    """Rows with their labels, by place. Only the first `examples` are sentences that somebody may say."""

    rows: Sequence[Vector]
    features: int
    owners: Ints
    labels: int
    examples: int
    none: int

    def learn(self, meanings: Floats | None = None) -> Scorer:
        """By the words, or by words and vectors of meaning (rows × size)."""
        middle = np.zeros(0, np.float32) if meanings is None else meanings.mean(axis=0)
        away = None if meanings is None else _directions(meanings, middle)
        size = len(middle)
        if self.labels < 2:
            nothing = np.zeros((self.features + size, self.labels), np.float32)
            weights, bias, trust = nothing, np.zeros(self.labels, np.float32), PRIOR
        elif len(self.rows) <= KERNEL_LIMIT:
            weights, bias, trust = self._by_products(away)
        else:
            weights, bias, trust = self._by_descent(away)
        return Scorer(weights[: self.features], weights[self.features :], middle, bias, trust, self.none)

    def _by_products(self, away: Floats | None) -> tuple[Floats, Floats, Floats]:
        index = Index.of(self.rows, self.features)
        products = np.stack([index.dot(row) for row in self.rows])
        if away is not None:
            products = np.float32(1 - MEANING) * products + np.float32(MEANING) * (away @ away.T)
        squares, chances = self._tried(products, by_squares), self._tried(products, by_chances)
        trials = [squares] if away is None else [squares, chances]
        if chances.loss < BETTER * squares.loss:
            trials = [chances]
        part = np.float32(1 / len(trials))
        shares, bias = np.zeros_like(self._wanted), np.zeros(self.labels, np.float32)
        for trial in trials:
            learnt = trial.learn(products, self._wanted, self._importance)
            shares = shares + part * trial.sharpness * learnt.shares
            bias = bias + part * trial.sharpness * learnt.bias
        weights = index.sums(shares)
        if away is not None:
            parts = np.float32(1 - MEANING) * weights, np.float32(MEANING) * (away.T @ shares)
            weights = np.concatenate(parts)
        scores = np.mean([trial.scores for trial in trials], axis=0)
        return weights, bias, self._trust(squares._replace(scores=scores))

    def _tried(self, products: Floats, learn: Learn) -> Trial:
        """What models say that did not see the rows of one fold, nor any of some labels."""
        scores: list[Floats] = []
        places: list[Ints] = []
        strange: list[NDArray[np.bool_]] = []
        spare = self.labels - (self.none >= 0) >= FEWEST
        for fold in range(FOLDS):
            left_out = (self.owners % FOLDS == fold) & (self.owners != self.none) & spare
            held = ((self._turn % FOLDS == fold) | left_out) & self._said
            rest, asked = np.flatnonzero(~held & ~left_out), np.flatnonzero(held)
            if len(rest):
                learnt = learn(products[np.ix_(rest, rest)], self._wanted[rest], self._importance[rest])
                scores += [learnt.scores(products[np.ix_(asked, rest)]), learnt.bias[None]]
                places += [asked, rest[:1]]
                strange += [left_out[asked], np.ones(1, bool)]  # what shares nothing with any row scores the bias
        if not scores:
            nobody = np.zeros(0, np.int64)
            return Trial(learn, np.zeros((0, self.labels), np.float32), nobody, nobody > 0, np.float32(1), 0.0)
        return self._trial(learn, np.concatenate(scores), np.concatenate(places), np.concatenate(strange))

    def _trial(self, learn: Learn, scores: Floats, places: Ints, strange: NDArray[np.bool_]) -> Trial:
        ours = np.flatnonzero(~strange)
        wanted, importance = self.owners[places[ours]], self._importance[places[ours], 0]

        def loss(sharpness: np.float32) -> float:
            chances = softmax(scores[ours] * sharpness)[np.arange(len(ours)), wanted]
            return float(-(importance @ np.log(np.maximum(chances, LEAST))))

        best = min(_SHARPNESS, key=loss)
        return Trial(learn, scores * best, places, strange, best, loss(best))

    def _by_descent(self, away: Floats | None) -> tuple[Floats, Floats, Floats]:
        rows = self.rows
        if away is not None:
            ids = np.arange(self.features, self.features + away.shape[1])
            words, meaning = np.float32((1 - MEANING) ** 0.5), np.float32(MEANING**0.5)
            rows = [
                Vector(np.concatenate([row.ids, ids]), np.concatenate([row.weights * words, vector * meaning]))
                for row, vector in zip(rows, away, strict=True)
            ]
        features = self.features + (0 if away is None else away.shape[1])
        out = (self._turn % TENTH == 1) & self._said
        rest, asked = np.flatnonzero(~out), np.flatnonzero(out)
        weights, bias = by_descent(
            [rows[i] for i in rest.tolist()], self._wanted[rest], self._importance[rest], features
        )
        found = [rows[i].weights @ weights[rows[i].ids] for i in asked.tolist()]
        scores = np.array(found, np.float32).reshape(-1, self.labels) + bias
        if away is not None:
            weights[: self.features] *= words
            weights[self.features :] *= meaning
        trial = self._trial(by_chances, scores, asked, np.zeros(len(asked), bool))
        return weights * trial.sharpness, bias * trial.sharpness, self._trust(trial)

    def _trust(self, trial: Trial) -> Floats:
        """Strange rows count for a share of `STRANGE`, however many they are."""
        clues, best = _clues(trial.scores, self.none)
        right = (best == self.owners[trial.places]) & ~trial.strange
        importance = self._importance[trial.places, 0]
        if trial.strange.any():
            ours = importance[~trial.strange].sum() * STRANGE / (1 - STRANGE)
            importance = np.where(trial.strange, ours / trial.strange.sum(), importance)
        trust = yes_or_no(clues, right.astype(np.float32), importance, PRIOR)
        trust[0] = max(trust[0], LEAST_TRUST)
        return trust

    @property
    def _said(self) -> NDArray[np.bool_]:
        return np.arange(len(self.rows)) < self.examples

    @property
    def _turn(self) -> Ints:
        """Of each row among those of its label, from 0."""
        counted: dict[int, int] = {}
        turns = np.zeros(len(self.owners), np.int64)
        for place, owner in enumerate(self.owners.tolist()):
            turns[place] = counted[owner] = counted.get(owner, -1) + 1
        return turns

    @property
    def _wanted(self) -> Floats:
        return np.eye(self.labels, dtype=np.float32)[self.owners]

    @property
    def _importance(self) -> Floats:
        """Of each row (rows × 1): a label with four times the examples counts twice, not four times; unrelated
        sentences less."""
        counts = np.maximum(np.bincount(self.owners, minlength=self.labels), 1)
        worth = np.sqrt(counts.mean() / counts) * np.where(np.arange(self.labels) == self.none, NONE_WORTH, 1.0)
        return np.asarray(worth[self.owners], np.float32)[:, None]


def _clues(scores: Floats, none: int) -> tuple[Floats, Ints]:
    """To the confidence in each row's best label, and that label."""
    real = np.where(np.arange(scores.shape[1]) == none, -np.inf, scores)
    unrelated = scores[:, none] if none >= 0 else np.zeros(len(scores), np.float32)
    return np.stack([real.max(axis=1), unrelated, np.ones(len(scores), np.float32)], axis=1), real.argmax(axis=1)


def _directions(vectors: Floats, middle: Floats) -> Floats:
    """From the middle, of unit length: sentences of one desk lie all on one side of the space of meaning."""
    away = vectors - middle
    return np.asarray(away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9), np.float32)
