"""A text folded letter by letter, so that what is found in it can be pointed at in the raw text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bot.core.text import INVISIBLE, LETTERS, fold_digits


@dataclass(frozen=True, slots=True)
class Span:
    """A value and where it stands in the text that was searched."""

    value: str | int
    start: int
    end: int


class Folded(str):
    """Folded text that remembers where each character stood. Spaces are kept, marks and invisible characters are not.

    ASCII letters are lower case unless `keep_case`.
    """

    __slots__ = ("places",)
    places: tuple[int, ...]

    @classmethod
    def of(cls, text: str, *, keep_case: bool = False) -> Folded:
        if text.isascii():
            folded = cls(text if keep_case else text.lower())
            folded.places = tuple(range(len(text)))
            return folded
        letters: list[str] = []
        places: list[int] = []
        for place, character in enumerate(text):
            plain = _PLAIN[character]
            letters.append(plain if keep_case else plain.lower())
            places += (place,) * len(plain)
        folded = cls("".join(letters))
        folded.places = tuple(places)
        return folded

    def raw(self, start: int, end: int) -> tuple[int, int]:
        """The raw offsets of a stretch of the folded text that is not empty."""
        return self.places[start], self.places[end - 1] + 1


class _Plain(dict[str, str]):
    """One character in its folded spelling; nothing for marks, invisible characters and the like."""

    def __missing__(self, character: str) -> str:
        decomposed = unicodedata.normalize("NFKD", INVISIBLE.sub("", character))
        plain = fold_digits("".join(c for c in decomposed if not unicodedata.combining(c)).translate(LETTERS))
        if len(plain.lower()) != len(plain):
            plain = plain.lower()
        self[character] = plain
        return plain


_PLAIN = _Plain()  # grows to the characters that were ever seen: bounded by Unicode, in practice by a few hundred

WORD_START, WORD_END = r"(?<![^\W\d_])", r"(?![^\W\d_])"
"""Around words that may touch digits but not letters: «۱۵ام», «۱۵آبان»."""


def words_of(table: dict[str, int]) -> str:
    """An alternation of a table's keys, longest first, with free spaces where a key has one."""
    return "|".join(re.escape(k).replace(r"\ ", r"\s*") for k in sorted(table, key=len, reverse=True))
