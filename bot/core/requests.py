"""What citizens ask of the organisation, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from bot.core.messages import Address, Attachment
from bot.core.tracking import TrackingCode
from bot.core.values import value


class Status(StrEnum):
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    NEEDS_INFORMATION = "needs_information"
    REFERRED = "referred"
    RESOLVED = "resolved"
    REJECTED = "rejected"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"

    @property
    def final(self) -> bool:
        """Nothing more is done by itself; an officer may still reopen all but a withdrawn one."""
        return self in (Status.REJECTED, Status.CLOSED, Status.WITHDRAWN)


_OPEN = frozenset({Status.IN_REVIEW, Status.NEEDS_INFORMATION, Status.REFERRED, Status.RESOLVED, Status.REJECTED})
COURSE: Mapping[Status, frozenset[Status]] = {
    Status.SUBMITTED: _OPEN | {Status.CLOSED, Status.WITHDRAWN},
    Status.IN_REVIEW: _OPEN - {Status.IN_REVIEW} | {Status.CLOSED, Status.WITHDRAWN},
    Status.NEEDS_INFORMATION: _OPEN - {Status.NEEDS_INFORMATION} | {Status.CLOSED, Status.WITHDRAWN},
    Status.REFERRED: _OPEN | {Status.CLOSED, Status.WITHDRAWN},  # from one unit to the next
    Status.RESOLVED: frozenset({Status.CLOSED, Status.IN_REVIEW}),
    Status.REJECTED: frozenset({Status.CLOSED, Status.IN_REVIEW}),
    Status.CLOSED: frozenset({Status.IN_REVIEW}),  # reopened
    Status.WITHDRAWN: frozenset(),
}
"""Where a request may go from each status."""


@value
class Answer:
    """One answered field, with the label that the citizen saw: a form may change later."""

    field: str
    kind: str  # the field's type, which decides how `value` is shown
    label: str
    value: Any  # JSON
    shown: str = ""  # of a choice: its label


@value
class Draft:
    """What a dialog hands in. `contact` and `address` say who and from where."""

    form: str
    kind: str  # "request" | "complaint" | "suggestion" | "criticism" | "support" | "message"
    title: str
    contact: str
    address: Address
    language: str
    service: str = ""
    unit: str = ""
    officer: str = ""
    days: int = 0  # working days promised; 0 promises none
    mobile: str = ""  # E.164 of the filer; its last four digits are the second factor
    answers: tuple[Answer, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@value
class Change:
    """One entry of a request's history."""

    at: datetime
    status: Status
    note: str = ""
    unit: str = ""
    officer: str = ""
    by: str = ""  # "citizen" | "officer" | "system"
    attachments: tuple[Attachment, ...] = ()


@value
class ServiceRequest:
    code: TrackingCode
    draft: Draft
    status: Status
    unit: str
    officer: str
    filed_at: datetime
    updated_at: datetime
    expected_on: date | None = None
    history: tuple[Change, ...] = ()
    rated: bool = False


@value
class SurveyResponse:
    """`score` is the answer to the first question, 1 (worst) to 5 (best)."""

    survey: str
    code: TrackingCode | None
    contact: str
    channel: str
    score: int
    answers: Mapping[str, Any] = field(default_factory=dict)


@value
class Miss:
    """A question that the knowledge base did not answer, for its editors."""

    text: str
    language: str
    channel: str
    reason: str  # "unknown" | "unhelpful" | "meant": the citizen chose among guesses
    entry: str = ""  # the entry that did not help
    nearest: tuple[str, ...] = ()  # the entries that came to mind; of "meant": all that was offered
    chosen: str = ""  # of "meant": "faq/ID" | "service/ID" | "intent/NAME"


@value
class Missed:
    """A miss as it is kept. Its state: "open" | "accepted" | "dismissed"."""

    id: str
    at: datetime
    miss: Miss


class TooManyAttempts(Exception):
    """Look-ups or second factors guessed too often; `minutes` until the next one counts."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"try again in {minutes} minutes")
        self.minutes = minutes


class NotAllowed(Exception):
    """The status course does not allow this step."""
