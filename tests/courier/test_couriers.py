"""Two couriers at one outbox, as two processes have them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.messages import Address
from bot.courier import Courier
from bot.courier.delivery import LEASE
from bot.desk.service_desk import ServiceDesk
from bot.stores.database import open_database
from bot.stores.records import SqlRecords
from tests.courier.test_delivery import Gateway, Sender, Time
from tests.desk.office import catalogue
from tests.stores.databases import KINDS, new_database

ADDRESSES, NOTICES = 8, 6
Process = tuple[SqlRecords, Courier, Gateway]


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.fixture(params=KINDS)
async def processes(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Time, sender: Sender
) -> AsyncIterator[list[Process]]:
    async with new_database(request.param, request, tmp_path) as url:
        databases = [open_database(url) for _ in range(2)]
        both: list[Process] = []
        for database in databases:
            records, gateway = SqlRecords(database), Gateway()
            desk = ServiceDesk(records, catalogue, clock)
            courier = Courier(desk, gateway, {"telegram": sender}, clock, every=0.01)  # type: ignore[arg-type]
            both.append((records, courier, gateway))
        yield both
        for database in databases:
            await database.close()


async def test_each_notice_is_sent_once_and_each_address_in_its_order(
    processes: list[Process], clock: Time, sender: Sender
) -> None:
    (records, one, _), (_, other, _) = processes
    for n in range(NOTICES):
        for address in range(ADDRESSES):
            to = Address("telegram", str(address))
            await records.tell(to, f"/told {n}", key=f"{n} {address}", at=clock())
    while sum(await asyncio.gather(one.round(), other.round())):
        pass
    told = defaultdict(list)
    for address, command, *_ in sender.sent:
        told[address].append(command)
    assert len(told) == ADDRESSES
    assert all(commands == [f"/told {n}" for n in range(NOTICES)] for commands in told.values())


async def test_what_a_killed_courier_held_is_sent_by_the_other_after_the_lease(
    processes: list[Process], clock: Time, sender: Sender
) -> None:
    (records, one, gateway), (_, other, _) = processes
    for n in range(3):
        await records.tell(Address("telegram", "1"), f"/told {n}", key=str(n), at=clock())
    begun = asyncio.Event()

    async def hang(heard: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    gateway.receive = hang  # type: ignore[assignment, method-assign]
    killed = asyncio.create_task(one.round())
    await begun.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    assert await other.round() == 0
    clock.passes(LEASE)
    assert await other.round() == 3
    assert [command for _, command, *_ in sender.sent] == ["/told 0", "/told 1", "/told 2"]
