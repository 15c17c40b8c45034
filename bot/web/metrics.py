"""`/metrics` for Prometheus: to who brings METRICS_TOKEN, else to this machine alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from aiohttp import hdrs, web

from bot.web.bearer import brings
from bot.web.problems import Refused

FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
"""Headers that tell that somebody else asks through a proxy on this machine."""

Written = Callable[[], Awaitable[tuple[bytes, str]]]
"""All metrics as they are now, and the media type of their text."""


def routes(written: Written, token: str) -> list[web.RouteDef]:
    """An empty `token` opens to nobody."""

    async def metrics(request: web.Request) -> web.Response:
        if not (_is_local(request) or brings(request, token)):
            challenge = {"WWW-Authenticate": 'Bearer realm="metrics"'} if token else None
            raise Refused(401 if token else 403, "Metrics are for who brings METRICS_TOKEN.", headers=challenge)
        body, media_type = await written()
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: media_type, hdrs.CACHE_CONTROL: "no-store"})

    return [web.get("/metrics", metrics, allow_head=False)]


def _is_local(request: web.Request) -> bool:
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
