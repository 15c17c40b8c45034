"""How near a word in Latin letters is to a Persian one, by sound: vowels that Persian writes, and those that it leaves
out."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import accumulate

from bot.nlu.normalise import PERSIAN_SOUNDS

_PAIRS = (
    ("kh", "x"), ("gh", "q"), ("sh", "S"), ("ch", "C"), ("zh", "j"), ("ph", "f"), ("ck", "k"), ("oo", "u"), ("ou", "u"),
    ("ee", "i"), ("aa", "A"), ("w", "v"), ("c", "k"),
)  # fmt: skip
_LETTERS = str.maketrans("ابپتسجچهخدرزشقفکگلمنوی", "AbptsjChxdrzSqfkglmnUI")
_DOUBLED = re.compile(r"([^aeiou])\1")
_VOWELS = frozenset("aAeiou")
_COSTS: dict[str, dict[str, float]] = {letter: {letter: 0.0} for letter in "bptsjChxdrzSqfkglmn"}
"""Of a Latin sound for a Persian letter; what is not told costs 1."""
for _sound, _letters in {
    "a": {"A": 0.06, "h": 0.3, "U": 0.7, "I": 0.7}, "A": {"A": 0.0}, "e": {"h": 0.1, "I": 0.25, "A": 0.3},
    "o": {"U": 0.1, "A": 0.2}, "u": {"U": 0.0, "A": 0.3}, "i": {"I": 0.0, "A": 0.5}, "y": {"I": 0.0},
    "v": {"U": 0.0, "f": 0.4}, "f": {"U": 0.6}, "q": {"k": 0.4}, "k": {"q": 0.4, "x": 0.6, "C": 0.6}, "g": {"q": 0.3},
    "z": {"j": 0.3, "s": 0.5}, "s": {"z": 0.5}, "m": {"n": 0.3}, "d": {"t": 0.5}, "t": {"d": 0.5}, "h": {"x": 0.6},
}.items():  # fmt: skip
    _COSTS.setdefault(_sound, {}).update(_letters)
_FIRST = {"A": 0.0, "U": 0.3, "I": 0.3}  # the same for a vowel that begins the word
_OTHER: dict[str, float] = {}
_UNHEARD = {"A": 0.35, "U": 0.4, "I": 0.35, "h": 0.3}  # a Persian letter that the Latin word leaves out
_UNWRITTEN = {"e": 0.02, "o": 0.06, "a": 0.04, "A": 0.5, "u": 0.4, "i": 0.3, "y": 0.2, "h": 0.3}
_AT_THE_EDGE = 0.3  # a first vowel and a last one are written: «ا», «ه»


@lru_cache(maxsize=4096)
def _heard(latin: str) -> str:
    for pair, sound in _PAIRS:
        latin = latin.replace(pair, sound)
    return _DOUBLED.sub(r"\1", latin)


@lru_cache(maxsize=8192)
def _written(persian: str) -> tuple[str, tuple[float, ...]]:
    """The letters, and what it costs to leave each of them out."""
    letters = persian.translate(PERSIAN_SOUNDS).replace("خوا", "خا").replace("وو", "و").translate(_LETTERS)
    return letters, tuple(_UNHEARD.get(letter, 1.0) for letter in letters)


def distance(latin: str, persian: str) -> float:
    """0: one is the other; about 1 for each sound that differs. Both as tokens."""
    heard, (written, unheard) = _heard(latin), _written(persian)
    row = [0.0, *accumulate(unheard)]
    for place, sound in enumerate(heard, 1):
        free = _UNWRITTEN.get(sound, 1.0)
        costs = _COSTS.get(sound, _OTHER)
        if sound in _VOWELS and (place == 1 or (sound in "ea" and place == len(heard))):
            free = max(free, _AT_THE_EDGE)
            costs = _FIRST if place == 1 else costs
        above, left = row, row[0] + free
        row = [left]
        for letter, silent, diagonal, up in zip(written, unheard, above, above[1:], strict=False):
            left += silent
            if (other := diagonal + costs.get(letter, 1.0)) < left:
                left = other
            if (other := up + free) < left:
                left = other
            row.append(left)
    return row[-1]
