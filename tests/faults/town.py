"""One installation with all that it is reached by: servers that may die, providers, and a ledger of what was
acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import json
import struct
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import sqlalchemy as sa

from bot.courier.delivery import LEASE
from bot.stores.database import open_database
from tests.e2e.process import API_TOKEN, PATIENCE, ROOT, free_port
from tests.faults.providers import Messenger, Operator
from tests.faults.replica import Replica

PUBLIC_URL = "https://desk.example.org"
SECRET_KEY = "of the tests of faults " * 2
WEBHOOK_SECRET = "s3cret_of-the-webhook"
OFFICE = {"Authorization": f"Bearer {API_TOKEN}"}
PAUSE = 0.05  # seconds before something is delivered again
STEP = 10.0  # seconds by which time is moved on
_PENDING = sa.text(
    "SELECT count(*), count(CASE WHEN doubt THEN 1 END), min(CASE WHEN id IN"
    " (SELECT min(id) FROM notices WHERE state = 'pending' GROUP BY address) THEN next_at END)"
    " FROM notices WHERE state = 'pending'"
)
_ONE_TRY = aiohttp.ClientTimeout(total=30.0)


@dataclass
class Ledger:
    """What the providers, citizens and officers were told."""

    inbounds: dict[str, str] = field(default_factory=dict)  # acknowledged: key → address
    codes: dict[str, str] = field(default_factory=dict)  # told → address
    notes: dict[str, str] = field(default_factory=dict)  # an officer's note, acknowledged → address
    faults: Counter[str] = field(default_factory=Counter)  # what happened, how often
    points: set[str] = field(default_factory=set)  # where processes were killed
    emptied: bool = False  # the store of the sessions
    failures: Counter[str] = field(default_factory=Counter)  # why deliveries had to be made again

    def acknowledged(self, key: str, address: str) -> None:
        assert key not in self.inbounds
        self.inbounds[key] = address

    def filed(self, code: str, address: str) -> None:
        assert code not in self.codes, "two requests with one code"
        self.codes[code] = address

    def killed(self, point: str) -> None:
        self.faults["kills"] += 1
        self.points.add(point)


@dataclass
class Town:
    database_url: str
    replicas: list[Replica]
    http: aiohttp.ClientSession
    messenger: Messenger
    operator: Operator
    clock: Path
    redis_url: str = ""
    away: Replica | None = None  # it gets nothing more, since it has said that it is about to end
    ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        self._turns = itertools.cycle(self.replicas)
        self._notes = itertools.count(1)

    # --- what comes in --------------------------------------------------------------------------

    async def post(self, path: str, **request: Any) -> bytes:
        """What is answered in the end, however often it has to be asked, at whichever replica."""
        return await self.ask("POST", path, **request)

    async def ask(self, method: str, path: str, **request: Any) -> bytes:
        while True:
            try:
                address = f"{self._next().url}{path}"
                async with self.http.request(method, address, timeout=_ONE_TRY, **request) as answer:
                    body = await answer.read()
                    if answer.status < 300:
                        return body
                    assert answer.status >= 500 or answer.status == 429, (answer.status, body)
                    self.ledger.failures[str(answer.status)] += 1
            except (aiohttp.ClientError, TimeoutError) as error:  # the process is gone
                self.ledger.failures[type(error).__name__] += 1
            await asyncio.sleep(PAUSE)

    def _next(self) -> Replica:
        return next(replica for replica in self._turns if replica is not self.away)

    @staticmethod
    def loads(body: bytes) -> Any:
        return json.loads(body)

    async def note(self, code: str, address: str, words: str = "یادداشت") -> str:
        """An officer writes something that no other note says; the filer is to be told."""
        note = f"{words} {next(self._notes)} دربارهٔ {code}"
        headers = {**OFFICE, "Idempotency-Key": note.encode().hex()}
        await self.ask("PATCH", f"/api/v1/requests/{code}", json={"note": note}, headers=headers)
        self.ledger.notes[note] = address
        return note

    # --- what happens to it ---------------------------------------------------------------------

    async def start(self, but: Replica | None = None) -> None:
        await asyncio.gather(*(one.start() for one in self.replicas if not one.alive and one is not but))

    async def terminate(self) -> None:
        await asyncio.gather(*(replica.terminate() for replica in self.replicas if replica.alive))

    def turn_clock(self, seconds: float) -> None:
        """The servers' wall clocks go so far ahead, or back."""
        turned = self.ahead() + seconds
        with self.clock.open("r+b") as file:
            file.write(struct.pack("d", turned))

    def ahead(self) -> float:
        return float(struct.unpack("d", self.clock.read_bytes())[0])

    async def settled(self) -> None:
        """Wait until every notice is done with, while time goes thirty times as fast; what waits longer than
        anybody may hold it comes at once."""
        database = open_database(self.database_url)
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    pending, under_way, next_at = await database.read(lambda c: c.execute(_PENDING).one(), single=True)
                    if not pending:
                        return
                    waits = next_at / 1e6 - time.time() - self.ahead()
                    self.turn_clock(waits if waits > 2 * LEASE and not under_way else STEP)
                    await asyncio.sleep(STEP / 30)
        finally:
            await database.close()


def until_noon() -> float:
    """Seconds until it is noon where the organisation is: far from its quiet hours."""
    now = datetime.now(ZoneInfo("Asia/Tehran"))
    return (now.replace(hour=12, minute=0) - now).total_seconds() % 86_400


@asynccontextmanager
async def founded(
    folder: Path, database_url: str, *, replicas: int = 1, redis_url: str = "", **settings: str
) -> AsyncIterator[Town]:
    """Nothing runs yet but the providers; at the end nothing runs any more."""
    clock = folder / "clock"
    clock.write_bytes(struct.pack("d", until_noon()))
    async with AsyncExitStack() as stack:
        messenger = await stack.enter_async_context(Messenger())
        operator = await stack.enter_async_context(Operator())
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)))
        given: Mapping[str, str] = {
            "ENVIRONMENT": "production",
            "PUBLIC_URL": PUBLIC_URL,
            "SECRET_KEY": SECRET_KEY,
            "LIMITS": "off",
            "DRAIN": "0",
            "SMS_RATE": "100",  # time that goes faster does not for who waits for the provider's pace
            "API_TOKEN": API_TOKEN,
            "CONTENT_DIR": str(ROOT / "knowledge_base"),
            "DATA_DIR": str(folder / "data"),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "TELEGRAM_TOKEN": messenger.token,
            "TELEGRAM_API_URL": messenger.url,
            "TELEGRAM_WEBHOOK_SECRET": WEBHOOK_SECRET,
            **operator.settings,
            **settings,
        }
        servers = [Replica(folder, free_port(), given, str(clock)) for _ in range(replicas)]
        stack.callback(lambda: [server.end() for server in servers])
        town = Town(database_url, servers, http, messenger, operator, clock, redis_url)
        operator.ahead = town.ahead
        yield town
        leaks = [line for server in servers for line in server.indiscretions]
        assert leaks == []


async def until(holds: Any, what: str) -> None:
    """Wait for what will be brought about by others."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not await holds():  # noqa: ASYNC110 - it is another process's doing
                await asyncio.sleep(PAUSE)
    except TimeoutError:
        raise AssertionError(what) from None
