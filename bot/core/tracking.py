"""The tracking code: ten digits that survive a keypad, a bad line and a tired reader.

Nine random digits (the first is never zero, so that no spreadsheet eats it) and a Damm check digit, which
catches every single wrong digit and every swap of neighbours (H. M. Damm, 2004).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from bot.core.text import fold_digits

LENGTH = 10
_DAMM = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip
_CANDIDATE = re.compile(r"(?<!\d)\d(?:[ \t\u00a0\u200c\u200e\u200f\u2066-\u2069.\-–—_/]{0,3}\d){9}(?!\d)")


def check_digit(digits: str) -> str:
    row = 0
    for d in digits:
        row = int(_DAMM[row][int(d)])
    return str(row)


class TrackingCode(str):
    """A code whose check digit holds. `TrackingCode("…")` raises ValueError for any other string."""

    __slots__ = ()

    def __new__(cls, digits: str) -> TrackingCode:
        if len(digits) != LENGTH or not (digits.isascii() and digits.isdigit()) or digits[0] == "0":
            raise ValueError("a tracking code has ten digits")
        if check_digit(digits) != "0":
            raise ValueError("the check digit does not fit")
        return super().__new__(cls, digits)

    @classmethod
    def new(cls, below: Callable[[int], int] = secrets.randbelow) -> TrackingCode:
        """A fresh random code; whether it is taken is for the store to say."""
        body = str(10 ** (LENGTH - 2) + below(9 * 10 ** (LENGTH - 2)))
        return cls(body + check_digit(body))

    @classmethod
    def found_in(cls, text: str) -> TrackingCode | None:
        """The first valid code in a sentence, in any digits, with any spaces and dashes inside it."""
        for match in _CANDIDATE.finditer(fold_digits(text)):
            try:
                return cls(re.sub(r"\D", "", match.group()))
            except ValueError:
                continue
        return None

    @property
    def shown(self) -> str:
        """Two groups of five, as people read and copy it."""
        return f"{self[:5]} {self[5:]}"


def looks_like_code(text: str) -> bool:
    """Ten digits that are meant as a code, valid or not: worth saying «یک رقم اشتباه است»."""
    return _CANDIDATE.search(fold_digits(text)) is not None
