"""A text without anybody's data: for what is shown to editors and kept of questions."""

from __future__ import annotations

import re
from datetime import date

from bot.nlu.entities import find_entities

HARMLESS = frozenset(("number", "date", "time", "amount"))
"""Kinds of values that name nobody."""
HIDDEN = "•••"
_DIGITS = re.compile(r"\d(?:[\s\-\u2010-\u2015._/()]{0,3}\d){4,}")  # five and more; shorter ones are «۱۳۷», «ماده ۱۰۰»
_ANY_DAY = date(2000, 1, 1)  # what «فردا» means does not matter here
_MAIL = re.compile(r"\S+@\S+")


def masked(text: str) -> str:
    """Each value that may name somebody as «•••»: telephone numbers, ids, codes, e-mail addresses, and whatever else
    has five digits or more. Names and addresses in words are not recognised. Idempotent."""
    spans = [(e.start, e.end) for e in find_entities(text, _ANY_DAY) if e.kind not in HARMLESS]
    for start, end in sorted(_apart(spans), reverse=True):
        text = text[:start] + HIDDEN + text[end:]
    return _MAIL.sub(HIDDEN, _DIGITS.sub(HIDDEN, text))


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that overlap as one."""
    apart: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if apart and start < apart[-1][1]:
            start, end = apart[-1][0], max(end, apart.pop()[1])
        apart.append((start, end))
    return apart
