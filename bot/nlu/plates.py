"""Car plates: «۱۲ ب ۳۴۵ ایران ۶۷» in any spacing and order → "12ب345-67".

Two digits, a letter, three digits and the two of the province, as the traffic police writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.ports import Unreadable
from bot.nlu.spans import WORD_END, WORD_START, Folded, Span
from bot.nlu.spoken import readings

_NAMES = {
    "الف": "الف", "ب": "ب", "به": "ب", "پ": "پ", "په": "پ", "ت": "ت", "ته": "ت", "ث": "ث", "ج": "ج", "جیم": "ج",
    "د": "د", "دال": "د", "ز": "ز", "ژ": "ژ", "س": "س", "سین": "س", "ش": "ش", "شین": "ش", "ص": "ص", "صاد": "ص",
    "ط": "ط", "طا": "ط", "ع": "ع", "عین": "ع", "ف": "ف", "ق": "ق", "قاف": "ق", "ک": "ک", "کاف": "ک", "گ": "گ",
    "گاف": "گ", "ل": "ل", "لام": "ل", "م": "م", "میم": "م", "ن": "ن", "نون": "ن", "و": "و", "واو": "و", "ه": "ه",
    "هه": "ه", "ی": "ی", "d": "D", "s": "S",
}  # fmt: skip
"""What letters are called, in folded spelling."""

DIGITS = 7
_LETTERS = frozenset(_NAMES)
_GAP = r"[\s\-_|/.،,]{0,3}"
_LETTER = rf"{WORD_START}(?P<letter>{'|'.join(sorted(_NAMES, key=len, reverse=True))}){WORD_END}"
_TWO, _THREE = r"(?P<two>[1-9]\s?\d)", r"(?P<three>\d\s?\d\s?\d)"
_IRAN = r"(?:ایران|iran|ir)"
_FORMS = (
    (re.compile(rf"(?<!\d){_TWO}{_GAP}{_LETTER}{_GAP}{_THREE}{_GAP}{_IRAN}{_GAP}(?P<place>\d\s?\d)(?!\d)"), 0.97),
    (re.compile(rf"{_IRAN}{_GAP}(?P<place>\d\s?\d){_GAP}{_THREE}{_GAP}{_LETTER}{_GAP}{_TWO}(?!\d)"), 0.97),
    (re.compile(rf"(?<!\d){_TWO}{_GAP}(?!و\s){_LETTER}{_GAP}{_THREE}{_GAP}(?P<place>\d\s?\d)(?!\d)"), 0.8),
)
"""With «ایران», the other way round as right-to-left text may show it, and without; «و» is also "and"."""


def find_plates(text: Folded) -> Iterator[Span]:
    """`text`: in digits (`bot.nlu.spoken.readings`)."""
    if text.digits < DIGITS or text.words.isdisjoint(_LETTERS):
        return
    for pattern, confidence in _FORMS:
        found = False
        for match in pattern.finditer(text):
            found = True
            two, three, place = (match[part].replace(" ", "") for part in ("two", "three", "place"))
            yield Span(f"{two}{_NAMES[match['letter']]}{three}-{place}", match.start(), match.end(), confidence)
        if found:
            return


def read_plate(text: str) -> str:
    for span in find_plates(readings(text)[1]):
        return str(span.value)
    raise Unreadable("plate")
