"""How many parts a text message takes on the air (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")  # two septets each
_ONE, _EACH = {"GSM-7": 160, "UCS-2": 70}, {"GSM-7": 153, "UCS-2": 67}  # the rest of a long one's part is its header


class Segments(NamedTuple):
    encoding: str  # "GSM-7" | "UCS-2": one letter or digit outside GSM-7 makes the whole message UCS-2
    units: int
    parts: int


def segments(text: str) -> Segments:
    if all(c in _BASIC or c in _EXTENDED for c in text):
        encoding, sizes = "GSM-7", [2 if c in _EXTENDED else 1 for c in text]
    else:
        encoding, sizes = "UCS-2", [2 if c > "\uffff" else 1 for c in text]
    units = sum(sizes)
    return Segments(encoding, units, 1 if units <= _ONE[encoding] else _parts(sizes, _EACH[encoding]))


def _parts(sizes: Iterable[int], room: int) -> int:
    """Parts of a long message; a character of two units is not torn apart."""
    count, left = 1, room
    for size in sizes:
        if size > left:
            count, left = count + 1, room
        left -= size
    return count
