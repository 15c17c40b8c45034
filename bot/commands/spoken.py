"""Everything that a caller may hear and that does not depend on who calls: what can be recorded, or made beforehand."""

from __future__ import annotations

from collections.abc import Iterator

from bot.channels.voice import english_speech, persian_speech
from bot.channels.voice.speech import Clip, Speaker
from bot.content.spoken_texts import texts_of
from bot.core.catalogue import Catalogue, Text
from bot.core.voice_content import VoiceContent

_ELSEWHERE = ("console.", "web.", "telegram.", "bale.", "sms.", "sandbox.", "file.", "message.")
"""Phrases of the other media."""
_GUIDE = ("/services", "/service/", "/faq/")
_OF_GUIDE = ("faq/", "audiences/")
_SERVICE = ("title", "officer")  # what is told of a service outside the guide


def static_clips(catalogue: Catalogue, voice: VoiceContent) -> dict[tuple[str, str], Clip]:
    """Each by its language and key, in an order that a narrator can read them in."""
    speaker = Speaker(lambda: catalogue.phrases, lambda: voice, catalogue.languages[0])
    found: dict[tuple[str, str], Clip] = {}
    for clip in (*_said(speaker, catalogue, voice), *persian_speech.vocabulary(), *english_speech.vocabulary()):
        found.setdefault((clip.language, clip.key), Clip(clip.text, clip.language, clip.key))
    return found


def _said(speaker: Speaker, catalogue: Catalogue, voice: VoiceContent) -> Iterator[Clip]:
    phrases = [key for key in catalogue.phrases if not key.startswith(_ELSEWHERE)]
    texts = [voice.opening, voice.closing, *(entry.label for entry in voice.menu), *_told(catalogue, voice)]
    for language in catalogue.languages:
        for key in phrases:
            yield from speaker.static(key, language)
        for text in texts:
            yield from speaker.say(text.get(language, ""), language)


def _told(catalogue: Catalogue, voice: VoiceContent) -> Iterator[Text]:
    """A draft may come from any channel, so every form is heard; the guide only where the menu leads there or words are
    understood."""
    guide = voice.speech or any(entry.command.startswith(_GUIDE) for entry in voice.menu)
    silent = not any(voice.phrases.get("form.example", {"": "said"}).values())
    for path, text in texts_of(catalogue).items():
        if path.startswith(_OF_GUIDE) and not guide:
            continue
        if path.startswith("services/") and not guide and not path.endswith(_SERVICE):
            continue
        if not (silent and path.endswith("/example")):
            yield text
