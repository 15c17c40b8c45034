"""What the desk has to tell by itself: from the outbox to the citizen, and what became of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from bot.core.messages import Address
from bot.core.values import value


@value
class News:
    """Something to be told, before it lies in the outbox."""

    command: str  # see `Notice`
    key: str = ""  # what is told once ever has one
    due_at: datetime | None = None  # None: at once
    urgent: bool = False
    until: datetime | None = None


@value
class Notice:
    """Something that the desk has to tell: an outbox row. `command` is what the dialogs understand."""

    id: str
    address: Address
    command: str  # "/told CODE ENTRY" (of the history, from 0) | "/survey CODE" | "/remind CODE ENTRY" | "/code …"…
    due_at: datetime  # since when it is to be told
    tries: int = 0  # attempts that were begun
    forgiven: int = 0  # of these, how many count no more since it was sent again by hand
    way: Address | None = None  # where it was sent last
    urgent: bool = False  # asked for just now: to this address alone, before all others, beside their order
    until: datetime | None = None  # after that it is of no use
    doubt: bool = False  # an attempt was begun whose end is not known
    held_until: datetime | None = None


@value
class Attempt:
    """One try of a notice. outcome: "begun" | "sent" | "failed" (it may be tried again) | "refused" | "doubtful"."""

    n: int
    way: Address
    at: datetime
    outcome: str
    why: str = ""
    message: str = ""  # the provider's id of it
    received: str = ""  # see `receipt_says`


@value
class NoticeRecord:
    """A notice with what became of it. state: "pending" | "sent" (the provider took it) | "delivered" | "dropped" (of
    no use any more, not wanted, or nothing to say) | "dead" (given up)."""

    notice: Notice
    state: str
    made_at: datetime
    next_at: datetime  # of a pending one: when it is tried, or until when a courier holds it
    why: str
    attempts: tuple[Attempt, ...] = ()


@value
class Queue:
    """How the outbox stands: notices whose time has come, for how many seconds the first of them waits, dead ones."""

    waiting: int
    oldest: float
    dead: int


def receipt_says(delivered: bool) -> str:
    return "delivered" if delivered else "undelivered"


class Outbox(Protocol):
    """Where notices lie until they are told, and what became of them. Each call is one transaction. Who takes a notice
    holds it until a moment of its own choice; that moment is the proof of holding it, whatever the clocks say."""

    async def take(
        self,
        at: datetime,
        until: datetime,
        *,
        urgent: bool = False,
        limit: int = 50,
        but: Collection[str] = (),
        only: Address | None = None,
    ) -> tuple[Notice, ...]:
        """Notices whose time has come, the longest due first: the caller's alone until then. Of the urgent ones all;
        of the others only the first of each address, so nothing while that is held or waits for its next try. None of
        the channels in `but`; `only` this address."""
        ...

    async def begin(self, notice: Notice, way: Address, *, at: datetime, until: datetime) -> Notice | None:
        """Write down that it is being sent there, and hold it until then. None: it is held by somebody else now."""
        ...

    async def settle(
        self,
        notice: Notice,
        state: str,
        *,
        at: datetime,
        outcome: str = "",
        why: str = "",
        message: str = "",
    ) -> str:
        """What became of it, or "pending" until `at`; `outcome`: of its last attempt, see `Attempt`. Nothing happens
        when somebody else holds it now, but that it was sent is written down all the same. A receipt of the message
        that was faster than this is taken up: what it says, see `receipt_says`."""
        ...

    async def postpone(self, notice: Notice, at: datetime) -> None:
        """Give back what was taken and not begun, to be taken again then."""
        ...

    async def receipt(self, channel: str, message: str, delivered: bool, *, at: datetime) -> Notice | None:
        """What the provider tells of a message; what was not delivered is pending again. The notice that was sent by
        it, with the `way` that this message went, if any; else it is kept for a day, for `settle`."""
        ...

    async def told(
        self,
        of: Collection[Address] = (),
        *,
        ids: Collection[str] = (),
        state: str = "",
        limit: int = 50,
    ) -> tuple[NoticeRecord, ...]:
        """Notices to one of these addresses, of these ids, in this state (each as far as it is given), newest first."""
        ...

    async def resend(self, ids: Collection[str] | None, *, at: datetime) -> int:
        """Try dead ones again, with None all of them; earlier attempts are forgiven. How many there were."""
        ...

    async def queue(self, at: datetime) -> Queue: ...
