"""Times of the day as people say them: «ساعت ۵ عصر», «یه ربع به هشت», «۱۷:۳۰», "half past five" → "HH:MM".

Without «صبح» or «عصر» an hour from one to six is one after noon, as offices and visits go; the other half of the day is
an alternative.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.ports import Unreadable
from bot.nlu.spans import Folded, Span, triggers, words_of
from bot.nlu.spoken import readings

_MORNING, _NOON, _AFTERNOON, _NIGHT, _DAWN = range(5)
_PARTS = {
    "صبح": _MORNING, "قبل از ظهر": _MORNING, "پیش از ظهر": _MORNING, "am": _MORNING, "a.m.": _MORNING,
    "in the morning": _MORNING, "sobh": _MORNING,
    "ظهر": _NOON, "zohr": _NOON, "noon": _NOON,
    "بعد از ظهر": _AFTERNOON, "بعد ظهر": _AFTERNOON, "عصر": _AFTERNOON, "غروب": _AFTERNOON, "pm": _AFTERNOON,
    "p.m.": _AFTERNOON, "in the afternoon": _AFTERNOON, "in the evening": _AFTERNOON, "asr": _AFTERNOON,
    "شب": _NIGHT, "امشب": _NIGHT, "دیشب": _NIGHT, "at night": _NIGHT, "shab": _NIGHT,
    "بامداد": _DAWN, "سحر": _DAWN, "نصف شب": _DAWN, "نصفه شب": _DAWN,
}  # fmt: skip
_MOMENTS = {"نیمه شب": "00:00", "نصف شب": "00:00", "midnight": "00:00", "ظهر": "12:00", "noon": "12:00"}
TRIGGERS = (
    triggers((*_PARTS, *_MOMENTS, "ساعت", "ساعته", "سر", "ربع", "نیم", "دقیقه"))
    | triggers(("saat", "clock", "past", "quarter", "m"))
    - triggers(("از", "قبل", "پیش", "in", "the"))
)  # fmt: skip
"""A text without any of these words and without a colon names no time."""

_HOUR = r"(?P<hour>(?<![\d.,/:])(?:[01]?\d|2[0-4])(?!\d))"
_EXTRA = r"(?:(?P<half>نیم)|(?P<quarter>\d?\s?ربع))(?!\w)"
_MINUTE = (
    r"(?:\s?[:.]\s?(?P<minute>[0-5]\d)(?::[0-5]\d)?(?![:.]?\d)"
    rf"|\s?و\s?(?:{_EXTRA}|(?P<minutes>[0-5]?\d)(?!\d)(?:\s?دقیقه)?(?!\w)))?"
)
_PART = rf"(?:\s?(?:ی|در)?\s?(?P<part>{words_of(_PARTS)})(?!\w))"
_CLOCK = r"(?:ساعته?|سر|saate?|at|by)"
_TO = r"(?:(?:مونده|مانده)\s)?(?:به|تا)|قبل از|to"
_LENGTHS = r"(?:متر|میلی|هزار|کیلو|ساعت|سال|ماه|روز|هفته|تومان|تومن|ریال|درصد|برابر|نفر|بار)"
_FORMS = (
    (
        rf"(?<!\w)(?:(?P<quarter_to>\d?\s?ربع|quarter)|(?P<minutes_to>[0-5]?\d)\s?دقیقه)\s(?:{_TO})\s(?:ساعت\s)?"
        rf"{_HOUR}{_PART}?",
        0.9,
        ("ربع", "دقیقه", "quarter"),
    ),
    (rf"(?<!\w)(?:(?P<half>half)|(?P<quarter>quarter)) past {_HOUR}{_PART}?", 0.9, ("past",)),
    (
        rf"(?:(?<!\w)(?P<early>{words_of(_PARTS)})[\s,]*)?(?<!\w)(?<!\d\s)(?P<clock>{_CLOCK})\s?(?:حدود\s|های\s)?"
        rf"{_HOUR}{_MINUTE}{_PART}?(?!\w|\s?(?:نفر|بار))",
        0.9,
        ("ساعت", "ساعته", "سر", "saat", "saate", "at", "by"),
    ),
    (
        rf"{_HOUR}{_MINUTE}(?=\s?(?:تا|الی)\s?\d{{1,2}}(?::\d\d)?\s?(?:{words_of(_PARTS)})(?!\w))",
        0.85,
        ("تا", "الی"),
    ),
    (rf"{_HOUR}{_MINUTE}(?:{_PART}|\s?o'?\s?clock(?!\w))", 0.85, (*_PARTS, "clock", "m")),
    (rf"{_HOUR}:(?P<minute>[0-5]\d)(?::[0-5]\d)?(?![:/.\-]?\d)", 0.85, ()),
    (rf"{_HOUR}\s?و\s?{_EXTRA}(?!\s*(?:\d|{_LENGTHS}))", 0.6, ("نیم", "ربع")),
)
"""The most particular first, with its confidence and the words of which a text must have one (none: a colon)."""
_COMPILED = tuple((re.compile(form), confidence, triggers(words)) for form, confidence, words in _FORMS)
_THEN = re.compile(rf"\s?(?:تا|الی|یا|to|until)\s?(?:ساعت\s)?{_HOUR}{_MINUTE}{_PART}?(?!\w|\s?{_LENGTHS})")
_MOMENT = re.compile(rf"(?<!\w)(?<!از )(?P<moment>{words_of(_MOMENTS)})(?!\w)")
_MOMENT_WORDS = triggers(_MOMENTS)
_BARE = re.compile(rf"\s*{_HOUR}\s*[#.!]?\s*")
_KEYED = re.compile(r"\s*(?P<hour>[01]\d|2[0-3])[\s*.:]?(?P<minute>[0-5]\d)\s*#?\s*")


def find_times(text: Folded) -> Iterator[Span]:
    """`text`: in digits (`bot.nlu.spoken.readings`). Of two halves of the day the likelier comes first."""
    if ":" not in text and text.words.isdisjoint(TRIGGERS):
        return
    taken: list[tuple[int, int]] = []
    for pattern, confidence, words in _COMPILED if text.digits else ():
        if text.words.isdisjoint(words) if words else ":" not in text:
            continue
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            then = _THEN.match(text, match.end())
            part = _part(match)
            if then:  # «۲ تا ۴ عصر»: both of the afternoon
                taken.append(then.span())
                yield from _spans(then, _part(then), confidence)
                part = _part(then) if part is None else part
            taken.append(match.span())
            yield from _spans(match, part, confidence)
    for match in _MOMENT.finditer(text) if not text.words.isdisjoint(_MOMENT_WORDS) else ():
        if not any(match.start() < end and start < match.end() for start, end in taken):
            yield Span(_MOMENTS[re.sub(r"\s+", " ", match["moment"])], *match.span(), 0.6)


def _part(match: re.Match[str]) -> int | None:
    groups = match.groupdict()
    word = groups.get("part") or groups.get("early")
    if not word:
        return None
    return next(part for name, part in _PARTS.items() if name.replace(" ", "") == re.sub(r"\s+", "", word))


def _spans(match: re.Match[str], part: int | None, confidence: float) -> Iterator[Span]:
    groups = match.groupdict()
    start = match.start("hour" if match.re is _THEN else "clock" if groups.get("clock") else 0)
    hour = int(match["hour"])
    minute = int(groups.get("minute") or groups.get("minutes") or 0)
    if groups.get("half"):
        minute = 30
    elif quarter := groups.get("quarter"):
        minute = _quarter(quarter)
    before = _quarter(groups["quarter_to"]) if groups.get("quarter_to") else int(groups.get("minutes_to") or 0)
    exact = hour == 0 or hour > 12 or (match["hour"][0] == "0" and bool(groups.get("minute")))
    hours = [(hour, 1.0)] if exact else _hours(hour, part)
    for likely, share in hours:
        total = (likely * 60 + minute - before) % (24 * 60)
        yield Span(f"{total // 60:02}:{total % 60:02}", start, match.end(), round(confidence * share, 2))


def _quarter(words: str) -> int:
    number = re.match(r"\d", words)
    return 15 * min(int(number.group()) if number else 1, 3)


def _hours(hour: int, part: int | None) -> list[tuple[int, float]]:
    """The hour of the day for one of the clock, with its share of the confidence."""
    match part:
        case None if hour == 12:
            return [(12, 1.0)]
        case None:
            return [(hour + 12, 0.75), (hour, 0.25)] if hour < 7 else [(hour, 0.75), (hour + 12, 0.25)]
        case _ if part == _AFTERNOON or (part == _NOON and hour < 10) or (part == _NIGHT and 6 <= hour < 12):
            return [(12 if hour == 12 else hour + 12, 1.0)]
        case _ if hour == 12 and part in (_NIGHT, _DAWN):
            return [(0, 1.0)]
    return [(hour, 1.0)]


def read_time(text: str) -> str:
    """The one time that a text names; where the half of the day is open, the likelier one; "1730" from a keypad too.
    Raises Unreadable."""
    _, folded = readings(text)
    if keyed := _KEYED.fullmatch(folded):
        return f"{keyed['hour']}:{keyed['minute']}"
    likeliest: dict[int, Span] = {}
    for span in find_times(folded):
        likeliest.setdefault(span.start, span)
    values = {span.value for span in likeliest.values()}
    if not values and (bare := _BARE.fullmatch(folded)):
        values = {next(_spans(bare, None, 1.0)).value}
    if len(values) != 1:
        raise Unreadable("time")
    return str(values.pop())
