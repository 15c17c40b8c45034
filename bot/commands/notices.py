"""`pishkhan notices …`: what was told and what was not, and telling again what was given up, while the server runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from bot.app.stores import Stores
from bot.commands.case import contact_of, told_at
from bot.commands.errors import Ended
from bot.commands.officer import as_json, as_table
from bot.core.notices import Attempt, NoticeRecord
from bot.settings import Settings
from bot.stores.contacts import SqlContacts
from bot.stores.outbox import SqlOutbox

STATES = ("pending", "sent", "delivered", "dropped", "dead")

Result = TypeVar("Result")


def listed(settings: Settings, *, state: str, contact: str, limit: int, json: bool) -> str:
    """Notices, newest first, a line each."""
    if state and state not in STATES:
        raise Ended(f"{state} is no state of a notice; there are {', '.join(STATES)}")

    async def work(stores: Stores) -> tuple[NoticeRecord, ...]:
        outbox = SqlOutbox(stores.database)
        if not contact:
            return await outbox.told(state=state, limit=limit)
        addresses = await SqlContacts(stores.database).addresses(await contact_of(stores, contact))
        if not addresses:
            raise Ended("nobody is known by this: an id of a contact, channel:id or a telephone number")
        return await outbox.told(told_at(addresses), state=state, limit=limit)

    found = _with_stores(settings, work)
    if json:
        return as_json([_data(record) for record in found])
    if not found:
        return "no notices"
    rows = [("ID", "STATE", "DUE", "TRIES", "CHANNEL", "WHAT", "WHY")]
    rows += [
        (r.notice.id, r.state, _moment(r.notice.due_at), str(r.notice.tries), _channel(r), what(r), r.why)
        for r in found
    ]
    return as_table(rows)


def shown(settings: Settings, id: str, *, json: bool) -> str:
    """One notice with its attempts."""

    async def work(stores: Stores) -> tuple[NoticeRecord, ...]:
        return await SqlOutbox(stores.database).told(ids=_ids([id]))

    found = _with_stores(settings, work)
    if not found:
        raise Ended(f"there is no notice {id}")
    (record,) = found
    return as_json(_data(record)) if json else _told(record)


def resent(settings: Settings, ids: Sequence[str], *, all_dead: bool) -> str:
    """Dead notices are tried again by the courier that runs."""
    if all_dead == bool(ids):
        raise Ended("name the notices by their ids, or all that were given up by --all-dead")
    wanted = None if all_dead else _ids(ids)

    async def work(stores: Stores) -> int:
        return await SqlOutbox(stores.database).resend(wanted, at=datetime.now(UTC))

    count = _with_stores(settings, work)
    if wanted is not None and count < len(wanted):
        raise Ended(f"{count} of {len(wanted)} are tried again; the others are not dead, or there are none such")
    return f"tried again: {count}"


def what(record: NoticeRecord) -> str:
    """What it tells; of a one-time code not for whom."""
    command = record.notice.command
    return command.partition(" ")[0] if command.startswith("/code") else command


def _with_stores(settings: Settings, work: Callable[[Stores], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        stores = Stores(settings)
        async with stores.opened():
            return await work(stores)

    return asyncio.run(run())


def _ids(words: Sequence[str]) -> list[str]:
    for word in words:
        if not (word.isascii() and word.isdigit() and len(word) < 19):
            raise Ended(f"{word} is no notice's id; `pishkhan notices list` shows them")
    return sorted({str(int(word)) for word in words})


def _told(record: NoticeRecord) -> str:
    notice = record.notice
    lines = [
        f"{notice.id}  {what(record)}  {record.state}" + (f": {record.why}" if record.why else ""),
        f"to {notice.address}, made {_moment(record.made_at)}, due {_moment(notice.due_at)}"
        + (", urgent" if notice.urgent else "")
        + (f", until {_moment(notice.until)}" if notice.until else ""),
    ]
    if record.state == "pending":
        lines.append(f"next try {_moment(record.next_at)}")
    if record.attempts:
        rows = [("TRY", "AT", "WAY", "OUTCOME", "RECEIPT", "WHY")]
        rows += [(str(a.n), _moment(a.at), str(a.way), a.outcome, a.received, a.why) for a in record.attempts]
        lines += ["", as_table(rows)]
    return "\n".join(lines)


def _channel(record: NoticeRecord) -> str:
    """Where it is told, or will be as far as is known."""
    return (record.notice.way or record.notice.address).channel


def _data(record: NoticeRecord) -> dict[str, Any]:
    notice = record.notice
    return {
        "id": notice.id,
        "what": what(record),
        "state": record.state,
        "why": record.why,
        "address": str(notice.address),
        "urgent": notice.urgent,
        "made_at": record.made_at.isoformat(),
        "due_at": notice.due_at.isoformat(),
        "until": notice.until.isoformat() if notice.until else None,
        "next_at": record.next_at.isoformat() if record.state == "pending" else None,
        "attempts": [_attempt(attempt) for attempt in record.attempts],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "n": attempt.n,
        "at": attempt.at.isoformat(),
        "way": str(attempt.way),
        "outcome": attempt.outcome,
        "why": attempt.why,
        "message": attempt.message,
        "receipt": attempt.received,
    }


def _moment(at: datetime) -> str:
    """In this machine's time zone."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"
