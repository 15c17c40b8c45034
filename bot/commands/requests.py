"""`pishkhan requests …`: the officer's minimum, on the database that the server uses, while it runs."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.errors import Ended
from bot.commands.officer import as_json, as_table, at_the_desk
from bot.core.messages import Address
from bot.core.ports import Contacts
from bot.core.requests import NotAllowed, ServiceRequest, Status
from bot.core.tracking import TrackingCode
from bot.desk.service_desk import ServiceDesk
from bot.settings import Settings
from bot.web import models

Case = tuple[ServiceRequest, Sequence[Address]]
"""A request, and all addresses of who filed it."""


def listed(settings: Settings, *, status: str, unit: str, after: str, limit: int, json: bool) -> str:
    """Requests, newest first, a line each."""
    wanted = _status(status) if status else None
    behind = _code(after) if after else ""

    async def work(desk: ServiceDesk, contacts: Contacts) -> tuple[ServiceRequest, ...]:
        return await desk.search(status=wanted, unit=unit, after=behind, limit=limit)

    found = at_the_desk(settings, work)
    if json:
        return as_json([models.RequestSummary.of(r).model_dump(mode="json") for r in found])
    if not found:
        return "no requests"
    rows = [("CODE", "STATUS", "FILED", "UNIT", "CHANNEL", "TITLE")]
    rows += [
        (r.code.shown, r.status.value, f"{r.filed_at:%Y-%m-%d %H:%M}", r.unit, r.draft.address.channel, r.draft.title)
        for r in found
    ]
    return as_table(rows)


def shown(settings: Settings, code: str, *, json: bool) -> str:
    """One request with everything in it."""
    wanted = _code(code)

    async def work(desk: ServiceDesk, contacts: Contacts) -> Case | None:
        found = await desk.find(wanted)
        return (found, await contacts.addresses(found.draft.contact)) if found else None

    found = at_the_desk(settings, work)
    if found is None:
        raise Ended(f"no request has the code {wanted.shown}")
    return as_json(models.Request.whole(*found).model_dump(mode="json")) if json else _case(*found)


def moved(settings: Settings, code: str, status: str, *, note: str, unit: str, officer: str, json: bool) -> str:
    """The request after the step; the running server tells the citizen."""
    wanted, target = _code(code), _status(status)

    async def work(desk: ServiceDesk, contacts: Contacts) -> Case:
        moved = await desk.change(wanted, by="officer", status=target, note=note, unit=unit, officer=officer)
        return moved, await contacts.addresses(moved.draft.contact)

    try:
        changed = at_the_desk(settings, work)
    except KeyError:
        raise Ended(f"no request has the code {wanted.shown}") from None
    except NotAllowed as error:
        raise Ended(str(error)) from None
    if json:
        return as_json(models.Request.whole(*changed).model_dump(mode="json"))
    return f"{changed[0].code.shown} {changed[0].status}"


def _code(text: str) -> TrackingCode:
    code = TrackingCode.found_in(text)
    if code is None:
        raise Ended("this is not a tracking code: ten digits, the last one checks the others")
    return code


def _status(text: str) -> Status:
    if text not in set(Status):
        raise Ended(f"{text} is not a status; there are {', '.join(Status)}")
    return Status(text)


def _value(value: object) -> str:
    """A location is a place in words, or two coordinates; some answers are spoken."""
    if isinstance(value, dict) and "recording" in value:
        return f"voice message {value['recording']['name']}"
    return ", ".join(map(str, value.values())) if isinstance(value, dict) else str(value)


def _case(r: ServiceRequest, addresses: Sequence[Address]) -> str:
    facts = {
        "code": r.code.shown,
        "title": r.draft.title,
        "status": r.status.value,
        "unit": r.unit,
        "officer": r.officer,
        "service": r.draft.service,
        "filed": f"{r.filed_at:%Y-%m-%d %H:%M}",
        "expected": r.expected_on.isoformat() if r.expected_on else "",
        "by": f"{r.draft.address.channel} {r.draft.mobile}".strip(),
        "ways": ", ".join(f"{a.channel} {a.number}".strip() for a in addresses),
    }
    facts |= {a.label: a.shown or _value(a.value) for a in r.draft.answers if a.kind != "files"}
    facts |= {f"file {n}": f"{a.name} ({a.size} bytes)" for n, a in enumerate(r.draft.attachments, start=1)}
    lines = [f"{name}: {value}" for name, value in facts.items() if value]
    lines += [f"{c.at:%Y-%m-%d %H:%M}  {c.by}  {c.status}  {c.unit}  {c.note}".rstrip() for c in r.history]
    return "\n".join(lines)
