"""Whether a request brings a token."""

from __future__ import annotations

import hmac

from aiohttp import hdrs, web


def brings(request: web.Request, token: str) -> bool:
    """`Authorization: Bearer TOKEN`, compared in constant time. An empty token nobody brings."""
    scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    held = given.strip().encode("utf-8", "surrogateescape")
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(held, token.encode())
