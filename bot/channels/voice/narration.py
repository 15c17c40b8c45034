"""The organisation's recordings: `ivr/prompts/<language>/<key>.wav`, 8 kHz, mono, 16 bits."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.channels.voice.clips import Clip
from bot.channels.voice.sound import NotOurSound, Sound, from_wav
from bot.core.voice_content import Recorded

Noted = Mapping[tuple[str, str], Recorded]

_KEY = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as it was looked at."""

    changed: tuple[int, int]  # when, and how large
    digest: str
    fault: str  # why the telephone cannot play it


@dataclass(slots=True)
class Narration:
    folder: Path
    _seen: dict[str, _Seen] = field(default_factory=dict)

    def path(self, language: str, key: str) -> Path:
        return self.folder / language / f"{key}.wav"

    def usable(self, clip: Clip, noted: Noted) -> str:
        """The digest of the recording that says this clip; empty when there is none to be used."""
        if not clip.key or not (seen := self._look(clip)) or seen.fault or _stale(clip, noted):
            return ""
        return seen.digest

    def fault(self, clip: Clip, noted: Noted) -> str:
        """Why the clip's recording is of no use; empty when it is, or when nobody has recorded one."""
        seen = self._look(clip) if clip.key else None
        if seen is None:
            return ""
        if seen.fault:
            return seen.fault
        if _stale(clip, noted):
            return f"its text was edited since it was recorded; record anew: {clip.text}"
        return ""

    def digest(self, language: str, key: str) -> str:
        """Of the file; empty without one."""
        seen = self._look(Clip("", language, key))
        return seen.digest if seen else ""

    def sound(self, clip: Clip) -> Sound:
        """Raises NotOurSound, OSError."""
        return from_wav(self.path(clip.language, clip.key).read_bytes())

    def found(self) -> list[tuple[str, str]]:
        """(language, key) of every recording that is there."""
        return sorted((p.parent.name, p.stem) for p in self.folder.glob("*/*.wav"))

    def _look(self, clip: Clip) -> _Seen | None:
        """The file, read again only when it has changed."""
        if not _KEY.fullmatch(clip.key):
            return None
        path = f"{self.folder}/{clip.language}/{clip.key}.wav"
        try:
            stat = os.stat(path)  # noqa: PTH116 - a file of speech asks for each of its words
        except OSError:
            return None
        changed = (stat.st_mtime_ns, stat.st_size)
        seen = self._seen.get(path)
        if seen is None or seen.changed != changed:
            data, fault = Path(path).read_bytes(), ""
            try:
                if not from_wav(data).any():
                    fault = "the recording is silent"
            except NotOurSound as error:
                fault = str(error)
            seen = self._seen[path] = _Seen(changed, hashlib.sha256(data).hexdigest(), fault)
        return seen


def _stale(clip: Clip, noted: Noted) -> bool:
    known = noted.get((clip.language, clip.key))
    return known is not None and known.text != clip.text
