"""SIGTERM under load: whoever is being served is answered, nothing is dropped, nothing is done twice."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
from collections import Counter as Tally
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.channels.botapi import BotApi, message
from tests.e2e.citizen import Frame
from tests.e2e.process import PATIENCE, Counter
from tests.sms.desk import Provider

LIVES = 1
EACH = 3  # citizens on each of the four ways
TURNS_OF_A_LIFE = 60  # acknowledged ones, before the process is told to end
SECRET = "s3cret_of-the-webhook"
POTHOLE = ("/form/pothole_report", "۱", "میدان امام", "بله", "رد شدن", "رد شدن", "09121234567", "تأیید")
_updates = itertools.count(1)


@dataclass
class Traffic:
    counter: Counter
    http: aiohttp.ClientSession
    acknowledged: int = 0
    again: Tally[str] = field(default_factory=Tally)  # why calls had to be made again
    goal: int = TURNS_OF_A_LIFE
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    closing: bool = False

    def count(self) -> None:
        self.acknowledged += 1
        if self.acknowledged >= self.goal:
            self.enough.set()


class Citizen(Protocol):
    said: list[str]
    address: str

    async def say(self, id: str, text: str) -> bool:
        """Whether it was acknowledged; the same again if it was not."""
        ...


async def visit(citizen: Citizen, traffic: Traffic) -> None:
    """One form after the other, each message until it is acknowledged; a form that is begun is finished."""
    while not traffic.closing:
        for text in POTHOLE:
            citizen.said.append(text)
            id = str(uuid4())
            while True:
                try:
                    if await citizen.say(id, text):
                        break
                    traffic.again["refused"] += 1
                except (aiohttp.ClientError, ConnectionClosed, InvalidHandshake, OSError) as error:
                    traffic.again[type(error).__name__] += 1
                await asyncio.sleep(0.3)
            traffic.count()


class Telegrammer:
    def __init__(self, traffic: Traffic, api: BotApi, chat: int) -> None:
        self.traffic, self.api, self.chat = traffic, api, chat
        self.address, self.said = f"telegram:{chat}", []
        self._update: tuple[str, Any] = ("", None)

    async def say(self, id: str, text: str) -> bool:
        if self._update[0] != id:
            self._update = id, message(next(_updates), chat=self.chat, text=text)
        return await self.api.push(self._update[1], self.traffic.http) == 200


class Texter:
    def __init__(self, traffic: Traffic, number: str) -> None:
        self.traffic, self.number = traffic, number
        self.address, self.said = f"sms:{number}", []

    async def say(self, id: str, text: str) -> bool:
        address = f"{self.traffic.counter.url}/channels/sms/http/{SECRET}"
        fields = {"from": self.number, "to": "3000", "text": text, "id": id}
        async with self.traffic.http.get(address, params=fields) as answer:
            return answer.status < 300


class Poster:
    def __init__(self, traffic: Traffic) -> None:
        self.traffic, self.token = traffic, ""
        self.address, self.said = "", []

    async def hello(self) -> None:
        (welcome, *_) = await self._post({"type": "hello", "session": None, "after": 0, "language": "fa"}) or ()
        self.token, self.address = welcome["session"], f"web:{welcome['session'].partition('.')[0]}"

    async def say(self, id: str, text: str) -> bool:
        frames = await self._post({"type": "message", "id": id, "text": text, "session": self.token})
        return frames is not None and frames[-1]["type"] == "ack"

    async def _post(self, frame: Frame) -> list[Frame] | None:
        address = f"{self.traffic.counter.url}/channels/web/messages"
        async with self.traffic.http.post(address, json=frame) as answer:
            return (await answer.json())["frames"] if answer.status == 200 else None


class Tab(Poster):
    """A page: it connects again and goes on behind the last line that it has."""

    def __init__(self, traffic: Traffic, stack: AsyncExitStack) -> None:
        super().__init__(traffic)
        self._stack, self._line = stack, None
        self.seen: list[int] = []  # numbers of the lines that were shown
        self.closed: list[int | None] = []  # codes

    async def say(self, id: str, text: str) -> bool:
        try:
            line = await self._connected()
            await line.send(json.dumps({"type": "message", "id": id, "text": text}))
            return (await self._until(line, "ack", "error"))["type"] == "ack"
        except ConnectionClosed as closed:
            self._line = None
            self.closed.append(closed.rcvd.code if closed.rcvd else None)
            raise

    @property
    def address_of_socket(self) -> str:
        return self.traffic.counter.url.replace("http", "ws") + "/channels/web/socket"

    async def _connected(self) -> ClientConnection:
        if self._line is None:
            line = await self._stack.enter_async_context(connect(self.address_of_socket))
            after = max(self.seen, default=0)
            await line.send(json.dumps({"type": "hello", "session": self.token, "after": after, "language": "fa"}))
            await self._until(line, "welcome")
            self._line = line
        return self._line

    async def _until(self, line: ClientConnection, *kinds: str) -> Frame:
        while True:
            frame: Frame = json.loads(await asyncio.wait_for(line.recv(), PATIENCE))
            if frame["type"] == "reply" and frame["seq"] not in self.seen:
                self.seen.append(frame["seq"])
            if frame["type"] in kinds:
                return frame


@pytest.fixture
async def around() -> AsyncIterator[tuple[BotApi, Provider]]:
    async with BotApi() as api, Provider() as provider:
        api.delay = 0.2  # so that turns are under way when the signal comes
        yield api, provider


@pytest.fixture
async def counter(tmp_path: Path, around: tuple[BotApi, Provider]) -> AsyncIterator[Counter]:
    api, provider = around
    counter = Counter(
        tmp_path,
        TELEGRAM_TOKEN=api.token,
        TELEGRAM_API_URL=api.url,
        TELEGRAM_WEBHOOK_SECRET=SECRET,
        SMS_HTTP_SEND_URL=f"{provider.url}/sendsms",
        SMS_WEBHOOK_SECRET=SECRET,
        DRAIN="0.5",
        LIMITS="off",
    )
    counter.environment["PUBLIC_URL"] = counter.url
    try:
        await asyncio.to_thread(counter.start)
        await api.wait_for("setWebhook")
        yield counter
        await asyncio.to_thread(counter.stop)
        assert counter.faults() == []
    finally:
        counter.end()


def ended(counter: Counter) -> None:
    """As a service manager ends it: everybody who is being served is answered, and the status is 0. Blocking."""
    assert counter.process
    counter.process.send_signal(signal.SIGTERM)
    assert counter.process.wait(PATIENCE) == 0


async def test_sigterm_under_load_drops_no_turn(
    counter: Counter, around: tuple[BotApi, Provider], http: aiohttp.ClientSession
) -> None:
    api, provider = around
    traffic = Traffic(counter, http)
    async with AsyncExitStack() as stack:
        telegrammers = [Telegrammer(traffic, api, 1000 + n) for n in range(EACH)]
        texters = [Texter(traffic, f"+98912000000{n}") for n in range(EACH)]
        posters = [Poster(traffic) for _ in range(EACH)]
        tabs = [Tab(traffic, stack) for _ in range(EACH)]
        for page in (*posters, *tabs):
            await page.hello()
        await stack.enter_async_context(connect(tabs[0].address_of_socket))  # who never says a word holds up nobody
        async with asyncio.TaskGroup() as tasks:
            citizens = (*telegrammers, *texters, *posters, *tabs)
            for citizen in citizens:
                tasks.create_task(visit(citizen, traffic))
            for _ in range(LIVES):
                await traffic.enough.wait()
                await asyncio.to_thread(ended, counter)
                traffic.enough.clear()
                traffic.goal = traffic.acknowledged + TURNS_OF_A_LIFE
                await asyncio.to_thread(counter.start)
            traffic.closing = True

    shown = Tally(str(m["chat_id"]) for m in api.sent()) + Tally(dict(c.query)["to"] for c in provider.calls)
    for citizen in citizens:
        assert heard_from(counter, citizen) == citizen.said
        assert codes_of(counter, citizen) == len(citizen.said) // len(POTHOLE)
    for messengers in (
        telegrammers,
        texters,
    ):  # a form is so many messages there, always
        a_form = {shown[m.address.partition(":")[2]] / codes_of(counter, m) for m in messengers}
        assert len(a_form) == 1 and a_form.pop().is_integer(), "each answer was brought once"
    for tab in tabs:
        assert len(tab.seen) == replies_to(counter, tab)
    assert {code for tab in tabs for code in tab.closed} == {1001}
    print(
        f"SIGTERM under load: {traffic.acknowledged} turns of {len(citizens)} citizens on four ways, each answered "
        f"once; made again: {dict(traffic.again)}"
    )


def heard_from(counter: Counter, citizen: Citizen) -> list[str]:
    rows = counter.stored(
        f"SELECT content FROM lines WHERE address = '{citizen.address}' AND direction = 'in' ORDER BY seq"
    )
    return [text for (content,) in rows if (text := json.loads(content).get("text"))]


def replies_to(counter: Counter, citizen: Citizen) -> int:
    query = f"SELECT count(*) FROM lines WHERE address = '{citizen.address}' AND direction = 'out'"
    return int(counter.stored(query)[0][0])


def codes_of(counter: Counter, citizen: Citizen) -> int:
    """How many requests were filed from there."""
    query = f"SELECT count(*) FROM requests JOIN addresses USING (contact) WHERE address = '{citizen.address}'"
    return int(counter.stored(query)[0][0])
