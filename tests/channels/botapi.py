"""A Bot API server of our own (core.telegram.org/bots/api): what the channel is tested against, over real HTTP.

It keeps what it was told, hands out updates by long poll or pushes them to the webhook, and fails on demand.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

Json = dict[str, Any]


@dataclass
class Call:
    method: str
    parameters: Json
    at: float


@dataclass
class BotApi:
    """`async with BotApi() as api`: serves at `api.url`."""

    token: str = "123456:stub-token"
    calls: list[Call] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    webhook: Json = field(default_factory=dict)
    delay: float = 0.0  # seconds before sendMessage answers
    confirmed: int = 0  # updates below this id are gone for good
    port: int = 0  # 0: a free one

    def __post_init__(self) -> None:
        self._failures: dict[str, deque[tuple[int, Json] | None]] = {}
        self._waiting: list[Json] = []
        self._update_ids = itertools.count(1000)
        self._message_ids = itertools.count(1)
        self._news = asyncio.Event()
        self._called = asyncio.Condition()

    async def __aenter__(self) -> BotApi:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._method)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        self._server = TestServer(app, port=self.port)
        await self._server.start_server(access_log=None)  # its lines would hold the token
        self.url = str(self._server.make_url("")).rstrip("/")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    # --- for tests ----------------------------------------------------------------------------

    def fail(
        self, method: str, status: int, description: str = "", *, times: int = 1, after: int = 0, **parameters: Any
    ) -> None:
        """Let the next calls of a method fail, e.g. fail("sendMessage", 429, retry_after=1); `after` go well before."""
        answer: Json = {"ok": False, "error_code": status, "description": description or f"error {status}"}
        if parameters:
            answer["parameters"] = parameters
        self._failures.setdefault(method, deque()).extend([None] * after + [(status, answer)] * times)

    def update(self, **content: Any) -> Json:
        """A new update, not delivered yet."""
        return {"update_id": next(self._update_ids), **content}

    def offer(self, *updates: Json) -> None:
        """Let updates be polled."""
        self._waiting += updates
        self._news.set()

    async def push(self, update: Json, session: aiohttp.ClientSession) -> int:
        """Deliver to the webhook as Telegram does; the status of its answer."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret_token"]}
        async with session.post(self.webhook["url"], json=update, headers=headers) as answer:
            return answer.status

    def sent(self, method: str = "sendMessage") -> list[Json]:
        return [c.parameters for c in self.calls if c.method == method]

    async def wait_for(self, method: str, count: int = 1) -> list[Json]:
        """The calls of a method, as soon as there are so many."""
        async with asyncio.timeout(10), self._called:
            await self._called.wait_for(lambda: len(self.sent(method)) >= count)
        return self.sent(method)

    # --- the server ---------------------------------------------------------------------------

    async def _method(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if request.match_info["token"] != self.token:
            return _answer(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        parameters = await request.json() if request.can_read_body else dict(request.query)
        async with self._called:
            self.calls.append(Call(method, parameters, time.monotonic()))
            self._called.notify_all()
        if (failures := self._failures.get(method)) and (failure := failures.popleft()):
            return _answer(*failure)
        handler = self._handler(method)
        if handler is None:
            return _answer(404, {"ok": False, "error_code": 404, "description": "Not Found: method not found"})
        try:
            self._check(method, parameters)
            return _answer(200, {"ok": True, "result": await handler(parameters)})
        except ValueError as error:
            return _answer(400, {"ok": False, "error_code": 400, "description": f"Bad Request: {error}"})

    def _handler(self, method: str) -> Any:
        return getattr(self, "_" + re.sub(r"([A-Z])", r"_\1", method).lower(), None)

    def _check(self, method: str, parameters: Json) -> None:
        """Raises ValueError for what this server does not take."""

    async def _get_me(self, _: Json) -> Json:
        return {"id": 123456, "is_bot": True, "first_name": "Counter", "username": "counter_bot"}

    async def _send_message(self, p: Json) -> Json:
        text = p.get("text", "")
        if not text.strip():
            raise ValueError("message text is empty")
        if len(text.encode("utf-16-le")) > 2 * 4096:
            raise ValueError("message is too long")
        for row in p.get("reply_markup", {}).get("inline_keyboard", ()):
            for button in row:
                if not button["text"] or not 1 <= len(button["callback_data"].encode()) <= 64:
                    raise ValueError("BUTTON_DATA_INVALID")
        await asyncio.sleep(self.delay)
        chat = {"id": p["chat_id"], "type": "private", "first_name": "Ann"}
        return {"message_id": next(self._message_ids), "date": int(time.time()), "chat": chat, "text": text}

    async def _answer_callback_query(self, p: Json) -> bool:
        if not p.get("callback_query_id"):
            raise ValueError("query is too old and response timeout expired or query ID is invalid")
        return True

    async def _get_updates(self, p: Json) -> list[Json]:
        if self.webhook.get("url"):
            raise ValueError("can't use getUpdates method while webhook is active")
        self.confirmed = max(self.confirmed, p.get("offset", 0))
        self._waiting = [u for u in self._waiting if u["update_id"] >= self.confirmed]
        if not self._waiting:
            self._news.clear()
            try:
                async with asyncio.timeout(p.get("timeout", 0)):
                    await self._news.wait()
            except TimeoutError:
                return []
        return self._waiting[:100]

    async def _set_webhook(self, p: Json) -> bool:
        self.webhook = p
        return True

    async def _delete_webhook(self, _: Json) -> bool:
        self.webhook = {}
        return True

    async def _get_webhook_info(self, _: Json) -> Json:
        return {"url": self.webhook.get("url", ""), "has_custom_certificate": False, "pending_update_count": 0}

    async def _set_my_commands(self, _: Json) -> bool:
        return True

    async def _send_chat_action(self, _: Json) -> bool:
        return True

    async def _get_file(self, p: Json) -> Json:
        data = self.files.get(p["file_id"])
        if data is None:
            raise ValueError("invalid file_id")
        if len(data) > 20 << 20:
            raise ValueError("file is too big")
        return {"file_id": p["file_id"], "file_unique_id": "u", "file_size": len(data), "file_path": p["file_id"]}

    async def _file(self, request: web.Request) -> web.Response:
        data = self.files.get(request.match_info["path"])
        if request.match_info["token"] != self.token or data is None:
            return _answer(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        return web.Response(body=data)


def _answer(status: int, body: Json) -> web.Response:
    return web.json_response(body, status=status)


def message(update: int, *, chat: int = 5, language: str = "fa", **content: Any) -> Json:
    """A private message as Telegram delivers it."""
    sender = {"id": chat, "is_bot": False, "first_name": "Ann", "language_code": language}
    return {
        "update_id": update,
        "message": {
            "message_id": update,
            "date": 1795400000,
            "chat": {"id": chat, "type": "private", "first_name": "Ann"},
            "from": sender,
            **content,
        },
    }


def callback(update: int, data: str, *, chat: int = 5) -> Json:
    """A pressed button as Telegram delivers it."""
    return {
        "update_id": update,
        "callback_query": {
            "id": f"q{update}",
            "chat_instance": "1",
            "from": {"id": chat, "is_bot": False, "first_name": "Ann", "language_code": "fa"},
            "message": {"message_id": 1, "date": 1795400000, "chat": {"id": chat, "type": "private"}, "text": "?"},
            "data": data,
        },
    }
