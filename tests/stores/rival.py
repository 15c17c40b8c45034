"""One of two processes that do the same things at the same time: `python -m tests.stores.rival URL NAME`.

It says "ready", waits for a line on its standard input, does everything, and tells as JSON what came of it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from bot.core.messages import Address
from bot.core.notices import News
from bot.core.ports import StaleSession
from bot.core.records import Failure, Step
from bot.core.requests import Change, Draft, ServiceRequest, Status, SurveyResponse
from bot.core.tracking import TrackingCode
from bot.stores.contacts import SqlContacts
from bot.stores.database import Database, open_database
from bot.stores.outbox import SqlOutbox
from bot.stores.records import SqlRecords
from bot.stores.sessions import SqlSessions

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
LEASE = NOW + timedelta(seconds=90)
TIMES = 12
GUESSES = 10  # that may be wrong


def request(contact: str = "c") -> ServiceRequest:
    draft = Draft("form", "request", "عنوان", contact, Address("web", contact), "fa", unit="u")
    history = (Change(NOW, Status.SUBMITTED, unit="u", by="citizen"),)
    return ServiceRequest(TrackingCode.new(), draft, Status.SUBMITTED, "u", "", NOW, NOW, None, history)


def number(n: int) -> str:
    return f"+98912000{n:04}"


def full(failures: Sequence[Failure]) -> bool:
    if len(failures) >= GUESSES:
        raise PermissionError
    return False


class Rival:
    def __init__(self, database: Database, name: str) -> None:
        self.name = name
        self.first = name == "first"
        self.records = SqlRecords(database)
        self.outbox = SqlOutbox(database)
        self.contacts = SqlContacts(database)
        self.sessions = SqlSessions(database)

    async def everything(self) -> dict[str, Any]:
        work = (self.file, self.rate, self.spend, self.guess, self.change, self.resolve, self.absorb, self.link)
        told = {one.__name__: await asyncio.gather(*map(one, range(TIMES))) for one in work}
        return {**told, "deliver": await self.deliver()}

    async def file(self, n: int) -> str:
        filed = await self.records.add(request(), key=f"file {n}")
        assert filed
        return str(filed.code)

    async def rate(self, n: int) -> bool:
        (rated,) = await self.records.of(f"rated {n}", 1)
        response = SurveyResponse("main", rated.code, "c", "web", 5, {})
        return await self.records.rate(response, key=f"rate {n} {self.name}", at=NOW)

    async def spend(self, n: int) -> bool:
        return await self.records.spend(f"ticket {n}", key=self.name, at=NOW)

    async def guess(self, n: int) -> bool:
        """True: it was counted."""
        by, since = Address("web", f"{self.name} {n}"), NOW - timedelta(hours=1)
        try:
            await self.records.guess("unlock", by, "1234567890", at=NOW, since=since, rule=full)
        except PermissionError:
            return False
        return True

    async def change(self, n: int) -> int:
        """How long the history was before; the second half of the changes have the same keys in both processes."""
        seen: list[int] = []

        def rule(before: ServiceRequest) -> Step:
            seen.append(len(before.history))
            entry = Change(NOW, before.status, f"{self.name} {n}", by="officer")
            after = replace(before, history=(*before.history, entry))
            return Step(after, (News(f"/told {len(before.history)}"), News("/survey", key="/survey")))

        (changed,) = await self.records.of("changed", 1)
        await self.records.update(changed.code, rule, key=f"change {n}" if n >= TIMES // 2 else "")
        return seen[-1] if seen else -1

    async def resolve(self, n: int) -> str:
        channel = "sms" if self.first else "voice"
        return await self.contacts.resolve(Address(channel, number(n)) if n % 2 else Address("web", f"new {n}"))

    async def absorb(self, n: int) -> bool:
        pair = f"a{n}", f"b{n}"
        try:
            await self.sessions.absorb(*(pair if self.first else reversed(pair)))
        except StaleSession:
            return False
        return True

    async def link(self, n: int) -> None:
        await self.contacts.link(f"l{n} {self.name}", "linked")

    async def deliver(self) -> list[tuple[int, str, float, float]]:
        """Which notices were ours, of which address, from when until when."""
        ours: list[tuple[int, str, float, float]] = []
        idle = 0
        while idle < 3:
            held = await self.outbox.take(NOW, LEASE, limit=3)
            idle = 0 if held else idle + 1
            begun = time.monotonic()
            await asyncio.sleep(0.01)
            for notice in held:
                ended = time.monotonic()
                sending = await self.outbox.begin(notice, notice.address, at=NOW, until=LEASE)
                assert sending, "nobody else holds it"
                await self.outbox.settle(sending, "sent", at=NOW, outcome="sent")
                ours.append((int(notice.id), str(notice.address), begun, ended))
        return ours


async def main(url: str, name: str) -> None:
    database = open_database(url)
    rival = Rival(database, name)
    await database.ping()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(orjson.dumps(await rival.everything()).decode(), flush=True)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
