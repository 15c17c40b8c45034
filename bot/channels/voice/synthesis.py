"""The engine that speaks what nobody has recorded, and the port that another engine takes its place by."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.channels.voice.espeak import Espeak
from bot.channels.voice.sound import CannotSpeak, NotOurSound, Sound, from_wav, levelled, trimmed
from bot.core.voice_content import Engine

__all__ = ["CannotSpeak", "Program", "Silent", "Sound", "Synthesiser", "engine_of"]


class Synthesiser(Protocol):
    @property
    def mark(self) -> str:
        """What makes its sound what it is: engine, voice, rate. Another mark means that kept sound is of no use."""
        ...

    def speaks(self, language: str) -> bool:
        """Whether it can say anything in this language, found out without saying it."""
        ...

    def speak(self, text: str, language: str) -> Sound:
        """Trimmed, at one loudness. Raises CannotSpeak. Blocking; thread-safe."""
        ...


@dataclass(frozen=True, slots=True)
class Silent:
    """No engine: whoever has chosen it has recorded everything."""

    mark: str = "none"

    def speaks(self, language: str) -> bool:
        return False

    def speak(self, text: str, language: str) -> Sound:
        raise CannotSpeak("there is no engine; record this text")


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the organisation's: UTF-8 text in, a WAV file of any rate out. `instead` speaks the languages that
    have none."""

    engine: Engine
    instead: Synthesiser

    @property
    def mark(self) -> str:
        return repr(sorted(self.engine.command.items()))

    def speaks(self, language: str) -> bool:
        command = self.engine.command.get(language)
        return _found(command) if command else self.instead.speaks(language)

    def speak(self, text: str, language: str) -> Sound:
        command = self.engine.command.get(language)
        if not command:
            return self.instead.speak(text, language)
        try:
            done = subprocess.run(  # noqa: S603 - the organisation's own command, and the text is no argument of it
                command, input=text.encode(), capture_output=True, timeout=self.engine.timeout, check=True
            )
            sound = from_wav(done.stdout, any_rate=True)
        except (OSError, subprocess.SubprocessError, NotOurSound) as error:
            raise CannotSpeak(f"{command[0]}: {type(error).__name__}") from error
        return levelled(trimmed(sound), self.engine.volume)


def _found(command: Sequence[str]) -> bool:
    from shutil import which

    return bool(which(command[0])) or Path(command[0]).is_file()


def engine_of(engine: Engine) -> Synthesiser:
    """The engine that voice.yaml names."""
    if engine.name == "none":
        return Silent()
    embedded = Espeak(engine)
    return Program(engine, embedded) if engine.name == "command" else embedded
