"""What a sentence looks like to the intent model: words, neighbours, letters, skeleton."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
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
    stems: list[str] = []
    twos: list[str] = []
    threes: list[str] = []
    fours: list[str] = []
    skeleton: list[str] = []
    last = ""
    for word in words:
        if last:
            first = f" {word} "[:3]
            threes.append(last[-1] + first[:2])
            fours += (last[-2:] + first[:2], last[-1] + first)
        root, two, three, four, bare = _of_word(word)
        stems.append(root)
        twos += two
        threes += three
        fours += four
        skeleton += bare
        last = f" {word}"
    return IntentViews(stems, [f"{a} {b}" for a, b in pairwise(["", *stems, ""])], twos + threes + fours, skeleton)


@lru_cache(maxsize=512)  # not to cut and hash the letters of common words again and again
def _of_word(word: str) -> tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The stem; the runs of 2, of 3 and of 4 letters that no other word has a part in; the runs of the skeleton."""
    edged = f" {word} "
    twos, threes, fours = (tuple(edged[i : i + size] for i in range(len(edged) - size + 1)) for size in (2, 3, 4))
    return stem(word), twos, threes, fours, grams(bones(word))
