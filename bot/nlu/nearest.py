"""How near texts are by their letters: the cosine of rarity-weighted runs of letters, 0 to 1.

A mistyped, joined or inflected word still shares most of its runs with the right one. Texts are compared by the runs
inside their words, long texts by runs that go on over the spaces: those tell in which order words stand.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.nlu.normalise import bones, stem
from bot.nlu.owned import within
from bot.nlu.terms import Words, is_verb, term
from bot.nlu.vectors import EMPTY, Floats, Index, Ints, Vector

SKELETON = 0.3  # what a run of the skeleton counts against one of the letters
ALONG = 5  # letters in a run over spaces


class View(NamedTuple):
    """What of a text is compared: the parts it is taken to, and the runs of a part, each with its share."""

    parts: Callable[[Words], Iterable[str]]
    runs: Callable[[str], Iterable[tuple[str, float]]]


def _runs(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(len(text) - size + 1)]


def _of_word(word: str) -> list[tuple[str, float]]:
    meant = term(word)
    letters, skeleton = f" {stem(word) if is_verb(meant) else meant} ", f" {bones(word)} "
    found = [(run, 1.0) for size in (3, 4) for run in _runs(letters, size)]
    return found + [(f"/{run}", SKELETON) for size in (3, 4) for run in _runs(skeleton, size)]


def _of_text(text: str) -> list[tuple[str, float]]:
    return [(run, 1.0) for run in _runs(f" {text} ", ALONG)]


def _whole(words: Words) -> tuple[str]:
    return (" ".join(words),)


INSIDE = View(dict.fromkeys, _of_word)
"""Runs of three and four letters of each word's stem or meaning, with its borders, and those of its skeleton."""
ALONGSIDE = View(_whole, _of_text)
"""Runs of five letters over the whole text."""


class Nearest:
    def __init__(self, texts: Sequence[Words], view: View = INSIDE) -> None:
        self.view = view
        self.ids: dict[str, int] = {}
        shares: list[float] = []
        self.parts: dict[str, array[int]] = {}
        for part in dict.fromkeys(part for words in texts for part in view.parts(words)):
            for run, share in view.runs(part):
                if self.ids.setdefault(run, len(shares)) == len(shares):
                    shares.append(share)
            self.parts[part] = array("i", [self.ids[run] for run, _ in view.runs(part)])
        columns = [self._known(words)[0] for words in texts]
        self.starts: Ints = np.cumsum([0, *map(len, columns)])
        self.columns: NDArray[np.int32] = np.concatenate([EMPTY.ids, *columns]).astype(np.int32)
        self.unseen = log(1 + len(texts)) + 1
        frequency = np.bincount(self.columns, minlength=len(shares))
        self.rare: Floats = np.asarray((self.unseen - np.log1p(frequency)) * np.array(shares), np.float32)
        vectors = [self._vector(ids, 0.0) for ids in columns]
        self.weights: Floats = np.concatenate([EMPTY.weights, *(v.weights for v in vectors)])
        self.index = Index.of(vectors, len(shares))

    def vector(self, words: Words) -> Vector:
        return self._vector(*self._known(words))

    def of_text(self, text: int) -> Vector:
        part = slice(self.starts[text], self.starts[text + 1])
        return Vector(self.columns[part].astype(np.int64), self.weights[part])

    def _known(self, words: Words) -> tuple[Ints, float]:
        """The different runs of a text that occur here, and how many do not, as the sum of their squared shares."""
        found: set[int] = set()
        strange = 0.0
        for part in self.view.parts(words):
            if part in self.parts:
                found.update(self.parts[part])
                continue
            runs = self.view.runs(part)
            found.update(self.ids[run] for run, _ in runs if run in self.ids)
            strange += sum(share * share for run, share in runs if run not in self.ids)
        return np.array(sorted(found), np.int64), strange

    def _vector(self, ids: Ints, strange: float) -> Vector:
        """Of unit length; runs never seen count for the length as the rarest of all."""
        weights = self.rare[ids]
        length = float(weights @ weights) + strange * self.unseen**2
        return Vector(ids, weights / np.float32(length**0.5 or 1.0))

    def to_all(self, vector: Vector) -> Floats:
        """How near each text is."""
        return self.index.dot(vector)

    def to_some(self, vector: Vector, texts: Ints) -> Floats:
        """How near each of these is, at their cost alone."""
        wanted = np.zeros(len(self.ids), np.float32)
        wanted[vector.ids] = vector.weights
        places = within(self.starts, texts)
        rows = np.repeat(np.arange(len(texts)), self.starts[texts + 1] - self.starts[texts])
        return np.bincount(rows, wanted[self.columns[places]] * self.weights[places], len(texts)).astype(np.float32)
