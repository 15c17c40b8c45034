"""A served desk with Twilio's calls, and callers to it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channels.voice.twilio import TwilioVoice
from bot.web.problems import problems
from tests.voice.caller import ACCOUNT, TOKEN, Caller
from tests.voice.counter import VoiceDesk


class Provider:
    """Twilio's API as far as recordings go: behind basic auth, and ready a moment after they were told of."""

    def __init__(self) -> None:
        self.recordings: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.not_yet = 1  # times that a recording is not there
        self.answer: int = 0  # another status for everything

    async def get(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        wanted = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != wanted:
            raise web.HTTPUnauthorized
        if self.answer:
            return web.Response(status=self.answer, headers={"Location": "http://127.0.0.1:1/elsewhere"})
        data = self.recordings.get(request.path)
        if data is None or self.asked.count(request.path) <= self.not_yet:
            raise web.HTTPNotFound
        return web.Response(body=data, content_type="audio/wav")


class Exchange:
    """The served channel. `call()` makes a caller whose call was answered."""

    def __init__(self, desk: VoiceDesk, provider: Provider, http: aiohttp.ClientSession) -> None:
        self.desk = desk
        self.provider = provider
        self.http = http
        self.url = ""

    async def call(self, number: str = "+989121234567", **more: str) -> Caller:
        caller = Caller(self.http, self.url, self.provider.recordings, number=number, **more)  # type: ignore[arg-type]
        await caller.ring()
        return caller

    def heard(self, caller: Caller) -> str:
        """In words, what was said since the caller's last act."""
        return " / ".join(self.desk.prompts.words(url) for url in caller.said)


@pytest.fixture
def desk(tmp_path: Path) -> VoiceDesk:
    return VoiceDesk(tmp_path)


@pytest.fixture
async def exchange(desk: VoiceDesk) -> AsyncIterator[Exchange]:
    provider = Provider()
    api = web.Application()
    api.router.add_get("/{path:.*}", provider.get)
    app = web.Application(middlewares=[problems()])
    async with TestServer(api) as api_server, aiohttp.ClientSession() as http:
        channel = TwilioVoice(
            desk.gateway,
            desk.files,
            desk.speaker,
            desk.prompts,  # type: ignore[arg-type]
            lambda: desk.voice,
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            api_url=str(api_server.make_url("")),
            is_open=lambda: desk.open,
        )
        app.add_routes(channel.routes())
        app.cleanup_ctx.append(channel.lifespan)
        async with TestServer(app) as server:
            exchange = Exchange(desk, provider, http)
            exchange.url = str(server.make_url("")).rstrip("/")
            yield exchange
