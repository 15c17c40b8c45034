"""The courier: what becomes of a notice, in every case that a provider makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core.messages import Address, Event, Inbound, Phrase, Reply
from bot.core.ports import SendFailed
from bot.core.requests import Notice
from bot.courier import Courier, delivery
from bot.courier.delivery import BACK_OFF, BEGUN, DELIVERY, LEASE
from bot.gateway import Outcome

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ADA = Address("telegram", "1")
BEE = Address("telegram", "2")


class Time:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Outbox:
    """Keeps the port's promises in a list."""

    clock: Time
    waiting: list[tuple[datetime, Notice]] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)
    given_up: dict[str, str] = field(default_factory=dict)
    leases: list[float] = field(default_factory=list)

    def put(self, id: str, to: Address, tries: int = 0) -> None:
        self.waiting.append((self.clock(), Notice(id, to, f"/told {id}", tries)))

    async def due(self, limit: int = 50, *, lease: float = 0.0) -> tuple[Notice, ...]:
        self.leases.append(lease)
        return tuple(n for at, n in self.waiting if at <= self.clock())[:limit]

    async def settle(self, notice: Notice, *, delivered: bool, retry_in: float | None = None, why: str = "") -> None:
        at = next(n for n, (_, kept) in enumerate(self.waiting) if kept.id == notice.id)
        if delivered:
            del self.waiting[at]
            self.delivered.append(notice.id)
        elif retry_in is None:
            del self.waiting[at]
            self.given_up[notice.id] = why
        else:
            later = self.clock() + timedelta(seconds=retry_in)
            self.waiting[at] = (later, replace(notice, tries=notice.tries + 1))


class Gateway:
    """Says the notice's command back; nothing for those in `silent`."""

    def __init__(self, silent: Sequence[str] = ()) -> None:
        self.heard: list[Inbound] = []
        self.silent = silent
        self.broken = False

    async def receive(self, heard: Inbound) -> Outcome:
        self.heard.append(heard)
        if self.broken:
            raise OSError("the database is away")
        replies = () if heard.value in self.silent else (Reply(Phrase(heard.value)),)
        return Outcome("contact", "fa", replies, 7)


@dataclass
class Sender:
    rate = None
    disturbs = repeatable = False
    sent: list[tuple[Address, str, str, int]] = field(default_factory=list)
    failures: dict[str, SendFailed] = field(default_factory=dict)  # by command
    at_once: int = 0
    most_at_once: int = 0

    async def send(self, to: Address, replies: Sequence[Reply], language: str, *, seq: int, key: str = "") -> str:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        command = replies[0].say.key
        if command in self.failures:
            raise self.failures[command]
        self.sent.append((to, command, language, seq))
        return ""


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def outbox(clock: Time) -> Outbox:
    return Outbox(clock)


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.fixture
def courier(outbox: Outbox, gateway: Gateway, sender: Sender, clock: Time) -> Courier:
    return Courier(outbox, gateway, {"telegram": sender}, clock, every=0.01)  # type: ignore[arg-type]


async def test_a_notice_is_a_turn_and_its_replies_are_sent(
    courier: Courier, outbox: Outbox, gateway: Gateway, sender: Sender
) -> None:
    outbox.put("a", ADA)
    assert await courier.round() == 1
    assert gateway.heard == [Inbound(id="notice:a", address=ADA, event=Event.NOTICE, value="/told a")]
    assert sender.sent == [(ADA, "/told a", "fa", 7)]
    assert outbox.delivered == ["a"]


async def test_without_a_sender_the_transcript_tells_it_later(
    courier: Courier, outbox: Outbox, gateway: Gateway, sender: Sender
) -> None:
    outbox.put("a", Address("console", "me"))
    await courier.round()
    assert outbox.delivered == ["a"]
    assert len(gateway.heard) == 1
    assert sender.sent == []


async def test_nothing_to_say_is_done_with(courier: Courier, outbox: Outbox, gateway: Gateway, sender: Sender) -> None:
    gateway.silent = ("/told a",)
    outbox.put("a", ADA)
    await courier.round()
    assert (outbox.delivered, sender.sent) == (["a"], [])


async def test_a_busy_provider_is_tried_again_and_not_before(
    courier: Courier, outbox: Outbox, gateway: Gateway, sender: Sender, clock: Time
) -> None:
    sender.failures["/told a"] = SendFailed("busy", retry_in=30)
    outbox.put("a", ADA)
    await courier.round()
    clock.passes(29)
    assert await courier.round() == 0
    clock.passes(1)
    sender.failures.clear()
    await courier.round()
    assert outbox.delivered == ["a"]
    assert [h.id for h in gateway.heard] == ["notice:a"] * 2  # the gateway replays, the words are the same


