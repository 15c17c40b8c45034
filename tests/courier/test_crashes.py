"""Whatever providers do and wherever the process dies: no notice is seen twice, none is lost, each has an end."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.messages import Address
from bot.core.notices import NoticeRecord
from bot.core.ports import SendFailed
from bot.courier.delivery import LEASE
from tests.courier.house import ADA, BEE, MAIL, TEXT, WEB, House

MOODS = ("well", "busy", "refuses", "takes it in silence", "is silent")
PEOPLE = ((ADA, TEXT), (BEE,), (WEB, MAIL))  # the ways of each
ORDERLY = st.one_of(
    st.tuples(st.just("put"), st.just(ADA), st.just(False)),
    st.tuples(st.just("mood"), st.just("telegram"), st.sampled_from(("well", "busy", "refuses"))),
    st.tuples(st.just("round"), st.integers(0, 12), st.booleans()),
    st.tuples(st.just("passes"), st.sampled_from((1, 6, LEASE)), st.none()),
)
STEPS = st.one_of(
    st.tuples(st.just("prefer"), st.sampled_from((ADA, TEXT, WEB, MAIL)), st.none()),
    st.tuples(st.just("put"), st.sampled_from((ADA, BEE, WEB, TEXT)), st.booleans()),
    st.tuples(st.just("mood"), st.sampled_from(("telegram", "sms", "web", "mail")), st.sampled_from(MOODS)),
    st.tuples(st.just("round"), st.integers(0, 12), st.booleans()),
    st.tuples(st.just("passes"), st.sampled_from((1, 6, 20, LEASE, 4000)), st.none()),
    st.tuples(st.just("receipt"), st.integers(0, 20), st.booleans()),
)


class Killed(BaseException):
    """The process ended here."""


class Mortal:
    """What a process does to the world outside; at the `at`th time it dies, before or after."""

    def __init__(self) -> None:
        self.left = 0
        self.after = False
        self.dead = False

    def lives(self, at: int, *, after: bool) -> None:
        self.left, self.after, self.dead = at, after, False

    def wrapped(self, does: Any) -> Any:
        async def mortal(*arguments: Any, **more: Any) -> Any:
            await asyncio.sleep(0)
            if self.dead:
                raise Killed
            self.left -= 1
            if self.left == 0:
                self.dead = True
                if self.after:
                    await does(*arguments, **more)
                raise Killed
            return await does(*arguments, **more)

        return mortal


class Provider:
    """Of one channel, with its moods; `seen` has what came through, by key."""

    disturbs, rate = True, None

    def __init__(self, *, repeatable: bool) -> None:
        self.repeatable = repeatable
        self.mood = "well"
        self.seen: list[tuple[Address, str]] = []
        self.messages: dict[str, str] = {}  # id → key

    async def send(
        self, to: Address, replies: Any, language: str, *, seq: int, key: str = "", since: Any = None
    ) -> str:
        match self.mood:
            case "busy":
                raise SendFailed("busy", retry_in=3)
            case "refuses":
                raise SendFailed("no")
            case "is silent":
                raise SendFailed("timeout", retry_in=3, doubtful=True)
        if not (self.repeatable and any(known == key for _, known in self.seen)):
            self.seen.append((to, key))
        if self.mood == "takes it in silence":
            raise SendFailed("timeout", retry_in=3, doubtful=True)
        id = f"{key} {len(self.seen)}"
        self.messages[id] = key
        return id


class Town(House):
    def __init__(self) -> None:
        super().__init__()
        self.process = Mortal()
        self.senders = {  # type: ignore[assignment]
            name: Provider(repeatable=name in ("web", "mail")) for name in ("telegram", "sms", "web", "mail")
        }
        self.met: dict[tuple[str, int], float] = {}

    async def opens(self) -> None:
        for n, addresses in enumerate(PEOPLE):
            self.contacts._new_id = lambda n=n: f"person{n}"
            for address in addresses:
                await self.contacts.resolve(address)
                for earlier in addresses:
                    await self.contacts.link(await self.contacts.resolve(earlier), f"person{n}")

    async def round(self, at: int = 0, *, after: bool = False) -> int:
        """A process begins, works, and dies at its `at`th touch of the world."""
        self.process.lives(at, after=after)
        courier = self.new_courier()
        deliverer = courier._deliverer
        deliverer._met = self.met  # as if one process outlived all others
        outbox: Any = Anything(self.memory, self.process)
        courier._outbox = deliverer.outbox = outbox
        deliverer.senders = {name: Anything(sender, self.process) for name, sender in self.senders.items()}
        try:
            return await courier.round()
        except Killed:
            await asyncio.gather(*courier._under_way, return_exceptions=True)
            return -1

    async def does(self, what: str, which: Any, how: Any) -> None:
        match what:
            case "put":
                self.put(f"/told {len(self.memory._rows)}", to=which, urgent=how)
            case "mood":
                self.senders[which].mood = how  # type: ignore[attr-defined]
            case "round":
                await self.round(which, after=how)
            case "passes":
                self.clock.passes(which)
            case "prefer":
                await self.contacts.prefer(which)
            case "receipt":
                await self.receipt(which, delivered=how)

    async def receipt(self, which: int, *, delivered: bool) -> None:
        sent = [(name, id) for name, sender in self.senders.items() for id in sender.messages]  # type: ignore[attr-defined]
        if not sent:
            return
        channel, id = sent[which % len(sent)]
        del self.senders[channel].messages[id]  # type: ignore[attr-defined]
        await self.memory.receipt(channel, id, delivered, at=self.clock())

    def providers(self) -> list[Any]:
        return list(self.senders.values())

    def times_seen(self, record: NoticeRecord) -> int:
        key = f"notice:{record.notice.id}"
        shown = sum(known == key for sender in self.providers() for _, known in sender.seen)
        return shown - sum(attempt.received == "undelivered" for attempt in record.attempts)


class Anything:
    """Each method of something outside is a touch of the world."""

    def __init__(self, thing: Any, process: Mortal) -> None:
        self._thing = thing
        self._process = process

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        return self._process.wrapped(found) if asyncio.iscoroutinefunction(found) else found


async def live(steps: list[tuple[str, Any, Any]]) -> Town:
    random.seed(7)
    town = Town()
    await town.opens()
    for step in steps:
        await town.does(*step)
    for sender in town.providers():
        sender.mood = "well"
    for _ in range(40):
        town.clock.passes(4000)
        if not await town.round():
            break
    return town


@settings(max_examples=120, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_each_notice_has_an_end_and_is_never_seen_twice(steps: list[tuple[str, Any, Any]]) -> None:
    town = asyncio.run(live(steps))
    for record in town.memory._rows:
        seen = town.times_seen(record)
        assert seen <= 1, "seen twice"
        match record.state:
            case "sent" | "delivered":
                assert seen == 1
            case "dead":
                assert record.why == "doubtful" or seen <= 0
            case state:
                raise AssertionError(state)


@settings(max_examples=120, deadline=None)
@given(st.lists(ORDERLY, max_size=20))
def test_what_is_seen_at_an_address_is_in_order(steps: list[tuple[str, Any, Any]]) -> None:
    town = asyncio.run(live(steps))
    for address in (ADA, TEXT):
        keys = [key for sender in town.providers() for to, key in sender.seen if to == address]
        assert keys == sorted(keys, key=lambda key: int(key.removeprefix("notice:")))
