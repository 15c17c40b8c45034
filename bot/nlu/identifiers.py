"""Numbers that name someone or something (telephones, national and legal ids, postal codes), and e-mail addresses.

Rules: national id, the mod-11 check of the civil registration (codes that lost their leading zeros are padded from
eight digits); legal id, the mod-11 check of the registry of legal entities; telephone numbers, Iran's national
numbering plan (ITU-T E.164, country code 98); postal code, ten digits of Iran Post.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from bot.core.ports import Unreadable
from bot.core.tracking import TrackingCode, looks_like_code
from bot.nlu.spans import Folded, Span

_AREAS = "11 13 17 21 23 24 25 26 28 31 34 35 38 41 44 45 51 54 56 58 61 66 71 74 76 77 81 83 84 86 87"
AREAS = frozenset(_AREAS.split())
"""Area codes of the 31 provinces, without the leading zero."""

_GAP = r"[\s\-\u2010-\u2015._/()\[\]]{0,3}"
_COUNTRY = rf"(?:(?:\+|00){_GAP}98{_GAP}(?:0{_GAP})?|(?:98{_GAP})?0{_GAP})"
_MOBILE = re.compile(rf"(?<![\d+])(?:{_COUNTRY}|98{_GAP})?(?P<number>9{_GAP}[0-49](?:{_GAP}\d){{8}})(?!\d)")
_FOREIGN = re.compile(rf"\+?\d{_GAP}$")  # what stands before belongs to another number: +1 912 345 6789
_LANDLINE = re.compile(
    rf"(?<![\d+])(?:{_COUNTRY}|98{_GAP})?(?P<area>[1-8]{_GAP}\d){_GAP}(?P<number>[1-9](?:{_GAP}\d){{7}})(?!\d)"
)
_EMAIL = re.compile(
    r"(?<![\w.+\-@])([A-Za-z0-9](?:[\w.+\-%]*[\w+\-%])?)\s?@\s?((?:[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,24})(?![\w\-@])",
    re.ASCII,
)
_LEGAL_WEIGHTS = (29, 27, 23, 19, 17, 29, 27, 23, 19, 17)


def _run(size: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\d)\d(?:{_GAP}\d){{{size}}}(?!\d)")


_NATIONAL, _TEN, _ELEVEN = _run("7,9"), _run("9"), _run("10")


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


# --- checks -------------------------------------------------------------------------------------


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


# --- finding ------------------------------------------------------------------------------------


def find_mobiles(text: Folded, *, bare: bool = False) -> Iterator[Span]:
    """Iranian mobile numbers as E.164; `bare`: without 0 or 98 in front too."""
    for match in _MOBILE.finditer(text):
        marked = match.start("number") > match.start()
        if marked or (bare and not _FOREIGN.search(text, max(match.start() - 5, 0), match.start())):
            yield Span("+98" + _digits(match["number"]), match.start(), match.end())


def find_landlines(text: Folded) -> Iterator[Span]:
    for match in _LANDLINE.finditer(text):
        area = _digits(match["area"])
        if area in AREAS:
            yield Span(f"+98{area}{_digits(match['number'])}", match.start(), match.end())


def find_emails(text: Folded) -> Iterator[Span]:
    """`text` with its case kept: what stands before the @ is the owner's to spell."""
    for match in _EMAIL.finditer(text):
        local, domain = match[1], match[2].lower()
        if ".." not in local and len(local) <= 64 and len(domain) <= 253:
            yield Span(f"{local}@{domain}", match.start(), match.end())


def find_national_ids(text: Folded) -> Iterator[Span]:
    for match in _TEN.finditer(text):
        if is_national_id(digits := _digits(match.group())):
            yield Span(digits, match.start(), match.end())


def find_tracking_codes(text: Folded) -> Iterator[Span]:
    for match in _TEN.finditer(text):
        if code := TrackingCode.found_in(match.group()):
            yield Span(str(code), match.start(), match.end())


# --- reading ------------------------------------------------------------------------------------


def _read(
    kind: str, pattern: re.Pattern[str], check: Callable[[str], bool], failed: str, pad: int = 0
) -> Callable[[str], str]:
    def read(text: str) -> str:
        candidates = [_digits(m.group()).zfill(pad) for m in pattern.finditer(Folded.of(text))]
        for digits in candidates:
            if check(digits):
                return digits
        raise Unreadable(failed if candidates else kind)

    return read


read_national_id = _read("national_id", _NATIONAL, is_national_id, "national_id.checksum", 10)
read_legal_id = _read("legal_id", _ELEVEN, is_legal_id, "legal_id.checksum")
read_postal_code = _read("postal_code", _TEN, is_postal_code, "postal_code")


def read_mobile(text: str) -> str:
    return _only(find_mobiles(Folded.of(text), bare=True), "mobile")


def read_landline(text: str) -> str:
    return _only(find_landlines(Folded.of(text)), "landline")


def read_phone(text: str) -> str:
    folded = Folded.of(text)
    return _only([*find_mobiles(folded, bare=True)] or [*find_landlines(folded)], "mobile")


def read_email(text: str) -> str:
    return _only(find_emails(Folded.of(text, keep_case=True)), "email")


def read_tracking_code(text: str) -> str:
    code = TrackingCode.found_in(text)
    if code is None:
        raise Unreadable("tracking_code.check_digit" if looks_like_code(text) else "tracking_code")
    return str(code)


def _only(found: Iterator[Span] | list[Span], kind: str) -> str:
    """The first value found. Raises Unreadable."""
    for span in found:
        return str(span.value)
    raise Unreadable(kind)
