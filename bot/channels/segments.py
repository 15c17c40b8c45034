"""How many parts a text message takes on the air (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "^{}\\[~]|€\f"  # two septets each
_NOT_GSM, _IS_EXTENDED = re.compile(f"[^{re.escape(_BASIC + _EXTENDED)}]"), re.compile(f"[{re.escape(_EXTENDED)}]")
_ONE, _EACH = {"GSM-7": 160, "UCS-2": 70}, {"GSM-7": 153, "UCS-2": 67}  # the rest of a long one's part is its header

# What belongs to the character before it, so that no part begins with it: marks, half-spaces, joiners (UAX 29). Of all
# scripts only those that citizens write with.
_MARK = (
    "[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u200c\u200d\u20d0-\u20f0\ufe00-\ufe0f\ufe20-\ufe2f]"
)
_CONTROL = "\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_MARKED, _BARE = re.compile(_MARK), re.compile(f"[{_CONTROL}]")
_CHARACTER = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    f"|[^{_CONTROL}](?:\u200d[\u2600-\u27bf\U0001f300-\U0001faff]|[\U0001f3fb-\U0001f3ff]|{_MARK})*"
    "|.",
    re.DOTALL,
)


class Segments(NamedTuple):
    encoding: str  # "GSM-7" | "UCS-2": one letter or digit outside GSM-7 makes the whole message UCS-2
    units: int
    parts: int


def segments(text: str) -> Segments:
    if not _NOT_GSM.search(text):
        if not _IS_EXTENDED.search(text):
            units = len(text)
            return Segments("GSM-7", units, 1 if units <= _ONE["GSM-7"] else -(-units // _EACH["GSM-7"]))
        sizes = [2 if c in _EXTENDED else 1 for c in text]
        units = sum(sizes)
        return Segments("GSM-7", units, 1 if units <= _ONE["GSM-7"] else _parts(sizes, _EACH["GSM-7"]))
    units = _units(text)
    if units <= _ONE["UCS-2"]:
        return Segments("UCS-2", units, 1)
    if units == len(text) and "\u200d" not in text:
        return Segments("UCS-2", units, _plain_parts(text, _EACH["UCS-2"]))
    return Segments("UCS-2", units, _parts(map(_units, _CHARACTER.findall(text)), _EACH["UCS-2"]))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _plain_parts(text: str, room: int) -> int:
    """Parts of a text without emoji: only where one ends is looked at, for marks that would begin the next."""
    count, start = 1, 0
    while len(text) - start > room:
        end = start + room
        while end > start and _MARKED.match(text, end) and not _BARE.match(text, end - 1):
            end -= 1
        start = end if end > start else start + room
        count += 1
    return count


def _parts(sizes: Iterable[int], room: int) -> int:
    """Parts of a long message; a character of several units is not torn apart, unless it is longer than a part."""
    count, left = 1, room
    for size in sizes:
        if size > left:
            count, left = count + 1, room
        left -= size
        while left < 0:
            count, left = count + 1, left + room
    return count
