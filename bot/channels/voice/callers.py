"""Who calls: a number in any spelling as an address of its own, a hidden one as the call's."""

from __future__ import annotations

import re

from bot.channels.sms.numbers import COUNTRY, e164
from bot.core.messages import Address

_ADDRESSED = re.compile(r"(?:[^<]*<)?(?:sips?:|tel:)?([^@>]*)")  # "Ann" <sip:0912…@host>
_BOTH_PREFIXES = re.compile(rf"\+{COUNTRY}0(\d{{10}})")  # +98 0912… is a common mistake
_HIDDEN = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""What Twilio writes for a hidden caller: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE on a keypad
(support article "Why am I getting calls from these strange numbers?")."""


def number_of(given: str) -> str:
    """E.164 of a caller's number as a provider or an exchange writes it; one without a country is Iran's. Empty for a
    hidden caller and for an extension of the own exchange."""
    match = _ADDRESSED.match(given)
    number = _BOTH_PREFIXES.sub(rf"+{COUNTRY}\1", e164(match[1].strip() if match else ""))
    return "" if number in _HIDDEN else number


def address_of(given: str, call: str) -> Address:
    """Where the desk knows this caller: by the number, else for this call alone."""
    return Address("voice", number_of(given) or f"call-{call}")


def takes_texts(number: str) -> bool:
    """Whether text messages reach this number, as far as it tells: landlines of Iran take none."""
    return number.startswith(f"+{COUNTRY}9") or not number.startswith(f"+{COUNTRY}")
