"""Replies as pieces of sound: what is spoken, in words alone, in the order that a caller hears it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.core.catalogue import Text
from bot.core.messages import Arg, Reply
from bot.core.voice_content import VoiceContent


@dataclass(frozen=True, slots=True)
class Clip:
    """One piece of sound."""

    text: str  # what is spoken, in words of the language: no digits, no symbols
    language: str
    key: str = ""  # recorded under ivr/prompts/<language>/<key>.wav if anybody did; empty: words of one caller
    joins: str = ""  # spoken in one breath with the clip before, after this pause: " ", "، " or ". "


class Speaker:
    """Says what a `Renderer` would write. Never raises for a missing phrase or a malformed value; the log tells it."""

    def __init__(
        self, phrases: Callable[[], Mapping[str, Text]], voice: Callable[[], VoiceContent], default_language: str = "fa"
    ) -> None:
        self._phrases = phrases
        self._voice = voice
        self._default = default_language

    def say(self, arg: Arg, language: str) -> tuple[Clip, ...]:
        raise NotImplementedError

    def reply(self, reply: Reply, language: str) -> tuple[Clip, ...]:
        """What the reply says, without its choices."""
        return self.say(reply.say, language)
