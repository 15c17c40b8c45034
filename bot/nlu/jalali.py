"""Days as people name them: «۱۴۰۴/۷/۳۰», «پانزدهم آبان», «شنبه هفته بعد», "tomorrow", "2026-11-23".

A day without a year is the one nearest to today. A weekday is the next one, never today; the week begins on Saturday.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial

import jdatetime

from bot.core.ports import Unreadable
from bot.nlu.calendar_words import (
    EDGES,
    GREGORIAN_MONTHS,
    JALALI_MONTHS,
    LAST,
    NEAR,
    NEXT,
    THIS,
    UNITS,
    WEEKDAYS,
)
from bot.nlu.spans import WORD_END, WORD_START, Folded, Span, triggers, words_of
from bot.nlu.spoken import readings

Resolve = Callable[[re.Match[str], date], date]

_SURE = 0.9


# --- resolving ----------------------------------------------------------------------------------


def gregorian(year: int, month: int, day: int) -> date:
    """A Jalali day as a date. Raises Unreadable when there is no such day."""
    try:
        return _date(jdatetime.date(year, month, day).togregorian())
    except ValueError:
        raise Unreadable("date.no_such_day") from None


def _date(day: date) -> date:
    return date(day.year, day.month, day.day)


def _civil(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Unreadable("date.no_such_day") from None


def _full_year(year: int, today: date) -> int:
    """Two digits are a year of this century unless it would be more than ten years ahead; people say «چهارصد و پنج»."""
    if year > 99:
        return year + 1000 if year < 500 else year
    now = jdatetime.date.fromgregorian(date=today).year
    return year + (1400 if 1400 + year <= now + 10 else 1300)


def _far(today: date) -> int:
    """The last year that people may speak of rather than of a day: «۱۵/۸/۰۴» is no day of 1415."""
    return int(jdatetime.date.fromgregorian(date=today).year) + 5


def _numeric(match: re.Match[str], today: date) -> date:
    first, second, third = (part for part in match.groups() if part)
    a, b, c = int(first), int(second), int(third)
    backwards = len(third) == 4 or (len(first) < 4 and (c > 31 or (a < 32 and _full_year(a, today) > _far(today))))
    year, month, day = (c, b, a) if backwards else (a, b, c)
    if 1900 <= year <= 2199:
        return _civil(year, month, day)
    if 99 < year < 1200 or year > 1599:
        raise Unreadable("date")
    return gregorian(_full_year(year, today), month, day)


def _day_of(match: re.Match[str]) -> int:
    return int(match["day"]) if match["day"].isdigit() else 1


def _named(match: re.Match[str], today: date) -> date:
    day, month = _day_of(match), JALALI_MONTHS[match["month"]]
    this_year = jdatetime.date.fromgregorian(date=today).year
    year = match["year"] or match.groupdict().get("early")
    if year is None:
        return _nearest(today, (partial(gregorian, this_year + offset, month, day) for offset in (0, 1, -1)))
    if year[0].isdigit():
        return gregorian(_full_year(int(year.replace(" ", "")), today), month, day)
    offset = 0 if year == "امسال" else 1 if re.search(NEXT, year) else -1
    return gregorian(this_year + offset, month, day)


def _named_gregorian(match: re.Match[str], today: date) -> date:
    day, month = _day_of(match), GREGORIAN_MONTHS[match["month"]]
    if match["year"]:
        return _civil(int(match["year"]), month, day)
    return _nearest(today, (partial(_civil, today.year + offset, month, day) for offset in (0, 1, -1)))


def _nearest(today: date, years: Iterator[Callable[[], date]]) -> date:
    days = []
    for resolve in years:
        try:
            days.append(resolve())
        except Unreadable:
            continue
    if not days:
        raise Unreadable("date.no_such_day")
    return min(days, key=lambda day: abs((day - today).days))


def _near(match: re.Match[str], today: date) -> date:
    return today + timedelta(_named_in(NEAR, match["near"]))


def _named_in(table: dict[str, int], word: str) -> int:
    word = re.sub(r"\s+", "", word)
    return next(value for name, value in table.items() if name.replace(" ", "") == word)


def _in_so_many(match: re.Match[str], today: date) -> date:
    count = int(match["count"]) * (-1 if match.groupdict().get("past") else 1)
    return _away(today, count, UNITS[match["unit"]])


def _away(today: date, count: int, unit: str) -> date:
    if abs(count) > 40_000:
        raise Unreadable("date")
    if unit in ("month", "year"):
        return _months_away(today, count * (12 if unit == "year" else 1))
    return today + timedelta(count * (7 if unit == "week" else 1))


def _edge(match: re.Match[str], today: date) -> date:
    """The first, the middle or the last day of a week, a month or a year."""
    which, named = EDGES[re.sub(r"\s+", " ", match["edge"])], match["month"]
    unit = "month" if named else UNITS[re.sub(r"\s+", " ", match["unit"])]
    shift = _shift(match["when"] or "")
    if unit == "week":
        saturday = today - timedelta((today.weekday() + 2) % 7)
        day = saturday + timedelta(7 * shift + (0, 3, 5)[which])  # the week ends when Thursday's work does
        return day if match["when"] or day >= today else day + timedelta(7)
    now = jdatetime.date.fromgregorian(date=today)
    year, month = divmod(now.year * 12 + now.month - 1 + shift * (1 if unit == "month" else 12), 12)
    if unit == "year":
        return _last_of(year, 12) if which == 2 else gregorian(year, 1 if which == 0 else 7, 1)
    if named:
        return _nearest(
            today, (partial(_edge_of, now.year + offset, JALALI_MONTHS[named], which) for offset in (0, 1, -1))
        )
    return _edge_of(year, month + 1, which)


def _edge_of(year: int, month: int, which: int) -> date:
    return _last_of(year, month) if which == 2 else gregorian(year, month, 15 if which == 1 else 1)


def _last_of(year: int, month: int) -> date:
    following = gregorian(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(1)


def _shift(when: str) -> int:
    """How many weeks, months or years from this one."""
    return 1 if re.search(NEXT, when) else -1 if re.search(LAST, when) else 0


def _of_month(match: re.Match[str], today: date) -> date:
    """«۱۵ این ماه», «بیستم ماه بعد»."""
    now = jdatetime.date.fromgregorian(date=today)
    year, month = divmod(now.year * 12 + now.month - 1 + _shift(match["when"]), 12)
    return gregorian(year, month + 1, _day_of(match))


def _months_away(today: date, months: int) -> date:
    """The same day of another month, or the last one it has."""
    now = jdatetime.date.fromgregorian(date=today)
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    for day in range(now.day, now.day - 3, -1):
        try:
            return gregorian(year, month + 1, day)
        except Unreadable:
            continue
    raise Unreadable("date")


def _weekday(match: re.Match[str], today: date) -> date:
    weekday = _named_in(WEEKDAYS, match["weekday"])
    saturday = today - timedelta((today.weekday() + 2) % 7)
    week = match["after"] or match["before"] or ""
    if re.search("هفته|hafte|week", week):
        weeks = int(number.group()) if (number := re.search(r"\d+", week)) else 1
        return saturday + timedelta(weekday + 7 * weeks * _shift(week))
    ahead = (weekday - (today - saturday).days) % 7
    if _shift(week) < 0:
        return today - timedelta(7 - ahead)
    return today + timedelta(ahead or 7)


# --- finding ------------------------------------------------------------------------------------


def _pattern(*parts: str) -> re.Pattern[str]:
    """`<<` and `>>` stand where a word begins and ends."""
    return re.compile("".join(parts).replace("<<", WORD_START).replace(">>", WORD_END))


_SEPARATOR = r"\s*[/.\-\u2013_\\*]\s*"
_DAY = r"(?P<day>(?<![\d/])\d{1,2}(?!\d)|<<(?:اول|یکم)>>)(?:\s*(?:م|ام|th|st|nd|rd|of)>>)*"
_MONTH, _FOREIGN_MONTH = words_of(JALALI_MONTHS), words_of(GREGORIAN_MONTHS)
_WHEN = rf"(?:(?:{NEXT}|{LAST}|{THIS}|جاری)>>)"
_YEAR = (
    r"(?:(?:\s*(?:ماه|سال|,|/))*\s*(?P<year>(?<!\d)(?:1[2-5]\d\d|39\d|4[0-2]\d|[03-9]\d|0\s[1-9])(?![\d/:])"
    rf"(?!\s?(?:متر|نفر|تو|هزار|میلی|تا|عدد|کیلو|درصد))|<<(?:امسال|پارسال|سال\s*(?:{NEXT}|{LAST}))>>))?"
)
_EARLY = r"(?:<<(?P<early>امسال|پارسال)\s+)?"
_FOREIGN_YEAR = r"(?:\s*,?\s*(?P<year>(?:19|20)\d\d)(?!\d))?"
_COUNT = r"(?<![\d./])(?<!\d\s)(?P<count>\d{1,3})"
_UNIT = f"<<(?P<unit>{words_of(UNITS)})>>"
_WEEK = r"(?:\d\s*)?(?:هفته|hafte|week)ی?"
_WEEK_BEFORE = (
    rf"(?:<<(?P<before>(?:next|this|last)(?:\s+week)?|{THIS}|{_WEEK}\s*(?:{NEXT}|{LAST})|{THIS}\s*{_WEEK})"
    r"\s*,?\s*(?:on\s+|روز\s*)?)?"
)
_WEEK_AFTER = (
    rf"(?P<after>\s+(?:next|this|last)\s+week|\s*(?:(?:روز\s*)?{THIS}\s*{_WEEK}|(?:{_WEEK}\s*)?(?:{NEXT}|{LAST}))>>)?"
)
_EDGE = (
    rf"<<(?P<edge>{words_of(EDGES)})>>\s*(?:{THIS}>>\s*)?"
    rf"(?P<unit>ماه|هفته|سال|mah|hafte|sal|the month|the week|the year|(?:برج\s*)?(?P<month>{_MONTH}))>>"
    rf"(?:\s*ماه>>)?\s*(?P<when>{_WHEN})?"
)
_Form = tuple[re.Pattern[str], Resolve, frozenset[str]]
_FORMS: tuple[_Form, ...] = (
    (
        _pattern(rf"(?<![\d/.\-])(\d{{4}}|\d{{1,2}}){_SEPARATOR}(\d{{1,2}}){_SEPARATOR}(\d{{4}}|\d{{1,2}})(?![\d/\-])"),
        _numeric,
        frozenset(),
    ),
    (
        _pattern(_EARLY, rf"{_DAY}\s*(?:ماه\s*)?<<(?P<month>{_MONTH})(?:\s*ماه)?>>", _YEAR),
        _named,
        triggers(JALALI_MONTHS),
    ),
    (_pattern(rf"<<(?P<month>{_MONTH})>>\s*{_DAY}", _YEAR), _named, triggers(JALALI_MONTHS)),
    (
        _pattern(rf"{_DAY}\s*<<(?P<month>{_FOREIGN_MONTH})>>", _FOREIGN_YEAR),
        _named_gregorian,
        triggers(GREGORIAN_MONTHS),
    ),
    (
        _pattern(rf"<<(?P<month>{_FOREIGN_MONTH})>>\s*{_DAY}", _FOREIGN_YEAR),
        _named_gregorian,
        triggers(GREGORIAN_MONTHS),
    ),
    (
        _pattern(rf"{_DAY}\s*(?P<when>(?:{THIS}\s*ماه|ماه\s*جاری|(?<=م\s)ماه\s*(?:{NEXT}|{LAST})))>>"),
        _of_month,
        triggers(("ماه",)),
    ),
    (_pattern(_EDGE), _edge, triggers(EDGES)),
    (
        _pattern(_WEEK_BEFORE, rf"<<(?<!\d)(?P<weekday>{words_of(WEEKDAYS)})>>(?!\s*سوری)", _WEEK_AFTER),
        _weekday,
        triggers(WEEKDAYS),
    ),
    (
        _pattern(_COUNT, r"\s*(?:تا\s*)?", _UNIT, rf"\s*<<(?:(?P<past>{LAST}|ago)|{NEXT}|later|from now)>>"),
        _in_so_many,
        triggers(UNITS),
    ),
    (_pattern(r"<<(?:in|dar)\s+", _COUNT, r"\s+", _UNIT), _in_so_many, triggers(UNITS)),
    (_pattern(rf"<<(?P<near>{words_of(NEAR)})(?:\s*شب)?>>"), _near, triggers(NEAR)),
)
"""Most particular first: what one form has taken, the next ones leave alone. With the words of which a text must have
one, or none: it must have so many digits as a day in numbers."""
TRIGGERS = frozenset().union(*(words for _, _, words in _FORMS))
"""A text without any of these words and without digits names no day."""
NUMERIC = 3
_BY_MONTH = (1, 2)  # forms that streets are named with: «خیابان ۱۷ شهریور», «میدان هفت تیر»
_STREET = re.compile(
    r"(?<!\w)(?:خیابان|خیابون|خ|میدان|میدون|بلوار|بزرگراه|اتوبان|کوچه|پل|ایستگاه|چهارراه|سه راه|فلکه|شهرک|محله|پارک"
    r"|مترو|بوستان|مدرسه|دبستان|دبیرستان|بیمارستان|مسجد|کتابخانه)ی?\s*$"
)
_ABSOLUTE = 5  # so many forms name a day of the calendar, the others count from today
_COMPACT = re.compile(
    r"\s*(?:((?:1[2-5]|20)\d\d)\s?([01]?\d)\s?([0-3]\d|\b\d)|(\d{1,2})\s(\d{1,2})\s(1[2-5]\d\d))\s*#?\s*"
)


def find_dates(text: Folded, today: date) -> Iterator[Span]:
    """Every day named, as ISO date; days that no calendar has are passed over. `text`: in digits
    (`bot.nlu.spoken.readings`)."""
    for _, found in _find(text, today):
        if isinstance(found, Span):
            yield found


def read_date(text: str, today: date) -> str:
    """The one day that a text names, «شنبه» beside «۷ آذر» being no other. Raises Unreadable: "date" when none or two
    are named, "date.no_such_day"."""
    _, folded = readings(text)
    if match := _COMPACT.fullmatch(folded):
        return _numeric(match, today).isoformat()
    found = list(_find(folded, today))
    absolute = [each for form, each in found if form < _ABSOLUTE]
    named = absolute or [each for _, each in found]
    for each in named:
        if isinstance(each, Unreadable):
            raise each
    days = {each.value for each in named if isinstance(each, Span)}
    if len(days) != 1:
        raise Unreadable("date")
    return str(days.pop())


def _find(text: Folded, today: date) -> Iterator[tuple[int, Span | Unreadable]]:
    """With the number of the form that found it."""
    if not text.digits and text.words.isdisjoint(TRIGGERS):
        return
    taken: list[tuple[int, int]] = []
    for form, (pattern, resolve, words) in enumerate(_FORMS):
        if text.words.isdisjoint(words) if words else text.digits < NUMERIC:
            continue
        for match in pattern.finditer(text):
            start, end = match.span()
            if form in _BY_MONTH and _STREET.search(text, max(start - 16, 0), start):
                continue
            if all(end <= begun or done <= start for begun, done in taken):
                taken.append((start, end))
                yield form, _resolved(resolve, match, today)


def _resolved(resolve: Resolve, match: re.Match[str], today: date) -> Span | Unreadable:
    try:
        return Span(resolve(match, today).isoformat(), *match.span(), _SURE)
    except Unreadable as error:
        return error
    except (OverflowError, ValueError):
        return Unreadable("date")
