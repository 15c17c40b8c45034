"""Clips as files of sound: recorded ones first, the others spoken by the engine once and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from aiohttp import web

from bot.channels.voice.speech import Clip
from bot.channels.voice.synthesis import Synthesiser
from bot.core.voice_content import VoiceContent

PATH = "/channels/voice/prompts"


class Prompts:
    def __init__(
        self,
        voice: Callable[[], VoiceContent],
        *,
        recorded: Path,
        cache: Path,
        synthesiser: Callable[[], Synthesiser],
        secret: str,
    ) -> None:
        self._voice = voice
        self._recorded = recorded
        self._cache = cache
        self._synthesiser = synthesiser
        self._secret = secret.encode()

    async def url_path(self, clips: Sequence[Clip]) -> tuple[str, ...]:
        """Paths of the files that say these clips, in order."""
        raise NotImplementedError

    async def file(self, clips: Sequence[Clip]) -> Path:
        """One 8 kHz mono 16-bit WAV of all of them."""
        raise NotImplementedError

    def routes(self) -> Sequence[web.RouteDef]:
        raise NotImplementedError
