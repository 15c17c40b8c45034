"""`/sandbox`: the whole product in one page, without an account. For development: with ENVIRONMENT=production the
application does not build it.

What is done in the page goes to the desk's real routes, with the signatures of the sandbox's own accounts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import orjson
from aiohttp import web

from bot.core.ports import Wording
from bot.gateway import Gateway
from bot.web.problems import Refused
from bot.web.sandbox.blobs import LARGEST, Blob
from bot.web.sandbox.bodies import bytes_of, file_of, json_of, text_of
from bot.web.sandbox.botapi import ROOT as TELEGRAM_ROOT
from bot.web.sandbox.botapi import BotApiDouble
from bot.web.sandbox.keys import NUMBER, USERNAME, Keys
from bot.web.sandbox.officer import Officer
from bot.web.sandbox.page import Page
from bot.web.sandbox.telephone import Telephone
from bot.web.sandbox.timeline import Timeline
from bot.web.sandbox.twilio import ROOT as TWILIO_ROOT
from bot.web.sandbox.twilio import TwilioDouble
from bot.web.sandbox.visits import MOST_STREAMS, Full, Taken, Visit, Visits

log = logging.getLogger(__name__)

HEADER = "X-Sandbox"
HEARTBEAT = 15.0  # seconds of silence before a line says that it is alive
SAMPLE_PLACE = {"latitude": 35.70000, "longitude": 51.40000}
PANES = ("voice", "sms", "telegram")

Deed = Callable[[web.Request, Visit], Awaitable[web.StreamResponse]]
Json = dict[str, Any]


class Sandbox:
    """Build it, give its keys to the channels that the operator has not configured, and let those speak to
    `twilio_api_url` and `telegram_api_url`. `real` names the channels ("voice", "sms", "telegram") that have accounts
    of the operator: their panes say so. `on_first_visit` is awaited when the page is first asked for."""

    def __init__(
        self,
        gateway: Gateway,
        wording: Wording,
        *,
        secret: str,
        base_url: Callable[[], str] | str,
        languages: Callable[[], Sequence[str]] = lambda: ("fa", "en"),
        name: Callable[[], str] = lambda: "پیشخوان",
        public_url: str = "",
        real: frozenset[str] = frozenset(),
        on_first_visit: Callable[[], Awaitable[None]] | None = None,
        officer: Officer | None = None,
    ) -> None:
        """`base_url` is where this server reaches itself, without a slash at the end; `public_url` is PUBLIC_URL, by
        which the desk checks signatures. Raises ValueError without a secret."""
        self._keys = Keys.derived(secret)
        self._visits = Visits(self._keys.pages)
        self._gateway = gateway
        self._base_url = base_url
        self._real = real
        self._on_first_visit = on_first_visit
        self._officer = officer
        self._first = asyncio.Lock()
        self._closing = False
        self._page = Page(wording, languages)
        self._timeline = Timeline(self._visits, wording)
        self._bot = BotApiDouble(self._visits, self._keys.telegram_token, name)
        self._twilio = TwilioDouble(self._visits, self._keys, self.base_url, public_url)
        self._telephone = Telephone(self._twilio)

    # --- for whoever builds the channels ----------------------------------------------------------

    @property
    def twilio_account_sid(self) -> str:
        return self._keys.account_sid

    @property
    def twilio_auth_token(self) -> str:
        return self._keys.auth_token

    @property
    def twilio_number(self) -> str:
        return NUMBER

    @property
    def twilio_api_url(self) -> str:
        return self.base_url() + TWILIO_ROOT

    @property
    def telegram_token(self) -> str:
        return self._keys.telegram_token

    @property
    def telegram_username(self) -> str:
        return USERNAME

    @property
    def telegram_api_url(self) -> str:
        return self.base_url() + TELEGRAM_ROOT

    def base_url(self) -> str:
        return (self._base_url if isinstance(self._base_url, str) else self._base_url()).rstrip("/")

    def spoken(self, path: str, words: str) -> None:
        """What is to be heard in a prompt, for the captions. Without it they are the words of the replies."""
        self._telephone.spoken(path, words)

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/sandbox", self._serve_page),
            web.get("/sandbox/static/{name}", self._page.asset),
            web.get("/sandbox/events", self._for_a_visit(self._events)),
            web.post("/sandbox/number", self._for_a_visit(self._number)),
            web.post("/sandbox/web", self._for_a_visit(self._web)),
            web.post("/sandbox/sms", self._for_a_visit(self._sms)),
            web.post("/sandbox/calls", self._for_a_visit(self._call)),
            web.post("/sandbox/calls/{id}", self._for_a_visit(self._go_on)),
            web.post("/sandbox/recordings", self._for_a_visit(self._record)),
            web.post("/sandbox/telegram/messages", self._for_a_visit(self._message)),
            web.post("/sandbox/telegram/files", self._for_a_visit(self._file)),
            web.post("/sandbox/officer", self._for_a_visit(self._decide)),
            web.get("/sandbox/officer", self._for_a_visit(self._requests)),
            *self._bot.routes(),
            *self._twilio.routes(),
        ]

    async def lifespan(self, app: web.Application) -> AsyncIterator[None]:
        """An aiohttp `cleanup_ctx`."""
        await self._twilio.open()
        self._gateway.watchers.append(self._timeline.watch)
        yield
        self._gateway.watchers.remove(self._timeline.watch)
        await self.close(app)
        await self._twilio.close()

    async def close(self, app: web.Application) -> None:
        """For `on_shutdown`: pages and pollers that wait are let go."""
        self._closing = True
        self._bot.close()
        for visit in self._visits:
            visit.wake()

    # --- the page ---------------------------------------------------------------------------------

    async def _serve_page(self, request: web.Request) -> web.Response:
        async with self._first:
            if self._on_first_visit:
                try:
                    await self._on_first_visit()
                    self._on_first_visit = None
                except Exception:  # the other panes work; the next visitor tries again
                    log.exception("sandbox not wholly opened")
        settings = {
            "key": self._visits.new_key(),
            "header": HEADER,
            "bot": USERNAME,
            "desk": NUMBER,
            "real": sorted(self._real),
            "officer": self._officer is not None,
            "largest": LARGEST,
        }
        return self._page.serve(self._page.language(request), settings)

    def _for_a_visit(self, deed: Deed) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                visit = self._visits.open(request.headers.get(HEADER, ""))
            except Full:
                raise Refused(429, "The sandbox is full.", headers={"Retry-After": "60"}) from None
            if visit is None:
                raise Refused(403, f"Send the page's own key in the header {HEADER}.")
            return await deed(request, visit)

        return guarded

    async def _events(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """Server-sent events, from the one after `after` on, until the page leaves."""
        if visit.streams >= MOST_STREAMS:
            raise Refused(429, "This page is open too often.", headers={"Retry-After": "30"})
        given = request.query.get("after", "0")
        after = int(given) if given.isascii() and given.isdigit() and len(given) < 18 else 0
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        visit.language = self._page.language(request)
        visit.streams += 1
        try:
            await response.prepare(request)
            hello = {"type": "hello", "number": visit.number, "chat": visit.chat, "commands": self._bot.commands}
            await response.write(_frame(hello))
            while not self._closing:
                news = visit.news
                for event in visit.after(after):
                    after = event["n"]
                    await response.write(_frame(event))
                if news is visit.news:
                    await self._pause(news, response)
        except ConnectionResetError:
            pass  # the page is gone
        finally:
            visit.streams -= 1
        return response

    async def _pause(self, news: asyncio.Event, response: web.StreamResponse) -> None:
        try:
            async with asyncio.timeout(HEARTBEAT):
                await news.wait()
        except TimeoutError:
            await response.write(b":\n\n")

    async def _number(self, request: web.Request, visit: Visit) -> web.Response:
        try:
            self._visits.renumber(visit, text_of(await json_of(request), "number"))
        except Taken:
            raise Refused(409, "Another visitor has this number.") from None
        except ValueError:
            raise Refused(400, "The sandbox has numbers from +989120000000 to +989120009999.") from None
        return web.json_response({"number": visit.number})

    async def _web(self, request: web.Request, visit: Visit) -> web.Response:
        """The session of the web chat in this page, so that its turns show in the time-line."""
        try:
            self._visits.follow(visit, text_of(await json_of(request), "session"))
        except ValueError:
            raise Refused(400, "session is the first part of the web chat's token.") from None
        return _done()

    # --- SMS and telephone ------------------------------------------------------------------------

    async def _sms(self, request: web.Request, visit: Visit) -> web.Response:
        self._sandboxed("sms")
        if request.content_type == "multipart/form-data":
            blob = await file_of(request)
            await self._telephone.text(visit, "", blob)
        else:
            await self._telephone.text(visit, text_of(await json_of(request), "text"))
        return _done()

    async def _call(self, request: web.Request, visit: Visit) -> web.Response:
        self._sandboxed("voice")
        body = await json_of(request)
        return web.json_response(await self._telephone.call(visit, hidden=body.get("hidden") is True))

    async def _go_on(self, request: web.Request, visit: Visit) -> web.Response:
        self._sandboxed("voice")
        body = await json_of(request)
        return web.json_response(await self._telephone.go_on(visit, request.match_info["id"], body))

    async def _record(self, request: web.Request, visit: Visit) -> web.Response:
        """A recording as WAV, in the body."""
        data = await bytes_of(request)
        if not (data.startswith(b"RIFF") and data[8:12] == b"WAVE"):
            raise Refused(400, "A recording is a WAV file.")
        return web.json_response({"recording": visit.blobs.put("RE", Blob(data, "audio/wav", "recording.wav"))})

    # --- messenger --------------------------------------------------------------------------------

    async def _message(self, request: web.Request, visit: Visit) -> web.Response:
        self._sandboxed("telegram")
        match await json_of(request):
            case {"text": str(text)} if text.strip() and len(text) <= 4096:
                self._bot.message(visit, text=text)
            case {"message": int(message), "data": str(data)}:
                try:
                    self._bot.press(visit, message, data)
                except ValueError:
                    raise Refused(409, "There is no such button now.") from None
            case {"contact": True}:
                self._bot.message(visit, **self._bot.own_contact(visit))
            case {"location": True}:
                self._bot.message(visit, location=SAMPLE_PLACE)
            case _:
                raise Refused(400, "Send text, a button (message, data), contact, or location.")
        return _done()

    async def _file(self, request: web.Request, visit: Visit) -> web.Response:
        self._sandboxed("telegram")
        blob = await file_of(request)
        self._bot.message(visit, **self._bot.document(visit, blob))
        return _done()

    # --- the officer ------------------------------------------------------------------------------

    async def _requests(self, request: web.Request, visit: Visit) -> web.Response:
        if self._officer is None:
            raise Refused(403, "The sandbox has no officer.")
        return web.json_response(await self._officer.requests(visit, self._page.language(request)))

    async def _decide(self, request: web.Request, visit: Visit) -> web.Response:
        if self._officer is None:
            raise Refused(403, "The sandbox has no officer.")
        body = await json_of(request)
        await self._officer.decide(visit, text_of(body, "code"), text_of(body, "status"), str(body.get("note", "")))
        return _done()

    def _sandboxed(self, channel: str) -> None:
        if channel in self._real:
            raise Refused(409, "This channel is connected to a real account; the sandbox does not speak for it.")


def _frame(event: Json) -> bytes:
    return b"data: " + orjson.dumps(event) + b"\n\n"


def _done() -> web.Response:
    return web.json_response({"ok": True})
