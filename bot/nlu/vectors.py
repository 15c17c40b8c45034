"""Sparse TF-IDF vectors and an inverted index over them, in plain numpy.

A sentence is seen in several views, as `views` gives them: its words, the letters inside its words, and its skeleton. A
`Space` learns their features; a sentence in it is a pair of arrays (feature ids, weights).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise, repeat
from math import log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.nlu.normalise import bones, stem

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Encode = Callable[[Sequence[str]], Floats]
"""Texts → (n, size), rows of unit length."""


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
        letters += grams(word)
        skeleton += grams(bones(word))
    return Views(stems + [f"{a} {b}" for a, b in pairwise(stems)], letters, skeleton)


def grams(word: str) -> tuple[str, ...]:
    """Runs of 3 and 4 letters of a word with its borders."""
    edged = f" {word} "
    return tuple(edged[i : i + size] for size in (3, 4) for i in range(len(edged) - size + 1))


Shares = tuple[float, ...]
"""The weight of each view."""

Document = Sequence[Sequence[str]]
"""The features of a sentence by view, with repetitions."""


class Vector(NamedTuple):
    ids: Ints
    weights: Floats


EMPTY = Vector(np.empty(0, np.int64), np.empty(0, np.float32))


NEVER_SEEN = -1  # a feature's number


class Space:
    """What was learnt of the views of many sentences: their features and how rare each is.

    `shares` weigh the views; the inner product of two vectors is the weighted mean of the views' cosines, 0 to 1 where
    the shares sum to 1. Features never seen count for a vector's length, as the rarest of all: strange words are near
    to nothing.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        shares: Shares,
        *,
        owners: Sequence[int] = (),
        contrast: float = 1.0,
        repeats: bool = False,
    ) -> None:
        """`owners`: of each document; what is rare is then counted over owners instead of documents. `contrast` is the
        power of rarity. With `repeats` a feature that comes often in a sentence counts more (by logarithm)."""
        self.shares = shares
        self.contrast = contrast
        self.repeats = repeats
        self.ids: tuple[dict[str, int], ...] = tuple({} for _ in shares)
        total = len(set(owners)) if owners else len(documents)
        self.unseen = (log(1 + total) + 1) ** contrast
        weights: list[float] = []
        for view, ids in enumerate(self.ids):
            if not shares[view]:
                continue
            for feature, df in _frequency(documents, view, owners).items():
                ids[feature] = len(weights)
                weights.append((log((1 + total) / (1 + df)) + 1) ** contrast)
        self.rarity: Floats = np.array(weights, np.float32)

    def __len__(self) -> int:
        return len(self.rarity)

    def vector(self, document: Document) -> Vector:
        """TF-IDF, each view of unit length before its share."""
        ids: list[int] = []
        counts: list[int] = []
        sizes: list[int] = []
        shares: list[float] = []
        strange: list[float] = []
        for features, known, share in zip(document, self.ids, self.shares, strict=True):
            found = Counter(map(known.get, features, repeat(NEVER_SEEN)))
            unknown = len(set(features)) - len(found) if found.pop(NEVER_SEEN, 0) else 0
            if found:
                sizes.append(len(found))
                shares.append(share)
                strange.append(unknown * self.unseen**2)
                ids += found
                counts += found.values()
        if not ids:
            return EMPTY
        places = np.fromiter(ids, np.int64, len(ids))
        rare = self.rarity.take(places)
        if self.repeats:
            rare *= np.log(np.fromiter(counts, np.float32, len(ids))) + np.float32(1)
        lengths: list[float] = np.add.reduceat(rare * rare, [0, *accumulate(sizes[:-1])]).tolist()
        scales = [sqrt(share / (length + more)) for share, length, more in zip(shares, lengths, strange, strict=True)]
        return Vector(places, rare * np.array(scales, np.float32).repeat(sizes))


def _frequency(documents: Sequence[Document], view: int, owners: Sequence[int]) -> Counter[str]:
    """Of each feature: in how many documents, or of how many owners, it is."""
    if not owners:
        return Counter(chain.from_iterable(dict.fromkeys(document[view]) for document in documents))
    known: dict[int, dict[str, None]] = {}
    for document, owner in zip(documents, owners, strict=True):
        known.setdefault(owner, {}).update(dict.fromkeys(document[view]))
    return Counter(chain.from_iterable(known.values()))


@dataclass(frozen=True, slots=True)
class Index:
    """Rows by feature (compressed columns): products of a vector with all rows at the cost of the shared features."""

    starts: Ints
    rows: NDArray[np.int32]  # half as much to go through as with whole integers
    weights: Floats
    size: int

    @classmethod
    def of(cls, vectors: Sequence[Vector], features: int) -> Index:
        columns = np.concatenate([v.ids for v in vectors]) if vectors else EMPTY.ids
        weights = np.concatenate([v.weights for v in vectors]) if vectors else EMPTY.weights
        rows = np.repeat(np.arange(len(vectors)), [len(v.ids) for v in vectors])
        order = np.argsort(columns, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=features))])
        return cls(starts, rows[order].astype(np.int32), weights[order], len(vectors))

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
        places, lengths = self._entries(vector.ids)
        products = self.weights[places] * np.repeat(vector.weights, lengths)
        return np.bincount(self.rows[places], products, self.size).astype(np.float32)

    def added(self, features: Ints) -> NDArray[np.float64]:
        """For each row the sum of its weights of these features."""
        places, _ = self._entries(features)
        sums = np.bincount(self.rows.take(places), self.weights.take(places), self.size)
        return sums.astype(np.float64, copy=False)  # of nothing numpy makes whole numbers

    def _entries(self, features: Ints) -> tuple[Ints, Ints]:
        """Where the rows and weights of the features stand, one feature after the other; and how many each has."""
        begins = self.starts.take(features)
        lengths = self.starts[1:].take(features) - begins
        places = (begins - lengths.cumsum() + lengths).repeat(lengths)
        places += np.arange(len(places))
        return places, lengths
