"""The words that days are named with, in folded spelling: data for `bot.nlu.jalali`."""

from __future__ import annotations

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
    "پن شنبه": 5, "جمعه": 6, "ادینه": 6, "1 شنبه": 1, "2 شنبه": 2, "3 شنبه": 3, "4 شنبه": 4, "5 شنبه": 5,
    "saturday": 0, "sunday": 1, "monday": 2, "tuesday": 3, "wednesday": 4, "thursday": 5, "friday": 6,
    "shanbe": 0, "yekshanbe": 1, "doshanbe": 2, "seshanbe": 3, "chaharshanbe": 4, "panjshanbe": 5, "jome": 6,
}  # fmt: skip
"""0 is Saturday, the first day of the week."""
NEAR = {
    "امروز": 0, "امشب": 0, "فردا": 1, "پس فردا": 2, "پسون فردا": 3, "پس ان فردا": 3, "دیروز": -1, "دیشب": -1,
    "پریروز": -2, "پریشب": -2, "پس پریروز": -3,
    "today": 0, "tomorrow": 1, "day after tomorrow": 2, "yesterday": -1, "day before yesterday": -2,
    "emrooz": 0, "emruz": 0, "farda": 1, "pas farda": 2, "dirooz": -1, "diruz": -1,
    "parirooz": -2, "emshab": 0, "tonight": 0,
}  # fmt: skip
"""Days from today."""

UNITS = {
    "روز": "day", "هفته": "week", "ماه": "month", "سال": "year", "rooz": "day", "ruz": "day", "roz": "day",
    "hafte": "week", "mah": "month", "sal": "year", "the month": "month", "the week": "week", "the year": "year",
    "day": "day", "days": "day", "week": "week", "weeks": "week", "month": "month", "months": "month", "year": "year",
    "years": "year",
}  # fmt: skip
EDGES = {
    "اول": 0, "اوایل": 0, "ابتدای": 0, "شروع": 0, "وسط": 1, "وسطای": 1, "اواسط": 1, "نیمه": 1,
    "اخر": 2, "اخرای": 2, "اواخر": 2, "پایان": 2, "انتهای": 2, "akhar": 2, "akhare": 2, "end of": 2,
    "beginning of": 0, "aval": 0, "avale": 0,
}  # fmt: skip
"""The first day, the middle or the last day of a week, a month or a year."""
NEXT = r"(?:بعدی|بعد(?!\s*از)|دیگه|دیگر|اینده|اتی|next|dige|digar|baad|bad|badi|ayande)"
LAST = r"(?:قبلی|قبل(?!\s*از)|پیش(?!\s*از)|گذشته|last|pish|ghabl|gozashte)"
THIS = "(?:همین|این|this|hamin|in)"
