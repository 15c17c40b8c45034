"""Webhooks of gateways that sign nothing: the last part of the path is a secret, the fields come by GET or POST."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import unquote_to_bytes

import orjson
from aiohttp import web

from bot.core.ports import SendFailed

log = logging.getLogger(__name__)

MAX_BODY = 1 << 16  # bytes
MAX_FIELDS = 100

TEXTS = ("text", "message", "body")  # what gateways call the message itself
_UCS2 = (b"UTF-16BE", b"UTF-16", b"UCS-2", b"UCS2")

Fields = Mapping[str, str]


def routes(path: str, secret: str, hear: Callable[[Fields], Awaitable[None]]) -> Sequence[web.RouteDef]:
    """GET and POST on path/SECRET. Answers 403 to a stranger, 500 to what the gateway should bring again, and an
    empty 200 when everything is done: some gateways send what the body says to the citizen.
    Raises ValueError for an empty secret."""
    if not secret:
        raise ValueError("SMS_WEBHOOK_SECRET is missing: the gateway's calls have to prove themselves")
    expected = secret.encode()

    async def handle(request: web.Request) -> web.Response:
        if not hmac.compare_digest(request.match_info["secret"].encode("utf-8", "replace"), expected):
            raise web.HTTPForbidden(text="This address is for the text message gateway's own calls.")
        try:
            await hear(await _fields(request))
        except SendFailed as failure:
            log.warning("turn to be delivered again", extra={"channel": "sms", "why": failure.why})
            raise web.HTTPInternalServerError(text="The reply could not be sent; bring this message again.") from None
        return web.Response(text="")

    return [web.get(path + "/{secret}", handle, allow_head=False), web.post(path + "/{secret}", handle)]


async def _fields(request: web.Request) -> Fields:
    """Those of the query, then those of a form or of a JSON object. Raises web.HTTPBadRequest."""
    if (request.content_length or 0) > MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY, request.content_length or 0)
    form = request.rel_url.raw_query_string.encode("utf-8", "surrogateescape")
    try:
        if request.content_type == "application/json":
            posted = orjson.loads(await request.read())
            return _decoded(form) | {str(k): str(v) for k, v in posted.items() if isinstance(v, str | int)}
        if request.method == "POST":
            form += b"&" + await request.read()
        return _decoded(form)
    except (ValueError, AttributeError):
        raise web.HTTPBadRequest(text="The body is neither a form nor a JSON object.") from None


def _decoded(form: bytes) -> dict[str, str]:
    """The fields of a form whose text is written in its field `charset`: Kannel hands on what came over the air, which
    for Persian is UTF-16BE. `udh` stays bytes, one to a character. Raises ValueError for too many."""
    if form.count(b"&") >= MAX_FIELDS:
        raise ValueError("too many fields")
    given = [field.partition(b"=") for field in form.replace(b"+", b" ").split(b"&") if field]
    raw = {unquote_to_bytes(name).decode("latin-1"): unquote_to_bytes(value) for name, _, value in given}
    charset = "utf-16-be" if raw.get("charset", b"").upper() in _UCS2 else "utf-8"
    fields = {name: value.decode(charset if name in TEXTS else "utf-8", "replace") for name, value in raw.items()}
    if "udh" in raw:
        fields["udh"] = raw["udh"].decode("latin-1")
    return fields


def first(fields: Fields, *names: str) -> str:
    """The value under the first of these names that is there; gateways differ in what they call it."""
    return next((fields[name] for name in names if fields.get(name)), "")


def message_id(given: str, *of: str) -> str:
    """The gateway's own id, else one made of what is the same when the message comes again: sender, text and time. A
    gateway that tells no time gets one by chance: «۱» twice is two answers."""
    if given:
        return given
    if not all(of):
        return secrets.token_hex(12)
    return hashlib.blake2s("\0".join(of).encode("utf-8", "replace"), digest_size=12).hexdigest()
