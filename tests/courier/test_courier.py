"""The courier as a process has it: woken, under load, stopped, killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.core.messages import Address
from bot.core.ports import Rate
from bot.courier.courier import AT_ONCE
from bot.courier.delivery import DELIVERY, LEASE
from tests.courier.house import ADA, BEE, NOW, TEXT, House


@asynccontextmanager
async def running(house: House) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(house.courier.run())
    yield task
    await house.courier.stop(task)


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110 - it is another task's doing, and that one tells nobody
            await asyncio.sleep(0)


async def test_it_looks_by_itself_and_at_once_when_it_is_woken(house: House) -> None:
    async with running(house):
        house.put("/told a")
        await until(lambda: house.telegram.shown)
        house.courier._every = 3600
        await asyncio.sleep(0.02)
        house.put("/told b")
        house.courier.wake()
        await until(lambda: len(house.telegram.shown) == 2)


async def test_many_are_served_at_once_but_not_too_many(house: House) -> None:
    for n in range(3 * AT_ONCE):
        house.put(f"/told {n}", to=Address("telegram", str(n)))
    async with running(house):
        await until(lambda: len(house.telegram.shown) == 3 * AT_ONCE)
    assert 1 < house.telegram.most_at_once <= AT_ONCE


async def test_a_slow_channel_keeps_no_other_waiting(house: House) -> None:
    house.sms.hangs = {f"/told {n}" for n in range(2 * AT_ONCE)}
    for n in range(2 * AT_ONCE):
        house.put(f"/told {n}", to=Address("sms", f"+98912000{n:04}"))
    house.put("/told a")
    house.put("/code 1", to=TEXT, urgent=True)
    async with running(house) as task:
        await until(lambda: house.telegram.shown and (TEXT, "/code 1") in house.sms.shown)
        assert house.sms.at_once == 0 and len(house.sms.calls) == AT_ONCE + 1
        task.cancel()  # of those that hang nothing can be expected
        for delivering in tuple(house.courier._under_way):
            delivering.cancel()


async def test_a_long_queue_of_one_address_goes_out_in_order_without_waiting_for_the_next_look(house: House) -> None:
    house.courier._every = 3600
    house.put(*(f"/told {n}" for n in range(30)))
    async with running(house):
        await until(lambda: len(house.telegram.shown) == 30)
    assert [command for _, command in house.telegram.shown] == [f"/told {n}" for n in range(30)]


async def test_an_outbox_that_fails_does_not_end_the_courier(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    take, failed = house.memory.take, asyncio.Event()

    async def fail(*_: object, **__: object) -> tuple[()]:
        failed.set()
        raise OSError("locked")

    monkeypatch.setattr(house.memory, "take", fail)
    async with running(house) as task:
        await failed.wait()
        monkeypatch.setattr(house.memory, "take", take)
        house.put("/told a")
        await until(lambda: house.telegram.shown)
    assert task.done() and task.exception() is None


async def test_what_cannot_be_settled_comes_back_in_doubt(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    settle = house.memory.settle

    async def fail(*_: object, **__: object) -> None:
        raise OSError("locked")

    monkeypatch.setattr(house.memory, "settle", fail)
    house.put("/told a")
    with pytest.raises(OSError, match="locked"):
        await house.courier.round()
    monkeypatch.setattr(house.memory, "settle", settle)
    house.clock.passes(LEASE)
    await house.rounds()
    house.clock.passes(DELIVERY)
    await house.rounds()
    assert house.telegram.shown == [(ADA, "/told a")]
    assert await house.state("/told a") == ("dead", "doubtful")


async def test_a_stop_gives_back_what_is_not_begun(house: House) -> None:
    """Here: what waits for its turn at a slow provider."""
    house.telegram.rate = Rate(1, 1)
    house.limits.waits = {f"send {to}": [15.0] * 9 for to in (ADA, BEE)}
    house.put("/told a", to=ADA)
    house.put("/told b", to=BEE)
    task = asyncio.create_task(house.courier.run())
    await until(lambda: len(house.limits.asked) == 2)
    await house.courier.stop(task)
    assert house.telegram.calls == []
    house.limits.waits = {}
    house.courier = house.new_courier()
    await house.rounds()
    assert sorted(house.telegram.shown) == [(ADA, "/told a"), (BEE, "/told b")]
    assert (await house.record("/told a")).notice.tries == 1


async def test_a_stop_lets_what_is_begun_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    send = house.telegram.send

    async def slow(*arguments: object, **more: object) -> str:
        begun.set()
        await go_on.wait()
        return await send(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(house.telegram, "send", slow)
    house.put("/told a", "/told b")
    task = asyncio.create_task(house.courier.run())
    await begun.wait()
    stopping = asyncio.create_task(house.courier.stop(task))
    await until(task.done)
    go_on.set()
    await stopping
    assert await house.state("/told a") == ("sent", "")
    assert (await house.record("/told b")).next_at <= NOW, "and nobody has to wait for the rest"


@pytest.mark.parametrize("repeatable", [True, False])
@pytest.mark.parametrize("shown", [True, False])
async def test_killed_between_beginning_and_settling(house: House, repeatable: bool, shown: bool) -> None:
    """Whether the provider took it is not known to anybody who comes after."""
    house.telegram.repeatable = repeatable
    reached = asyncio.Event()
    send = house.telegram.send

    async def killed(*arguments: object, **more: object) -> str:
        if shown:
            await send(*arguments, **more)  # type: ignore[arg-type]
        reached.set()
        await asyncio.Event().wait()
        return ""

    house.telegram.send = killed  # type: ignore[assignment, method-assign]
    house.put("/told a", "/told b")
    dying = asyncio.create_task(house.courier.round())
    await reached.wait()
    house.telegram.send = send  # type: ignore[method-assign]
    survivor = house.new_courier()
    assert await survivor.round() == 0, "the dead one holds it"
    house.clock.passes(LEASE)
    assert await survivor.round() == 1
    assert await house.state("/told a") == ("pending", ""), "clocks may have been set: it may be under way yet"
    house.clock.passes(DELIVERY)
    while await survivor.round():
        pass
    times = house.telegram.shown.count((ADA, "/told a"))
    if repeatable:
        assert times == 1
        assert await house.state("/told a") == ("sent", "")
    else:
        assert times == shown
        assert await house.state("/told a") == ("dead", "doubtful")
    assert house.telegram.shown[-1] == (ADA, "/told b")
    dying.cancel()
    for task in tuple(house.courier._under_way):
        task.cancel()


async def test_killed_before_beginning_nothing_is_lost_or_doubled(house: House) -> None:
    reached = asyncio.Event()

    async def hang(heard: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    receive, house.gateway.receive = house.gateway.receive, hang  # type: ignore[method-assign, assignment]
    house.put("/told a")
    dying = asyncio.create_task(house.courier.round())
    await reached.wait()
    house.gateway.receive = receive  # type: ignore[method-assign]
    house.clock.passes(LEASE)
    await house.new_courier().round()
    assert house.telegram.shown == [(ADA, "/told a")]
    assert await house.state("/told a") == ("sent", "")
    dying.cancel()
    for task in tuple(house.courier._under_way):
        task.cancel()


async def test_how_the_outbox_stands_can_be_asked(house: House) -> None:
    house.put("/told a")
    house.clock.passes(12)
    queue = await house.courier.queue()
    assert (queue.waiting, queue.oldest, queue.dead) == (1, 12.0, 0)
