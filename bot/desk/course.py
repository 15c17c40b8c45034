"""The steps of a request: who may move it where, and who is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.catalogue import Catalogue
from bot.core.messages import Attachment
from bot.core.records import Step
from bot.core.requests import COURSE, Change, NotAllowed, ServiceRequest, Status
from bot.desk import news


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of a request; what is left empty stays as it is."""

    at: datetime
    by: str  # "citizen" | "officer" | "system"
    status: Status | None = None
    note: str = ""
    unit: str = ""
    officer: str = ""
    attachments: tuple[Attachment, ...] = ()


def step(wish: Wish, catalogue: Catalogue, request: ServiceRequest) -> Step:
    """The request after the wish, and what the filer is told. Raises NotAllowed."""
    if wish.status is None and not (wish.note or wish.unit or wish.officer or wish.attachments):
        raise NotAllowed("nothing to change")
    if wish.by == "citizen" and (wish.status not in (None, Status.WITHDRAWN) or wish.unit or wish.officer):
        raise NotAllowed("a citizen may add to a request or withdraw it")
    status = wish.status
    if status is None and wish.by == "citizen" and request.status is Status.NEEDS_INFORMATION:
        status = Status.IN_REVIEW
    if status is not None and status not in COURSE[request.status]:
        raise NotAllowed(f"{request.status} cannot become {status}")
    now = status or request.status
    entry = Change(wish.at, now, wish.note, wish.unit, wish.officer, wish.by, wish.attachments)
    moved = bool(wish.unit) and wish.unit != request.unit
    after = replace(
        request,
        status=now,
        unit=wish.unit or request.unit,
        officer=wish.officer or ("" if moved else request.officer),  # the officer stays behind with the old unit
        updated_at=wish.at,
        history=(*request.history, entry),
    )
    return Step(after, news.of(after, catalogue) if wish.by not in news.UNTOLD else ())
