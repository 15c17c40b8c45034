"""The Bot API over one kept-alive aiohttp session.

python-telegram-bot's client is left out: the objects that it makes on both ways cost more than all the rest of a turn,
and its debug log tells the token and the webhook's secret. It says what a refusal means, and is loaded with the first
one: all of it comes with any part.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib import import_module
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson

from bot.channels import calls
from bot.channels.telegram.errors import NetworkError, TelegramError, TimedOut, Unreached

PATIENCE = 10.0  # seconds for one call
FILE_PATIENCE = 60.0  # seconds for one file
CONNECTIONS = 100
KEEP_ALIVE = 60.0  # seconds
_HEADERS = {"Content-Type": "application/json", "User-Agent": "Pishkhan"}
_REFUSALS = "bot.channels.telegram.refusals"


class Api:
    """One bot at one Bot API server. Use within `async with`. Every error is a TelegramError and holds no URL, for the
    token is part of every one."""

    def __init__(self, token: str, url: str) -> None:
        self._methods = f"{url}/bot{token}/"
        self._files = f"{url}/file/bot{token}/"
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Api:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, method: str, parameters: Mapping[str, Any], *, patience: float = PATIENCE) -> Any:
        """The `result` of a method as plain JSON; servers that resemble Telegram may leave it out."""
        body = orjson.dumps(parameters)
        return result_of(await self._exchange("POST", self._methods + method, body, patience))

    async def download(self, file_id: str) -> bytes:
        """A file that was sent to the bot, at most 20 MB (core.telegram.org/bots/api#getfile)."""
        file = await self.call("getFile", {"file_id": file_id})
        path = file.get("file_path") if isinstance(file, dict) else None
        if not isinstance(path, str):
            raise TelegramError("the server does not say where the file is")
        url = self._files + quote(path)
        try:
            return await self._exchange("GET", url, None, FILE_PATIENCE)
        except NetworkError:  # a second try is cheaper than asking the citizen for one
            return await self._exchange("GET", url, None, FILE_PATIENCE)

    async def _exchange(self, method: str, url: str, body: bytes | None, patience: float) -> bytes:
        """What a call was answered with, once it was done. `patience` is for the whole exchange, in seconds."""
        if self._session is None:
            raise Unreached("the channel is not running")
        try:
            async with self._session.request(method, url, data=body, timeout=calls.patience(patience)) as response:
                payload = await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            if not calls.connected(error):
                raise Unreached(type(error).__name__) from None
            if isinstance(error, TimeoutError):
                raise TimedOut(f"no answer in {patience:g} s") from None
            raise NetworkError(type(error).__name__) from None
        status = _status(response.status, payload)
        if not 200 <= status < 300:
            refusals = await asyncio.to_thread(import_module, _REFUSALS)  # a tenth of a second, the first time
            raise await refusals.refusal(status, payload)
        return payload


def result_of(payload: bytes) -> Any:
    """Of an answer that is none of failure. Raises TelegramError."""
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise TelegramError("the answer is no JSON") from None
    if not isinstance(answer, dict):
        raise TelegramError("the answer is no JSON object")
    return answer.get("result", True)


def _status(status: int, payload: bytes) -> int:
    """Some servers say 200 to a call that failed; and Bale 404, which stands for a wrong token, to an unknown chat."""
    if status == 200 and payload.startswith(b'{"ok":false'):
        status = int(orjson.loads(payload).get("error_code", 400))
    return 400 if status == 404 and b"no such group or user" in payload else status
