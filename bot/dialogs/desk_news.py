"""What the organisation has to say by itself: announcements, opening hours, and news of a request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from bot.core.catalogue import Announcement, Catalogue, Hours, pick
from bot.core.messages import Arg, Choice, Phrase, Reply, Term
from bot.core.requests import Change, ServiceRequest, Status
from bot.core.values import replace
from bot.dialogs.track import unit_of


def current(catalogue: Catalogue, now: datetime, *, urgent_only: bool = False) -> list[Announcement]:
    today = now.date()
    return [
        a
        for a in catalogue.announcements
        if a.since <= today and (a.until is None or today <= a.until) and (a.urgent or not urgent_only)
    ]


def announcement(item: Announcement, language: str) -> Phrase:
    return Phrase("news.item", {"title": pick(item.title, language), "body": pick(item.body, language)})


def news(catalogue: Catalogue, language: str, now: datetime) -> Reply:
    items = tuple(announcement(a, language) for a in current(catalogue, now))
    menu = (Choice("/menu", Phrase("nav.menu")),)
    return Reply(Phrase("form.lines", {"lines": items}) if items else Phrase("news.none"), menu)


def is_holiday(catalogue: Catalogue, now: datetime) -> bool:
    return now.date() in catalogue.organization.holidays


def is_open(catalogue: Catalogue, now: datetime) -> bool:
    """Whether the counter is open at this moment of the organisation's own clock."""
    if is_holiday(catalogue, now):
        return False
    clock = now.strftime("%H:%M")
    return any(h.opens <= clock < h.closes for h in _today(catalogue, now))


def _today(catalogue: Catalogue, now: datetime) -> list[Hours]:
    weekday = (now.weekday() + 2) % 7  # the week begins on Saturday
    return [h for h in catalogue.organization.hours if h.weekday == weekday]


def hours(catalogue: Catalogue, language: str, now: datetime) -> Reply:
    organization = catalogue.organization
    closed = Phrase("hours.holiday" if is_holiday(catalogue, now) else "hours.closed_now")
    lines: list[Arg] = [Phrase("hours.open_now") if is_open(catalogue, now) else closed]
    lines += map(_hours_of_days, alike(organization.hours))
    lines.append(Phrase("hours.place", {"address": pick(organization.address, language)}))
    lines.append(Phrase("hours.phone", {"phone": Term("digits", organization.phone)}))
    lines.append(Phrase("hours.always"))
    return Reply(Phrase("form.lines", {"lines": tuple(lines)}), (Choice("/menu", Phrase("nav.menu")),))


def alike(hours: Iterable[Hours]) -> list[list[Hours]]:
    """Neighbouring days with the same hours."""
    days = sorted(hours, key=lambda h: h.weekday)
    runs = groupby(enumerate(days), key=lambda d: (d[1].weekday - d[0], d[1].opens, d[1].closes))
    return [[day for _, day in run] for _, run in runs]


def _hours_of_days(days: Sequence[Hours]) -> Phrase:
    first, last = days[0], days[-1]
    span: dict[str, Arg] = {"opens": Term("clock", first.opens), "closes": Term("clock", first.closes)}
    if first is last:
        return Phrase("hours.day", {"day": Phrase(f"hours.weekday_{first.weekday}"), **span})
    ends = {"first": Phrase(f"hours.weekday_{first.weekday}"), "last": Phrase(f"hours.weekday_{last.weekday}")}
    return Phrase("hours.days", {**ends, **span})


def wants_information(request: ServiceRequest, change: Change) -> bool:
    """Whether this entry asks the citizen for something, and still does."""
    return request.status is change.status is Status.NEEDS_INFORMATION


def told(
    request: ServiceRequest, entry: int, language: str, catalogue: Catalogue, *, busy: bool, again: bool = False
) -> Reply:
    """A request moved on: what this entry of its history made of it, the officer's word, what the citizen may do; or,
    `again`, it still waits for what was asked then. Who is not busy is asked for the information at once."""
    change = request.history[min(entry, len(request.history) - 1)]
    said: dict[str, Arg] = {"title": request.draft.title, "code": Term("code", request.code)}
    status = {**said, "status": Phrase(f"status.{change.status}")}
    unit = unit_of(replace(request, unit=change.unit or request.unit), language, catalogue)
    lines: list[Arg] = [Phrase("notice.waiting", said) if again else Phrase("notice.moved", {**status, "unit": unit})]
    if change.note and change.by != "citizen":
        lines.append(Phrase("track.note_officer", {"note": Term("quote", change.note)}))
    if busy and wants_information(request, change):
        lines.append(Phrase("notice.please_add"))
    choices = (Choice(f"/track/{request.code}", Phrase("nav.track_this")),)
    brief = Phrase("notice.waiting", said) if again else Phrase("notice.brief", status)
    return Reply(Phrase("form.lines", {"lines": tuple(lines)}), choices, brief=brief if len(lines) == 1 else None)
