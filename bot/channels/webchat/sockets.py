"""One open WebSocket, and which are open for a session in this process."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

import orjson
from aiohttp import WSCloseCode, WSMsgType, web

from bot.channels.webchat.frames import Frame, Refused

FRAMES, SECONDS = 20, 10.0  # so many frames in so many seconds
_PATIENCE = 5.0  # seconds that a slow tab may hold up what the others get


class Pace:
    """Lets so many frames through in so many seconds."""

    __slots__ = ("_clock", "_taken")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: deque[float] = deque(maxlen=FRAMES)

    def check(self) -> None:
        """Count one frame. Raises Refused("slow_down"), which counts for nothing."""
        now = self._clock()
        if len(self._taken) == FRAMES and (wait := self._taken[0] + SECONDS - now) > 0:
            raise Refused("slow_down", retry_in=round(wait, 1))
        self._taken.append(now)


class Socket:
    """`floor`: the browser has every line up to it; what is pushed at or below it is old."""

    __slots__ = ("_held", "_ws", "floor", "history", "language", "pace", "session")

    def __init__(self, ws: web.WebSocketResponse, language: str) -> None:
        self._ws = ws
        self._held: list[Frame] | None = None
        self.pace = Pace()
        self.session: str | None = None
        self.language = language
        self.history = False
        self.floor = 0

    async def tell(self, frames: Iterable[Frame]) -> None:
        """Send in order. A browser that is gone is no error: the transcript brings it what it missed."""
        try:
            for frame in frames:
                await self._ws.send_frame(orjson.dumps(frame), WSMsgType.TEXT)
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
        """Tell what this browser did not ask for. One that does not take it in time is closed."""
        wanted = [f for f in frames if f["seq"] > self.floor and (self.history or f["type"] != "said")]
        if self._held is not None:
            self._held.extend(wanted)
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                await self.tell(wanted)
        except TimeoutError:
            await self.close()

    async def close(self) -> None:
        await self._ws.close(code=WSCloseCode.GOING_AWAY, drain=False)


class OpenSockets:
    """The open sockets of each session."""

    def __init__(self) -> None:
        self._of: dict[str, set[Socket]] = {}

    def enter(self, socket: Socket, session: str) -> None:
        self.leave(socket)
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
        return sum(map(len, self._of.values()))

    def others(self, session: str, socket: Socket | None = None) -> list[Socket]:
        return [s for s in self._of.get(session, ()) if s is not socket]

    async def push(self, session: str, frames: Sequence[Frame], *, but: Socket | None = None) -> None:
        await asyncio.gather(*(s.push(frames) for s in self.others(session, but)))

    async def close(self) -> None:
        await asyncio.gather(*(s.close() for sockets in list(self._of.values()) for s in list(sockets)))
