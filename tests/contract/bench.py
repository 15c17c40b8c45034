"""A channel on the bench: the real gateway behind it, a scripted engine behind that, its provider beside it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channels.base import Channel
from bot.channels.render import Renderer
from bot.core.catalogue import Text
from bot.core.messages import Address, Inbound, Phrase, Reply
from bot.core.ports import Opened
from bot.core.sessions import Pace, Session
from bot.gateway import Gateway
from bot.stores.memory import MemoryContacts, MemorySessions
from bot.web.problems import problems
from tests.channels.counter import KeptFiles
from tests.contract.case import PUBLIC_URL, SAID, Call, Case
from tests.contract.provider import Provider
from tests.contract.watch import everything_logged, loopback_alone

PHRASE_FILES = Path(__file__).parents[2] / "knowledge_base" / "phrases"
OURS: Mapping[str, Text] = {
    "contract.said": {"fa": "شنیدم: {words}", "en": "Heard: {words}"},
    "contract.two": {"fa": "دومی", "en": "second"},
    "contract.code": {"fa": "کد شما {code} است.", "en": "Your code is {code}."},
    "contract.link": {"fa": "نشانی: {url}", "en": "Address: {url}"},
    "contract.number": {"fa": "شماره؟", "en": "Number?"},
    "contract.yes": {"fa": "بله", "en": "Yes"},
    "contract.no": {"fa": "نه", "en": "No"},
    "contract.back": {"fa": "بازگشت", "en": "Back"},
    "contract.sorry": {"fa": "نشد: {reference}", "en": "Failed: {reference}"},
}


@cache
def phrases() -> Mapping[str, Text]:
    """The desk's own, and those of the rows."""
    found: dict[str, Text] = {}
    for file in sorted(PHRASE_FILES.glob("*.yaml")):
        found |= {k: v for k, v in yaml.safe_load(file.read_text("utf-8")).items() if isinstance(v, dict)}
    return {**found, **OURS}


@dataclass
class Script:
    """In place of the engine: says the same to everything."""

    replies: tuple[Reply, ...] = ()
    tongue: str = ""
    heard: list[Inbound] = field(default_factory=list)  # one for each change

    def admit(self, session: Session, heard: Inbound, now: datetime) -> tuple[Session, None]:
        return session, None

    def watch(self, before: Session, after: Session, heard: Inbound, said: object) -> Pace:
        return after.pace

    async def advance(self, session: Session, heard: Inbound, now: datetime) -> tuple[Session, tuple[Reply, ...]]:
        self.heard.append(heard)
        return session, self.replies

    def language(self, session: Session, heard: Inbound) -> str:
        return self.tongue or "fa"

    def open_question(self, session: Session, heard: Inbound, now: datetime) -> tuple[Reply, ...]:
        return ()

    def apology(self, reference: str) -> Reply:
        return Reply(Phrase("contract.sorry", {"reference": reference}))

    def drafting(self, session: Session) -> bool:
        return False


class Sessions(MemorySessions):
    """Can be away; what a database then says may hold somebody's words."""

    def __init__(self, contacts: MemoryContacts) -> None:
        super().__init__(contacts)
        self.down = False

    @asynccontextmanager
    async def open(self, contact: str) -> AsyncIterator[Opened]:
        if self.down:
            raise OSError(f"cannot write '{SAID}' of '{contact}'")
        async with super().open(contact) as opened:
            yield opened


class Contacts(MemoryContacts):
    """Remembers who was told to have gone, and who came back."""

    def __init__(self) -> None:
        super().__init__()
        self.reached: list[bool] = []

    async def reach(self, address: Address, reachable: bool) -> None:
        self.reached.append(reachable)
        await super().reach(address, reachable)


@dataclass(frozen=True)
class Parts:
    """What a case builds its channel of."""

    gateway: Gateway
    sessions: Sessions
    contacts: Contacts
    files: KeptFiles
    renderer: Renderer
    provider_url: str
    public_url: str = PUBLIC_URL


@dataclass(frozen=True)
class Answered:
    status: int
    body: Any  # JSON, else the text, else None


@dataclass(repr=False)
class Bench:
    case: Case
    script: Script
    parts: Parts
    provider: Provider
    channel: Channel
    session: aiohttp.ClientSession
    url: str
    logged: list[str]
    outside: list[str]

    async def call(self, call: Call) -> Answered:
        async with self.session.request(
            call.method, self.url + call.path, headers=call.headers, json=call.json, data=call.form or call.data
        ) as answer:
            text = await answer.text()
            return Answered(answer.status, json.loads(text) if answer.content_type.endswith("json") else text or None)

    async def say(self, *replies: Reply, language: str = "fa", seq: int = 7, key: str = "") -> None:
        """What the desk has to tell whoever is heard in the case's first row."""
        to = self.case.hearings[0].heard[0].address
        sender: Any = self.channel
        await sender.send(to, replies, language, seq=seq, key=key)

    @property
    def untouched(self) -> bool:
        return not self.script.heard and not self.parts.contacts.reached and not self.parts.files.kept

    def faults(self) -> list[str]:
        """The unasked checks."""
        leaks = [f"logged {p!r}: {line}" for p in self.case.planted() for line in self.logged if p in line]
        return [*self.provider.faults(), *(f"left the machine for {host}" for host in self.outside), *leaks]


@asynccontextmanager
async def on_the_bench(case: Case, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    """The channel, started; `faults()` is the caller's to look at when all is over."""
    case.hurry(monkeypatch)
    async with AsyncExitStack() as stack:
        outside = stack.enter_context(loopback_alone(monkeypatch))
        logged = stack.enter_context(everything_logged())
        provider = await stack.enter_async_context(Provider(case))
        provider.expect(*case.startup)
        script, contacts = Script(), Contacts()
        sessions = Sessions(contacts)
        gateway = Gateway(sessions, contacts, script, clock=lambda: datetime.now(UTC))  # type: ignore[arg-type]
        parts = Parts(gateway, sessions, contacts, KeptFiles(), Renderer(phrases), provider.url)
        channel = case.build(parts)
        app = web.Application(middlewares=[problems()])
        app.add_routes(channel.routes())
        app.cleanup_ctx.append(channel.lifespan)
        server = TestServer(app, host="127.0.0.1")
        await server.start_server(access_log=None)  # as the real one: its lines would hold secrets of paths
        stack.push_async_callback(server.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        url = str(server.make_url("")).rstrip("/")
        await provider.settled()
        yield Bench(case, script, parts, provider, channel, session, url, logged, outside)
        await provider.settled()
