"""BM25 over weighted counts of terms (Robertson and Zaragoza, 2009), as the share of the most that a question gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log

import numpy as np

from bot.nlu.terms import LIGHT
from bot.nlu.vectors import Vector

K1, B = 1.2, 0.75
LIGHTNESS = 0.35  # what a light word counts against another


class Bm25:
    def __init__(self, documents: Sequence[Mapping[str, float]]) -> None:
        """`documents`: how often each term occurs; a fraction where it counts less."""
        count = len(documents)
        self.documents = documents
        frequency = Counter(term for counts in documents for term in counts)
        self.rarity = {term: log(1 + (count - df + 0.5) / (df + 0.5)) * _worth(term) for term, df in frequency.items()}
        self.unseen = log(1 + (count + 0.5) / 0.5)
        self.ids = {term: i for i, term in enumerate(self.rarity)}
        self.lengths = [sum(counts.values()) for counts in documents]
        self.usual = sum(self.lengths) / max(count, 1) or 1.0

    def rows(self) -> list[Vector]:
        """What each term is worth in each document; they are summed, and what they could be at most is 1."""
        return [
            Vector(
                np.array([self.ids[term] for term in counts], np.int64),
                np.array([self._weight(term, times, length) for term, times in counts.items()], np.float32),
            )
            for counts, length in zip(self.documents, self.lengths, strict=True)
        ]

    def known(self, terms: Iterable[str]) -> list[int]:
        """The ids of the terms that documents have."""
        return [self.ids[term] for term in terms if term in self.ids]

    def rare(self, term: str) -> float:
        """How much a term tells; one that no document has, the most."""
        return self.rarity.get(term) or self.unseen * _worth(term)

    def without(self, terms: Mapping[str, int], document: int) -> float:
        """The score of a document for terms as if it had them the fewer times."""
        counts = self.documents[document]
        length = self.lengths[document] - sum(terms.values())
        rest = {t: counts[t] - times for t, times in terms.items()}
        return sum(self._weight(t, times, length) for t, times in rest.items() if times > 1e-9) / self.most(terms)

    def _weight(self, term: str, times: float, length: float) -> float:
        return self.rarity[term] * times * (K1 + 1) / (times + K1 * (1 - B + B * length / self.usual))

    def most(self, terms: Mapping[str, int]) -> float:
        """What a document could get at most."""
        return sum(map(self.rare, terms)) * (K1 + 1) or 1.0


def _worth(term: str) -> float:
    return LIGHTNESS if term in LIGHT else 1.0
