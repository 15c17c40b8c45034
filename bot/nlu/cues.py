"""Words beside a number that say what it is: «کد ملی ۰۰۱…», «… شماره همراهمه»."""

from __future__ import annotations

import re

from bot.nlu.spans import Folded

BEFORE, AFTER = 32, 16  # characters that are looked at

_CUES = {
    "tracking_code": r"ره?گیری|پی\s?گیری|کد درخواست|شماره درخواست|شماره پرونده|tracking|reference",
    "national_id": r"(?:کد|شماره)\s?ی?\s?ملی|\bملیم?\b|national|code?\s?meli|kodmeli",
    "legal_id": r"شناسه\s?ی?\s?ملی|شرکت|company",
    "postal_code": r"پستی|postal|\bzip\b|posti",
    "iban": r"شبا|\bحساب|iban|sheba",
    "plate": r"پلاک خودرو|خودرو|ماشین|number plate|license plate",
    "mobile": r"موبایل|همراه|گوشی|mobile|hamrah",
    "landline": r"ثابت|تلفن|منزل|landline",
    "phone": r"شماره|تماس|زنگ|phone|\bcall\b|\btel\b|shomare",
}
_ANY = re.compile("|".join(f"(?P<{kind}>{words})" for kind, words in _CUES.items()))
_NEXT = re.compile(r"\D{0,10}\d")
_MONEY = re.compile(r"\s?(?:تومان|تومن|تمن|ریال|میلیون|میلیارد|هزار|toman|rial)")


def cue(text: Folded, start: int, end: int, *, since: int = 0) -> str:
    """The kind that the nearest cue speaks for: the last one before, else the first one behind. "phone": a mobile or a
    landline; "amount": money follows; "": no cue. Nothing before `since` counts, nor what another number follows."""
    if _MONEY.match(text, end):
        return "amount"
    kind = ""
    for match in _ANY.finditer(text, max(since, start - BEFORE), start):
        kind = match.lastgroup or ""
    if kind:
        return kind
    behind = _ANY.search(text, end, end + AFTER)
    return behind.lastgroup or "" if behind and not _NEXT.match(text, behind.end()) else ""