async def test_a_provider_that_never_recovers_is_given_up(
    courier: Courier, outbox: Outbox, sender: Sender, clock: Time
) -> None:
    sender.failures["/told a"] = SendFailed("timeout", retry_in=1)
    outbox.put("a", ADA)
    tries = 0
    while outbox.waiting:
        tries += await courier.round()
        clock.passes(BACK_OFF[-1])
    assert tries == len(BACK_OFF) + 1
    assert outbox.given_up == {"a": "timeout"}


@pytest.mark.parametrize("failure", [SendFailed("blocked", unreachable=True), SendFailed("malformed")])
async def test_a_final_no_is_taken_at_once(
    courier: Courier, outbox: Outbox, sender: Sender, failure: SendFailed
) -> None:
    sender.failures["/told a"] = failure
    outbox.put("a", ADA)
    outbox.put("b", ADA)
    await courier.round()
    assert outbox.given_up == {"a": failure.why}
    assert outbox.delivered == ["b"]


async def test_an_address_keeps_its_order_while_others_go_on(
    courier: Courier, outbox: Outbox, sender: Sender, clock: Time
) -> None:
    sender.failures["/told a1"] = SendFailed("busy", retry_in=20)
    for id, to in (("a1", ADA), ("b1", BEE), ("a2", ADA), ("b2", BEE)):
        outbox.put(id, to)
    await courier.round()
    assert outbox.delivered == ["b1", "b2"]
    sender.failures.clear()
    assert await courier.round() == 0  # a2 is due, but a1 comes first
    clock.passes(20)
    await courier.round()
    assert outbox.delivered == ["b1", "b2", "a1", "a2"]


async def test_many_addresses_are_served_at_once_but_not_too_many(
    courier: Courier, outbox: Outbox, sender: Sender
) -> None:
    for n in range(30):
        outbox.put(f"n{n}", Address("telegram", str(n)))
    assert await courier.round() == 30
    assert 1 < sender.most_at_once <= 8


async def test_what_could_not_be_begun_while_it_was_held_is_left_to_whoever_holds_it_next(
    courier: Courier, outbox: Outbox, sender: Sender, clock: Time
) -> None:
    send = sender.send

    async def slow(*arguments: Any, **more: Any) -> None:
        await send(*arguments, **more)
        clock.passes(BEGUN + 1)

    sender.send = slow  # type: ignore[method-assign]
    outbox.put("a", ADA)
    outbox.put("b", ADA)
    assert await courier.round() == 1
    assert outbox.delivered == ["a"]
    assert not outbox.given_up
    assert outbox.leases == [LEASE]
    await courier.round()
    assert outbox.delivered == ["a", "b"]


async def test_a_delivery_that_does_not_end_is_tried_again(
    courier: Courier, outbox: Outbox, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(delivery, "DELIVERY", 0.01)
    sender.send = hang  # type: ignore[method-assign]
    outbox.put("a", ADA)
    await courier.round()
    assert [notice.tries for _, notice in outbox.waiting] == [1]


def test_whoever_begins_a_delivery_ends_it_while_the_notice_is_held() -> None:
    assert BEGUN + DELIVERY < LEASE


async def test_our_own_failure_is_tried_again_later(
    courier: Courier, outbox: Outbox, gateway: Gateway, clock: Time
) -> None:
    gateway.broken = True
    outbox.put("a", ADA)
    await courier.round()
    assert not outbox.given_up
    gateway.broken = False
    clock.passes(BACK_OFF[0])
    await courier.round()
    assert outbox.delivered == ["a"]


async def test_an_outbox_that_fails_does_not_end_the_courier(
    courier: Courier, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    due, failed = outbox.due, asyncio.Event()

    async def fail(limit: int = 50, *, lease: float = 0.0) -> tuple[Notice, ...]:
        failed.set()
        raise OSError("locked")

    monkeypatch.setattr(outbox, "due", fail)
    running = asyncio.create_task(courier.run())
    await failed.wait()
    monkeypatch.setattr(outbox, "due", due)
    outbox.put("a", ADA)
    while not outbox.delivered:
        courier.wake()
        await asyncio.sleep(0)
    await courier.stop(running)
    assert running.done()
    assert running.exception() is None
