"""Numbers, dates and times as people read them, in Persian and English. Pure; the process's locale has no say."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import jdatetime

TEHRAN = ZoneInfo("Asia/Tehran")

_MONTHS = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip
_WEEKDAYS = ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه")  # from Monday, as `date.weekday`
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DIGITS: dict[int, int] = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
# The Persian grouping sign, and the minus of CLDR's "fa": a mark keeps it at the number's left.
_NUMBER: dict[int, int | str] = {**_DIGITS, ord(","): "٬", ord("-"): "\u200e\u2212"}


def persian_digits(text: str) -> str:
    """ASCII digits as Persian ones; all else untouched."""
    return text.translate(_DIGITS)


def number_words(number: int, language: str) -> str:
    """1200000 → ۱٬۲۰۰٬۰۰۰ or 1,200,000."""
    grouped = f"{number:,}"
    return grouped.translate(_NUMBER) if language == "fa" else grouped


def rial_words(amount: int, language: str) -> str:
    """۱٬۲۰۰٬۰۰۰ ریال, or 1,200,000 rials."""
    return f"{number_words(amount, language)} {'ریال' if language == 'fa' else 'rials'}"


@lru_cache(maxsize=1024)
def date_words(day: date, language: str) -> str:
    """دوشنبه ۲ آذر ۱۴۰۵, or Mon 23 Nov 2026."""
    if language == "fa":
        jalali = jdatetime.date.fromgregorian(date=day)
        return persian_digits(f"{_WEEKDAYS[day.weekday()]} {jalali.day} {_MONTHS[jalali.month - 1]} {jalali.year}")
    return f"{_WEEKDAYS_EN[day.weekday()]} {day.day} {_MONTHS_EN[day.month - 1]} {day.year}"


def day_digits(day: date, language: str) -> str:
    """۱۴۰۵/۹/۱۲, or 2026-12-03: where there is no room for words."""
    if language == "fa":
        jalali = jdatetime.date.fromgregorian(date=day)
        return persian_digits(f"{jalali.year}/{jalali.month}/{jalali.day}")
    return day.isoformat()


def moment_words(at: datetime, language: str) -> str:
    """دوشنبه ۲ آذر ۱۴۰۵ ساعت ۱۴:۳۰, or Mon 23 Nov 2026, 14:30: in Tehran, where a naive moment already is."""
    local = at.astimezone(TEHRAN) if at.tzinfo else at
    day = date_words(local.date(), language)
    time = f"{local.hour:02}:{local.minute:02}"
    return f"{day} ساعت {persian_digits(time)}" if language == "fa" else f"{day}, {time}"
