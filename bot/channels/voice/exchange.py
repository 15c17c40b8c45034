"""The folder that Asterisk and we both reach: prompts lie there while they are played, recordings until they are
stored. Asterisk may know it by another name (another machine, a container).

Asterisk can play from URLs too (`res_http_media_cache`), but it records into files alone: with one folder for both
there is one thing to set up, and one reason when it does not work.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath

LARGEST = 8 << 20  # bytes of a recording; two minutes are 2 MB
READABLE = 0o644
LEFT_OVER = 3600.0  # seconds after which a file is of no call any more
BEGINS = "pishkhan-"
BYTES_A_SECOND = 16_000  # of a prompt: 8 kHz, 16 bits


class SharedFolder:
    def __init__(self, folder: Path, there: str = "") -> None:
        """`there`: the same folder as Asterisk names it."""
        self._folder = folder
        self._there = PurePosixPath(there or folder.absolute().as_posix())

    async def prepare(self) -> None:
        """Makes it, where it does not exist, for ourselves alone; removes what a crash has left."""
        await asyncio.to_thread(self._prepare)

    @asynccontextmanager
    async def shown(self, prompt: Path | bytes) -> AsyncIterator[tuple[str, float]]:
        """The name of a WAV for Asterisk, without its extension, and its length in seconds."""
        name = BEGINS + secrets.token_hex(8)
        copy = self._folder / f"{name}.wav"
        try:
            size = await asyncio.to_thread(_copy, prompt, copy)
            yield str(self._there / name), size / BYTES_A_SECOND
        finally:
            await asyncio.to_thread(copy.unlink, missing_ok=True)

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[tuple[str, Path]]:
        """A new recording's name for Asterisk, without its extension, and its file, which is removed at the end."""
        name = BEGINS + secrets.token_hex(8)
        file = self._folder / f"{name}.wav"
        try:
            yield str(self._there / name), file
        finally:
            await asyncio.to_thread(file.unlink, missing_ok=True)

    async def read(self, file: Path) -> bytes | None:
        """What was recorded; None when it is not there or too large."""
        return await asyncio.to_thread(_read, file)

    def _prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in self._folder.glob(BEGINS + "*.wav"):
            with contextlib.suppress(OSError):
                if time.time() - file.stat().st_mtime > LEFT_OVER:
                    file.unlink()


def _copy(prompt: Path | bytes, copy: Path) -> int:
    if isinstance(prompt, bytes):
        copy.write_bytes(prompt)
    else:
        shutil.copyfile(prompt, copy)
    copy.chmod(READABLE)
    return copy.stat().st_size


def _read(file: Path) -> bytes | None:
    try:
        with file.open("rb") as recording:
            data = recording.read(LARGEST + 1)
    except OSError:
        return None
    return data if len(data) <= LARGEST else None
