"""Telephone numbers as gateways and people write them."""

from __future__ import annotations

import re

from bot.core.text import fold_digits

COUNTRY = "98"  # of numbers without one
_DECORATION = re.compile(r"[\s\u200c\u200e\u200f\u202a-\u202e\u2066-\u2069().\-/]")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_NATIONAL = 10  # digits of an Iranian number without its 0


def e164(number: str, country: str = COUNTRY) -> str:
    """ "0912…", "912…", "98912…", "0098912…" and "+98 912…" in any digits are one number; empty for what is none, such
    as a short code or a sender's name."""
    digits = _DECORATION.sub("", fold_digits(number))
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    elif digits.startswith("0"):
        digits = f"+{country}{digits[1:]}"
    elif not digits.startswith("+"):
        digits = f"+{country}{digits}" if len(digits) == _NATIONAL else f"+{digits}"
    if not _E164.fullmatch(digits) or len(digits) < len(country) + _NATIONAL:
        return ""
    return digits
