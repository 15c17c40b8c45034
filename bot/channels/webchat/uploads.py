"""Files on their way in: read piece by piece, never more of one than may be kept."""

from __future__ import annotations

import re

from aiohttp import BodyPartReader, web

MAX_FILE = 20 * 1024 * 1024  # bytes
_AROUND = 64 * 1024  # bytes of everything around the file
_MAX_PARTS = 8
_PIECE = 256 * 1024
_MAX_NAME = 120  # characters
# Control characters, and the directional ones that make «…exe.pdf» of «…fdp.exe».
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class TooLarge(Exception):
    """The body holds more than `MAX_FILE`; the rest of it was not read."""


async def read_body(request: web.Request, most: int) -> bytes:
    """The whole body. Raises TooLarge as soon as it is more than so many bytes."""
    if (request.content_length or 0) > most:
        raise TooLarge
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > most:
            raise TooLarge
    return bytes(body)


async def find_file(request: web.Request) -> tuple[BodyPartReader, str] | None:
    """The part `file` of a multipart form, yet unread, and the field `session` if it stands before it. None: no file.

    Raises TooLarge by what the request says of itself, ValueError for a body that is no multipart form.
    """
    if not request.content_type.startswith("multipart/"):
        raise ValueError("not a multipart form")
    if (request.content_length or 0) > MAX_FILE + _AROUND:
        raise TooLarge
    token = ""
    reader = await request.multipart()
    for _ in range(_MAX_PARTS):
        part = await reader.next()
        if not isinstance(part, BodyPartReader):
            return None
        if part.name == "file":
            return part, token
        field = await read_part(part, _AROUND)
        if part.name == "session":
            token = field.decode(errors="replace")
    return None


async def read_part(part: BodyPartReader, most: int = MAX_FILE) -> bytes:
    """All of it. Raises TooLarge as soon as it is more than so many bytes."""
    data = bytearray()
    while piece := await part.read_chunk(_PIECE):
        data += piece
        if len(data) > most:
            raise TooLarge
    return bytes(data)


def clean_name(name: str) -> str:
    """The last part of what the browser calls it, printable, its ending kept when it is cut."""
    name = _UNPRINTABLE.sub("", re.split(r"[/\\]", name)[-1]).strip(" .")
    if len(name) > _MAX_NAME:
        stem, dot, ending = name.rpartition(".")
        ending = dot + ending if stem and len(ending) <= 8 else ""
        name = name[: _MAX_NAME - len(ending)] + ending
    return name or "file"
