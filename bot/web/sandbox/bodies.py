"""What a page posts, within bounds. Everything here raises Refused, or web.HTTPRequestEntityTooLarge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web
from aiohttp.multipart import BodyPartReader

from bot.web.problems import Refused
from bot.web.sandbox.blobs import LARGEST, Blob

MAX_BODY = 1 << 16  # bytes of one JSON body

Json = dict[str, Any]


async def json_of(request: web.Request) -> Json:
    size = request.content_length or 0
    if size > MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY, size)
    data = await request.read()
    if len(data) > MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY, len(data))
    try:
        body = orjson.loads(data or b"{}")
    except orjson.JSONDecodeError:
        raise Refused(400, "The body is no JSON.") from None
    if not isinstance(body, dict):
        raise Refused(400, "The body is no JSON object.")
    return body


def text_of(body: Mapping[str, Any], name: str) -> str:
    text = body.get(name)
    if not isinstance(text, str) or not text.strip():
        raise Refused(400, f"{name} is missing.")
    return text.strip()


async def bytes_of(request: web.Request) -> bytes:
    size = request.content_length
    if size is None or size > LARGEST:
        raise web.HTTPRequestEntityTooLarge(LARGEST, size or 0)
    return await request.read()


async def file_of(request: web.Request) -> Blob:
    """The file of a form."""
    size = request.content_length
    if size is None or size > LARGEST + (1 << 12):
        raise web.HTTPRequestEntityTooLarge(LARGEST, size or 0)
    try:
        part = await (await request.multipart()).next()
    except (ValueError, AssertionError):
        raise Refused(400, "The body is no form with a file.") from None
    if not isinstance(part, BodyPartReader) or not part.filename:
        raise Refused(400, "The form has no file.")
    data = bytes(await part.read(decode=False))
    return Blob(data[:LARGEST], part.headers.get("Content-Type", "application/octet-stream"), part.filename[:120])
