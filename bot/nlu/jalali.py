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
from bot.nlu.calendar_words import DAYS, GREGORIAN_MONTHS, JALALI_MONTHS, NEAR, WEEKDAYS
from bot.nlu.numbers import UNITS, find_numbers
from bot.nlu.spans import WORD_END, WORD_START, Folded, Span, words_of

Resolve = Callable[[re.Match[str], date], date]

_NEXT, _LAST = "(?:بعدی|بعد|دیگه|دیگر|اینده)", "(?:قبلی|قبل|پیش|گذشته)"


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
    """Two digits are a year of this century unless it would be more than ten years ahead."""
    if year > 99:
        return year
    now = jdatetime.date.fromgregorian(date=today).year
    return year + (1400 if 1400 + year <= now + 10 else 1300)


def _numeric(match: re.Match[str], today: date) -> date:
    a, b, c = int(match[1]), int(match[2]), int(match[3])
    year, month, day = (c, b, a) if len(match[3]) == 4 or (len(match[1]) < 4 and c > 31) else (a, b, c)
    if 1900 <= year <= 2199:
        return _civil(year, month, day)
    if 99 < year < 1200 or year > 1599:
        raise Unreadable("date")
    return gregorian(_full_year(year, today), month, day)


def _day_of(match: re.Match[str]) -> int:
    word = re.sub(r"\s+", " ", match["day"])
    if word.isdigit():
        return int(word)
    return next(v for k, v in DAYS.items() if k.replace(" ", "") == word.replace(" ", ""))


def _named(match: re.Match[str], today: date) -> date:
    day, month = _day_of(match), JALALI_MONTHS[match["month"]]
    this_year = jdatetime.date.fromgregorian(date=today).year
    year = match["year"]
    if year is None:
        return _nearest(today, (partial(gregorian, this_year + offset, month, day) for offset in (0, 1, -1)))
    if year.isdigit():
        return gregorian(_full_year(int(year), today), month, day)
    offset = 0 if year == "امسال" else 1 if re.search(_NEXT, year) else -1
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
    word = re.sub(r"\s+", "", match[1])
    return today + timedelta(next(v for k, v in NEAR.items() if k.replace(" ", "") == word))


def _in_so_many(match: re.Match[str], today: date) -> date:
    numbers = list(find_numbers(Folded.of(match["count"] + " تا")))
    if len(numbers) != 1:
        raise Unreadable("date")
    count = int(numbers[0].value) * (-1 if match.groupdict().get("past") else 1)
    unit = match["unit"]
    if abs(count) > 40_000:
        raise Unreadable("date")
    if unit in ("ماه", "month", "months", "سال", "year", "years"):
        return _months_away(today, count * (12 if unit in ("سال", "year", "years") else 1))
    return today + timedelta(count * (7 if unit in ("هفته", "week", "weeks") else 1))


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
    name = re.sub(r"\s+", "", match["weekday"])
    weekday = next(v for k, v in WEEKDAYS.items() if k.replace(" ", "") == name)
    saturday = today - timedelta((today.weekday() + 2) % 7)
    week = match["after"] or match["before"] or ""
    if "هفته" in week or "week" in week:
        offset = 0 if re.search(r"(?:این|همین)\s*هفته|this", week) else -7 if re.search(f"{_LAST}|last", week) else 7
        return saturday + timedelta(weekday + offset)
    ahead = (weekday - (today - saturday).days) % 7
    if re.search(f"{_LAST}|last", week):
        return today - timedelta(7 - ahead)
    return today + timedelta(ahead or 7)


# --- finding ------------------------------------------------------------------------------------


def _pattern(*parts: str) -> re.Pattern[str]:
    """`<<` and `>>` stand where a word begins and ends."""
    return re.compile("".join(parts).replace("<<", WORD_START).replace(">>", WORD_END))


