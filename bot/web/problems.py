"""Every error of the HTTP surface as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import http
import logging
import math
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from bot.core.ports import StoreUnavailable

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_KEPT_HEADERS = (str(hdrs.ALLOW), str(hdrs.WWW_AUTHENTICATE), str(hdrs.RETRY_AFTER))


def problem(status: int, detail: str = "", *, headers: Mapping[str, str] | None = None, **more: Any) -> web.Response:
    """A problem document: `status`, its standard `title`, a sentence for people, and members of the caller's own."""
    body = {"type": "about:blank", "title": http.HTTPStatus(status).phrase, "status": status}
    if detail:
        body["detail"] = detail
    return web.Response(
        status=status, body=orjson.dumps({**body, **more}), content_type=MEDIA_TYPE, headers=headers or {}
    )


class Refused(Exception):
    """A request that is answered with a problem document. The caller's fault; repeating it as it is does not help."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(status)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.more = more

    def response(self) -> web.Response:
        return problem(self.status, self.detail, headers=self.headers, **self.more)


def problems(watch: Callable[[str, int], None] = lambda route, status: None) -> Middleware:
    """The outermost middleware. A store that does not answer is a 503, so that providers come again; what nobody
    foresaw is a 500 with a reference that the log has too. `watch` is told the route's pattern and the status of each
    answer that is an error."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await answered(request, handler)
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            watch(_route(request), answer.status)
        return answer

    async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refused:
            return refused.response()
        except web.HTTPException as error:
            if error.status < http.HTTPStatus.BAD_REQUEST:
                raise
            kept = {name: error.headers[name] for name in _KEPT_HEADERS if name in error.headers}
            return problem(error.status, _detail(error), headers=kept)
        except StoreUnavailable as error:
            log.error("a store does not answer", extra={"route": _route(request)})
            headers = {str(hdrs.RETRY_AFTER): str(math.ceil(error.retry_in))}
            return problem(503, "Our store does not answer. Please try again in a moment.", headers=headers)
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("request failed", extra={"reference": reference, "route": _route(request)})
            return problem(500, "This went wrong on our side. Quote the reference when asking.", reference=reference)

    return middleware


def _route(request: web.Request) -> str:
    """The route's pattern, never the path itself: some paths carry a secret or a code."""
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical}" if resource else request.method


def _detail(error: web.HTTPException) -> str:
    match error:
        case web.HTTPNotFound():
            return "There is nothing at this address."
        case web.HTTPMethodNotAllowed():
            return f"This address answers to {', '.join(sorted(error.allowed_methods))}."
        case web.HTTPRequestEntityTooLarge():
            return "The body is too large."
    return error.text if error.text and error.text != f"{error.status}: {error.reason}" else ""
