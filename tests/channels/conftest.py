"""A running Telegram or Bale channel between a Bot API server and a scripted gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bot.channels.bale import bale
from bot.channels.render import Renderer
from bot.channels.telegram import Telegram
from bot.web.problems import problems
from tests.channels.baleapi import BaleApi
from tests.channels.botapi import BotApi
from tests.channels.counter import KeptFiles, NotedContacts, ScriptedGateway, renderer

SECRET = "s3cret_of-the-webhook"
PUBLIC = "https://desk.example.org"


@dataclass
class Counter:
    """The channel, served, with everything around it."""

    api: BotApi
    session: aiohttp.ClientSession
    gateway: ScriptedGateway = field(default_factory=ScriptedGateway)
    contacts: NotedContacts = field(default_factory=NotedContacts)
    files: KeptFiles = field(default_factory=KeptFiles)
    renderer: Renderer = field(default_factory=renderer)
    url: str = ""
    channel: Telegram = None  # type: ignore[assignment]

    async def post(self, update: object, secret: str | None = SECRET, **more: Any) -> int:
        """One webhook call; the status of its answer."""
        headers, path = {}, f"/channels/{self.channel.name}"
        if self.channel.name == "bale":
            path += f"/{secret}" if secret is not None else ""
        elif secret is not None:
            headers["X-Telegram-Bot-Api-Secret-Token"] = secret
        body = more or {"json": update}
        async with self.session.post(self.url + path, headers=headers, **body) as answer:
            if answer.status >= 400:
                assert answer.content_type == "application/problem+json"
            return answer.status


Start = Callable[..., Any]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """`await start()` → Counter; `webhook=False` polls; `messenger` is "telegram" or "bale"; other parts of a Counter
    may be given."""
    async with AsyncExitStack() as stack:

        async def begin(
            *, messenger: str = "telegram", webhook: bool = True, api_url: str = "", token: str = "", **parts: Any
        ) -> Counter:
            port = unused_port()
            url = f"http://127.0.0.1:{port}"
            api = await stack.enter_async_context(BaleApi(behind=url) if messenger == "bale" else BotApi())
            session = await stack.enter_async_context(aiohttp.ClientSession())
            counter = Counter(api, session, url=url, **parts)
            public_url = PUBLIC if messenger == "bale" else url
            counter.channel = (bale if messenger == "bale" else Telegram)(
                counter.gateway,  # type: ignore[arg-type]
                counter.files,
                counter.contacts,
                counter.renderer,
                token=token or api.token,
                webhook_secret=SECRET,
                public_url=public_url if webhook else "",
                api_url=api_url or api.url,
                commands=lambda language: [("menu", "Menu" if language == "en" else "فهرست")],
            )
            app = web.Application(middlewares=[problems()])
            app.add_routes(counter.channel.routes())
            app.cleanup_ctx.append(counter.channel.lifespan)
            server = TestServer(app, port=port)
            await server.start_server()
            stack.push_async_callback(server.close)
            return counter

        yield begin
