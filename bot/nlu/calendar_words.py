"""The words that days are named with, in folded spelling: data for `bot.nlu.jalali`."""

from __future__ import annotations

from bot.nlu.numbers import UNITS

JALALI_MONTHS = {
    "فروردین": 1, "اردیبهشت": 2, "خرداد": 3, "تیر": 4, "مرداد": 5, "امرداد": 5, "شهریور": 6, "مهر": 7, "ابان": 8,
    "اذر": 9, "دی": 10, "بهمن": 11, "اسفند": 12,
    "farvardin": 1, "ordibehesht": 2, "khordad": 3, "tir": 4, "mordad": 5, "shahrivar": 6, "mehr": 7, "aban": 8,
    "azar": 9, "dey": 10, "bahman": 11, "esfand": 12,
}  # fmt: skip
GREGORIAN_MONTHS = {
    "ژانویه": 1, "فوریه": 2, "مارس": 3, "اوریل": 4, "مه": 5, "ژوین": 6, "ژوییه": 7, "جولای": 7, "اوت": 8, "اگوست": 8,
    "سپتامبر": 9, "اکتبر": 10, "نوامبر": 11, "دسامبر": 12,
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9,
    "october": 10, "november": 11, "december": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7,
    "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
WEEKDAYS = {
    "شنبه": 0, "یک شنبه": 1, "یه شنبه": 1, "دو شنبه": 2, "سه شنبه": 3, "چهار شنبه": 4, "چار شنبه": 4, "پنج شنبه": 5,
    "پن شنبه": 5, "جمعه": 6, "ادینه": 6,
    "saturday": 0, "sunday": 1, "monday": 2, "tuesday": 3, "wednesday": 4, "thursday": 5, "friday": 6,
    "shanbe": 0, "yekshanbe": 1, "doshanbe": 2, "seshanbe": 3, "chaharshanbe": 4, "panjshanbe": 5, "jome": 6,
}  # fmt: skip
"""0 is Saturday, the first day of the week."""
NEAR = {
    "امروز": 0, "امشب": 0, "فردا": 1, "پس فردا": 2, "پسون فردا": 3, "پس ان فردا": 3, "دیروز": -1, "دیشب": -1,
    "پریروز": -2,
    "today": 0, "tomorrow": 1, "day after tomorrow": 2, "yesterday": -1, "day before yesterday": -2,
    "emrooz": 0, "emruz": 0, "farda": 1, "pas farda": 2, "dirooz": -1, "diruz": -1,
}  # fmt: skip
"""Days from today."""

_PERSIAN = {word: value for word, value in UNITS.items() if not word.isascii()}
_COMPOUND = {
    f"{ten} و {word}": tens + value
    for ten, tens, most in (("بیست", 20, 9), ("سی", 30, 1))
    for word, value in _PERSIAN.items()
    if 0 < value <= most
}
_CARDINALS = {word: value for word, value in _PERSIAN.items() if 0 < value < 31} | _COMPOUND
DAYS = (
    _CARDINALS
    | {f"{word}م": value for word, value in _CARDINALS.items()}
    | {"اول": 1, "سوم": 3, "بیست و سوم": 23, "سی ام": 30}
)
"""Days of a month as cardinals and ordinals: پانزده، پانزدهم."""
