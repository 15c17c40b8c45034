"""A courier between an outbox that forgets and providers that do as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.catalogue import QuietHours
from bot.core.messages import Address, Inbound, Phrase, Reply
from bot.core.notices import News, Notice, NoticeRecord, Outbox
from bot.core.ports import Rate, SendFailed
from bot.courier import Courier, Delivery
from bot.gateway import Outcome
from bot.stores.memory import MemoryContacts
from bot.stores.memory_outbox import MemoryOutbox

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ADA = Address("telegram", "1")
BEE = Address("telegram", "2")
TEXT = Address("sms", "+989121234567")
MAIL = Address("mail", "ada@example.org")
WEB = Address("web", "ada")


class Time:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def elapsed(self) -> float:
        return self.now.timestamp()

    def passes(self, seconds: float = 0, **more: float) -> None:
        self.now += timedelta(seconds=seconds, **more)


class Gateway:
    """Says the notice's command back; nothing for those in `silent`."""

    def __init__(self) -> None:
        self.heard: list[Inbound] = []
        self.silent: set[str] = set()
        self.broken: Exception | None = None

    async def receive(self, heard: Inbound) -> Outcome:
        self.heard.append(heard)
        await asyncio.sleep(0)
        if self.broken:
            raise self.broken
        replies = () if heard.value in self.silent else (Reply(Phrase(heard.value)),)
        return Outcome("contact", "fa", replies, 7)


@dataclass
class Sender:
    """A provider. What a citizen sees is `shown`: of a repeatable sender each key once."""

    repeatable: bool = False
    disturbs: bool = True
    rate: Rate | None = None
    calls: list[tuple[Address, str, str]] = field(default_factory=list)  # to, command, key
    shown: list[tuple[Address, str]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    since: list[datetime | None] = field(default_factory=list)
    failures: dict[str, Exception] = field(default_factory=dict)  # by command, before it is shown
    lost: set[str] = field(default_factory=set)  # commands that are shown, and the answer never comes
    hangs: set[str] = field(default_factory=set)
    at_once: int = 0
    most_at_once: int = 0

    async def send(
        self,
        to: Address,
        replies: Sequence[Reply],
        language: str,
        *,
        seq: int,
        key: str = "",
        since: datetime | None = None,
    ) -> str:
        command = replies[0].say.key
        self.calls.append((to, command, key))
        self.since.append(since)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if command in self.failures:
            raise self.failures[command]
        if not (self.repeatable and key in self.keys):
            self.shown.append((to, command))
            self.keys.add(key)
        if command in self.hangs:
            await asyncio.Event().wait()
        if command in self.lost:
            raise SendFailed("timeout", retry_in=1, doubtful=True)
        return f"m{len(self.calls)}"


class Limits:
    """Tells each key to wait as long as it is told."""

    def __init__(self) -> None:
        self.waits: dict[str, list[float]] = {}
        self.asked: list[tuple[str, float, float]] = []

    async def take(self, key: str, *, rate: float, burst: float, cost: float = 1.0) -> float:
        self.asked.append((key, rate, burst))
        waits = self.waits.get(key)
        return waits.pop(0) if waits else 0.0


class House:
    """`put` a notice and let the courier go `round`."""

    def __init__(self, *, outbox: Outbox | None = None, put: Callable[..., Any] | None = None) -> None:
        self.clock = Time()
        self.memory = MemoryOutbox()
        self.outbox: Outbox = outbox or self.memory
        self.gateway = Gateway()
        self.telegram = Sender()
        self.sms = Sender()
        self.mail = Sender(repeatable=True, disturbs=False)
        self.web = Sender(repeatable=True, disturbs=False)
        self.senders = {"telegram": self.telegram, "sms": self.sms, "mail": self.mail, "web": self.web}
        self.contacts = MemoryContacts(clock=self.clock, new_id=lambda: "ada")
        self.limits = Limits()
        self.stale: set[str] = set()
        self.quiet: QuietHours | None = None
        self.told: list[Delivery] = []
        self.courier = self.new_courier()

    def new_courier(self) -> Courier:
        courier = Courier(
            self.outbox,
            self.gateway,  # type: ignore[arg-type]
            self.senders,
            self.contacts,
            self.clock,
            self.limits,
            is_news=self.is_news,
            apart=self.apart,
            quiet_hours=lambda: self.quiet,
            reached_at=lambda a: Address("sms", a.number) if a.number else a,
            every=0.01,
            stopwatch=self.clock.elapsed,
        )
        courier.watchers.append(self.told.append)
        return courier

    async def is_news(self, notice: Notice) -> bool:
        return notice.command not in self.stale

    def apart(self, notice: Notice) -> tuple[Reply, str] | None:
        return (Reply(Phrase(notice.command)), "en") if notice.command.startswith("/code") else None

    def put(self, *commands: str, to: Address = ADA, **more: Any) -> None:
        for command in commands:
            self.memory.put(to, News(command, **more), self.clock())

    async def owns(self, *addresses: Address) -> None:
        """They are all one person's, in the order in which they came."""
        for address in addresses:
            await self.contacts.resolve(address)

    async def rounds(self) -> None:
        """Until nothing is due."""
        while await self.courier.round():
            pass

    async def record(self, command: str) -> NoticeRecord:
        return next(record for record in await self.outbox.told() if record.notice.command == command)

    async def state(self, command: str) -> tuple[str, str]:
        record = await self.record(command)
        return record.state, record.why

    async def outcomes(self, command: str) -> list[tuple[str, str]]:
        """Of each attempt its channel and its outcome."""
        return [(attempt.way.channel, attempt.outcome) for attempt in (await self.record(command)).attempts]
