"""The project's own spoken content, and a voice that needs no engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from bot.channels.voice.prompts import Prompts
from bot.channels.voice.sound import RATE, Sound
from bot.channels.voice.speech import Speaker
from bot.channels.voice.synthesis import CannotSpeak, Synthesiser
from bot.content.voice import load_voice
from bot.core.catalogue import Catalogue
from bot.core.voice_content import Engine, VoiceContent
from tests.conversation import KNOWLEDGE_BASE, content

IVR = KNOWLEDGE_BASE.parent / "ivr"


def tone(seconds: float = 0.2, hertz: float = 440.0, peak: int = 20_000) -> Sound:
    at = np.arange(int(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * hertz * at) * peak).astype(np.int16)


@dataclass
class Hummer:
    """An engine that hums as long as its text is, and remembers what it was given."""

    mark: str = "hummer"
    spoken: list[tuple[str, str]] = field(default_factory=list)
    broken: bool = False

    def speaks(self, language: str) -> bool:
        return not self.broken

    def speak(self, text: str, language: str) -> Sound:
        if self.broken:
            raise CannotSpeak("hoarse")
        self.spoken.append((language, text))
        return tone(0.01 * len(text))


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return content()[0]


@pytest.fixture(scope="session")
def voice(catalogue: Catalogue) -> VoiceContent:
    return load_voice(IVR, catalogue)


@pytest.fixture(scope="session")
def speaker(catalogue: Catalogue, voice: VoiceContent) -> Speaker:
    return Speaker(lambda: catalogue.phrases, lambda: voice)


@pytest.fixture
def hummer() -> Hummer:
    return Hummer()


MakePrompts = Callable[..., Prompts]


@pytest.fixture
def make_prompts(tmp_path: Path, hummer: Hummer) -> MakePrompts:
    def make(voice: VoiceContent | None = None, secret: str = "k" * 32, engine: Synthesiser | None = None) -> Prompts:
        content = voice or VoiceContent()
        chosen = engine or hummer

        def of(_: Engine) -> Synthesiser:
            return chosen

        return Prompts(
            lambda: content, recorded=tmp_path / "prompts", cache=tmp_path / "cache", secret=secret, engine=of
        )

    return make
