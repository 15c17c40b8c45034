"""What a sentence looks like to the intent model: words, neighbours, letters, skeleton."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from bot.nlu.normalise import bones, stem
from bot.nlu.vectors import Shares, grams


class IntentViews(NamedTuple):
    """The features of one sentence, with repetitions."""

    words: list[str]  # stems
    pairs: list[str]  # of neighbours, the sentence's ends included: how it begins tells much
    letters: list[str]  # runs of 2 to 4 letters, also over the borders of words
    skeleton: list[str]  # runs of 3 and 4 letters of each word's skeleton


SHARES: Shares = (0.2, 0.1, 0.45, 0.25)
"""How much each view weighs."""


def views(words: Sequence[str]) -> IntentViews:
    """Of the tokens of a sentence."""
    stems = [stem(word) for word in words]
    line = f" {' '.join(words)} "
    letters = [line[i : i + size] for size in (2, 3, 4) for i in range(len(line) - size + 1)]
    skeleton: list[str] = []
    for word in words:
        skeleton += grams(bones(word))
    return IntentViews(stems, [f"{a} {b}" for a, b in pairwise(["", *stems, ""])], letters, skeleton)
