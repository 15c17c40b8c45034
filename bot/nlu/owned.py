"""Texts that belong to passages, and their meanings: the best of each passage's texts counts for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bot.nlu.terms import Words
from bot.nlu.vectors import Encode, Floats, Ints

PART, STEP = 32, 24  # words of a long text that are encoded together, and from one such part to the next


class Owned:
    """Texts in the order of their owners."""

    def __init__(self, by_owner: Sequence[Sequence[Words]]) -> None:
        counts = [len(texts) for texts in by_owner]
        self.texts = [words for texts in by_owner for words in texts]
        self.owners: Ints = np.repeat(np.arange(len(counts)), counts)
        self.starts: Ints = np.cumsum([0, *counts])
        self.owning: Ints = np.flatnonzero(counts)

    def best(self, by_text: Floats) -> Floats:
        """The highest of each owner's texts; 0 where there is none."""
        best = np.zeros(len(self.starts) - 1, np.float32)
        if len(by_text):
            best[self.owning] = np.maximum.reduceat(by_text, self.starts[self.owning])
        return best

    def best_of(self, owners: Ints, measure: Callable[[Ints], Floats]) -> Floats:
        """The same when only the texts of some owners are measured; 0 for the others."""
        best = np.zeros(len(self.starts) - 1, np.float32)
        if len(texts := within(self.starts, owners)):
            np.maximum.at(best, self.owners[texts], measure(texts))
        return best


class Meanings:
    """Vectors of lines and of the parts of long texts."""

    def __init__(self, lines: Owned, bodies: Owned, encode: Encode) -> None:
        parts: list[list[Words]] = [[] for _ in bodies.starts[1:]]
        for words, owner in zip(bodies.texts, bodies.owners.tolist(), strict=True):
            parts[owner] += _parts(words)
        self.lines, self.parts = lines, Owned(parts)
        vectors = encode([" ".join(words) for words in (*lines.texts, *self.parts.texts)])
        self.of_lines, self.of_parts = vectors[: len(lines.texts)], vectors[len(lines.texts) :]
        middle = vectors.mean(axis=0)
        self.usual = min(float(middle @ middle), 0.95)  # the cosine of two texts, in the mean

    def scores(self, vector: Floats) -> Floats:
        """How near each owner is, 0 to 1."""
        return self._best(self.of_lines @ vector, self.of_parts @ vector)

    def without_line(self, line: int) -> Floats:
        """The same for a line of ours as if it had never been written."""
        vector = self.of_lines[line]
        by_line = self.of_lines @ vector
        by_line[line] = 0
        return self._best(by_line, self.of_parts @ vector)

    def _best(self, by_line: Floats, by_part: Floats) -> Floats:
        best = np.maximum(self.lines.best(by_line), self.parts.best(by_part))
        return np.asarray(np.clip((best - self.usual) / (1 - self.usual), 0, 1), np.float32)


def within(starts: Ints, wanted: Ints) -> Ints:
    """The places of all that belongs to each wanted one; to i belongs what lies from starts[i] to starts[i + 1]."""
    lengths = starts[wanted + 1] - starts[wanted]
    offsets: Ints = np.repeat(starts[wanted] - np.cumsum(lengths) + lengths, lengths)
    return offsets + np.arange(len(offsets))


def _parts(words: Words) -> list[Words]:
    return [words[i : i + PART] for i in range(0, max(len(words) - PART + STEP, 1), STEP)]
