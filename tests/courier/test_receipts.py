"""What providers tell afterwards."""

from __future__ import annotations

import pytest

from bot.courier import Delivery, Receipts, receipts
from tests.app.serving import until
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


async def test_a_receipt_may_be_faster_than_our_own_note(
    house: House, taker: Receipts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "AGAIN", 0.01)
    await taker.take("sms", "m1", True)
    house.put("/told a", to=TEXT)
    await house.rounds()

    async def told() -> bool:
        return await house.state("/told a") == ("delivered", "")

    await until(told)


async def test_what_is_of_no_notice_is_passed_over(house: House, taker: Receipts, woken: list[None]) -> None:
    await taker.take("sms", "m1", True)
    await taker.close()
    assert woken == house.told == []
