"""`Outbox`, over every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.core.messages import Address
from bot.core.notices import News, Notice, Outbox, Queue
from bot.core.records import Records
from bot.stores.database import Database, open_database
from bot.stores.memory import MemoryRecords
from bot.stores.outbox import SqlOutbox
from bot.stores.records import SqlRecords
from bot.stores.tables import receipts, to_micros
from tests.stores.databases import KINDS, new_database

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
LEASE = timedelta(seconds=90)
ANN, BOB, TEXT = Address("web", "ann"), Address("telegram", "7"), Address("sms", "+989121234567")


class Post:
    """An outbox, and what puts news into it."""

    def __init__(self, outbox: Outbox, records: Records) -> None:
        self.outbox = outbox
        self.records = records
        self.now = NOW

    async def put(self, *commands: str, to: Address = ANN, **more: Any) -> None:
        for command in commands:
            await self.records.tell(to, News(command, **more), at=self.now)

    async def take(self, **more: Any) -> list[Notice]:
        return list(await self.outbox.take(self.now, self.now + LEASE, **more))

    async def taken(self, **more: Any) -> list[str]:
        return [notice.command for notice in await self.take(**more)]

    async def begin(self, notice: Notice, way: Address = ANN) -> Notice:
        begun = await self.outbox.begin(notice, way, at=self.now, until=self.now + LEASE)
        assert begun
        return begun

    async def settle(self, notice: Notice, state: str, after: float = 0, **more: Any) -> None:
        await self.outbox.settle(notice, state, at=self.now + timedelta(seconds=after), **more)

    async def send(self, notice: Notice, way: Address = ANN, message: str = "") -> None:
        await self.settle(await self.begin(notice, way), "sent", outcome="sent", message=message)

    async def states(self) -> dict[str, str]:
        return {record.notice.command: record.state for record in await self.outbox.told()}

    def later(self, **more: float) -> None:
        self.now += timedelta(**more)


@pytest.fixture(params=["memory", *KINDS])
async def post(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Post]:
    if request.param == "memory":
        records = MemoryRecords()
        yield Post(records.outbox, records)
        return
    async with new_database(request.param, request, tmp_path) as url:
        database = open_database(url)
        yield Post(SqlOutbox(database), SqlRecords(database))
        await database.close()


# --- taking -------------------------------------------------------------------------------------


async def test_what_was_put_in_is_taken_once_until_the_lease_is_over(post: Post) -> None:
    await post.put("/told 1")
    (notice,) = await post.take()
    assert (notice.address, notice.command, notice.due_at, notice.tries) == (ANN, "/told 1", NOW, 0)
    assert not (notice.urgent or notice.doubt or notice.way or notice.until)
    assert await post.take() == []
    post.later(seconds=89)
    assert await post.take() == []
    post.later(seconds=1)
    (again,) = await post.take()
    assert replace(again, held_until=None) == replace(notice, held_until=None)


async def test_an_address_is_told_one_thing_after_the_other_while_others_go_on(post: Post) -> None:
    await post.put("/told 1", "/told 2")
    await post.put("/told 3", to=BOB)
    first, other = await post.take()
    assert [first.command, other.command] == ["/told 1", "/told 3"]
    await post.settle(await post.begin(first), "pending", 20, outcome="failed")
    assert await post.take() == [], "the first waits for its next try, and the second behind it"
    post.later(seconds=20)
    (again,) = await post.take()
    assert again.command == "/told 1"
    await post.send(again)
    assert await post.taken() == ["/told 2"]


async def test_the_longest_due_are_taken_first(post: Post) -> None:
    for n in range(5):
        await post.put(f"/told {n}", to=Address("web", str(n)))
        post.later(seconds=1)
    assert await post.taken(limit=2) == ["/told 0", "/told 1"]
    assert await post.taken() == ["/told 2", "/told 3", "/told 4"]


async def test_what_is_due_later_keeps_nothing_waiting_until_then(post: Post) -> None:
    await post.put("/survey 1", due_at=NOW + timedelta(days=1))
    await post.put("/told 2")
    (told,) = await post.take()
    assert told.command == "/told 2"
    post.later(days=1)
    assert await post.taken() == ["/survey 1"]
    assert await post.take() == []


async def test_urgent_ones_are_taken_apart_and_beside_the_order(post: Post) -> None:
    await post.put("/told 1", to=TEXT)
    await post.put("/code 1", "/code 2", to=TEXT, urgent=True, until=NOW + timedelta(minutes=5))
    assert await post.taken() == ["/told 1"]
    codes = await post.take(urgent=True)
    assert [(code.command, code.urgent, code.until) for code in codes] == [
        (f"/code {n}", True, NOW + timedelta(minutes=5)) for n in (1, 2)
    ]
    await post.put("/told 2", to=BOB)
    await post.put("/code 3", to=BOB, urgent=True)
    assert await post.taken() == ["/told 2"], "an urgent one keeps nobody waiting"


async def test_channels_that_are_busy_are_left_out_and_one_address_can_be_asked_for_alone(post: Post) -> None:
    await post.put("/told 1", to=ANN)
    await post.put("/told 2", to=BOB)
    await post.put("/told 3", to=TEXT)
    assert await post.taken(but=["sms", "web"]) == ["/told 2"]
    assert await post.taken(only=BOB) == []
    assert await post.taken(only=ANN) == ["/told 1"]
    assert await post.taken() == ["/told 3"]


async def test_of_couriers_that_ask_at_the_same_time_each_holds_others(post: Post) -> None:
    for n in range(24):
        await post.put(f"/told {n}", to=Address("web", str(n % 6)))
    held = await asyncio.gather(*(post.take(limit=2) for _ in range(8)))
    assert sorted(notice.command for notices in held for notice in notices) == [f"/told {n}" for n in range(6)]


async def test_what_has_a_key_is_told_once_ever(post: Post) -> None:
    for _ in range(2):
        await post.put("/kept", key="call 1")
    (notice,) = await post.take()
    await post.send(notice)
    await post.put("/kept", key="call 1")
    assert await post.take() == []


async def test_what_was_dropped_may_be_made_anew(post: Post) -> None:
    await post.put("/survey 1", key="/survey 1")
    (notice,) = await post.take()
    await post.settle(notice, "dropped", why="stale")
    await post.put("/survey 1", key="/survey 1")
    assert await post.taken() == ["/survey 1"]


# --- an attempt ---------------------------------------------------------------------------------


async def test_an_attempt_is_written_down_before_and_after(post: Post) -> None:
    await post.put("/told 1")
    (notice,) = await post.take()
    post.later(seconds=3)
    begun = await post.begin(notice, TEXT)
    assert (begun.tries, begun.way, begun.doubt) == (1, TEXT, True)
    (record,) = await post.outbox.told()
    (attempt,) = record.attempts
    assert (attempt.n, attempt.way, attempt.at, attempt.outcome) == (1, TEXT, NOW + timedelta(seconds=3), "begun")
    assert record.next_at == post.now + LEASE, "the lease begins again"
    await post.settle(begun, "sent", outcome="sent", message="m1")
    (record,) = await post.outbox.told()
    assert (record.state, record.notice.doubt) == ("sent", False)
    assert (record.attempts[0].outcome, record.attempts[0].message) == ("sent", "m1")


async def test_what_a_killed_courier_had_begun_comes_back_in_doubt(post: Post) -> None:
    await post.put("/told 1", "/told 2")
    (notice,) = await post.take()
    await post.begin(notice, TEXT)
    post.later(seconds=90)
    (again,) = await post.take()
    assert (again.command, again.doubt, again.way, again.tries) == ("/told 1", True, TEXT, 1)


async def test_who_lost_the_lease_cannot_begin(post: Post) -> None:
    await post.put("/told 1")
    (slow,) = await post.take()
    post.later(seconds=90)
    (quick,) = await post.take()
    assert await post.outbox.begin(slow, ANN, at=post.now, until=post.now + LEASE) is None
    assert await post.begin(quick)
    assert await post.outbox.begin(quick, ANN, at=post.now, until=post.now + LEASE) is None, "nor twice"


async def test_who_lost_the_lease_settles_nothing_but_that_it_was_sent(post: Post) -> None:
    await post.put("/told 1")
    (slow,) = await post.take()
    slow = await post.begin(slow)
    post.later(seconds=90)
    (quick,) = await post.take()
    await post.settle(slow, "dead", outcome="refused", why="blocked")
    assert await post.states() == {"/told 1": "pending"}
    await post.settle(quick, "dead", outcome="doubtful", why="doubtful")
    await post.settle(slow, "sent", outcome="sent", message="m1")
    (record,) = await post.outbox.told()
    assert (record.state, record.why, record.attempts[0].outcome) == ("sent", "", "sent")


async def test_doubt_is_over_when_an_attempt_has_an_end(post: Post) -> None:
    await post.put("/told 1")
    (notice,) = await post.take()
    await post.settle(await post.begin(notice), "pending", outcome="doubtful", why="timeout")
    (notice,) = await post.take()
    assert notice.doubt
    await post.settle(await post.begin(notice), "pending", outcome="failed", why="busy")
    (notice,) = await post.take()
    assert (notice.doubt, notice.tries) == (False, 2)
    (record,) = await post.outbox.told()
    assert [(a.n, a.outcome, a.why) for a in record.attempts] == [(1, "doubtful", "timeout"), (2, "failed", "busy")]


async def test_what_is_settled_is_over(post: Post) -> None:
    for n, state in enumerate(("delivered", "dropped", "dead")):
        await post.put(f"/told {n}", to=Address("web", str(n)))
        (notice,) = await post.take()
        await post.settle(notice, state, why="because")
        await post.settle(notice, "pending")
    post.later(days=365)
    assert await post.take() == []
    assert await post.states() == {"/told 0": "delivered", "/told 1": "dropped", "/told 2": "dead"}
    assert {record.why for record in await post.outbox.told()} == {"because"}


async def test_what_is_given_back_is_taken_again_then_and_no_try_is_counted(post: Post) -> None:
    await post.put("/told 1", "/told 2")
    (notice,) = await post.take()
    await post.outbox.postpone(notice, post.now + timedelta(hours=1))
    assert await post.take() == [], "the order is kept"
    post.later(hours=1)
    (again,) = await post.take()
    assert (again.command, again.tries) == ("/told 1", 0)
    await post.outbox.postpone(notice, post.now)
    assert await post.take() == [], "who does not hold it any more cannot give it back"


# --- receipts -----------------------------------------------------------------------------------


async def test_a_receipt_says_that_it_was_delivered(post: Post) -> None:
    await post.put("/told 1", to=TEXT)
    (notice,) = await post.take()
    await post.send(notice, TEXT, "m1")
    for channel, message in (("telegram", "m1"), ("sms", "m2"), ("sms", "")):
        assert await post.outbox.receipt(channel, message, True, at=post.now) is None, "not ours"
    for _ in range(2):
        told = await post.outbox.receipt("sms", "m1", True, at=post.now)
        assert told and (told.command, told.way) == ("/told 1", TEXT)
    (record,) = await post.outbox.told()
    assert (record.state, record.attempts[0].received) == ("delivered", "delivered")


async def test_what_was_not_delivered_is_pending_again(post: Post) -> None:
    await post.put("/told 1", to=TEXT)
    (notice,) = await post.take()
    await post.send(notice, TEXT, "m1")
    post.later(minutes=5)
    assert await post.outbox.receipt("sms", "m1", False, at=post.now)
    (again,) = await post.take()
    assert (again.tries, again.doubt) == (1, False)
    (record,) = await post.outbox.told()
    assert (record.why, record.attempts[0].received) == ("undelivered", "undelivered")
    await post.send(again, BOB, "t1")
    await post.outbox.receipt("sms", "m1", False, at=post.now)
    assert await post.states() == {"/told 1": "sent"}, "a receipt of an earlier attempt changes nothing"
    of_first = await post.outbox.receipt("sms", "m1", False, at=post.now)
    assert of_first and of_first.way == TEXT


@pytest.mark.parametrize(("delivered", "state"), [(True, "delivered"), (False, "pending")])
async def test_a_receipt_that_is_faster_than_the_note_waits_for_it(post: Post, delivered: bool, state: str) -> None:
    await post.put("/told 1", to=TEXT)
    (notice,) = await post.take()
    begun = await post.begin(notice, TEXT)
    for said in (not delivered, delivered):
        assert await post.outbox.receipt("sms", "m1", said, at=post.now) is None
    assert await post.outbox.receipt("telegram", "m1", not delivered, at=post.now) is None, "of another channel"
    received = await post.outbox.settle(begun, "sent", at=post.now, outcome="sent", message="m1")
    (record,) = await post.outbox.told()
    assert received == record.attempts[0].received == ("delivered" if delivered else "undelivered")
    assert record.state == state


@pytest.mark.parametrize("kind", KINDS)
async def test_receipts_of_no_notice_are_forgotten_after_a_day(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with new_database(kind, request, tmp_path) as url:
        database = open_database(url)
        for hours, message in ((0, "r1"), (12, "r2"), (25, "r3"), (25, "r3")):
            await SqlOutbox(database).receipt("sms", message, True, at=NOW + timedelta(hours=hours))
        kept = await database.read(lambda c: c.execute(sa.select(receipts.c.message)).scalars().all())
        await database.close()
    assert sorted(kept) == ["r2", "r3"]


async def test_of_a_receipt_and_a_note_at_once_none_is_lost(post: Post) -> None:
    for n in range(20):
        await post.put(f"/told {n}", to=Address("sms", str(n)))
    begun = [await post.begin(notice, notice.address) for notice in await post.take()]
    await asyncio.gather(
        *(post.settle(b, "sent", outcome="sent", message=f"m{b.address.id}") for b in begun),
        *(post.outbox.receipt("sms", f"m{b.address.id}", True, at=post.now) for b in begun),
    )
    assert set((await post.states()).values()) == {"delivered"}
    assert len(begun) == 20


# --- what became of them --------------------------------------------------------------------------


async def test_what_was_told_is_found_newest_first(post: Post) -> None:
    for n, to in enumerate((ANN, BOB, TEXT, ANN)):
        await post.put(f"/told {n}", to=to)
    assert [r.notice.command for r in await post.outbox.told()] == [f"/told {n}" for n in (3, 2, 1, 0)]
    assert [r.notice.command for r in await post.outbox.told((ANN, TEXT))] == ["/told 3", "/told 2", "/told 0"]
    assert [r.notice.command for r in await post.outbox.told((ANN,), limit=1)] == ["/told 3"]
    (first,) = await post.take(only=BOB)
    await post.settle(first, "dead", why="blocked")
    (dead,) = await post.outbox.told(state="dead")
    assert (dead.notice.id, dead.made_at, dead.why) == (first.id, NOW, "blocked")
    assert await post.outbox.told(ids=(first.id,)) == (dead,)


async def test_the_dead_are_sent_again_and_earlier_attempts_forgiven(post: Post) -> None:
    for n in range(3):
        await post.put(f"/told {n}", to=Address("web", str(n)))
    for notice in await post.take():
        await post.settle(await post.begin(notice), "dead", outcome="doubtful", why="doubtful")
    newest, *_ = await post.outbox.told(state="dead")
    post.later(days=1)
    assert await post.outbox.resend([newest.notice.id], at=post.now) == 1
    (again,) = await post.take()
    assert (again.tries, again.forgiven, again.doubt, again.due_at) == (1, 1, False, post.now)
    await post.send(again)
    assert await post.outbox.resend([newest.notice.id], at=post.now) == 0, "it is not dead any more"
    assert await post.outbox.resend(None, at=post.now) == 2
    assert await post.outbox.resend([], at=post.now) == 0


async def test_how_the_outbox_stands(post: Post) -> None:
    assert await post.outbox.queue(NOW) == Queue(0, 0.0, 0)
    await post.put("/told 1")
    post.later(seconds=30)
    await post.put("/told 2", "/told 3", to=BOB)
    await post.put("/survey 4", due_at=NOW + timedelta(days=1))
    _, second = await post.take()
    await post.settle(second, "dead")
    post.later(seconds=10)
    assert await post.outbox.queue(post.now) == Queue(2, 40.0, 1)


# --- an older version of the program at the same outbox ---------------------------------------------


async def test_what_an_older_version_puts_in_is_told(database: Database) -> None:
    """While one replica after the other is made new. It knows none of the columns that came later."""
    old = "INSERT INTO notices (address, command, state, made_at, next_at, tries, why) VALUES "
    rows = ", ".join(
        f"('web:ann', '/told {n}', 'pending', {to_micros(NOW)}, {to_micros(NOW)}, {n}, '')" for n in (0, 1)
    )
    await database.write(lambda connection: connection.exec_driver_sql(old + rows))
    outbox = SqlOutbox(database)
    (notice,) = await outbox.take(NOW, NOW + LEASE)
    assert (notice.command, notice.due_at, notice.urgent, notice.doubt) == ("/told 0", NOW, False, False)
    begun = await outbox.begin(notice, ANN, at=NOW, until=NOW + LEASE)
    assert begun
    await outbox.settle(begun, "sent", at=NOW, outcome="sent")
    assert (await outbox.queue(NOW + timedelta(seconds=5))).oldest == 5.0
    (tried,) = await outbox.take(NOW, NOW + LEASE)
    assert (tried.command, tried.tries) == ("/told 1", 1), "it counted tries, and wrote down none"
    assert await outbox.begin(tried, ANN, at=NOW, until=NOW + LEASE)
