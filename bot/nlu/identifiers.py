"""Numbers that name someone or something: tracking codes, telephones, national and legal ids, postal codes, IBANs.

They are found as digits in any script, in words and dictated in groups, with whatever separators. What ten digits are
is decided by their check digit and by the words beside them; where several are possible all are told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from bot.core.ports import Unreadable
from bot.core.tracking import TrackingCode
from bot.nlu import checks
from bot.nlu.cues import cue
from bot.nlu.runs import Window, runs, windows
from bot.nlu.spans import Folded, Span
from bot.nlu.spoken import dictated

Read = Callable[[str], str | None]
"""Digits → the value that they are, or None."""

_IBAN_PREFIX = re.compile(r"(?:ir|ای\s?ار)\W{0,2}$")
_CERTAIN, _CUED, _CONTRADICTED, _IN_PART, _BROKEN, _WEAK = 0.97, 0.95, 0.4, 0.75, 0.5, 0.5
_SIZES = range(8, 25)


def _tracking_code(digits: str) -> str | None:
    try:
        return TrackingCode(digits)
    except ValueError:
        return None


def _checked(check: Callable[[str], bool]) -> Read:
    return lambda digits: digits if check(digits) else None


_KINDS: tuple[tuple[str, float, Read], ...] = (
    ("iban", 0.97, lambda digits: "IR" + digits if checks.is_iban(digits) else None),
    ("mobile", 0.95, lambda digits: checks.mobile(digits, bare=False)),
    ("tracking_code", 0.9, _tracking_code),
    ("landline", 0.9, lambda digits: checks.landline(digits, bare=False)),
    ("national_id", 0.85, _checked(checks.is_national_id)),
    ("legal_id", 0.6, lambda digits: digits if digits[0] == "1" and checks.is_legal_id(digits) else None),
    ("mobile", 0.4, checks.mobile),
    ("postal_code", 0.3, _checked(checks.is_postal_code)),
)
"""With the confidence of what nothing speaks for or against: a check digit is right by chance once in ten times."""
_ONLY_CUED: tuple[tuple[str, Read], ...] = (
    ("landline", checks.landline),
    ("landline", lambda digits: digits if len(digits) == 8 and digits[0] in "23456789" else None),
    ("national_id", lambda digits: padded if checks.is_national_id(padded := digits.zfill(10)) else None),
)
_ANOTHER = 7  # digits of the shortest telephone number
_PHONES = ("mobile", "landline")


# --- finding ------------------------------------------------------------------------------------


def find_identifiers(text: Folded) -> Iterator[tuple[str, Span]]:
    """Every kind and value that digits may be; those that overlap are alternatives. Where «تلفن» stands beside them,
    eight digits are a landline without its area code. `text`: in digits (`bot.nlu.spoken.readings`)."""
    since = 0
    for run in runs(text):
        found: list[tuple[str, Span]] = []
        hint = cue(text, run.start(), run.end(), since=since)
        since = run.end()
        if hint == "amount":
            continue
        for window in windows(text, run, _SIZES):
            for kind, span in _readings(text, window, hint):
                if not any(kind == k and span.start < s.end and s.start < span.end for k, s in found):
                    found.append((kind, span))
        yield from (each for each in found if not _inside_another(each[1], found))


def _readings(text: Folded, window: Window, hint: str) -> Iterator[tuple[str, Span]]:
    start = window.start - (text[window.start - 1 : window.start] == "+")
    for kind, usual, read in _KINDS:
        if value := read(window.digits):
            confidence = usual
            if kind == "iban" and (prefix := _IBAN_PREFIX.search(text, max(0, start - 8), start)):
                start = prefix.start()
            elif hint and usual < _CERTAIN:
                meant = hint == kind or (hint == "phone" and kind in _PHONES)
                confidence = max(usual, _CUED) if meant else usual * _CONTRADICTED
            if not window.whole and confidence < _CUED:
                confidence *= _IN_PART
            if window.broken and kind not in _PHONES:
                confidence *= _BROKEN
            if not (window.broken and confidence < _WEAK and usual < _WEAK):
                yield kind, Span(value, start, window.end, round(confidence, 2))
    for kind, read in _ONLY_CUED:
        if (
            (hint == kind or (hint == "phone" and kind in _PHONES))
            and not window.broken
            and (value := read(window.digits))
        ):
            yield kind, Span(value, start, window.end, _IN_PART)


def _inside_another(span: Span, found: list[tuple[str, Span]]) -> bool:
    """Part of something longer that is as likely: the ten last digits of a mobile number."""
    return any(
        s.start <= span.start and span.end <= s.end and s.end - s.start > span.end - span.start
        and s.confidence >= span.confidence
        for _, s in found
    )  # fmt: skip


# --- reading ------------------------------------------------------------------------------------


def _spare(text: Folded, run: re.Match[str], window: Window) -> bool:
    """Whether digits follow the groups of a number that are too few for another one."""
    after = sum(c.isdigit() for c in text[window.end : run.end()])
    return 0 < after < _ANOTHER and not text[window.start : window.end].isdigit()


def _reader(kind: str, sizes: range, read: Read, failed: str = "", *, spare: bool = True) -> Callable[[str], str]:
    """`failed`: the reason when digits are as many as they must be, and not right. `spare`: whether a few digits may be
    left over; where none of them is a check digit, «0912 121 23 45 67» has two too many, and nobody knows which."""

    def reader(text: str) -> str:
        seen = False
        for said in dictated(text):
            for run in runs(said):
                for window in windows(said, run, sizes):
                    seen = True
                    if not spare and _spare(said, run, window):
                        continue
                    if value := read(window.digits):
                        return str(value)
        raise Unreadable(failed if seen and failed else kind)

    return reader


READERS: dict[str, Callable[[str], str]] = {
    "tracking_code": _reader("tracking_code", range(10, 11), _tracking_code, "tracking_code.check_digit"),
    "national_id": _reader("national_id", range(8, 11), _ONLY_CUED[-1][1], "national_id.checksum"),
    "legal_id": _reader("legal_id", range(11, 12), _checked(checks.is_legal_id), "legal_id.checksum"),
    "postal_code": _reader("postal_code", range(10, 11), _checked(checks.is_postal_code)),
    "mobile": _reader("mobile", range(10, 15), checks.mobile, spare=False),
    "landline": _reader("landline", range(10, 15), checks.landline, spare=False),
    "phone": _reader("mobile", range(10, 15), lambda d: checks.mobile(d) or checks.landline(d), spare=False),
    "iban": _reader("iban", range(24, 25), _KINDS[0][2], "iban.checksum"),
}
