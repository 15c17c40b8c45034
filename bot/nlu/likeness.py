"""How near passages are to a question by its terms, by the letters of their nearest line and by those of what they
answer: all three from one look-up in one inverted index, since each step of numpy costs more than what it adds up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from bot.nlu.bm25 import Bm25
from bot.nlu.nearest import ALONGSIDE, Nearest
from bot.nlu.owned import Owned
from bot.nlu.ranking import highest
from bot.nlu.terms import Words
from bot.nlu.vectors import EMPTY, Floats, Index, Ints, Vector


class Likeness:
    """What it tells is a row of terms, a row of lines and a row of answers, 0 to 1 for each passage (3 × passages)."""

    def __init__(self, said: Bm25, lines: Owned, bodies: Owned) -> None:
        """Of passages by what they say, their lines and their answers, of which each has one at most."""
        self.said, self.lines, self.bodies = said, lines, bodies
        self.near_lines, self.near_bodies = Nearest(lines.texts), Nearest(bodies.texts, ALONGSIDE)
        self.first_line = len(said.ids)
        self.first_body = self.first_line + len(self.near_lines.ids)
        blocks = [
            *([row] for row in said.rows()),
            *_of_each(lines, self.near_lines.rows(), self.first_line),
            *_of_each(bodies, self.near_bodies.rows(), self.first_body),
        ]
        self.starts: Ints = np.cumsum([0, *map(len, blocks[:-1])])
        features = self.first_body + len(self.near_bodies.ids)
        self.index = Index.of([row for block in blocks for row in block], features)

    def of(self, terms: Mapping[str, int], words: Words, *, but: int = -1) -> Floats:
        """Of a question. `but`: a line of ours that does not count."""
        said = self.said.known(terms)
        lines, of_lines = self.near_lines.known(words)
        bodies, of_bodies = self.near_bodies.known(words)
        ids = np.array([*said, *lines, *bodies], np.int64)
        ids[len(said) :] += self.first_line
        ids[len(said) + len(lines) :] += self.first_body - self.first_line
        sums = self.index.added(ids)
        if but >= 0:
            sums[self._row(but)] = 0
        best = np.maximum.reduceat(sums, self.starts).reshape(3, -1)
        return np.asarray(best / np.array([[self.said.most(terms)], [of_lines], [of_bodies]]), np.float32)

    def of_likely(self, terms: Mapping[str, int], words: Words, count: int) -> Floats:
        """The same at the cost of so many passages, the highest by terms; 0 for the letters of all others."""
        likeness = np.zeros((3, len(self.said.documents)), np.float32)
        ids = np.array(self.said.known(terms), np.int64)
        likeness[0] = self.index.added(ids)[: likeness.shape[1]] / self.said.most(terms)
        chosen = highest(likeness[0], count)
        for place, owned, near in ((1, self.lines, self.near_lines), (2, self.bodies, self.near_bodies)):
            likeness[place] = owned.best_of(chosen, partial(near.to_some, near.vector(words)))
        return likeness

    def _row(self, line: int) -> int:
        owner = int(self.lines.owners[line])
        return int(self.starts[len(self.said.documents) + owner] + line - self.lines.starts[owner])


def _of_each(owned: Owned, rows: Sequence[Vector], first: int) -> list[list[Vector]]:
    """The rows of each owner, their features counted from the first; an empty one for who has none."""
    moved = [Vector(row.ids + first, row.weights) for row in rows]
    return [moved[start:end] or [EMPTY] for start, end in pairwise(owned.starts.tolist())]
