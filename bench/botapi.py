"""What the servers send their answers to: a Bot API, Bot Framework's connector and a gateway of Kannel's kind in one.

Takes every call, at once or after `delay`, and hands the texts to who waits for them. It runs in the load generator's
process: what it costs is not counted.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from types import TracebackType
from typing import Self, cast
from urllib.parse import parse_qs

import orjson

from bench.wire import message_in

_BOT = {"id": 123456, "is_bot": True, "first_name": "Counter", "username": "counter_bot"}
_CONVERSATIONS = b"/v3/conversations/"
SMS_PATH = "/sms"


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
        return self.taken()

    def taken(self) -> list[str]:
        """All of it, which may be nothing."""
        texts, self._texts = self._texts, []
        return texts


class BotApi:
    """`async with BotApi() as api`: serves at `api.url`. `delay`: seconds that every answer takes."""

    def __init__(self) -> None:
        self.chats: defaultdict[int, Chat] = defaultdict(Chat)
        self.delay = 0.0
        self.messages = 0  # to all chats

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Caller(self), "127.0.0.1", 0, backlog=1024
        )
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    def answer(self, target: bytes, body: bytes) -> object:
        """What the caller of this path is told."""
        path, _, query = target.partition(b"?")
        if path.startswith(_CONVERSATIONS):
            self._activity(int(path[len(_CONVERSATIONS) :].partition(b"/")[0]), orjson.loads(body))
            return {"id": str(self.messages)}
        if path == SMS_PATH.encode():
            self._put(_one_of(query)["to"], _one_of(query)["text"])
            return {}
        return {"ok": True, "result": self._call(path.rpartition(b"/")[2], _parameters(body))}

    def _activity(self, chat: int, activity: dict[str, object]) -> None:
        if activity.get("type") == "message":
            self._put(str(chat), str(activity["text"]))

    def _put(self, chat: str, text: str) -> None:
        self.messages += 1
        self.chats[int(chat)].put(text)

    def _call(self, method: bytes, parameters: dict[str, object]) -> object:
        """The `result`: a message for sendMessage, true for all else."""
        if method != b"sendMessage":
            return _BOT if method == b"getMe" else True
        chat, text = str(parameters["chat_id"]), str(parameters["text"])
        self._put(chat, text)
        return {
            "message_id": self.messages,
            "from": _BOT,
            "date": 1795400000,
            "chat": {"id": int(chat), "type": "private", "first_name": "Citizen"},
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
            answer = orjson.dumps(self._api.answer(head.split(b" ", 2)[1], body))
            whole = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
                len(answer),
                answer,
            )
            if self._api.delay:
                asyncio.get_running_loop().call_later(self._api.delay, self._transport.write, whole)
            else:
                self._transport.write(whole)


def _parameters(body: bytes) -> dict[str, object]:
    """Of JSON or of a form."""
    if not body:
        return {}
    if body.startswith(b"{"):
        parameters: dict[str, object] = orjson.loads(body)
        return parameters
    return {**_one_of(body)}


def _one_of(form: bytes) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(form.decode()).items()}
