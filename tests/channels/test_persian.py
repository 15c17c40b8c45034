"""Numbers and dates as they are read, whatever the process's locale."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone

import jdatetime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.persian import date_words, moment_words, number_words, persian_digits, rial_words

DAYS = st.dates(date(1922, 1, 1), date(2120, 12, 31))


@pytest.mark.parametrize(
    ("number", "fa", "en"),
    [
        (0, "۰", "0"),
        (999, "۹۹۹", "999"),
        (1000, "۱٬۰۰۰", "1,000"),
        (1234567890, "۱٬۲۳۴٬۵۶۷٬۸۹۰", "1,234,567,890"),
        (-5, "\u200e\u2212۵", "-5"),
    ],
)
def test_numbers_are_grouped(number: int, fa: str, en: str) -> None:
    assert number_words(number, "fa") == fa
    assert number_words(number, "en") == en


@given(st.integers())
def test_a_number_reads_back(number: int) -> None:
    back = number_words(number, "fa").replace("٬", "").replace("\u200e\u2212", "-")
    assert int(back) == number
    assert not any(c.isascii() and c.isdigit() for c in number_words(number, "fa"))


@given(st.text())
def test_persian_digits_change_nothing_but_ascii_digits(text: str) -> None:
    said = persian_digits(text)
    assert len(said) == len(text)
    for before, after in zip(text, said, strict=True):
        if before in "0123456789":
            assert "۰" <= after <= "۹" and unicodedata.decimal(after) == int(before)
        else:
            assert after == before


def test_rials() -> None:
    assert rial_words(1200000, "fa") == "۱٬۲۰۰٬۰۰۰ ریال"
    assert rial_words(1200000, "en") == "1,200,000 rials"


@pytest.mark.parametrize(
    ("day", "fa", "en"),
    [
        (date(2026, 11, 23), "دوشنبه ۲ آذر ۱۴۰۵", "Mon 23 Nov 2026"),
        (date(2025, 3, 20), "پنجشنبه ۳۰ اسفند ۱۴۰۳", "Thu 20 Mar 2025"),  # a leap year's last day
        (date(2025, 3, 21), "جمعه ۱ فروردین ۱۴۰۴", "Fri 21 Mar 2025"),
        (date(2026, 3, 20), "جمعه ۲۹ اسفند ۱۴۰۴", "Fri 20 Mar 2026"),
        (date(2026, 10, 22), "پنجشنبه ۳۰ مهر ۱۴۰۵", "Thu 22 Oct 2026"),
    ],
)
def test_dates(day: date, fa: str, en: str) -> None:
    assert date_words(day, "fa") == fa
    assert date_words(day, "en") == en


@given(DAYS)
def test_a_date_is_the_same_as_jdatetime_writes_it_in_its_persian_locale(day: date) -> None:
    jalali = jdatetime.date.fromgregorian(date=day, locale="fa_IR")
    expected = persian_digits(jalali.strftime("%A %-d %B %Y"))
    assert date_words(day, "fa").replace("\u200c", "") == expected.replace("\u200c", "").replace("ﻪ", "ه")


@given(DAYS)
def test_an_english_date_is_what_the_c_locale_writes(day: date) -> None:
    assert date_words(day, "en") == f"{day:%a} {day.day} {day:%b %Y}"


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 11, 23, 11, 0, tzinfo=UTC),
        datetime(2026, 11, 23, 14, 30),  # naive: Tehran's already
        datetime(2026, 11, 23, 13, 0, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_moments_are_told_in_tehran(at: datetime) -> None:
    assert moment_words(at, "fa") == "دوشنبه ۲ آذر ۱۴۰۵ ساعت ۱۴:۳۰"
    assert moment_words(at, "en") == "Mon 23 Nov 2026, 14:30"


def test_midnight_in_tehran_is_the_next_day() -> None:
    assert moment_words(datetime(2026, 11, 23, 20, 30, tzinfo=UTC), "fa") == "سه‌شنبه ۳ آذر ۱۴۰۵ ساعت ۰۰:۰۰"
