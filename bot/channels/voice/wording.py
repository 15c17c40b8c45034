"""What written text needs before it can be spoken in any language: figures found, signs turned into pauses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

from bot.core.text import fold_digits

ZWNJ = "\u200c"
LONGEST_NUMBER = 10**15  # what is longer is read digit by digit
_IDENTIFIER = 10  # digits; so many without separators are no amount

_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_FIGURES = re.compile(
    r"(?P<date>(?<!\d)\d{4}([/-])\d{1,2}\2\d{1,2}(?!\d))"
    r"|(?P<clock>(?<![\d:])(?:[01]?\d|2[0-3]):[0-5]\d(?![\d:]))"
    r"|(?P<phone>(?<!\d)(?:\+98|0)\d{2,3}[- ]?\d{3,4}[- ]?\d{2}[- ]?\d{2}(?!\d)|(?<!\d)\d{5} \d{5}(?!\d))"
    r"|(?P<minus>(?:(?<=\s)|^)[-\u2212](?=\d))?(?P<whole>\d{1,3}(?:[,\u066c]\d{3})+|\d+)"
    r"(?:[.\u066b](?P<part>\d+))?(?P<percent>\s?[%\u066a])?(?P<ordinal>(?:st|nd|rd|th|\u200c?\u0627?\u0645)(?!\w))?"
)
_PAUSES = {
    **dict.fromkeys("\n\r\u2028\u2029\u2026", ". "),
    **dict.fromkeys(":()[]{}|\u2022\u25cf\u25aa\u2013\u2014\u2190\u2192\u00b7\u2012/\\<>", ", "),
    **dict.fromkeys(";\u061b", "; "),
    "\u060c": ", ",
    "\u061f": "? ",
    **dict.fromkeys("_-\u2010\u2011\u2212", " "),
}
_MARKS = re.compile(r"\s*[.,;?!](?:[\s.,;?!]*[.,;?!])?\s*")
_STRONGEST = ".?!;,"


def marked(text: str) -> str:
    """Compatibility letters unfolded, digits ASCII; control characters and marks of direction are gone."""
    text = fold_digits(unicodedata.normalize("NFKC", text))
    return "".join(c for c in text if c in "\n\t" or c == ZWNJ or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def spelt(text: str, *, url: str, at: str, figure: Callable[[re.Match[str]], str], spell: Callable[[str], str]) -> str:
    """Addresses and figures in words."""
    text = _URL.sub(f" {url} ", text)
    text = _EMAIL.sub(lambda m: f" {at.join(spell(part) for part in m[0].split('@'))} ", text)
    return _FIGURES.sub(lambda m: f" {figure(m)} ", text)


def is_identifier(whole: str) -> bool:
    """Whether figures are rather a number to be dialled or copied than an amount."""
    return whole.isdigit() and (len(whole) >= _IDENTIFIER or (len(whole) > 1 and whole[0] == "0"))


def paused(text: str, keeps: Callable[[str], bool], signs: Mapping[str, str]) -> str:
    """Signs as words or pauses; every other character that the language does not speak is a space."""
    said = "".join(
        c if keeps(c) or c in ".,?!" else f" {signs[c]} " if c in signs else _PAUSES.get(c, "" if c in "\"'" else " ")
        for c in text
    )
    said = _MARKS.sub(lambda m: f"{_strongest(m[0])} ", said)
    return " ".join(said.split()).lstrip(".,;?! ").rstrip(",; ")


def _strongest(marks: str) -> str:
    """One of several marks in a row."""
    return min((m for m in marks if m in _STRONGEST), key=_STRONGEST.index)
