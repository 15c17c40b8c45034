"""A whole desk in this process with the sandbox before it: real channels, on stores that forget."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer, unused_port

from bot.channels.base import Channel
from bot.channels.sms import Sms, Twilio
from bot.channels.telegram import Telegram
from bot.channels.voice.prompts import Prompts
from bot.channels.voice.twilio import TwilioVoice
from bot.channels.webchat import WebChat
from bot.core.messages import Address
from bot.courier import Courier
from bot.stores.limits import MemoryLimits
from bot.web.problems import problems
from bot.web.sandbox import Officer, Sandbox
from tests.conversation import content
from tests.voice.counter import VoiceDesk

Client = TestClient[web.Request, web.Application]
Json = dict[str, Any]
COMMANDS = (("menu", "منوی اصلی"), ("track", "پیگیری"))


class Served:
    """The served desk. `visit()` is a page's own view of it."""

    def __init__(self, folder: Path, *, url: str = "", real: frozenset[str] = frozenset()) -> None:
        self.url = url or f"http://127.0.0.1:{unused_port()}"
        self.desk = desk = VoiceDesk(folder)
        self.started = 0
        self.broken = False
        self.courier: Courier
        self.sandbox = sandbox = Sandbox(
            desk.gateway,
            desk.renderer,
            secret="of these tests",
            base_url=lambda: self.url,
            languages=lambda: desk.catalogue.languages,
            real=real,
            on_first_visit=self._first,
            officer=Officer(desk.desk, desk.contacts, desk.renderer, lambda: self.courier.wake()),
        )
        account = {"account_sid": sandbox.twilio_account_sid, "auth_token": sandbox.twilio_auth_token}
        api_url = sandbox.twilio_api_url
        parts = (desk.gateway, desk.files, desk.contacts, desk.renderer)
        self.web = WebChat(
            desk.gateway,
            desk.sessions,
            desk.files,
            desk.contacts,
            desk.renderer,
            secret="of these tests",
            organization=lambda: desk.catalogue.organization,
        )
        self.prompts = Prompts(
            lambda: desk.voice, recorded=folder / "recorded", cache=folder / "prompts", secret="of these tests"
        )
        self.prompts.watchers.append(sandbox.spoken)
        self.voice = TwilioVoice(
            desk.gateway,
            desk.files,
            desk.speaker,
            self.prompts,
            lambda: desk.voice,
            api_url=api_url,
            is_open=lambda: True,
            **account,
        )
        driver = Twilio(sender=sandbox.twilio_number, api_url=api_url, **account)
        self.sms = Sms(*parts, driver=driver, patience=0.0)
        self.telegram = Telegram(
            *parts,
            token=sandbox.telegram_token,
            api_url=sandbox.telegram_api_url,
            commands=lambda language: COMMANDS,
        )
        self.channels: list[Channel] = [self.web, self.voice, self.sms, self.telegram]

    async def _first(self) -> None:
        self.started += 1
        if self.broken:
            raise OSError("of these tests")

    def app(self) -> web.Application:
        app = web.Application(middlewares=[problems()])
        app.add_routes([*self.sandbox.routes(), *self.prompts.routes()])
        app.cleanup_ctx.append(self.sandbox.lifespan)
        for channel in self.channels:
            app.add_routes(channel.routes())
            app.cleanup_ctx.append(channel.lifespan)
        app.cleanup_ctx.append(self._delivering)
        app.on_shutdown.extend([self.sandbox.close, self.web.close])
        return app

    async def _delivering(self, app: web.Application) -> AsyncIterator[None]:
        desk = self.desk
        self.courier = Courier(
            desk.records.outbox,
            desk.gateway,
            {c.name: c for c in self.channels if hasattr(c, "send")},
            desk.contacts,
            lambda: desk.now,
            MemoryLimits(),
            reached_at=_by_text,
        )
        running = asyncio.create_task(self.courier.run())
        yield
        await self.courier.stop(running)


def _by_text(address: Address) -> Address:
    return Address("sms", address.id) if address.channel == "voice" else address


class Page:
    """What a browser's page does, without a browser."""

    def __init__(self, client: Client, settings: Json) -> None:
        self.client = client
        self.settings = settings
        self.headers = {settings["header"]: settings["key"]}
        self.events: list[Json] = []
        self.after = 0
        self.hello: Json = {}

    async def post(self, path: str, /, **body: Any) -> ClientResponse:
        return await self.client.post(f"/sandbox/{path}", json=body, headers=self.headers)

    async def get(self, path: str) -> ClientResponse:
        return await self.client.get(f"/sandbox/{path}", headers=self.headers)

    async def until(self, kind: str, **wanted: Any) -> Json:
        """The next event of this kind, and with these values."""
        async with asyncio.timeout(10):
            while True:
                for n, event in enumerate(self.events):
                    if event["type"] == kind and wanted.items() <= event.items():
                        return self.events.pop(n)
                await self._listen()

    async def _listen(self) -> None:
        """One look at the stream: what there is, or the next event."""
        async with self.client.get(f"/sandbox/events?after={self.after}", headers=self.headers) as answer:
            assert answer.status == 200, await answer.text()
            async for line in answer.content:
                if not line.startswith(b"data: "):
                    continue
                event = orjson.loads(line[6:])
                if event["type"] == "hello":
                    self.hello = event
                    continue
                self.after = event["n"]
                self.events.append(event)
                return


@asynccontextmanager
async def serving(served: Served) -> AsyncIterator[Client]:
    server = TestServer(served.app(), port=int(served.url.rpartition(":")[2]))
    async with TestClient(server) as client:
        yield client


async def visit(client: Client) -> Page:
    """A page, just opened, that has heard the greeting of its stream."""
    html = await (await client.get("/sandbox")).text()
    settings = html.partition('id="settings">')[2].partition("</script>")[0]
    page = Page(client, orjson.loads(settings))
    async with client.get("/sandbox/events", headers=page.headers) as answer:
        line = await answer.content.readline()
        page.hello = orjson.loads(line[6:])
    return page


def phrase(key: str, language: str = "fa") -> str:
    return content()[0].phrases[key][language]
