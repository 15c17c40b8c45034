"""A Bot API server that takes every call at once and hands the texts to who waits for them.

It runs in the load generator's process: what it costs is not counted.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from types import TracebackType
from typing import Self, cast
from urllib.parse import parse_qs

import orjson

from bench.wire import message_in

TOKEN = "123456:bench"
_BOT = {"id": 123456, "is_bot": True, "first_name": "Counter", "username": "counter_bot"}


class Chat:
    """What a chat was sent and nobody has read yet."""

    __slots__ = ("_texts", "_waiter")

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._waiter: asyncio.Future[None] | None = None

    def put(self, text: str) -> None:
        self._texts.append(text)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def read(self) -> list[str]:
        """All of it, at least one text."""
        while not self._texts:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        texts, self._texts = self._texts, []
        return texts


class BotApi:
    """`async with BotApi() as api`: serves at `api.url`."""

    def __init__(self) -> None:
        self.chats: defaultdict[int, Chat] = defaultdict(Chat)
        self._messages = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(lambda: _Caller(self), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    def call(self, method: bytes, parameters: dict[str, object]) -> object:
        """The `result`: a message for sendMessage, true for all else."""
        if method != b"sendMessage":
            return _BOT if method == b"getMe" else True
        chat, text = int(str(parameters["chat_id"])), str(parameters["text"])
        self._messages += 1
        self.chats[chat].put(text)
        return {
            "message_id": self._messages,
            "from": _BOT,
            "date": 1795400000,
            "chat": {"id": chat, "type": "private", "first_name": "Citizen"},
            "text": text,
        }


class _Caller(asyncio.Protocol):
    def __init__(self, api: BotApi) -> None:
        self._api = api
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while message := message_in(self._buffer):
            head, body = message
            method = head.split(b" ", 2)[1].rpartition(b"/")[2]
            answer = orjson.dumps({"ok": True, "result": self._api.call(method, _parameters(body))})
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (len(answer), answer)
            )


def _parameters(body: bytes) -> dict[str, object]:
    """Of JSON or of a form."""
    if not body:
        return {}
    if body.startswith(b"{"):
        parameters: dict[str, object] = orjson.loads(body)
        return parameters
    return {name: values[-1] for name, values in parse_qs(body.decode()).items()}
