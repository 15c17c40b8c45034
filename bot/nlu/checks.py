"""Whether digits can be what they are said to be.

Rules: national id, the mod-11 check of the civil registration; legal id, the mod-11 check of the registry of legal
entities; postal code, ten digits of Iran Post; telephone numbers, Iran's national numbering plan (ITU-T E.164, country
code 98); IBAN, ISO 13616 with the mod-97 check of ISO 7064, 26 characters in Iran.
"""

from __future__ import annotations

import re

_AREAS = "11 13 17 21 23 24 25 26 28 31 34 35 38 41 44 45 51 54 56 58 61 66 71 74 76 77 81 83 84 86 87"
AREAS = frozenset(_AREAS.split())
"""Area codes of the 31 provinces, without the leading zero."""

_LEGAL_WEIGHTS = (29, 27, 23, 19, 17, 29, 27, 23, 19, 17)
_MOBILE = re.compile(r"(?P<marked>(?:(?:00)?98)?0|(?:00)?98)?(?P<number>9[0-49]\d{8})")
_LANDLINE = re.compile(r"(?P<marked>(?:(?:00)?98)?0|(?:00)?98)?(?P<number>(?P<area>[1-8]\d)[1-9]\d{7})")


def is_national_id(digits: str) -> bool:
    """Ten digits whose last one is the check digit of the others."""
    if len(digits) != 10 or digits == digits[0] * 10 or digits[:3] == "000" or digits[3:9] == "000000":
        return False
    rest = sum(int(d) * (10 - i) for i, d in enumerate(digits[:9])) % 11
    return int(digits[9]) == (rest if rest < 2 else 11 - rest)


def is_legal_id(digits: str) -> bool:
    """Eleven digits whose last one is the check digit of the others."""
    if len(digits) != 11 or digits == digits[0] * 11 or digits[3:9] == "000000":
        return False
    shift = int(digits[9]) + 2
    rest = sum((int(d) + shift) * w for d, w in zip(digits[:10], _LEGAL_WEIGHTS, strict=True)) % 11
    return int(digits[10]) == rest % 10


def is_postal_code(digits: str) -> bool:
    return len(digits) == 10 and digits[0] != "0" and digits != digits[0] * 10


def is_iban(digits: str) -> bool:
    """The 24 digits behind "IR"."""
    return len(digits) == 24 and int(digits[2:] + "1827" + digits[:2]) % 97 == 1


def mobile(digits: str, *, bare: bool = True) -> str | None:
    """A mobile number as E.164; `bare`: without 0 or 98 in front too."""
    match = _MOBILE.fullmatch(digits)
    return "+98" + match["number"] if match and (bare or match["marked"]) else None


def landline(digits: str, *, bare: bool = True) -> str | None:
    """A landline number with its area code, as E.164."""
    match = _LANDLINE.fullmatch(digits)
    return "+98" + match["number"] if match and match["area"] in AREAS and (bare or match["marked"]) else None
