"""An outbox that forgets: `bot.core.notices.Outbox` for tests and the terminal."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.core.messages import Address
from bot.core.notices import Attempt, News, Notice, NoticeRecord, Queue, receipt_says


class MemoryOutbox:
    """No method gives way to another task, so each is one transaction. Rows in order of their ids."""

    def __init__(self) -> None:
        self._rows: list[NoticeRecord] = []
        self._keys: dict[str, str] = {}  # of what is told once → the notice's id
        self._early: dict[tuple[str, str], bool] = {}  # channel and message, of receipts that were too early

    def put(self, to: Address, news: News, at: datetime) -> None:
        id = str(len(self._rows))
        if news.key and self._keys.setdefault(news.key, id) != id:
            return
        due_at = news.due_at or at
        notice = Notice(id, to, news.command, due_at, urgent=news.urgent, until=news.until, held_until=due_at)
        self._rows.append(NoticeRecord(notice, "pending", at, due_at, ""))

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
        due = [
            row
            for row in self._rows
            if row.state == "pending" and row.next_at <= at and row.notice.urgent is urgent
            if only in (None, row.notice.address) and row.notice.address.channel not in but
            if urgent or not self._comes_later(row, at)
        ]
        due.sort(key=lambda row: row.next_at)  # stable
        for row in due[:limit]:
            self._keep(row.notice, next_at=until)
        taken = [self._row(row.notice).notice for row in due[:limit]]
        return tuple(sorted(taken, key=lambda notice: (notice.due_at, int(notice.id))))

    def _comes_later(self, row: NoticeRecord, at: datetime) -> bool:
        return any(
            other.state == "pending" and other.notice.due_at <= at and not other.notice.urgent
            for other in self._rows[: int(row.notice.id)]
            if other.notice.address == row.notice.address
        )

    async def begin(self, notice: Notice, way: Address, *, at: datetime, until: datetime) -> Notice | None:
        if not self._holds(notice):
            return None
        begun = replace(notice, tries=notice.tries + 1, way=way, doubt=True)
        attempts = (*self._row(notice).attempts, Attempt(begun.tries, way, at, "begun"))
        self._keep(begun, next_at=until, attempts=attempts)
        return self._row(notice).notice

    async def settle(
        self, notice: Notice, state: str, *, at: datetime, outcome: str = "", why: str = "", message: str = ""
    ) -> str:
        row = self._row(notice)
        in_doubt = row.state == "dead" and row.notice.doubt
        if not (self._holds(notice) or (state == "sent" and (row.state == "pending" or in_doubt))):
            return ""
        doubt = outcome == "doubtful" or (notice.doubt and not outcome)
        if state == "dropped":
            self._keys = {key: id for key, id in self._keys.items() if id != notice.id}
        self._keep(replace(row.notice, doubt=doubt), state=state, next_at=at, why=why)
        if outcome:
            self._write(notice, notice.tries, outcome=outcome, why=why, message=message)
        early = self._early.pop((notice.way.channel, message), None) if notice.way else None
        if early is not None and notice.way:
            await self.receipt(notice.way.channel, message, early, at=at)
        return "" if early is None else receipt_says(early)

    async def postpone(self, notice: Notice, at: datetime) -> None:
        if self._holds(notice):
            self._keep(notice, next_at=at)

    async def receipt(self, channel: str, message: str, delivered: bool, *, at: datetime) -> Notice | None:
        received = receipt_says(delivered)
        for row in reversed(self._rows):
            for attempt in row.attempts:
                if attempt.message == message and attempt.way.channel == channel:
                    self._write(row.notice, attempt.n, received=received)
                    if row.state == "sent" and row.notice.tries == attempt.n:
                        state, why = ("delivered", "") if delivered else ("pending", received)
                        self._keep(row.notice, state=state, next_at=at, why=why)
                    return replace(self._row(row.notice).notice, way=attempt.way)
        self._early[channel, message] = delivered
        return None

    async def told(
        self, of: Collection[Address] = (), *, ids: Collection[str] = (), state: str = "", limit: int = 50
    ) -> tuple[NoticeRecord, ...]:
        found = [
            row
            for row in reversed(self._rows)
            if (not of or row.notice.address in of) and (not ids or row.notice.id in ids) and state in ("", row.state)
        ]
        return tuple(found[:limit])

    async def resend(self, ids: Collection[str] | None, *, at: datetime) -> int:
        dead = [row.notice for row in self._rows if row.state == "dead" and (ids is None or row.notice.id in ids)]
        for notice in dead:
            again = replace(notice, due_at=at, forgiven=notice.tries, doubt=False)
            self._keep(again, state="pending", next_at=at, why="")
        return len(dead)

    async def queue(self, at: datetime) -> Queue:
        waiting = [r.notice.due_at for r in self._rows if r.state == "pending" and r.notice.due_at <= at]
        oldest = (at - min(waiting)).total_seconds() if waiting else 0.0
        return Queue(len(waiting), oldest, sum(row.state == "dead" for row in self._rows))

    def _row(self, notice: Notice) -> NoticeRecord:
        return self._rows[int(notice.id)]

    def _holds(self, notice: Notice) -> bool:
        row = self._row(notice)
        held = (row.next_at, row.notice.tries) == (notice.held_until, notice.tries)
        return row.state == "pending" and held

    def _keep(
        self,
        notice: Notice,
        *,
        next_at: datetime,
        state: str = "pending",
        why: str | None = None,
        attempts: tuple[Attempt, ...] | None = None,
    ) -> None:
        row = self._row(notice)
        self._rows[int(notice.id)] = NoticeRecord(
            replace(notice, held_until=next_at),
            state,
            row.made_at,
            next_at,
            row.why if why is None else why,
            row.attempts if attempts is None else attempts,
        )

    def _write(self, notice: Notice, n: int, **changes: Any) -> None:
        """Of the attempt with this number."""
        row = self._row(notice)
        attempts = tuple(replace(a, **changes) if a.n == n else a for a in row.attempts)
        self._rows[int(notice.id)] = replace(row, attempts=attempts)
