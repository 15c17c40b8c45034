"""`/healthz`: the process is alive. `/readyz`: it can serve; 503 while it cannot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

import orjson
from aiohttp import web

from bot.web.problems import problem

log = logging.getLogger(__name__)

PATIENCE = 2.0  # seconds that a store may take to answer

Check = Callable[[], Awaitable[None]]


def routes(checks: Mapping[str, Check], warnings: Callable[[], Sequence[str]]) -> list[web.RouteDef]:
    """`checks` raise when their part does not answer; `warnings` are what an editor should know (content that could
    not be taken) and do not make the service unready."""

    async def alive(request: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def ready(request: web.Request) -> web.Response:
        failing = [name for name, check in checks.items() if not await _answers(name, check)]
        said = list(warnings())
        if failing:
            detail = f"not answering: {', '.join(failing)}"
            return problem(503, detail, headers={"Retry-After": "5"}, failing=failing, warnings=said)
        body = {"status": "ready", "checks": dict.fromkeys(checks, "ok"), "warnings": said}
        return web.Response(body=orjson.dumps(body), content_type="application/json")

    return [web.get("/healthz", alive), web.get("/readyz", ready)]


async def _answers(name: str, check: Check) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            await check()
    except Exception:
        log.exception("not ready", extra={"part": name})
        return False
    return True
