"""organization.yaml, holidays.yaml and announcements.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from bot.content.values import Value
from bot.core.catalogue import REMIND_AFTER, Announcement, Hours, Organization, QuietHours, Text, Unit

_DAYS = ("sat", "sun", "mon", "tue", "wed", "thu", "fri")


def organization(value: Value, holidays: frozenset[date]) -> Organization:
    with value.table() as table:
        return Organization(
            name=table.need("name").text(),
            about=table.need("about").text(),
            address=table.need("address").text(),
            phone=table.need("phone").string(),
            website=table.need("website").string(),
            email=table.need("email").string(),
            hours=_hours(table.need("hours")),
            units=_units(table.need("units")),
            front_desk=table.need("front_desk").reference("unit"),
            categories=_named_texts(table.need("categories"), "category"),
            audiences=_named_texts(table.need("audiences"), "audience"),
            holidays=holidays,
            timezone=_timezone(table.maybe("timezone")),
            quiet_hours=_quiet_hours(table.maybe("quiet_hours")),
            remind_after=table.maybe("remind_after").delay(REMIND_AFTER),
        )


def _quiet_hours(value: Value) -> QuietHours | None:
    if not value.node:
        return None
    with value.table("{from: …, until: …}") as table:
        quiet = QuietHours(table.need("from").clock(), table.need("until").clock())
    if quiet.begins == quiet.ends:
        value.problem("the quiet hours end when they begin; correct one of the two, or remove them")
    return quiet if quiet.begins and quiet.ends else None


def _timezone(value: Value) -> str:
    name = value.string() or "Asia/Tehran"
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        value.problem(f"`{name}` is not a time zone; write one of the tz database such as Asia/Tehran")
    return name


def _hours(value: Value) -> tuple[Hours, ...]:
    hours: list[Hours] = []
    for item in value.items(1):
        with item.table() as table:
            days = table.need("days").items(1)
            opens, closes = table.need("opens").clock(), table.need("closes").clock()
        if opens and closes and opens >= closes:
            item.problem(f"opens at {opens} but closes at {closes}; write opening hours within one day")
        for day in days:
            if not (name := day.one_of(_DAYS, "a day of the week")):
                continue
            new = Hours(_DAYS.index(name), opens, closes)
            if any(h.weekday == new.weekday and h.opens < closes and opens < h.closes for h in hours):
                day.problem(f"`{name}` is open at that time already; remove one of the two")
            hours.append(new)
    return tuple(sorted(hours, key=lambda h: (h.weekday, h.opens)))


def _units(value: Value) -> Mapping[str, Unit]:
    units = {}
    for key, unit in value.pairs("units by their ids").values():
        id = key.id("unit")
        with unit.table() as table:
            units[id] = Unit(id, table.need("title").text(), table.maybe("phone").string(), table.maybe("place").text())
    return units


def _named_texts(value: Value, kind: str) -> Mapping[str, Text]:
    return {key.id(kind): text.text() for key, text in value.pairs("texts by their ids").values()}


def holidays(value: Value) -> frozenset[date]:
    days: set[date] = set()
    for item in value.items():
        with item.table() as table:
            table.need("title").text()
            day = table.need("date").jalali()
        if day and (first := value.source.findings.define("holiday", day.isoformat(), item.place)):
            item.problem(f"this day stands at {first} already; write one entry with both titles")
        if day:
            days.add(day)
    return frozenset(days)


def announcements(value: Value) -> tuple[Announcement, ...]:
    found = []
    for item in value.items():
        with item.table() as table:
            until = table.maybe("until")
            announcement = Announcement(
                id=table.need("id").id("announcement"),
                title=table.need("title").text(),
                body=table.need("body").text(),
                since=table.need("since").jalali() or date.min,
                until=until.jalali(),
                urgent=table.maybe("urgent").boolean(),
            )
        if announcement.until and announcement.until < announcement.since:
            until.problem("`until` is before `since`; correct one of the two")
        found.append(announcement)
    return tuple(found)
