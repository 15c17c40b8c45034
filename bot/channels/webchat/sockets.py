"""One open WebSocket, and which are open for a session in this process."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import orjson
from aiohttp import WSCloseCode, WSMsgType, web

from bot.channels.webchat.frames import Frame, Refused

FRAMES, SECONDS = 20, 10.0  # so many frames in so many seconds
FLOOD = 200  # frames refused one after the other: no page of ours does that
TABS = 20  # open sockets of one session
_PATIENCE = 5.0  # seconds that a slow tab may hold up what the others get
_LONGEST = 60.0  # seconds that a browser may take for what it asked for


class Pace:
    """Lets so many frames through in so many seconds. `refused`: how many it did not, since the last that it did."""

    __slots__ = ("_clock", "_taken", "refused")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: deque[float] = deque(maxlen=FRAMES)
        self.refused = 0

    def check(self) -> None:
        """Count one frame. Raises Refused("slow_down"), which counts for nothing."""
        now = self._clock()
        if len(self._taken) == FRAMES and (wait := self._taken[0] + SECONDS - now) > 0:
            self.refused += 1
            raise Refused("slow_down", retry_in=round(wait, 1))
        self._taken.append(now)
        self.refused = 0


class Socket:
    """`floor`: the browser has every line up to it; what is pushed at or below it is old."""

    __slots__ = ("_held", "_ws", "floor", "history", "language", "pace", "request", "session")

    def __init__(self, ws: web.WebSocketResponse, request: web.Request, language: str) -> None:
        self._ws = ws
        self._held: list[Frame] | None = None
        self.request = request
        self.pace = Pace()
        self.session: str | None = None
        self.language = language
        self.history = False
        self.floor = 0

    async def tell(self, frames: Iterable[Frame], patience: float = _LONGEST) -> None:
        """Send in order. A browser that is gone is no error: the transcript brings it what it missed. One that does
        not read for so many seconds is cut off."""
        try:
            async with asyncio.timeout(patience):
                for frame in frames:
                    await self._ws.send_frame(orjson.dumps(frame), WSMsgType.TEXT)
        except TimeoutError:
            self.cut()
        except (ConnectionError, RuntimeError):
            pass

    def hold(self) -> None:
        """Keep back what is pushed until `release`: the browser is being told what it missed."""
        self._held = []

    async def release(self) -> None:
        while self._held:
            held, self._held = self._held, []
            await self.tell(f for f in held if f["seq"] > self.floor)
        self._held = None

    async def push(self, frames: Sequence[Frame]) -> None:
        """Tell what this browser did not ask for."""
        wanted = [f for f in frames if f["seq"] > self.floor and (self.history or f["type"] != "said")]
        if self._held is not None:
            self._held.extend(wanted)
            return
        await self.tell(wanted, _PATIENCE)

    async def close(self, code: int = WSCloseCode.GOING_AWAY) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._ws.close(code=code, drain=False)
        except TimeoutError:
            self.cut()

    def cut(self) -> None:
        """Hang up without a word: who does not read would not hear it, and what waits for them would wait for ever."""
        if transport := self.request.transport:
            transport.abort()

    def left(self) -> None:
        """The conversation over this socket is over; nothing is kept for who does not read."""
        if (transport := self.request.transport) and transport.get_write_buffer_size():
            transport.abort()


class TooManyTabs(Exception):
    """Of one session."""


class OpenSockets:
    """The open sockets, and those of each session."""

    def __init__(self) -> None:
        self._open: set[Socket] = set()  # also those that have not said hello
        self._of: dict[str, set[Socket]] = {}

    @contextmanager
    def holding(self, socket: Socket) -> Iterator[None]:
        """As long as it is open."""
        self._open.add(socket)
        try:
            yield
        finally:
            self._open.discard(socket)
            self.leave(socket)
            socket.left()

    def enter(self, socket: Socket, session: str) -> None:
        """Raises TooManyTabs."""
        self.leave(socket)
        if len(self._of.get(session, ())) >= TABS:
            raise TooManyTabs
        socket.session = session
        self._of.setdefault(session, set()).add(socket)

    def leave(self, socket: Socket) -> None:
        if socket.session is None:
            return
        sockets = self._of.get(socket.session, set())
        sockets.discard(socket)
        if not sockets:
            self._of.pop(socket.session, None)
        socket.session = None

    @property
    def count(self) -> int:
        return len(self._open)

    def others(self, session: str, socket: Socket | None = None) -> list[Socket]:
        return [s for s in self._of.get(session, ()) if s is not socket]

    async def push(self, session: str, frames: Sequence[Frame], *, but: Socket | None = None) -> None:
        await asyncio.gather(*(s.push(frames) for s in self.others(session, but)))

    async def close(self) -> None:
        await asyncio.gather(*(socket.close() for socket in tuple(self._open)))
