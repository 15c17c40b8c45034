"""Who calls: a number in any spelling as an address of its own, a hidden one as the call's."""

from __future__ import annotations

import re

from bot.core.messages import Address
from bot.core.text import fold_digits

_CHARACTERS = re.compile(r"\+?[\d\s().\-/]+", re.ASCII)
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SPELLINGS = (
    (re.compile(r"\+?98(?:0)?(\d{10})"), "+98{}"),  # +98 0912… is a common mistake
    (re.compile(r"00([1-9]\d{6,14})"), "+{}"),
    (re.compile(r"0([1-9]\d{9})"), "+98{}"),
    (re.compile(r"([1-9]\d{9})"), "+98{}"),  # trunks that take the zero away
)
_HIDDEN = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""What Twilio writes for a hidden caller: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE on a keypad
(support article "Why am I getting calls from these strange numbers?")."""


def number_of(given: str) -> str:
    """E.164 of a caller's number as a provider or an exchange writes it; one without a country is Iran's. Empty for a
    hidden caller and for an extension of the own exchange."""
    text = fold_digits(given).strip()
    if "<" in text:
        text = text.partition("<")[2].partition(">")[0]
    text = re.sub(r"^(sips?|tel):", "", text.strip()).partition("@")[0]
    if not _CHARACTERS.fullmatch(text):
        return ""
    number = re.sub(r"[^\d+]", "", text)
    for spelling, as_e164 in _SPELLINGS:
        if match := spelling.fullmatch(number):
            number = as_e164.format(match[1])
            break
    return number if _E164.fullmatch(number) and number not in _HIDDEN else ""


def address_of(given: str, call: str) -> Address:
    """Where the desk knows this caller: by the number, else for this call alone."""
    return Address("voice", number_of(given) or f"call-{call}")
