"""The HTTP routes of the web chat. Any page may embed it: the session's token travels in frames and headers, never
in a cookie, so a foreign origin can do nothing that it could not do without a browser, and every origin is let in.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from math import ceil
from typing import Any

import orjson
from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.http import HttpProcessingError

from bot.channels.base import Capabilities
from bot.channels.webchat import frames, uploads
from bot.channels.webchat.conversation import NAME, Conversations
from bot.channels.webchat.frames import Hello, Ping, Refused
from bot.channels.webchat.pages import Pages
from bot.channels.webchat.sockets import FLOOD, OpenSockets, Pace, Socket, TooManyTabs
from bot.channels.webchat.tokens import Seal
from bot.core.catalogue import Organization
from bot.core.messages import Address, Phrase, Reply
from bot.core.ports import Contacts, FileRefused, Files, Relay, Transcripts, Wording
from bot.gateway import Gateway

HEARTBEAT = 30.0  # seconds between pings; an answer that is late by half of it means that the browser is gone
_PACES = 4096  # sessions without WebSocket whose pace is remembered
_STATUS = {"bad_session": 403, "slow_down": 429, "unavailable": 503, "too_long": 422, "unknown_upload": 422}
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Content-Type, X-Session",
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Max-Age": "86400",
}
_OURS = {**_CORS, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class WebChat:
    """Implements `bot.channels.base.Telling`. `secret` signs sessions; `organization` gives its name and languages."""

    name = NAME
    can = Capabilities(buttons=True, files=True, max_text=16_000, max_buttons=100)
    rate = None
    disturbs = False
    repeatable = True  # a page shows each seq once

    def __init__(
        self,
        gateway: Gateway,
        transcripts: Transcripts,
        files: Files,
        contacts: Contacts,
        wording: Wording,
        *,
        secret: str,
        organization: Callable[[], Organization],
        relay: Relay | None = None,
        newcomer: Callable[[web.Request], Awaitable[float]] | None = None,
    ) -> None:
        """`relay` tells the other processes, where the session may be open in a browser too. `newcomer` makes room for
        a new conversation of whoever sends a request: 0, or the seconds until there is some."""
        self._seal = Seal(secret)
        self._talks = Conversations(gateway, transcripts, files, contacts, wording, self._seal)
        self._wording = wording
        self._organization = organization
        self._pages = Pages(wording, organization)
        self._sockets = OpenSockets()
        self._newcomer = newcomer
        self._relay = relay
        if relay:
            relay.listen(NAME, self._elsewhere)
        self._paces: OrderedDict[str, Pace] = OrderedDict()

    def routes(self) -> Sequence[web.RouteDef]:
        messages, files = "/channels/web/messages", "/channels/web/files"
        return [
            *self._pages.routes(),
            web.get("/channels/web/socket", self._socket),
            web.post(messages, partial(self._answering, self._post)),
            web.get(messages, partial(self._answering, self._poll), allow_head=False),
            web.post(files, partial(self._answering, self._upload)),
            web.options(messages, self._preflight),
            web.options(files, self._preflight),
        ]

    async def lifespan(self, app: web.Application) -> AsyncIterator[None]:
        yield
        await self.close(app)

    @property
    def open(self) -> int:
        """How many browsers have a WebSocket open."""
        return self._sockets.count

    async def close(self, app: web.Application) -> None:
        """Say goodbye to every open socket. Belongs into `app.on_shutdown`: aiohttp waits for open WebSockets before
        it comes to the end of `lifespan`."""
        await self._sockets.close()

    async def send(
        self,
        to: Address,
        replies: Sequence[Reply],
        language: str,
        *,
        seq: int,
        key: str = "",
        since: datetime | None = None,
    ) -> str:
        """Show it in every tab that is open; the transcript brings it to the others at next hello."""
        self._tell_elsewhere(to.id, seq, language)
        if self._sockets.others(to.id):
            await self._sockets.push(to.id, self._talks.replies(replies, seq, language))
        return ""

    # --- WebSocket ----------------------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        # No compression: its buffers would weigh more than all else that an idle visitor needs.
        ws = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=frames.MAX_FRAME, compress=False)
        await ws.prepare(request)
        socket = Socket(ws, request, self._language(request))
        with self._sockets.holding(socket):
            async for message in ws:  # one after the other: the order of a socket is the order of its turns
                if message.type is WSMsgType.ERROR:
                    break
                await self._hear(socket, message.data if message.type is WSMsgType.TEXT else b"")
                if socket.pace.refused >= FLOOD:
                    await socket.close(WSCloseCode.POLICY_VIOLATION)
        return ws

    async def _hear(self, socket: Socket, data: str | bytes) -> None:
        try:
            socket.pace.check()
            frame = frames.understand(frames.read(data))
            if isinstance(frame, Hello):
                await self._welcome(socket, frame)
            elif isinstance(frame, Ping):
                await socket.tell([{"type": "pong"}])
            elif socket.session is None:
                raise Refused("bad_session", id=frame.id)
            else:
                await self._answer(socket, socket.session, frame)
        except Refused as refused:
            await socket.tell([frames.error(refused, self._words(refused, socket.language))])
        except TooManyTabs:
            await socket.close(WSCloseCode.POLICY_VIOLATION)

    async def _welcome(self, socket: Socket, hello: Hello) -> None:
        socket.language = self._known(hello.language) or socket.language
        session = await self._session_of(hello, socket.request)
        socket.history, socket.floor = hello.history, 0
        self._sockets.enter(socket, session)
        socket.hold()  # what happens meanwhile comes after what was missed, and not twice
        try:
            opened = await self._talks.open(session, hello, socket.language)
        except Refused:
            self._sockets.leave(socket)
            raise
        socket.language, socket.floor = opened.language, opened.seq
        welcome = frames.welcome(self._seal.token(session), opened.seq, opened.language)
        await socket.tell([welcome, *opened.frames])
        await socket.release()

    async def _answer(self, socket: Socket, session: str, said: frames.Said) -> None:
        answer = await self._talks.take(session, said, socket.language)
        socket.language = answer.language
        await socket.tell(answer.frames)
        if not answer.repeated:
            await self._show_others(session, answer.seq, answer.language, but=socket)

    async def _show_others(self, session: str, seq: int, language: str, *, but: Socket | None = None) -> None:
        """Two tabs of one session both see the turn that began with line `seq`."""
        self._tell_elsewhere(session, seq, language)
        await self._show_here(session, seq, language, but=but)

    def _tell_elsewhere(self, session: str, seq: int, language: str) -> None:
        if self._relay:
            self._relay.tell(NAME, f"{session} {seq} {language}")

    async def _elsewhere(self, news: str) -> None:
        session, seq, language = news.split(" ")
        with contextlib.suppress(Refused):  # its stores do not answer: the browser sees it at its next hello
            await self._show_here(session, int(seq), language)

    async def _show_here(self, session: str, seq: int, language: str, *, but: Socket | None = None) -> None:
        if self._sockets.others(session, but):
            turn = await self._talks.since(session, seq - 1, language, history=True)
            await self._sockets.push(session, turn, but=but)

    # --- without WebSocket --------------------------------------------------------------------

    async def _answering(self, handler: Callable[[web.Request], Any], request: web.Request) -> web.StreamResponse:
        try:
            body = orjson.dumps(await handler(request))
            return web.Response(body=body, content_type="application/json", charset="utf-8", headers=_OURS)
        except Refused as refused:
            return self._problem(refused, _STATUS.get(refused.code, 400), self._language(request))
        except uploads.TooLarge:
            return self._problem(Refused("file.too_large"), 413, self._language(request))
        except FileRefused as refused:
            return self._problem(Refused(refused.reason), 422, self._language(request))

    async def _preflight(self, request: web.Request) -> web.Response:
        return web.Response(status=204, headers=_CORS)

    async def _post(self, request: web.Request) -> dict[str, Any]:
        """One frame, with the token in it or in `X-Session`. A bad one is told as a problem with the frame's code."""
        try:
            body = await uploads.read_body(request, frames.MAX_FRAME)
        except uploads.TooLarge:
            raise Refused("bad_frame") from None
        data = frames.read(body)
        frame = frames.understand(data)
        if isinstance(frame, Ping):
            return {"frames": [{"type": "pong"}]}
        if isinstance(frame, Hello):
            return await self._post_hello(frame, request)
        session = self._session(request.headers.get("X-Session") or str(data.get("session")))
        self._pace(session).check()
        answer = await self._talks.take(session, frame, self._language(request))
        if not answer.repeated:
            await self._show_others(session, answer.seq, answer.language)
        return {"frames": answer.frames}

    async def _post_hello(self, hello: Hello, request: web.Request) -> dict[str, Any]:
        session = await self._session_of(hello, request)
        self._pace(session).check()
        opened = await self._talks.open(session, hello, self._known(hello.language) or self._language(request))
        return {"frames": [frames.welcome(self._seal.token(session), opened.seq, opened.language), *opened.frames]}

    async def _poll(self, request: web.Request) -> dict[str, Any]:
        """What was said since `after`; with `history=1` the citizen's own lines too."""
        query = request.query
        session = self._session(request.headers.get("X-Session") or query.get("session", ""))
        after = query.get("after", "0")
        if not (after.isascii() and after.isdigit() and len(after) <= 15):
            raise Refused("bad_frame")
        news = await self._talks.since(
            session, int(after), self._language(request), history=query.get("history") == "1"
        )
        return {"frames": news}

    async def _upload(self, request: web.Request) -> dict[str, Any]:
        """A multipart form with the field `file`; the token in `X-Session` or in a field `session` before it."""
        if token := request.headers.get("X-Session", ""):
            self._session(token)  # before anything is read
        try:
            found = await uploads.find_file(request)
            if found is None:
                raise Refused("bad_frame")
            part, field = found
            session = self._session(token or field)
            self._pace(session).check()
            data = await uploads.read_part(part)
        except (ValueError, HttpProcessingError):
            raise Refused("bad_frame") from None
        return await self._talks.keep(session, uploads.clean_name(part.filename or ""), data)

    # --- small things -------------------------------------------------------------------------

    def _session(self, token: str) -> str:
        session = self._seal.session(token)
        if session is None:
            raise Refused("bad_session")
        return session

    async def _session_of(self, hello: Hello, request: web.Request) -> str:
        """The one that goes on, or a new one. Raises Refused."""
        if hello.session is not None:
            return self._session(hello.session)
        if self._newcomer and (wait := await self._newcomer(request)):
            raise Refused("slow_down", retry_in=ceil(wait))
        return self._seal.new_session()

    def _pace(self, session: str) -> Pace:
        pace = self._paces.setdefault(session, Pace())
        self._paces.move_to_end(session)
        if len(self._paces) > _PACES:
            self._paces.popitem(last=False)
        return pace

    def _known(self, language: str) -> str | None:
        language = language[:2].lower()
        return language if language in self._organization().name else None

    def _language(self, request: web.Request) -> str:
        """As asked for by `?language=`, else by the browser, else the organisation's first."""
        asked: str = request.query.get("language") or request.headers.get("Accept-Language") or ""
        return self._known(asked) or next(iter(self._organization().name))

    def _words(self, refused: Refused, language: str) -> str:
        key = refused.code if refused.code.startswith("file.") else f"web.{refused.code}"
        return self._wording.text(Phrase(key), language)

    def _problem(self, refused: Refused, status: int, language: str) -> web.Response:
        """RFC 9457, with `code` and `detail` as an error frame has them."""
        text = self._words(refused, language)
        body = {**frames.error(refused, text), "type": "about:blank", "title": text, "status": status, "detail": text}
        headers = dict(_OURS)
        if refused.retry_in is not None:
            headers["Retry-After"] = str(max(1, round(refused.retry_in)))
        return web.Response(
            body=orjson.dumps(body), status=status, headers=headers, content_type="application/problem+json"
        )
