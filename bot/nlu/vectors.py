"""Sparse TF-IDF vectors and an inverted index over them, in plain numpy.

A sentence is seen in three views (`views`): its words, the letters inside its words, and its skeleton. A `Space` learns
their features; a sentence in it is a pair of arrays (feature ids, weights).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.nlu.normalise import bones, stem

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Views(NamedTuple):
    """The features of one sentence, with repetitions."""

    words: list[str]  # stems and pairs of neighbours
    letters: list[str]  # runs of 3 and 4 letters of a word with its borders
    skeleton: list[str]  # the same of its skeleton


def views(words: Sequence[str]) -> Views:
    """Of the tokens of a sentence."""
    stems = [stem(w) for w in words]
    letters: list[str] = []
    skeleton: list[str] = []
    for word in words:
        letters += _grams(word)
        skeleton += _grams(bones(word))
    return Views(stems + [f"{a} {b}" for a, b in pairwise(stems)], letters, skeleton)


@lru_cache(maxsize=16384)
def _grams(word: str) -> tuple[str, ...]:
    edged = f" {word} "
    return tuple(edged[i : i + size] for size in (3, 4) for i in range(len(edged) - size + 1))


Shares = tuple[float, float, float]


class Vector(NamedTuple):
    ids: Ints
    weights: Floats


EMPTY = Vector(np.empty(0, np.int64), np.empty(0, np.float32))


class Space:
    """What was learnt of the views of many sentences: their features and how rare each is.

    `shares` weigh the views; the inner product of two vectors is the weighted mean of the views' cosines, 0 to 1.
    Features never seen count for a vector's length, as the rarest of all: strange words are near to nothing.
    """

    def __init__(self, documents: Sequence[Views], shares: Shares) -> None:
        self.shares = shares
        self.ids: tuple[dict[str, int], ...] = tuple({} for _ in shares)
        self.unseen = log(1 + len(documents)) + 1
        weights: list[float] = []
        for view, ids in enumerate(self.ids):
            if not shares[view]:
                continue
            frequency = Counter(chain.from_iterable(set(document[view]) for document in documents))
            for feature, df in frequency.items():
                ids[feature] = len(weights)
                weights.append(log((1 + len(documents)) / (1 + df)) + 1)
        self.idf: Floats = np.array(weights, np.float32)

    def __len__(self) -> int:
        return len(self.idf)

    def vector(self, document: Views) -> Vector:
        """TF-IDF with each feature counted once, each view of unit length before its share."""
        ids: list[Ints] = []
        weights: list[Floats] = []
        for features, known, share in zip(document, self.ids, self.shares, strict=True):
            if not share:
                continue
            different = dict.fromkeys(features)
            found = np.array([known[f] for f in different if f in known], np.int64)
            if len(found):
                rare = self.idf[found]
                length = float(rare @ rare) + (len(different) - len(found)) * self.unseen**2
                ids.append(found)
                weights.append(rare * np.float32((share / length) ** 0.5))
        return Vector(np.concatenate(ids), np.concatenate(weights)) if ids else EMPTY


@dataclass(frozen=True, slots=True)
class Index:
    """Rows by feature (compressed columns): products of a vector with all rows at the cost of the shared features."""

    starts: Ints
    rows: Ints
    weights: Floats
    size: int

    @classmethod
    def of(cls, vectors: Sequence[Vector], features: int) -> Index:
        columns = np.concatenate([v.ids for v in vectors]) if vectors else EMPTY.ids
        weights = np.concatenate([v.weights for v in vectors]) if vectors else EMPTY.weights
        rows = np.repeat(np.arange(len(vectors)), [len(v.ids) for v in vectors])
        order = np.argsort(columns, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=features))])
        return cls(starts, rows[order], weights[order], len(vectors))

    def sums(self, values: Floats) -> Floats:
        """For each feature the weighted sum of its rows' values (rows × n) → (features × n)."""
        products = self.weights[:, None] * values[self.rows]
        sums = np.zeros((len(self.starts) - 1, values.shape[1]), np.float32)
        used = self.starts[:-1] < self.starts[1:]
        if used.any():
            sums[used] = np.add.reduceat(products, self.starts[:-1][used], axis=0)
        return sums

    def dot(self, vector: Vector) -> Floats:
        """The inner product with each row."""
        begins = self.starts[vector.ids]
        lengths = self.starts[vector.ids + 1] - begins
        total = int(lengths.sum())
        if not total:
            return np.zeros(self.size, np.float32)
        places = np.arange(total) + np.repeat(begins - np.cumsum(lengths) + lengths, lengths)
        products = self.weights[places] * np.repeat(vector.weights, lengths)
        return np.bincount(self.rows[places], products, self.size).astype(np.float32)
