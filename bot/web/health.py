"""`/healthz`: the process is alive. `/readyz`: it can serve; 503 while it cannot, and from when it is told to end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

import orjson
from aiohttp import hdrs, web

from bot.web.problems import problem

log = logging.getLogger(__name__)

PATIENCE = 2.0  # seconds that a store may take to answer

Check = Callable[[], Awaitable[None]]


class Health:
    """Set `ending` when the process is told to end: everything is still served, but whoever asks is told to turn to
    another process, and no connection is kept for a further request."""

    def __init__(self, checks: Mapping[str, Check], warnings: Callable[[], Sequence[str]]) -> None:
        """`checks` raise when their part does not answer; `warnings` are what an editor should know (content that
        could not be taken) and do not make the service unready."""
        self._checks = checks
        self._warnings = warnings
        self.ending = False

    def add_to(self, app: web.Application) -> None:
        app.add_routes([web.get("/healthz", self._alive), web.get("/readyz", self._ready)])
        app.on_response_prepare.append(self._answering)

    async def _answering(self, request: web.Request, response: web.StreamResponse) -> None:
        if self.ending and not isinstance(response, web.WebSocketResponse):
            response.force_close()
            response.headers[hdrs.CONNECTION] = "close"

    async def _alive(self, request: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _ready(self, request: web.Request) -> web.Response:
        said = list(self._warnings())
        if self.ending:
            return problem(503, "this process is about to end", failing=[], warnings=said)
        failing = [name for name, check in self._checks.items() if not await _answers(name, check)]
        if failing:
            detail = f"not answering: {', '.join(failing)}"
            return problem(503, detail, headers={"Retry-After": "5"}, failing=failing, warnings=said)
        body = {"status": "ready", "checks": dict.fromkeys(self._checks, "ok"), "warnings": said}
        return web.Response(body=orjson.dumps(body), content_type="application/json")


async def _answers(name: str, check: Check) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            await check()
    except Exception:
        log.exception("not ready", extra={"part": name})
        return False
    return True
