"""Whole numbers as people write them: digits of any script with separators, Persian and English words, and both mixed
(«۲ میلیون و ۳۰۰ هزار»)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

from bot.nlu.number_words import HALF, HUNDRED, ORDINAL, PARTS, SCALES, UNITS
from bot.nlu.spans import Folded, Span

Value = int | Fraction
DIGITS = 15  # longer ones are identifiers, not amounts

_GROUPED = r"\d{1,3}(?:[,'\u2019]\d{3})+|\d{1,3}(?:\.\d{3})+|\d{1,15}(?:\.\d{1,15})?"
_DECIMAL = rf"\d{{1,4}}/\d{{1,3}}(?=\s*(?:{'|'.join(SCALES)}))"  # «۱۲/۵ میلیون»
_ITEM = re.compile(rf"(?<![a-z\d.,/:])(?:{_DECIMAL}|(?:{_GROUPED})(?!\d|[.,/:]\d))|[^\W\d_]+")
_MINUS = re.compile(r"(?:(?:منفی|minus)\s*|(?:^|(?<=\s))[-\u2212])$")
BETWEEN = re.compile(r"\s*(?:و|and|o)?\s*|-")
AND = re.compile(r"\s*(?:و|and|o)\s*|-|")
_COUNTED = re.compile(
    r"\s*(?:تا|نفر|عدد|متر|روز|هفته|ماه|سال|ساعت|دستگاه|طبقه|واحد|بار|دفعه|قطعه|دونه|دانه|تکه|تیکه|مورد|قلم|کیلو|تن"
    r"|تومان|تومن|ریال|درصد)"
)
_ARTICLES = frozenset({"یک", "یه", "one"})


class Sum:
    """A number under way: `total` is what is scaled already, `group` what still waits for its scale."""

    __slots__ = ("end", "group", "items", "last", "scale", "start", "total")

    def __init__(self, start: int) -> None:
        self.start = self.end = start
        self.items: list[str] = []
        self.total: Value = 0
        self.group: Value | None = None
        self.scale = 10**18  # the last one; the next must be smaller
        self.last: Value = 0  # the last part of the group; the next must fit below it

    @property
    def value(self) -> Value:
        return self.total + (self.group or 0)

    def takes(self, item: str) -> bool:
        if item in SCALES:
            return SCALES[item] < self.scale
        if item == HUNDRED:
            return self.group is not None and 0 < self.group < 10
        if item == ORDINAL:
            return True
        if self.group is None:
            return self.items[-1] != ORDINAL
        value = _value(item)
        if item == HALF:
            return self.group.denominator == 1
        return item in UNITS and 0 < value < (100 if self.last >= 100 else 10 if self.last >= 20 else 0)

    def add(self, item: str) -> None:
        self.items.append(item)
        if item == ORDINAL:
            self.last, self.scale = 0, 0  # nothing follows
        elif item in SCALES:
            self.total += (1 if self.group is None else self.group) * SCALES[item]
            self.group, self.scale = None, SCALES[item]
        elif item == HUNDRED:
            self.group = self.last = (self.group or 1) * 100
        elif item == HALF and self.group is None and self.total:
            self.total += self.scale // 2  # «یک میلیون و نیم»
            self.group, self.scale = 0, 1
        else:
            self.last = _value(item)
            self.group = (self.group or 0) + self.last
            if item[0].isdigit():
                self.last = 0  # digits are whole: «۲۰ ۵» is two numbers


def sums(
    text: Folded, vocabulary: Mapping[str, tuple[str, ...]] = PARTS, between: re.Pattern[str] = BETWEEN
) -> Iterator[Sum]:
    """Every number in the text, fractions too, from the left; `vocabulary`: a word of the text → number words;
    `between`: what may stand between the words of one number."""
    if not text.digits and vocabulary.keys().isdisjoint(text.words):
        return
    sum_: Sum | None = None
    for item in _ITEM.finditer(text):
        word = item.group()
        parts = vocabulary.get(word)
        if parts is None:
            if not word[0].isdigit():
                continue
            parts = (word,)
        for part in parts:
            if sum_ and not (between.fullmatch(text, sum_.end, item.start()) and sum_.takes(part)):
                yield sum_
                sum_ = None
            if sum_ is None:
                sum_ = Sum(item.start() + (word[0] == "و"))
            sum_.add(part)
        if sum_:
            sum_.end = item.end()
    if sum_:
        yield sum_


def find_numbers(text: Folded) -> Iterator[Span]:
    """Every whole number in the text, from the left. Fractions and numbers of more than fifteen digits are passed over;
    a lone «نه» is a no, and «یه» before other words («یه عالمه») an article, unless something is counted."""
    for sum_ in sums(text):
        value = sum_.value
        if value.denominator != 1 or value >= 10**DIGITS:
            continue
        if len(sum_.items) == 1 and not _COUNTED.match(text, sum_.end):
            word = sum_.items[0]
            if word == "نه" or (word in _ARTICLES and text.strip() != word):
                continue
        minus = _MINUS.search(text, max(sum_.start - 12, 0), sum_.start)
        yield Span(-int(value), minus.start(), sum_.end) if minus else Span(int(value), sum_.start, sum_.end)


def _value(item: str) -> Value:
    if item.isdigit():
        return int(item)
    if item == HALF:
        return Fraction(1, 2)
    if item in UNITS:
        return UNITS[item]
    if re.fullmatch(r"\d{1,3}(?:[,'\u2019.]\d{3})+", item):
        return int(re.sub(r"\D", "", item))
    if "/" in item:
        whole, decimals = item.split("/")
        return Fraction(f"{whole}.{decimals}")
    return Fraction(item)
