"""What providers tell afterwards."""

from __future__ import annotations

import pytest

from bot.courier import Delivery, Receipts
from tests.courier.house import ADA, TEXT, House


@pytest.fixture
def woken() -> list[None]:
    return []


@pytest.fixture
async def taker(house: House, woken: list[None]) -> Receipts:
    taker = Receipts(house.outbox, house.clock, lambda: woken.append(None))
    taker.watchers.append(house.told.append)
    return taker


async def test_what_was_delivered_is_done_with(house: House, taker: Receipts, woken: list[None]) -> None:
    house.put("/told a", to=TEXT)
    await house.rounds()
    house.clock.passes(4)
    await taker.take("sms", "m1", True)
    assert await house.state("/told a") == ("delivered", "")
    assert house.told[-1] == Delivery("sms", "delivered", 4.0, 1)
    assert woken == [None]


async def test_what_was_not_goes_the_citizen_s_next_way(house: House, taker: Receipts, woken: list[None]) -> None:
    await house.owns(ADA, TEXT)
    house.put("/told a", to=TEXT)
    await house.rounds()
    await taker.take("sms", "m1", False)
    assert woken == [None]
    await house.rounds()
    assert await house.outcomes("/told a") == [("sms", "sent"), ("telegram", "sent")]
    await taker.take("sms", "m1", False)
    await house.rounds()
    assert await house.state("/told a") == ("sent", "")


async def test_without_another_way_it_is_given_up(house: House, taker: Receipts) -> None:
    house.put("/told a", to=TEXT)
    await house.rounds()
    await taker.take("sms", "m1", False)
    await house.rounds()
    assert house.sms.shown == [(TEXT, "/told a")]
    assert await house.state("/told a") == ("dead", "undelivered")


async def test_it_is_told_where_the_message_went(house: House, taker: Receipts) -> None:
    await house.owns(ADA, TEXT)
    house.put("/told a", to=TEXT)
    await house.rounds()
    for _ in range(2):
        assert await taker.take("sms", "m1", False) == TEXT, "though the notice went on to another way"
        await house.rounds()


async def test_a_receipt_may_be_faster_than_our_own_note(house: House, taker: Receipts) -> None:
    await taker.take("sms", "m1", True)
    house.put("/told a", to=TEXT)
    await house.rounds()
    assert await house.state("/told a") == ("delivered", "")
    assert [delivery.outcome for delivery in house.told] == ["sent", "delivered"]


async def test_what_did_not_arrive_before_our_own_note_goes_the_next_way(house: House, taker: Receipts) -> None:
    await house.owns(ADA, TEXT)
    await taker.take("sms", "m1", False)
    house.put("/told a", to=TEXT)
    await house.rounds()
    await house.rounds()
    assert await house.outcomes("/told a") == [("sms", "sent"), ("telegram", "sent")]


async def test_what_is_of_no_notice_is_passed_over(house: House, taker: Receipts, woken: list[None]) -> None:
    assert await taker.take("sms", "m1", True) is None
    assert woken == house.told == []
