"""Counting working days by the Iranian week, which begins on Saturday."""

from __future__ import annotations

from datetime import date, timedelta

from bot.core.catalogue import Organization

THURSDAY, FRIDAY = 5, 6  # as in `Hours.weekday`: 0 is Saturday
_ONE = timedelta(days=1)


def is_working_day(day: date, organization: Organization) -> bool:
    """Fridays and holidays never are; Thursdays are where the organisation opens on them."""
    weekday = (day.weekday() + 2) % 7
    if weekday == FRIDAY or day in organization.holidays:
        return False
    return weekday != THURSDAY or any(hours.weekday == THURSDAY for hours in organization.hours)


def after_working_days(start: date, days: int, organization: Organization) -> date:
    """The working day that is `days` working days after `start`, which itself does not count."""
    day = start
    while days > 0:
        day += _ONE
        days -= is_working_day(day, organization)
    return day
