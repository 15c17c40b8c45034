"""A body has to come at some speed: who sends it byte by byte would hold a connection for hours."""

from __future__ import annotations

import asyncio

from aiohttp import StreamReader, hdrs, web
from aiohttp.typedefs import Handler, Middleware

from bot.web.problems import Refused

GRACE = 10.0  # seconds in which nothing is asked
SPEED = 8 * 1024  # bytes a second on the average from then on; an old telephone in a village has more
_LOOKS = 0.5  # of the grace: the time between two looks


class TooSlow(TimeoutError):
    """What a handler finds in place of the rest of the body."""


def hurried(grace: float = GRACE, speed: float = SPEED) -> Middleware:
    """Answers 408 to a body that comes too slowly, and closes the connection."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        body = request.content
        if body.is_eof() or not request.can_read_body:
            return await handler(request)
        watch = asyncio.get_running_loop().create_task(_watch(body, grace, speed))
        try:
            return await handler(request)
        except TooSlow:
            headers = {str(hdrs.CONNECTION): "close"}
            raise Refused(408, "The body came too slowly.", headers=headers) from None
        finally:
            watch.cancel()

    return middleware


async def _watch(body: StreamReader, grace: float, speed: float) -> None:
    await asyncio.sleep(grace)
    allowed = 0.0
    while not body.is_eof():
        if body.total_bytes < allowed or not body.total_bytes:
            body.set_exception(TooSlow())
            return
        await asyncio.sleep(grace * _LOOKS)
        allowed += speed * grace * _LOOKS
