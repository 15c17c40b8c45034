"""Pages that are no pages: too many sockets, too many frames, ears that do not hear. Nobody else notices."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import orjson
import pytest
from aiohttp import WSMsgType

from bot.channels.webchat import server, sockets
from bot.core.messages import Address, Phrase, Reply, Term
from tests.webchat.conftest import Client
from tests.webchat.script import Counter
from tests.webchat.tab import Tab

SOCKET, MESSAGES = "/channels/web/socket", "/channels/web/messages"
HELLO = {"type": "hello", "session": None, "after": 0, "language": "en"}
PATIENCE = 30.0
NEWS = 200  # messages of 64 KB: more than the systems between two sockets hold


async def closed_with(tab: Tab) -> int | None:
    """The code with which the server closes; what it says before is not looked at."""
    async with asyncio.timeout(PATIENCE):
        async for _ in tab.ws:
            pass
    return tab.ws.close_code


async def test_a_session_has_so_many_tabs_and_one_more_when_one_is_closed(
    tab: Tab, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "TABS", 3)
    await tab.greeted()
    async with AsyncExitStack() as stack:
        others = [Tab(await stack.enter_async_context(client.ws_connect(SOCKET))) for _ in range(3)]
        for other in others[:2]:
            await other.hello(tab.token, after=2)
        await others[2].send(**{**HELLO, "session": tab.token})
        assert await closed_with(others[2]) == 1008
        await others[0].ws.close()
        async with client.ws_connect(SOCKET) as ws:
            await Tab(ws).hello(tab.token, after=2)
        assert (await tab.say("still here"))[-1]["type"] == "ack"


async def test_who_floods_with_frames_is_closed(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "FLOOD", 30)
    await tab.greeted()
    with contextlib.suppress(ConnectionError):
        for _ in range(200):
            await tab.send(type="ping")
    assert await closed_with(tab) == 1008


async def test_who_does_not_answer_a_ping_is_closed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEARTBEAT", 0.2)
    async with client.ws_connect(SOCKET, autoping=False) as ws:
        await Tab(ws).greeted()
        async with asyncio.timeout(PATIENCE):
            while (message := await ws.receive()).type is WSMsgType.PING:
                pass
        assert message.type in (WSMsgType.CLOSED, WSMsgType.CLOSE, WSMsgType.ERROR)


class Deaf:
    """A browser that says hello and then reads nothing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    @asynccontextmanager
    async def at(cls, client: Client, token: str) -> AsyncIterator[Deaf]:
        bare = socket.socket()
        bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        bare.setblocking(False)
        await asyncio.get_running_loop().sock_connect(bare, (client.host, client.port))
        reader, writer = await asyncio.open_connection(sock=bare, limit=1024)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET {SOCKET} HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        deaf = cls(reader, writer)
        deaf.say({**HELLO, "session": token, "after": 2})
        await reader.readuntil(b"welcome")
        yield deaf
        writer.close()

    def say(self, frame: dict[str, object]) -> None:
        data = orjson.dumps(frame)
        assert len(data) < 2**16
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2)
        self._writer.write(b"\x81" + size + b"\0\0\0\0" + data)  # masked by nothing

    async def hung_up(self) -> None:
        """Hears what is still there, until the line is dead."""
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                while await self._reader.read(2**20):
                    pass


async def test_who_does_not_read_is_cut_off_and_the_other_tabs_get_all(
    tab: Tab, client: Client, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "_PATIENCE", 0.3)
    await tab.greeted()
    session = tab.token.partition(".")[0]
    long = (Reply(Phrase("script.echo", {"words": Term("quote", "x" * 64_000)})),)
    async with Deaf.at(client, tab.token) as deaf:
        heard = asyncio.create_task(_count(tab))
        for n in range(NEWS):
            await counter.chat.send(Address("web", session), long, "en", seq=10 + n)
        assert await asyncio.wait_for(heard, PATIENCE) == NEWS
        assert counter.chat.open == 1, "the deaf one is no longer waited for"
        await deaf.hung_up()


async def _count(tab: Tab) -> int:
    heard = 0
    while heard < NEWS and (await tab.next())["type"] == "reply":
        heard += 1
    return heard


async def test_who_asks_and_does_not_read_the_answers_is_cut_off(
    client: Client, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets.Socket.tell, "__defaults__", (0.3,))
    monkeypatch.setattr(sockets.Pace, "check", lambda pace: None)
    async with client.ws_connect(SOCKET) as ws:
        tab = Tab(ws)
        await tab.greeted()
    async with Deaf.at(client, tab.token) as deaf:
        for n in range(4000):
            deaf.say({"type": "message", "id": f"m{n}", "text": "x" * 4000})
            if n % 50 == 0:
                await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE):
            while counter.chat.open:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.02)
        await deaf.hung_up()


async def test_a_new_conversation_may_have_to_wait_and_one_that_goes_on_does_not(
    counter: Counter, client: Client
) -> None:
    async def full(request: object) -> float:
        return 2.4

    async with client.ws_connect(SOCKET) as ws:
        tab = Tab(ws)
        await tab.greeted()
        counter.chat._newcomer = full
        async with client.ws_connect(SOCKET) as other:
            await Tab(other).hello(tab.token, after=2)
            await Tab(other).send(**HELLO)
            refused = await Tab(other).next()
            assert (refused["type"], refused["code"], refused["retry_in"]) == ("error", "slow_down", 3)
        answer = await client.post(MESSAGES, json=HELLO)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "3")
        assert (await client.post(MESSAGES, json={**HELLO, "session": tab.token})).status == 200
