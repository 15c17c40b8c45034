"""Files that citizens send, on the disk."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import unicodedata
from collections.abc import Callable
from pathlib import Path

import orjson

from bot.core.messages import Attachment
from bot.core.ports import FileRefused
from bot.stores.file_types import EXTENSIONS, claimed, detect, kind_of

MAX_BYTES = 20 * 1024 * 1024
MAX_NAME = 100  # characters

_ID = re.compile(r"[0-9a-f]{32}")
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_SPACES = re.compile(r"\s+")


class DiskFiles:
    """`Files`. A file lies under its random id, never under the name that somebody gave it: `ab/abcdef….data`, and
    beside it `ab/abcdef….json` with what is known of it, which is written last: without it there is no file."""

    def __init__(
        self,
        folder: Path,
        max_bytes: int = MAX_BYTES,
        *,
        new_id: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._new_id = new_id

    async def put(self, data: bytes, name: str, contact: str) -> Attachment:
        return await asyncio.to_thread(self._put, data, name, contact)

    async def get(self, id: str) -> tuple[Attachment, bytes] | None:
        return await asyncio.to_thread(self._get, id)

    def _put(self, data: bytes, name: str, contact: str) -> Attachment:
        media_type = accept(data, name, self._max_bytes)
        attachment = Attachment(self._new_id(), clean_name(name, media_type), media_type, len(data))
        path = self._path(attachment.id)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(path.with_suffix(".data"), data)
        _write(path.with_suffix(".json"), orjson.dumps({**attachment.to_json(), "contact": contact}))
        return attachment

    def _get(self, id: str) -> tuple[Attachment, bytes] | None:
        if not _ID.fullmatch(id):
            return None
        path = self._path(id)
        try:
            known = orjson.loads(path.with_suffix(".json").read_bytes())
            return Attachment.from_json(known), path.with_suffix(".data").read_bytes()
        except FileNotFoundError:
            return None

    def _path(self, id: str) -> Path:
        return self._folder / id[:2] / id


def accept(data: bytes, name: str, max_bytes: int) -> str:
    """The file's media type. Raises FileRefused."""
    if not data.strip():
        raise FileRefused("file.empty")
    if len(data) > max_bytes:
        raise FileRefused("file.too_large")
    claim, found = claimed(_split(_basename(name))[1]), detect(data)
    if claim == "" or (found is None and claim is None):
        raise FileRefused("file.type_not_allowed")
    if found is None or (claim is not None and kind_of(claim) != kind_of(found)):
        raise FileRefused("file.not_what_it_says")
    return found


def clean_name(name: str, media_type: str) -> str:
    """A name that can be shown and saved: no folders, no invisible or forbidden characters, the right extension."""
    stem, extension = _split(_basename(name))
    endings = EXTENSIONS[media_type]
    if claimed(extension) is None:
        stem, extension = f"{stem}.{extension}" if extension else stem, ""
    ending = extension.lower() if extension.lower() in endings else endings[0]
    return f"{stem[: MAX_NAME - 1 - len(ending)].rstrip(' .') or 'file'}.{ending}"


def _basename(name: str) -> str:
    """The last part of a path of any system, without what cannot be seen; the half-space stays."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    visible = (c for c in name if c == "\u200c" or unicodedata.category(c) not in ("Cf", "Cc", "Co", "Cs", "Cn"))
    return _FORBIDDEN.sub("", _SPACES.sub(" ", "".join(visible))).strip(" .\u200c")


def _split(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    return (stem, extension) if dot else (name, "")


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, and there after a power cut."""
    draft = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
