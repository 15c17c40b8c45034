"""The provider's side: it expects exact requests, and remembers what came instead."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.contract.case import Case, Given, Sent

PATIENCE = 5.0  # seconds for what is expected to come


class Provider:
    """`async with Provider(case)`: serves at `url`. A request has to be the next one that is expected at its path;
    paths do not wait for each other."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._expected: list[Sent] = []
        self._unexpected: list[str] = []
        self._news = asyncio.Condition()
        self.strict = True  # else what was not asked for is answered as usual
        self.gone = False  # it takes what is sent and hangs up without an answer
        self.hung_up = 0  # how often it did

    async def __aenter__(self) -> Provider:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._hear)
        self._server = TestServer(app, host="127.0.0.1")
        await self._server.start_server(access_log=None)  # its lines would hold what the channel must not log
        self.url = str(self._server.make_url("")).rstrip("/")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    def expect(self, *sent: Sent) -> None:
        self._expected += sent

    async def settled(self) -> None:
        """All that was expected has come, or has had its time."""
        try:
            async with asyncio.timeout(PATIENCE), self._news:
                await self._news.wait_for(lambda: not self._expected or bool(self._unexpected))
        except TimeoutError:
            return

    def faults(self) -> list[str]:
        return [*self._unexpected, *(f"never sent: {_shown(sent)}" for sent in self._expected)]

    async def _hear(self, request: web.Request) -> web.Response:
        if self.gone:
            self.hung_up += 1
            assert request.transport
            request.transport.abort()
            return web.Response()
        came = Sent(
            request.path,
            await _body(request),
            request.method,
            dict(request.query),
            {name.lower(): value for name, value in request.headers.items()},
        )
        async with self._news:
            given = self._match(came)
            self._news.notify_all()
        if isinstance(given.body, bytes):
            return web.Response(body=given.body, status=given.status, content_type=given.media_type)
        return web.json_response(given.body, status=given.status)

    def _match(self, came: Sent) -> Given:
        for n, sent in enumerate(self._expected):
            if (sent.method, sent.path) == (came.method, came.path):
                if not _same(sent, came):
                    self._unexpected.append(f"sent {_shown(came)}\n  not {_shown(sent)}")
                del self._expected[n]
                return sent.gives or self._case.provider(came.path)
        if not self.strict:
            return self._case.provider(came.path)
        self._unexpected.append(f"unasked: {_shown(came)}")
        return Given({"ok": False, "error_code": 400, "description": "unexpected"}, 400)


def _same(sent: Sent, came: Sent) -> bool:
    headers = {name.lower(): value for name, value in sent.headers.items()}
    return (sent.body, dict(sent.query)) == (came.body, came.query) and headers.items() <= came.headers.items()


def _shown(sent: Sent) -> str:
    return f"{sent.method} {sent.path} {dict(sent.query)} {sent.body!r}"


async def _body(request: web.Request) -> Any:
    """The JSON, the form as a mapping (repeated fields as lists), the bytes, or None."""
    if request.content_type == "application/json":
        text = await request.text()
        return json.loads(text) if text else None
    if request.content_type == "application/x-www-form-urlencoded":
        form = await request.post()
        return {name: v[0] if len(v := form.getall(name)) == 1 else v for name in form}
    return await request.read() or None
