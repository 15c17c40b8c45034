"""Whole numbers as people write them: digits of any script with separators, Persian and English words, and both mixed
(«۲ میلیون و ۳۰۰ هزار»)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from bot.nlu.spans import WORD_END, WORD_START, Folded, Span, words_of

UNITS = {
    "صفر": 0, "یک": 1, "یه": 1, "دو": 2, "سه": 3, "چهار": 4, "چار": 4, "پنج": 5, "شش": 6, "شیش": 6, "هفت": 7,
    "هشت": 8, "نه": 9,
    "ده": 10, "یازده": 11, "دوازده": 12, "سیزده": 13, "چهارده": 14, "چارده": 14, "پانزده": 15, "پونزده": 15,
    "شانزده": 16, "شونزده": 16,
    "هفده": 17, "هیفده": 17, "هجده": 18, "هیجده": 18, "هژده": 18, "نوزده": 19,
    "بیست": 20, "سی": 30, "چهل": 40, "پنجاه": 50, "شصت": 60, "شصد": 60, "هفتاد": 70, "هشتاد": 80, "نود": 90,
    "صد": 100, "یکصد": 100, "دویست": 200, "سیصد": 300, "چهارصد": 400, "چارصد": 400, "پانصد": 500, "پونصد": 500,
    "ششصد": 600, "شیشصد": 600, "هفتصد": 700, "هشتصد": 800, "نهصد": 900,
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
SCALES = {
    "هزار": 10**3, "میلیون": 10**6, "ملیون": 10**6, "میلیارد": 10**9, "ملیارد": 10**9, "تریلیون": 10**12,
    "thousand": 10**3, "million": 10**6, "billion": 10**9,
}  # fmt: skip
HUNDRED, HALF = "hundred", "نیم"
DIGITS = 15  # longer ones are identifiers, not amounts

_GROUPED = r"\d{1,3}(?:[,'\u2019]\d{3})+|\d{1,3}(?:\.\d{3})+|\d{1,15}(?:\.\d{1,15})?"
_WORD = f"{words_of(UNITS)}|{words_of(SCALES)}|{HUNDRED}|{HALF}"
_ITEM = re.compile(
    rf"(?P<digits>(?<![a-z\d.,/:])(?:{_GROUPED}))(?![\d]|[.,/:]\d)|(?:{WORD_START}و)?{WORD_START}(?P<word>{_WORD}){WORD_END}"
    rf"|{WORD_START}و(?P<joined>{_WORD}){WORD_END}"
)
_MINUS = re.compile(r"(?:(?:منفی|minus)\s*|(?:^|(?<=\s))[-\u2212])$")
_BETWEEN = re.compile(r"\s*(?:و|and)?\s*|-")
_COUNTED = re.compile(
    r"\s*(?:تا|نفر|عدد|متر|روز|هفته|ماه|سال|ساعت|دستگاه|طبقه|واحد|بار|دفعه|قطعه|دونه|دانه|تکه|تیکه|مورد|قلم|کیلو|تن"
    r"|تومان|تومن|ریال|درصد)"
)
_ARTICLES = frozenset({"یک", "یه", "one"})


def find_numbers(text: Folded) -> Iterator[Span]:
    """Every whole number in the text, from the left. Fractions and numbers of more than fifteen digits are passed over;
    a lone «نه» is a no, and «یه» before other words («یه عالمه») an article, unless something is counted."""
    sum_ = _Sum()
    for item in _ITEM.finditer(text):
        token = item["digits"] or item["word"] or item["joined"]
        if sum_.items and not (_BETWEEN.fullmatch(text, sum_.end, item.start()) and sum_.takes(token)):
            yield from sum_.span(text)
            sum_ = _Sum()
        if not sum_.items:
            sum_.start = item.start()
        sum_.add(token)
        sum_.end = item.end()
    if sum_.items:
        yield from sum_.span(text)


class _Sum:
    """A number under way: `total` is what is scaled already, `group` what still waits for its scale."""

    __slots__ = ("end", "group", "items", "last", "scale", "start", "total")

    def __init__(self) -> None:
        self.start = self.end = 0
        self.items: list[str] = []
        self.total = Fraction(0)
        self.group: Fraction | None = None
        self.scale = 10**18  # the last one; the next must be smaller
        self.last = Fraction(0)  # the last part of the group; the next must fit below it

    def takes(self, token: str) -> bool:
        if token in SCALES:
            return SCALES[token] < self.scale
        if token == HUNDRED:
            return self.group is not None and 0 < self.group < 10
        if self.group is None:
            return True
        value = _value(token)
        if token == HALF:
            return self.group.denominator == 1
        return token in UNITS and 0 < value < (100 if self.last >= 100 else 10 if self.last >= 20 else 0)

    def add(self, token: str) -> None:
        self.items.append(token)
        if token in SCALES:
            self.total += (1 if self.group is None else self.group) * SCALES[token]
            self.group, self.scale = None, SCALES[token]
        elif token == HUNDRED:
            self.group = self.last = (self.group or Fraction(1)) * 100
        else:
            self.last = _value(token)
            self.group = (self.group or Fraction(0)) + self.last
            if token[0].isdigit():
                self.last = Fraction(0)  # digits are whole: «۲۰ ۵» is two numbers

    def span(self, text: Folded) -> Iterator[Span]:
        value = self.total + (self.group or 0)
        if value.denominator != 1 or len(str(int(value))) > DIGITS:
            return
        if len(self.items) == 1 and not _COUNTED.match(text, self.end):
            word = self.items[0]
            if word == "نه" or (word in _ARTICLES and text.strip() != word):
                return
        minus = _MINUS.search(text, max(self.start - 12, 0), self.start)
        yield Span(-int(value), minus.start(), self.end) if minus else Span(int(value), self.start, self.end)


def _value(token: str) -> Fraction:
    if token == HALF:
        return Fraction(1, 2)
    if token in UNITS:
        return Fraction(UNITS[token])
    if re.fullmatch(r"\d{1,3}(?:[,'\u2019.]\d{3})+", token):
        return Fraction(re.sub(r"\D", "", token))
    return Fraction(token)
