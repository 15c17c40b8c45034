"""Amounts of money as whole rials: «دو میلیون و پونصد هزار تومن», «یک و نیم میلیارد ریال», "500k toman".

A toman is ten rials. Without the unit nothing is an amount: a factor of ten is not to be guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.ports import Unreadable
from bot.nlu.number_words import FINGLISH, MONEY, PARTS
from bot.nlu.numbers import DIGITS, find_numbers, sums
from bot.nlu.spans import WORD_END, Folded, Span, words_of

_UNITS = {
    "تومان": 10, "تومن": 10, "تمن": 10, "تومنی": 10, "تومانی": 10,
    "تومنه": 10, "تومانه": 10, "تومنیه": 10, "toman": 10, "tomans": 10, "tooman": 10,
    "ریال": 1, "ریالی": 1, "ریاله": 1, "rial": 1, "rials": 1, "irr": 1,
}  # fmt: skip
_UNIT = re.compile(rf"\s?(?P<short>[km](?![a-z])|تا\s?(?=ت))?\s?(?P<unit>{words_of(_UNITS)}){WORD_END}")
_GLUED = re.compile(rf"(?:{'|'.join(_UNITS)})$")
_WORDS = frozenset(_UNITS) | {word for word in PARTS if word.endswith(MONEY)}
_SAID = PARTS | {word: (persian,) for word, persian in FINGLISH.items()}
_SHORT = {"k": 1000, "m": 1_000_000}
_SMALL = 1000  # tomans below which people leave a «هزار» out: «پونصد تومن»


def find_amounts(text: Folded) -> Iterator[Span]:
    """In rials. «پونصد تومن» is five hundred or, as people talk, five hundred thousand: both, the literal one first."""
    if text.words.isdisjoint(_WORDS):
        return
    for sum_ in sums(text, _SAID):
        if glued := _GLUED.search(text, sum_.start, sum_.end):
            size, end = _UNITS[glued.group()], sum_.end
        elif match := _UNIT.match(text, sum_.end):
            size, end = _UNITS[match["unit"]] * _SHORT.get(match["short"] or "", 1), match.end()
        else:
            continue
        rials = sum_.value * size
        if rials.denominator != 1 or len(str(int(rials))) > DIGITS + 1 or rials <= 0:
            continue
        if size == 10 and sum_.value < _SMALL and sum_.scale == 10**18:
            yield Span(int(rials), sum_.start, end, 0.7)
            yield Span(int(rials) * 1000, sum_.start, end, 0.3)
        else:
            yield Span(int(rials), sum_.start, end, 0.95)


def read_amount(text: str) -> int:
    """The one amount that a text names, in rials, taken literally. Raises Unreadable: "amount", or "amount.unit" when
    only the unit is missing."""
    folded = Folded.of(text)
    values = {span.value for span in find_amounts(folded) if span.confidence > 0.5}
    if len(values) == 1:
        return int(values.pop())
    raise Unreadable("amount.unit" if not values and any(find_numbers(folded)) else "amount")
