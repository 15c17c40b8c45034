"""A text folded letter by letter, so that what is found in it can be pointed at in the raw text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bot.core.text import PLAIN, UNEVEN

WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
WORD_START, WORD_END = r"(?<![^\W\d_])", r"(?![^\W\d_])"
"""Around words that may touch digits but not letters: «۱۵ام», «۱۵آبان»."""


@dataclass(frozen=True, slots=True)
class Span:
    """A value and where it stands in the text that was searched."""

    value: str | int
    start: int
    end: int
    confidence: float = 1.0


class Folded(str):
    """Folded text that remembers where each character stood in the raw one. Spaces are kept; marks and invisible
    characters are not."""

    __slots__ = ("digits", "ends", "starts", "words")
    starts: Sequence[int]
    ends: Sequence[int]  # raw offsets, one of each for every character
    words: frozenset[str]
    digits: int  # how many

    @classmethod
    def of(cls, text: str) -> Folded:
        size = len(text)
        if text.isascii():
            return cls._at(text.lower(), range(size), range(1, size + 1))
        plain = text.translate(PLAIN)
        if UNEVEN.isdisjoint(text):
            return cls._at(plain, range(size), range(1, size + 1))
        places = [place for place, character in enumerate(text) for _ in PLAIN[ord(character)]]
        return cls._at(plain, places, [place + 1 for place in places])

    @classmethod
    def _at(cls, text: str, starts: Sequence[int], ends: Sequence[int]) -> Folded:
        folded = cls(text)
        folded.starts, folded.ends = starts, ends
        folded.words = frozenset(WORD.findall(text))
        folded.digits = len(_DIGIT.findall(text))
        return folded

    def raw(self, start: int, end: int) -> tuple[int, int]:
        """The raw offsets of a stretch of the folded text that is not empty."""
        return self.starts[start], self.ends[end - 1]

    def replaced(self, changes: Iterable[tuple[int, int, str]]) -> Folded:
        """With other letters from `start` to `end`, for each change; all of them stand where the old ones stood."""
        letters: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for start, end, new in changes:
            letters += (self[done:start], new)
            starts += (*self.starts[done:start], *[self.starts[start]] * len(new))
            ends += (*self.ends[done:start], *[self.ends[end - 1]] * len(new))
            done = end
        letters.append(self[done:])
        return self._at("".join(letters), [*starts, *self.starts[done:]], [*ends, *self.ends[done:]])


def words_of(table: Collection[str]) -> str:
    """An alternation of words, longest first, with free spaces where one has a space."""
    return "|".join(re.escape(k).replace(r"\ ", r"\s*") for k in sorted(table, key=len, reverse=True))


def triggers(table: Iterable[str]) -> frozenset[str]:
    """What a text has at least one of when it has one of these words, written in one or with spaces."""
    return frozenset(part for key in table for part in (key.replace(" ", ""), *key.split()))
