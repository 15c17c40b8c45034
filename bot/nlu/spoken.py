"""Numbers that are said, as digits: «صفر نهصد و دوازده سیصد و چهل و پنج» reads "0 912 345", each number by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from bot.core.ports import Unreadable
from bot.nlu.number_words import ORDINAL, SAID
from bot.nlu.numbers import AND, BETWEEN, sums
from bot.nlu.spans import Folded

_SAID = frozenset(SAID)
_IS = {f"{word}ه": word for word in ("پنج", "شش", "شیش", "هفت", "هشت", "نه", "چهار", "یک", "صفر", "بیست", "سی", "چهل")}
"""«هشته» for «هشت است», as people end what they dictate; elsewhere «هفته» is a week."""
_LAST = re.compile(rf"(?<![^\W\d_])({'|'.join(_IS)})\s*[.!؟?]*\s*$")
_REPEATED = re.compile(r"(?<!\d)([2-4])\s?تا\s?(\d)(?!\d)")


@lru_cache(maxsize=8)  # values of several kinds are looked for in the text of a turn
def readings(text: str) -> tuple[Folded, Folded]:
    """A raw text folded; and with every whole number in words as its digits, as `in_digits` tells."""
    folded = Folded.of(text)
    return folded, in_digits(folded)


def in_digits(text: Folded, between: re.Pattern[str] = BETWEEN) -> Folded:
    """With every whole number in words as its digits («پانزدهم» as "15م"); digits that were written stay as they are,
    leading zeros and separators too."""
    if text.words.isdisjoint(_SAID):
        return text
    text = _ended(text)
    if not (changes := list(_changes(text, between))):
        return text
    return text.replaced(changes)


def _ended(text: Folded) -> Folded:
    """With the number that ends a dictation in its own spelling."""
    if text.words.isdisjoint(_IS) or not (last := _LAST.search(text)):
        return text
    before = text[: last.start()].split()[-3:]
    if sum(word in _SAID or word == "و" for word in before) < 2:
        return text
    return text.replaced([(last.start(1), last.end(1), _IS[last[1]])])


def dictated(text: str) -> Iterator[Folded]:
    """How a number may be meant, the likelier first: «بیست یک» is "21", and else "20 1"."""
    folded, likely = readings(text)
    yield repeated(likely)
    if likely is not folded and not _alone(folded) and (apart := in_digits(folded, AND)) != likely:
        yield repeated(apart)


def _alone(text: Folded) -> bool:
    """Whether it has one number word and nothing that it could be read together with: «یک چاله»."""
    said = _SAID & text.words
    return not text.digits and len(said) == 1 and sum(map(text.count, said)) == 1


def _changes(text: Folded, between: re.Pattern[str]) -> Iterator[tuple[int, int, str]]:
    for sum_ in sums(text, SAID, between):
        value = sum_.value
        if value.denominator == 1 and any(not item[0].isdigit() for item in sum_.items):
            yield sum_.start, sum_.end, f"{int(value)}{ORDINAL if sum_.items[-1] == ORDINAL else ''}"


def repeated(text: Folded) -> Folded:
    """«دو تا صفر» as "00", as people dictate; elsewhere «دو تا سه» is from two to three."""
    if "تا" not in text.words:
        return text
    return text.replaced((m.start(), m.end(), m[2] * int(m[1])) for m in _REPEATED.finditer(text))


def read_digits(text: str) -> str:
    """All digits that are written or said, one after the other. Raises Unreadable when there are none."""
    digits = re.sub(r"\D", "", repeated(readings(text)[1]))
    if not digits:
        raise Unreadable("digits")
    return digits