_SEPARATOR = r"\s*[/.\-\u2013_\\]\s*"
_DAY = rf"(?P<day>(?<!\d)\d{{1,2}}(?!\d)|<<(?:{words_of(DAYS)})>>)(?:\s*(?:م|ام|th|st|nd|rd|of)>>)*"
_MONTH, _FOREIGN_MONTH = words_of(JALALI_MONTHS), words_of(GREGORIAN_MONTHS)
_YEAR = (
    r"(?:(?:\s*(?:ماه|سال|,|/))*\s*(?P<year>(?<!\d)(?:1[2-5]\d\d|[03-9]\d)(?![\d/:])"
    rf"|<<(?:امسال|پارسال|سال\s*(?:{_NEXT}|{_LAST}))>>))?"
)
_FOREIGN_YEAR = r"(?:\s*,?\s*(?P<year>(?:19|20)\d\d)(?!\d))?"
_COUNT = rf"<<(?P<count>(?<!\d)\d{{1,3}}|(?:{words_of(UNITS)})(?:\s*و\s*(?:{words_of(UNITS)}))?)>>"
_UNIT = "<<(?P<unit>روز|هفته|ماه|سال|days?|weeks?|months?|years?)>>"
_WEEK_BEFORE = r"(?:<<(?P<before>(?:next|this|last)(?:\s+week)?)\s+(?:on\s+)?)?"
_WEEK_AFTER = rf"(?P<after>\s*(?:(?:این|همین)\s*هفته|(?:هفته\s*)?(?:{_NEXT}|{_LAST}))>>|\s+(?:next|this|last)\s+week)?"
_FORMS: tuple[tuple[re.Pattern[str], Resolve], ...] = (
    (
        _pattern(rf"(?<![\d/.\-])(\d{{4}}|\d{{1,2}}){_SEPARATOR}(\d{{1,2}}){_SEPARATOR}(\d{{4}}|\d{{1,2}})(?![\d/\-])"),
        _numeric,
    ),
    (_pattern(rf"{_DAY}\s*(?:ماه\s*)?<<(?P<month>{_MONTH})(?:\s*ماه)?>>", _YEAR), _named),
    (_pattern(rf"<<(?P<month>{_MONTH})>>\s*{_DAY}", _YEAR), _named),
    (_pattern(rf"{_DAY}\s*<<(?P<month>{_FOREIGN_MONTH})>>", _FOREIGN_YEAR), _named_gregorian),
    (_pattern(rf"<<(?P<month>{_FOREIGN_MONTH})>>\s*{_DAY}", _FOREIGN_YEAR), _named_gregorian),
    (
        _pattern(_COUNT, r"\s*(?:تا\s*)?", _UNIT, rf"\s*<<(?:(?P<past>{_LAST}|ago)|{_NEXT}|later|from now)>>"),
        _in_so_many,
    ),
    (_pattern(r"<<in\s+", _COUNT, r"\s+", _UNIT), _in_so_many),
    (_pattern(_WEEK_BEFORE, rf"<<(?P<weekday>{words_of(WEEKDAYS)})>>", _WEEK_AFTER), _weekday),
    (_pattern(rf"<<({words_of(NEAR)})>>"), _near),
)
"""Most particular first: what one form has taken, the next ones leave alone."""
_ABSOLUTE = 5  # so many forms name a day of the calendar, the others count from today
_HINT = re.compile(
    "|".join((r"[\da-z]|شنبه|روز|هفته|ماه|سال|فردا|دیشب|امشب|جمعه|ادینه", *filter(lambda m: len(m) > 1, JALALI_MONTHS)))
)
_COMPACT = re.compile(r"\s*((?:1[2-5]|20)\d\d)([01]\d)([0-3]\d)\s*")


def find_dates(text: Folded, today: date) -> Iterator[Span]:
    """Every day named, as ISO date; days that no calendar has are passed over."""
    for _, found in _find(text, today):
        if isinstance(found, Span):
            yield found


def read_date(text: str, today: date) -> str:
    """The one day that a text names, «شنبه» beside «۷ آذر» being no other. Raises Unreadable: "date" when none or two
    are named, "date.no_such_day"."""
    folded = Folded.of(text)
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
    if not _HINT.search(text):
        return
    taken: list[tuple[int, int]] = []
    for form, (pattern, resolve) in enumerate(_FORMS):
        for match in pattern.finditer(text):
            start, end = match.span()
            if all(end <= begun or done <= start for begun, done in taken):
                taken.append((start, end))
                yield form, _resolved(resolve, match, today)


def _resolved(resolve: Resolve, match: re.Match[str], today: date) -> Span | Unreadable:
    try:
        return Span(resolve(match, today).isoformat(), *match.span())
    except Unreadable as error:
        return error
    except OverflowError:
        return Unreadable("date")
