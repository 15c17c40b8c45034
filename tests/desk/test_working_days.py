"""Working days of the Iranian week."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.working_days import after_working_days, is_working_day
from tests.desk.office import organization

SATURDAY = date(2026, 11, 21)
WEEK = [SATURDAY + timedelta(days=n) for n in range(7)]


def test_fridays_never_and_thursdays_only_where_they_are_worked() -> None:
    assert [is_working_day(day, organization(0, 1, 2, 3, 4)) for day in WEEK] == [True] * 5 + [False, False]
    assert [is_working_day(day, organization(0, 1, 2, 3, 4, 5, 6)) for day in WEEK] == [True] * 6 + [False]


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (WEEK[2], 0, WEEK[2]),
        (WEEK[2], 1, WEEK[3]),
        (WEEK[4], 1, date(2026, 11, 28)),  # from Wednesday over Thursday and Friday
        (WEEK[6], 1, date(2026, 11, 28)),  # filed on a Friday
        (WEEK[0], 5, date(2026, 11, 28)),
        (WEEK[2], 10, date(2026, 12, 7)),
    ],
)
def test_counting(start: date, days: int, end: date) -> None:
    assert after_working_days(start, days, organization(0, 1, 2, 3, 4)) == end


def test_holidays_do_not_count() -> None:
    nowruz = frozenset(date(2027, 3, 21) + timedelta(days=n) for n in range(4))  # 1 to 4 Farvardin 1406
    assert after_working_days(date(2027, 3, 20), 1, organization(0, 1, 2, 3, 4, holidays=nowruz)) == date(2027, 3, 27)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 60), st.booleans(), st.sets(st.integers(0, 90)))
def test_exactly_so_many_working_days_lie_between(start: date, days: int, thursdays: bool, off: set[int]) -> None:
    holidays = frozenset(start + timedelta(days=n) for n in off)
    office = organization(0, 1, 2, 3, 4, *([5] if thursdays else []), holidays=holidays)
    end = after_working_days(start, days, office)
    between = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert sum(is_working_day(day, office) for day in between) == days
    assert is_working_day(end, office)
