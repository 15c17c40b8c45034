"""What stands around the SMS channel in its tests: a provider that notes what it is asked, and a served channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channels.render import Renderer
from bot.channels.sms import Http, Kavenegar, Sms, Twilio
from bot.channels.sms.driver import Driver
from bot.channels.twilio import SIGNATURE_HEADER, Signature
from bot.core.catalogue import Text
from bot.core.messages import Address, Inbound, Reply
from bot.gateway import Outcome
from bot.stores.memory import MemoryContacts
from bot.web.problems import problems
from tests.channels.counter import PHRASES, KeptFiles, ScriptedGateway

SECRET = "s3cret_of-the-gateway"
ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "a-token-of-twilio"
KEY = "4B61-key-of-kavenegar"
OURS = "+12025550123"
THEIRS = "+989121234567"
ADDRESS = Address("sms", THEIRS)
PUBLIC = "https://counter.example.org"

WORDS: Mapping[str, Text] = {
    **PHRASES,
    "lines": {"fa": "{lines}", "en": "{lines}"},
    "sms.more": {"fa": "ادامه", "en": "More"},
    "sms.more_choices": {"fa": "گزینه‌های دیگر", "en": "More choices"},
    "sms.more_or_name": {"fa": "بقیه، یا نامش را بنویسید", "en": "More, or write its name"},
    "sms.stopped": {"fa": "خبری نمی‌فرستیم.", "en": "No more notices."},
    "sms.stopped_all": {"fa": "هیچ نمی‌فرستیم.", "en": "Nothing any more."},
    "sms.started": {"fa": "دوباره می‌فرستیم.", "en": "You get everything."},
}


def renderer() -> Renderer:
    return Renderer(lambda: WORDS)


@dataclass
class Desk(ScriptedGateway):
    """A scripted gateway that remembers what was said last, and has a form under way when it is told so."""

    in_a_form: bool = False
    said: dict[Address, tuple[Reply, ...]] = field(default_factory=dict)

    async def receive(self, heard: Inbound) -> Outcome:
        outcome = await super().receive(heard)
        self.said[heard.address] = outcome.replies
        return outcome

    async def last(self, address: Address) -> tuple[str, tuple[Reply, ...]]:
        return "fa", self.said.get(address, ())

    async def drafting(self, address: Address) -> bool:
        return self.in_a_form


@dataclass
class Call:
    method: str
    path: str
    query: list[tuple[str, str]]
    form: dict[str, str]
    headers: Mapping[str, str]


@dataclass
class Provider:
    """An HTTP server that notes each call and answers by plan, else with `answer`."""

    answer: tuple[int, str | bytes] = (200, "")
    plan: list[tuple[int, str | bytes]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    async def __aenter__(self) -> Provider:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._note)
        self._server = TestServer(app)
        await self._server.start_server()
        self.url = f"http://127.0.0.1:{self._server.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    async def _note(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl(await request.text(), keep_blank_values=True))
        self.calls.append(Call(request.method, request.path, list(request.query.items()), form, request.headers))
        status, body = self.plan.pop(0) if self.plan else self.answer
        return web.Response(status=status, body=body.encode() if isinstance(body, str) else body, headers=self.headers)


@dataclass
class Counter:
    """The channel, served, with everything around it."""

    provider: Provider
    session: aiohttp.ClientSession
    driver: Driver
    gateway: Any = field(default_factory=Desk)
    contacts: MemoryContacts = field(default_factory=MemoryContacts)
    files: KeptFiles = field(default_factory=KeptFiles)
    renderer: Renderer = field(default_factory=renderer)
    patience: float = 0.2
    receipts: list[tuple[str, str, bool]] = field(default_factory=list)
    notices: dict[str, Address] = field(default_factory=dict)  # message id → where it went, whoever sent it
    url: str = ""

    async def open(self) -> TestServer:
        self.channel = Sms(
            self.gateway,
            self.files,
            self.contacts,
            self.renderer,
            driver=self.driver,
            receipt=self.receive,
            patience=self.patience,
        )
        app = web.Application(middlewares=[problems()])
        app.add_routes(self.channel.routes())
        app.cleanup_ctx.append(self.channel.lifespan)
        server = TestServer(app)
        await server.start_server()
        self.url = f"http://127.0.0.1:{server.port}"
        return server

    async def receive(self, channel: str, message: str, delivered: bool) -> Address | None:
        self.receipts.append((channel, message, delivered))
        return self.notices.get(message)

    async def post(self, path: str, form: Mapping[str, str], token: str = TOKEN) -> tuple[int, str]:
        """A call that is signed as Twilio signs it."""
        signature = Signature(token).sign(f"{PUBLIC}{path}", form)
        async with self.session.post(self.url + path, data=form, headers={SIGNATURE_HEADER: signature}) as answer:
            return answer.status, await answer.text()

    async def call(self, method: str, path: str, **more: Any) -> int:
        async with self.session.request(method, self.url + path, **more) as answer:
            if answer.status >= 400:
                assert answer.content_type == "application/problem+json"
            else:
                assert await answer.read() == b"", "Kannel sends what the body says"
            return answer.status

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Number and text of what went to the provider, in order."""
        taken = [dict(call.query) | call.form for call in self.provider.calls]
        return [(of(t, "to", "receptor", "To"), of(t, "text", "message", "Body")) for t in taken]


def of(fields: Mapping[str, str], *names: str) -> str:
    return next((fields[name] for name in names if name in fields), "")


def twilio(url: str, **more: Any) -> Twilio:
    given = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": OURS, "api_url": url, "public_url": PUBLIC}
    return Twilio(**{**given, **more})


def kavenegar(url: str) -> Kavenegar:
    return Kavenegar(api_key=KEY, sender="10004346", api_url=url, secret=SECRET, public_url=PUBLIC)


def http(url: str, public_url: str = "") -> Http:
    return Http(send_url=f"{url}/cgi-bin/sendsms?username=u%26&password=p", secret=SECRET, public_url=public_url)
