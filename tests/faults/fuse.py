"""A fuse in the server's own process: at the n-th passage of one point the process kills itself, as a power cut does.

The server knows nothing of it. Methods are wrapped from outside; where each point lies is told by its name, which is
also what a run by hand takes: `python -m tests.faults.server filed 2`.
"""

from __future__ import annotations

import asyncio
import functools
import os
import random
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bot.channels.sms import Sms
from bot.channels.telegram.api import Api
from bot.channels.telegram.channel import Telegram
from bot.channels.webchat import WebChat
from bot.core.ports import Opened
from bot.stores.contacts import SqlContacts
from bot.stores.outbox import SqlOutbox
from bot.stores.records import SqlRecords
from bot.stores.redis import RedisSessions
from bot.stores.redis_archive import SqlArchive
from bot.stores.sessions import SqlSessions

TURN = ("arrived", "opened", "filing", "filed", "saving", "writing", "saved", "answering", "answered")
"""A webhook has come; its session is loaded; before and after the desk files; before the save, in the middle of it,
after it; before and after the webhook is acknowledged."""
CALL = ("calling", "called")  # a message to a messenger
MOVE = ("moving", "moved")  # lines from Redis to the database
MERGE = ("absorbing", "absorbed", "linking", "linked")
NEWS = ("changing", "changed")  # an officer's word is written down, and with it the notice
NOTICE = ("claimed", "beginning", "begun", "sending", "taken", "settling", "settled")
"""A courier holds notices; before and after it writes down that it begins to send one; it is about to send it, the
provider has it; before and after that is written down."""

_WRITE = 0.002  # seconds at most that a save takes
_SENT = 0.02  # seconds until a response is surely on its way

_AROUND: tuple[tuple[type, str, str, str], ...] = (
    (SqlRecords, "add", "filing", "filed"),
    (SqlRecords, "update", "changing", "changed"),
    (SqlOutbox, "begin", "beginning", "begun"),
    (SqlOutbox, "settle", "settling", "settled"),
    (SqlContacts, "link", "linking", "linked"),
    (SqlSessions, "absorb", "absorbing", "absorbed"),
    (RedisSessions, "absorb", "absorbing", "absorbed"),
    (SqlArchive, "put", "moving", "moved"),
    (Telegram, "send", "sending", "taken"),
    (Sms, "send", "sending", "taken"),
    (WebChat, "send", "sending", "taken"),
)


class Fuse:
    def __init__(self, point: str, passages: int) -> None:
        self._point = point
        self._left = passages

    def at(self, point: str) -> bool:
        """Count a passage; whether it is the one."""
        if point == self._point:
            self._left -= 1
            return self._left == 0
        return False

    def reach(self, point: str) -> None:
        if self.at(point):
            blow()

    # --- laying it ------------------------------------------------------------------------------

    def lay(self) -> None:
        for owner, name, before, after in _AROUND:
            setattr(owner, name, self._around(getattr(owner, name), before, after))
        for store in (SqlSessions, RedisSessions):
            store.open = self._opening(store.open)  # type: ignore[method-assign]
        Api.call = self._calling(Api.call)  # type: ignore[method-assign]
        SqlOutbox.take = self._claiming(SqlOutbox.take)  # type: ignore[method-assign]

    def _around(self, method: Callable[..., Awaitable[Any]], before: str, after: str) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(method)
        async def passed(*given: Any, **named: Any) -> Any:
            self.reach(before)
            result = await method(*given, **named)
            self.reach(after)
            return result

        return passed

    def _opening(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @asynccontextmanager
        async def opened(store: Any, contact: str) -> AsyncIterator[Opened]:
            async with method(store, contact) as session:
                self.reach("opened")
                before = session.session
                yield session
                saves = session.session is not before
                if saves:
                    self.reach("saving")
                    if self.at("writing"):
                        threading.Timer(random.uniform(0, _WRITE), blow).start()
            if saves:
                self.reach("saved")

        return opened

    def _calling(self, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        around = self._around(method, *CALL)

        async def call(api: Api, name: str, *given: Any, **named: Any) -> Any:
            return await (around if name == "sendMessage" else method)(api, name, *given, **named)

        return call

    def _claiming(self, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def take(*given: Any, **named: Any) -> Any:
            found = await method(*given, **named)
            if found:
                self.reach("claimed")
            return found

        return take

    @web.middleware
    async def around_webhooks(self, request: web.Request, handler: Any) -> web.StreamResponse:
        hears = request.path.startswith("/channels/") and request.method == "POST"
        if hears:
            self.reach("arrived")
        response: web.StreamResponse = await handler(request)
        if hears:
            self.reach("answering")
            if self.at("answered"):
                asyncio.get_running_loop().call_later(_SENT, blow)
        return response


def blow() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
