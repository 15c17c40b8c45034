"""How near texts are by their letters: the cosine of rarity-weighted runs of letters, 0 to 1.

A mistyped, joined or inflected word still shares most of its runs with the right one. Texts are compared by the runs
inside their words, long texts by runs that go on over the spaces: those tell in which order words stand.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import pairwise
from math import log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.nlu.normalise import bones, stem
from bot.nlu.owned import within
from bot.nlu.terms import Words, is_verb, term
from bot.nlu.vectors import EMPTY, Floats, Ints, Vector

SKELETON = 0.3  # what a run of the skeleton counts against one of the letters
ALONG = 5  # letters in a run over spaces


Runs = Iterable[tuple[list[str], float]]
"""Runs of letters with what each of them counts."""


class View(NamedTuple):
    """What of a text is compared: the parts it is taken to, and the runs of a part."""

    parts: Callable[[Words], Iterable[str]]
    runs: Callable[[str], Runs]


def _runs(text: str, *sizes: int) -> list[str]:
    return [text[i : i + size] for size in sizes for i in range(len(text) - size + 1)]


def _of_word(word: str) -> Runs:
    meant = term(word)
    yield _runs(f" {stem(word) if is_verb(meant) else meant} ", 3, 4), 1.0
    yield [f"/{run}" for run in _runs(f" {bones(word)} ", 3, 4)], SKELETON


def _of_text(text: str) -> Runs:
    yield _runs(f" {text} ", ALONG), 1.0


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
            ids = []
            for runs, share in view.runs(part):
                for run in runs:
                    ids.append(self.ids.setdefault(run, len(shares)))
                    if ids[-1] == len(shares):
                        shares.append(share)
            self.parts[part] = array("i", ids)
        columns = [np.array(sorted(self._runs(words)[0]), np.int64) for words in texts]
        self.starts: Ints = np.cumsum([0, *map(len, columns)])
        self.columns: NDArray[np.int32] = np.concatenate([EMPTY.ids, *columns]).astype(np.int32)
        self.unseen = log(1 + len(texts)) + 1
        frequency = np.bincount(self.columns, minlength=len(shares))
        self.rare: Floats = np.asarray((self.unseen - np.log1p(frequency)) * np.array(shares), np.float32)
        self.squares = array("f", (self.rare * self.rare).tolist())  # numpy is slow to hand out one by one
        vectors = [self._unit(ids, self._length(ids, 0.0)) for ids in columns]
        self.weights: Floats = np.concatenate([EMPTY.weights, *(vector.weights for vector in vectors)])

    def known(self, words: Words) -> tuple[Collection[int], float]:
        """The different runs of a text that occur here, and what the sum of a row of ours over them is to be divided
        by: runs never seen count for the length of the text as the rarest of all."""
        found, strange = self._runs(words)
        return found, self._length(found, strange)

    def rows(self) -> list[Vector]:
        """Each text as what its runs add to the nearness of texts with the same ones."""
        told = self.weights * self.rare[self.columns]
        ids = self.columns.astype(np.int64)
        return [Vector(ids[start:end], told[start:end]) for start, end in pairwise(self.starts.tolist())]

    def vector(self, words: Words) -> Vector:
        """Of unit length, but for the runs never seen."""
        found, length = self.known(words)
        return self._unit(np.array(sorted(found), np.int64), length)

    def of_text(self, text: int) -> Vector:
        part = slice(self.starts[text], self.starts[text + 1])
        return Vector(self.columns[part].astype(np.int64), self.weights[part])

    def _runs(self, words: Words) -> tuple[set[int], float]:
        """The different runs of a text that occur here, and how many do not, as the sum of their squared shares."""
        found: set[int] = set()
        strange = 0.0
        for part in self.view.parts(words):
            if part in self.parts:
                found.update(self.parts[part])
                continue
            for runs, share in self.view.runs(part):
                ids = [self.ids[run] for run in runs if run in self.ids]
                found.update(ids)
                strange += (len(runs) - len(ids)) * share * share
        return found, strange

    def _length(self, ids: Iterable[int], strange: float) -> float:
        return sqrt(sum(map(self.squares.__getitem__, ids)) + strange * self.unseen**2) or 1.0

    def _unit(self, ids: Ints, length: float) -> Vector:
        return Vector(ids, self.rare[ids] / np.float32(length))

    def to_some(self, vector: Vector, texts: Ints) -> Floats:
        """How near each of these is, at their cost alone."""
        wanted = np.zeros(len(self.ids), np.float32)
        wanted[vector.ids] = vector.weights
        places = within(self.starts, texts)
        rows = np.repeat(np.arange(len(texts)), self.starts[texts + 1] - self.starts[texts])
        return np.bincount(rows, wanted[self.columns[places]] * self.weights[places], len(texts)).astype(np.float32)
