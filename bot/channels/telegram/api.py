"""The Bot API over one kept-alive aiohttp session.

python-telegram-bot gives the request layer and its errors. Its client is left out: the objects that it makes on both
ways cost more than all the rest of a turn, and its debug log tells the token and the webhook's secret. No error that
leaves this module holds a URL, for the token is part of every one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import aiohttp
import orjson
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.channels import calls

PATIENCE = 10.0  # seconds for one call
FILE_PATIENCE = 60.0  # seconds for one file
CONNECTIONS = 100
KEEP_ALIVE = 60.0  # seconds
_HEADERS = {"Content-Type": "application/json", "User-Agent": BaseRequest.USER_AGENT}


class Unreached(NetworkError):
    """There was no connection: the server has read nothing of ours."""


@dataclass(frozen=True, slots=True)
class _Parameters:
    """What the transport reads of python-telegram-bot's RequestData, without an object for each parameter."""

    parameters: Mapping[str, Any]
    contains_files: bool = False


class AiohttpRequest(BaseRequest):
    """python-telegram-bot's transport on aiohttp. JSON only: nothing is uploaded."""

    __slots__ = ("_patience", "_session")

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return self._patience

    async def initialize(self) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=_HEADERS,
            )

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """`read_timeout` is for the whole exchange. Raises Unreached, TimedOut, NetworkError."""
        if self._session is None:
            raise Unreached("the channel is not running")
        if request_data is not None and request_data.contains_files:
            raise TypeError("this transport uploads nothing")
        body = orjson.dumps(request_data.parameters) if request_data is not None else None
        patience = read_timeout if isinstance(read_timeout, int | float) else self._patience
        try:
            async with self._session.request(method, url, data=body, timeout=calls.patience(patience)) as response:
                return _status(response.status, payload := await response.read()), payload
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            if not calls.connected(error):
                raise Unreached(type(error).__name__) from None
            if isinstance(error, TimeoutError):
                raise TimedOut(f"no answer in {patience:g} s") from None
            raise NetworkError(type(error).__name__) from None

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Servers that resemble Telegram may leave the result out. Raises TelegramError."""
        try:
            answer = orjson.loads(payload)
        except orjson.JSONDecodeError:
            raise TelegramError("the answer is no JSON") from None
        if not isinstance(answer, dict):
            raise TelegramError("the answer is no JSON object")
        return {"result": True, **answer}


def _status(status: int, payload: bytes) -> int:
    """Some servers say 200 to a call that failed; and Bale 404, which stands for a wrong token, to an unknown chat."""
    if status == 200 and payload.startswith(b'{"ok":false'):
        status = int(orjson.loads(payload).get("error_code", 400))
    return 400 if status == 404 and b"no such group or user" in payload else status


class _Answered(AiohttpRequest):
    """An exchange that has taken place: python-telegram-bot tells what its failure means."""

    __slots__ = ("_answer",)

    def __init__(self, status: int, payload: bytes) -> None:
        super().__init__()
        self._answer = status, payload

    async def do_request(self, *_: object, **__: object) -> tuple[int, bytes]:
        return self._answer


class Api:
    """One bot at one Bot API server. Use within `async with`."""

    def __init__(self, token: str, url: str) -> None:
        self.request = AiohttpRequest()
        self._methods = f"{url}/bot{token}/"
        self._files = f"{url}/file/bot{token}/"

    async def __aenter__(self) -> Api:
        await self.request.initialize()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.request.shutdown()

    async def call(self, method: str, parameters: Mapping[str, Any], *, patience: float = PATIENCE) -> Any:
        """The `result` of a method as plain JSON. Raises telegram.error.TelegramError."""
        data, url = cast("RequestData", _Parameters(parameters)), self._methods + method
        status, payload = await self.request.do_request(url, "POST", data, read_timeout=patience)
        if status == HTTPStatus.OK:
            return self.request.parse_json_payload(payload)["result"]
        return await _Answered(status, payload).post(url)

    async def download(self, file_id: str) -> bytes:
        """A file that was sent to the bot, at most 20 MB (core.telegram.org/bots/api#getfile). Raises TelegramError."""
        file = await self.call("getFile", {"file_id": file_id})
        path = file.get("file_path") if isinstance(file, dict) else None
        if not isinstance(path, str):
            raise TelegramError("the server does not say where the file is")
        url = self._files + quote(path)
        try:
            return await self.request.retrieve(url, read_timeout=FILE_PATIENCE)
        except NetworkError:  # a second try is cheaper than asking the citizen for one
            return await self.request.retrieve(url, read_timeout=FILE_PATIENCE)
