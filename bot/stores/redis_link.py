"""One connection to one Redis server, shared by all tasks: what they ask in one round of the loop goes out together."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from bot.core.ports import StoreUnavailable
from bot.stores.redis_scripts import ALL, Script
from bot.stores.redis_wire import ErrorReply, Reply, Wire, pack

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1.0  # seconds between attempts to connect
SOON = 0.03  # seconds until something is asked again that the server cannot do at the moment
# Refused for now: a server that starts, or that is no longer, or not yet, the one to write to.
PASSING = frozenset(["LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY"])
REDIRECTS = frozenset(["MOVED", "ASK"])


def unheard(answer: asyncio.Future[Reply]) -> asyncio.Future[Reply]:
    """Of which nobody waits for the end."""
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())
    return answer


def taken_over(connection: AbstractConnection, wire: Wire) -> asyncio.StreamWriter:
    """What redis-py connected (TLS, password, database), to be read by `wire` from now on."""
    writer = connection._writer
    assert writer is not None
    connection._reader = connection._writer = None
    writer.transport.set_protocol(wire)
    return writer


@dataclass(slots=True, eq=False)
class Request:
    """Safe to be sent again when a connection was lost before its answer came: all that we ask is."""

    tag: bytes  # decides the slot
    packed: bytes
    answer: asyncio.Future[Reply]
    until: float  # on the loop's clock; later it has failed
    script: Script | None = None
    rest: tuple[bytes, ...] = ()  # what follows the script: the number of keys, keys, arguments

    def fail(self, why: str) -> None:
        if not self.answer.done():
            self.answer.set_exception(StoreUnavailable(why))

    def whole(self) -> Request:
        """With the script's text, for a server that does not know it."""
        assert self.script
        packed = pack((b"EVAL", self.script.text, *self.rest))
        return Request(self.tag, packed, self.answer, self.until)


class Link:
    """Connects by itself, for as long as it is needed. What was asked before it was lost is asked again, in order."""

    def __init__(
        self,
        kind: type[AbstractConnection],
        options: Mapping[str, Any],
        *,
        patience: float,
        elsewhere: Callable[[Request, ErrorReply], None],
        unreachable: Callable[[Link], None],
    ) -> None:
        """`elsewhere` is told what another server has to do; `unreachable` each time that no connection comes about."""
        self.life = b""  # of the server's process: another one may have forgotten what this one wrote
        self._kind = kind
        self._options = options
        self._patience = patience
        self._elsewhere = elsewhere
        self._unreachable = unreachable
        self._unsent: list[Request] = []
        self._sent: deque[Request] = deque()
        self._writer: asyncio.StreamWriter | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._watching: asyncio.TimerHandle | None = None
        self._failing_since: float | None = None
        self._why = "Redis does not answer"
        self._closed = False

    @property
    def failing(self) -> bool:
        """Whether it has been out of reach for longer than anybody waits."""
        since = self._failing_since
        return since is not None and asyncio.get_running_loop().time() - since > self._patience

    def send(self, request: Request) -> None:
        if request.answer.done():  # given up: what undoes it may be on its way already
            return
        if self._closed or self.failing:
            request.fail(self._why)
            return
        self._unsent.append(request)
        loop = asyncio.get_running_loop()
        if self._writer is None:
            self._dial()
        elif len(self._unsent) == 1:
            loop.call_soon(self._flush)
        if self._watching is None:
            self._watching = loop.call_later(self._patience / 4, self._watch)

    def unanswered(self) -> list[Request]:
        """Take back what nobody has answered."""
        requests = [*self._sent, *self._unsent]
        self._sent, self._unsent = deque(), []
        if self._writer is not None:
            self._writer.transport.abort()
        return [request for request in requests if not request.answer.done()]

    async def close(self) -> None:
        self._closed, self._why = True, "the store is closed"
        if self._dialling:
            self._dialling.cancel()
            await asyncio.gather(self._dialling, return_exceptions=True)
        if self._watching:
            self._watching.cancel()
        for request in self.unanswered():
            request.fail(self._why)

    # --- asking and answering -------------------------------------------------------------------

    def _flush(self) -> None:
        if self._writer is not None and self._unsent:
            batch, self._unsent = self._unsent, []
            self._sent.extend(batch)
            self._writer.transport.write(b"".join([request.packed for request in batch]))

    def _answer(self, reply: Reply) -> None:
        request = self._sent.popleft()
        if isinstance(reply, ErrorReply):
            self._refused(request, reply)
        elif not request.answer.done():
            request.answer.set_result(reply)

    def _refused(self, request: Request, error: ErrorReply) -> None:
        if error.code == "NOSCRIPT" and request.script:
            self.send(request.whole())
        elif error.code in REDIRECTS:
            self._elsewhere(request, error)
        elif error.code in PASSING:
            self._why = error.code
            if error.code == "READONLY" and self._writer is not None:
                self._writer.transport.abort()  # the name may lead to the new one by now
            asyncio.get_running_loop().call_later(SOON, self.again, request)
        else:
            log.error("Redis refused: %s", error.code)
            request.fail(error.code)

    def again(self, request: Request) -> None:
        """Send what was refused."""
        if asyncio.get_running_loop().time() < request.until:
            self.send(request)
        else:
            request.fail(self._why)

    def _watch(self) -> None:
        """Fail what has waited too long; a connection on which nothing comes any more is given up."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        late = [request for request in (*self._sent, *self._unsent) if request.until <= now]
        for request in late:
            request.fail(self._why)
        if self._writer is not None and self._sent and self._sent[0].until <= now:
            self._writer.transport.abort()
        self._unsent = [request for request in self._unsent if request.until > now]
        waiting = self._sent or self._unsent
        self._watching = loop.call_later(self._patience / 4, self._watch) if waiting else None

    # --- connecting -----------------------------------------------------------------------------

    def _lost(self) -> None:
        self._writer = None
        self._unsent, self._sent = [r for r in (*self._sent, *self._unsent) if not r.answer.done()], deque()
        if self._unsent:
            self._dial()

    def _dial(self) -> None:
        if self._dialling is None:
            self._dialling = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        pause = FIRST_PAUSE
        try:
            while True:
                try:
                    async with asyncio.timeout(self._patience):
                        self._writer = await self._connected()
                except (OSError, RedisError, ValueError) as error:  # a TimeoutError is an OSError
                    self._note(error)
                else:
                    break
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        finally:
            self._dialling = None
        self._failing_since = None
        self._flush()

    def _note(self, error: Exception) -> None:
        if self._failing_since is None:
            self._failing_since = asyncio.get_running_loop().time()
            log.warning("no connection to Redis: %s", type(error).__name__)
        self._why = f"Redis is out of reach: {type(error).__name__}"
        self._unreachable(self)

    async def _connected(self) -> asyncio.StreamWriter:
        connection = self._kind(**self._options)
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
            asked: Sequence[tuple[str | bytes, ...]] = [("INFO", "server"), *(("SCRIPT", "LOAD", s.text) for s in ALL)]
            for command in asked:
                await connection.send_command(*command)
            about, *_ = [await connection.read_response(disable_decoding=True) for _ in asked]
            found = re.search(rb"run_id:(\w{8})", about)
            self.life = found[1] if found else b"?"
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        return taken_over(connection, Wire(self._answer, self._lost))
