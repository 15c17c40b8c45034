"""The outbox in the database: `bot.core.notices.Outbox`.

`next_at` of a pending notice is its timer, the back-off and the lease in one: who takes it moves that moment to the end
of the lease, so that it comes back by itself when its holder was killed, and goes on only while it still stands there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row
from sqlalchemy.sql.dml import ReturningUpdate

from bot.core.messages import Address
from bot.core.notices import Attempt, News, Notice, NoticeRecord, Queue, receipt_says
from bot.stores.database import Database
from bot.stores.tables import attempts, notices, receipts, to_address

KEPT = timedelta(days=1)  # receipts of messages that no attempt names

# Statements are made once: making one costs as much as running it.
_n, _a, _r = notices.c, attempts.c, receipts.c
# To the letter, so that the indexes of pending notices are known to serve.
_PENDING: sa.ColumnElement[str] = sa.literal_column("'pending'")
_URGENT, _NOT_URGENT = sa.text("notices.urgent"), sa.text("NOT notices.urgent")
_earlier = notices.alias("earlier")
# A value is asked for each row that is looked at, in the index's order, until there are enough. Of "there is no earlier
# one" PostgreSQL makes a join of all rows: 2 s when 100 000 are due.
_COMES_FIRST = (
    _n.id
    == sa.select(sa.func.min(_earlier.c.id))
    .where(
        _earlier.c.address == _n.address,
        _earlier.c.state == _PENDING,
        _earlier.c.due_at <= sa.bindparam("now"),
        sa.text("NOT earlier.urgent"),
    )
    .correlate(notices)
    .scalar_subquery()
)


@cache
def _due(urgent: bool, only: bool, but: tuple[str, ...]) -> sa.Select[tuple[int]]:
    where: list[Any] = [_URGENT] if urgent else [_NOT_URGENT, _COMES_FIRST]
    if only:
        where.append(_n.address == sa.bindparam("only"))
    where += [_n.address.not_like(f"{channel}:%") for channel in but]
    first = sa.select(_n.id).where(_n.state == _PENDING, _n.next_at <= sa.bindparam("now"), *where)
    return first.order_by(_n.next_at, _n.id).limit(sa.bindparam("most", type_=sa.Integer))


@cache
def _hold(urgent: bool, only: bool, but: tuple[str, ...]) -> ReturningUpdate[Any]:
    due = _due(urgent, only, but).with_for_update(skip_locked=True)
    return sa.update(notices).where(_n.id.in_(due)).values(next_at=sa.bindparam("held_until")).returning(notices)


_HELD = sa.update(notices).where(
    _n.id == sa.bindparam("of_id"),
    _n.state == _PENDING,
    _n.next_at == sa.bindparam("held_until"),
    _n.tries == sa.bindparam("of_tries"),
)
_BEGIN = _HELD.values(
    next_at=sa.bindparam("then"), way=sa.bindparam("to_way", type_=sa.String), tries=_n.tries + 1, doubt=sa.true()
)
_ATTEMPT = sa.insert(attempts)
_ATTEMPTS = sa.select(attempts).where(_a.notice.in_(sa.bindparam("ids", expanding=True))).order_by(_a.notice, _a.n)
_OF_MESSAGE = (
    sa.select(_a.notice, _a.n, _a.way).where(_a.message == sa.bindparam("of_message")).order_by(_a.notice.desc())
)
_IS_OF = sa.and_(_r.channel == sa.bindparam("of_channel"), _r.message == sa.bindparam("of_message"))
_MAKE_ROOM = sa.delete(receipts).where(sa.or_(_IS_OF, _r.at < sa.bindparam("since")))
_KEEP = sa.insert(receipts)
_TAKE_UP = sa.delete(receipts).where(_IS_OF).returning(_r.delivered)
_WAITING = sa.select(
    sa.func.count(), sa.func.min(sa.case((_n.due_at > _n.made_at, _n.due_at), else_=_n.made_at))
).where(_n.state == _PENDING, _n.due_at <= sa.bindparam("now"))
_DEAD = sa.select(sa.func.count()).where(_n.state == "dead")


class SqlOutbox:
    def __init__(self, db: Database) -> None:
        self._db = db

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
        which = (urgent, only is not None, tuple(sorted(but)))
        values = {"now": at, "most": limit, **({"only": str(only)} if only else {})}
        due, first = _due(*which), {**values, "most": 1}
        if (await self._db.read(lambda c: c.execute(due, first).first(), single=True)) is None:
            return ()  # an empty outbox is looked at often, and is not worth a write

        def work(connection: Connection) -> Sequence[Row[Any]]:
            """One courier at a time: of two that choose at once, each might take one of the same address."""
            self._db.alone(connection, "outbox")
            return connection.execute(_hold(*which), {**values, "held_until": until}).all()

        rows = await self._db.write(work)
        return tuple(sorted(map(_notice, rows), key=lambda notice: (notice.due_at, int(notice.id))))

    async def begin(self, notice: Notice, way: Address, *, at: datetime, until: datetime) -> Notice | None:
        begun = replace(notice, tries=notice.tries + 1, way=way, doubt=True, held_until=until)
        values = {**_held(notice), "then": until, "to_way": str(way)}
        attempt = {**_BLANK, "notice": int(notice.id), "n": begun.tries, "way": str(way), "at": at}

        def work(connection: Connection) -> Notice | None:
            if connection.execute(_BEGIN, values).rowcount == 0:
                return None
            connection.execute(_ATTEMPT, attempt)
            return begun

        return await self._db.write(work)

    async def settle(
        self, notice: Notice, state: str, *, at: datetime, outcome: str = "", why: str = "", message: str = ""
    ) -> str:
        def work(connection: Connection) -> str:
            if message:
                self._db.alone(connection, f"message {message}")
            if _settle(notice, state, at, outcome, why, message, connection) and message and notice.way:
                of = {"of_channel": notice.way.channel, "of_message": message}
                early = connection.execute(_TAKE_UP, of).scalar()
                if early is not None:
                    _receive(int(notice.id), notice.tries, early, at, connection)
                    return receipt_says(early)
            return ""

        return await self._db.write(work)

    async def postpone(self, notice: Notice, at: datetime) -> None:
        update = _HELD.values(next_at=at)
        await self._db.write(lambda connection: connection.execute(update, _held(notice)))

    async def receipt(self, channel: str, message: str, delivered: bool, *, at: datetime) -> Notice | None:
        of = {"of_channel": channel, "of_message": message}
        row = {"channel": channel, "message": message, "delivered": delivered, "at": at}

        def work(connection: Connection) -> Notice | None:
            """One at a time, since each removes old ones, and none beside the note of its message."""
            self._db.alone(connection, "receipts", f"message {message}")
            for notice, n, at_way in connection.execute(_OF_MESSAGE, {"of_message": message}).all():
                way = to_address(at_way)
                if way.channel == channel:
                    return replace(_receive(notice, n, delivered, at, connection), way=way)
            connection.execute(_MAKE_ROOM, {**of, "since": at - KEPT})
            connection.execute(_KEEP, row)
            return None

        return await self._db.write(work)

    async def told(
        self, of: Collection[Address] = (), *, ids: Collection[str] = (), state: str = "", limit: int = 50
    ) -> tuple[NoticeRecord, ...]:
        query = sa.select(notices).order_by(_n.id.desc()).limit(limit)
        if of:
            query = query.where(_n.address.in_([str(address) for address in of]))
        if ids:
            query = query.where(_n.id.in_(map(int, ids)))
        if state:
            query = query.where(_n.state == state)

        def work(connection: Connection) -> tuple[NoticeRecord, ...]:
            rows = connection.execute(query).all()
            tried: dict[int, list[Attempt]] = {row.id: [] for row in rows}
            for row in connection.execute(_ATTEMPTS, {"ids": list(tried)}) if rows else ():
                tried[row.notice].append(_attempt(row))
            return tuple(
                NoticeRecord(_notice(row), row.state, row.made_at, row.next_at, row.why, tuple(tried[row.id]))
                for row in rows
            )

        return await self._db.read(work)

    async def resend(self, ids: Collection[str] | None, *, at: datetime) -> int:
        update = sa.update(notices).where(_n.state == "dead")
        if ids is not None:
            update = update.where(_n.id.in_(map(int, ids)))
        again = update.values(state="pending", next_at=at, due_at=at, forgiven=_n.tries, doubt=sa.false(), why="")
        return await self._db.write(lambda connection: connection.execute(again).rowcount)

    async def queue(self, at: datetime) -> Queue:
        def work(connection: Connection) -> Queue:
            waiting, since = connection.execute(_WAITING, {"now": at}).one()
            oldest = (at - since).total_seconds() if since is not None else 0.0
            return Queue(waiting, max(0.0, oldest), connection.execute(_DEAD).scalar_one())

        return await self._db.read(work)


# --- rows and values ----------------------------------------------------------------------------

_BLANK = {"outcome": "begun", "why": "", "message": "", "received": ""}


def row_of(to: Address, news: News, at: datetime) -> dict[str, Any]:
    """The row that puts news into the outbox."""
    due_at = news.due_at or at
    return {
        "address": str(to),
        "command": news.command,
        "once": news.key or None,
        "state": "pending",
        "made_at": at,
        "next_at": due_at,
        "tries": 0,
        "why": "",
        "due_at": due_at,
        "urgent": news.urgent,
        "until": news.until,
    }


def _held(notice: Notice) -> dict[str, Any]:
    return {"of_id": int(notice.id), "held_until": notice.held_until, "of_tries": notice.tries}


def _settle(
    notice: Notice, state: str, at: datetime, outcome: str, why: str, message: str, connection: Connection
) -> bool:
    """Whether it was still to be settled."""
    id = int(notice.id)
    if state == "sent":  # true, whoever has it now; of one that was given up in doubt it is the end of that
        which: tuple[sa.ColumnElement[bool], ...] = (
            _n.id == id,
            sa.or_(_n.state == "pending", sa.and_(_n.state == "dead", _n.doubt)),
        )
    else:
        which = (_n.id == id, _n.state == "pending", _n.next_at == notice.held_until, _n.tries == notice.tries)
    doubt = outcome == "doubtful" or (notice.doubt and not outcome)
    values: dict[str, Any] = {"state": state, "next_at": at, "why": why, "doubt": doubt}
    if state == "dropped":
        values["once"] = None  # it was not told: what tells it once ever may be made anew
    settled = connection.execute(sa.update(notices).where(*which).values(values)).rowcount > 0
    if settled and outcome:
        attempt = sa.update(attempts).where(_a.notice == id, _a.n == notice.tries)
        connection.execute(attempt.values(outcome=outcome, why=why, message=message))
    return settled


def _receive(id: int, n: int, delivered: bool, at: datetime, connection: Connection) -> Notice:
    """Only what the last attempt came to changes the notice."""
    received = receipt_says(delivered)
    connection.execute(sa.update(attempts).where(_a.notice == id, _a.n == n).values(received=received))
    state, why = ("delivered", "") if delivered else ("pending", received)
    update = sa.update(notices).where(_n.id == id, _n.state == "sent", _n.tries == n)
    connection.execute(update.values(state=state, next_at=at, why=why))
    return _notice(connection.execute(sa.select(notices).where(_n.id == id)).one())


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        id=str(row.id),
        address=to_address(row.address),
        command=row.command,
        due_at=max(row.due_at, row.made_at),
        tries=row.tries,
        forgiven=row.forgiven,
        way=to_address(row.way) if row.way else None,
        urgent=row.urgent,
        until=row.until,
        doubt=row.doubt,
        held_until=row.next_at,
    )


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(row.n, to_address(row.way), row.at, row.outcome, row.why, row.message, row.received)
