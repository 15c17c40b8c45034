"""Two couriers at one outbox, as two processes have them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.core.messages import Address
from bot.core.notices import News
from bot.courier import Courier
from bot.courier.delivery import DELIVERY, LEASE
from bot.stores.contacts import SqlContacts
from bot.stores.database import Database, open_database
from bot.stores.outbox import SqlOutbox
from bot.stores.records import SqlRecords
from tests.courier.house import House
from tests.stores.databases import KINDS, new_database

ADDRESSES, NOTICES = 8, 6


@dataclass
class Two:
    records: SqlRecords
    one: House
    other: House

    async def put(self, command: str, to: Address) -> None:
        await self.records.tell(to, News(command), at=self.one.clock())

    def at_once(self) -> list[Courier]:
        return [self.one.courier, self.other.courier]


def house_of(database: Database, shared: House | None = None) -> House:
    house = House(outbox=SqlOutbox(database))
    house.contacts = SqlContacts(database)  # type: ignore[assignment]
    if shared:
        house.clock, house.telegram = shared.clock, shared.telegram
        house.senders = shared.senders
    house.courier = house.new_courier()
    return house


@pytest.fixture(params=KINDS)
async def two(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Two]:
    async with new_database(request.param, request, tmp_path) as url:
        databases = [open_database(url) for _ in range(2)]
        one = house_of(databases[0])
        yield Two(SqlRecords(databases[0]), one, house_of(databases[1], one))
        for database in databases:
            await database.close()


async def test_each_notice_is_sent_once_and_each_address_in_its_order(two: Two) -> None:
    for n in range(NOTICES):
        for address in range(ADDRESSES):
            await two.put(f"/told {n}", Address("telegram", str(address)))
    while sum(await asyncio.gather(*(courier.round() for courier in two.at_once()))):
        pass
    told = defaultdict(list)
    for address, command in two.one.telegram.shown:
        told[address].append(command)
    assert len(told) == ADDRESSES
    assert all(commands == [f"/told {n}" for n in range(NOTICES)] for commands in told.values())
    assert {record.state for record in await two.one.outbox.told(limit=100)} == {"sent"}


async def test_what_a_killed_courier_held_is_sent_by_the_other_after_the_lease(two: Two) -> None:
    for n in range(3):
        await two.put(f"/told {n}", Address("telegram", "1"))
    begun = asyncio.Event()

    async def hang(heard: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    two.one.gateway.receive = hang  # type: ignore[assignment, method-assign]
    killed = asyncio.create_task(two.one.courier.round())
    await begun.wait()
    assert await two.other.courier.round() == 0
    two.one.clock.passes(LEASE)
    await two.other.rounds()
    assert [command for _, command in two.one.telegram.shown] == ["/told 0", "/told 1", "/told 2"]
    killed.cancel()
    await two.one.courier.stop(killed)


@pytest.mark.parametrize("repeatable", [True, False])
async def test_what_it_had_begun_is_repeated_or_left_to_a_human(two: Two, repeatable: bool) -> None:
    two.one.telegram.repeatable = repeatable
    two.one.telegram.hangs.add("/told 0")
    await two.put("/told 0", Address("telegram", "1"))
    killed = asyncio.create_task(two.one.courier.round())
    while not two.one.telegram.shown:  # noqa: ASYNC110 - the sender tells nobody
        await asyncio.sleep(0.01)
    two.one.telegram.hangs.clear()
    two.one.clock.passes(LEASE)
    await two.other.rounds()
    two.one.clock.passes(DELIVERY)
    await two.other.rounds()
    assert len(two.one.telegram.shown) == 1
    assert await two.other.state("/told 0") == (("sent", "") if repeatable else ("dead", "doubtful"))
    for task in tuple(two.one.courier._under_way):
        task.cancel()
    await asyncio.gather(killed, return_exceptions=True)
