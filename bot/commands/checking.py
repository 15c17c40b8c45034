"""`pishkhan check`: is the content sound, and does it have words for all that the code says, on the telephone too?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from bot import content, phrase_keys
from bot.commands.errors import Ended
from bot.core.catalogue import Catalogue
from bot.core.text import fold

MOST = 20  # warnings that are told


def check(folder: Path) -> str:
    """One line that says what was found sound. Raises Ended with every problem as `file:line: message`."""
    if not folder.is_dir():
        raise Ended(f"there is no folder {folder}")
    try:
        catalogue = content.load(folder)
    except content.ContentErrors as errors:
        raise _ended(folder, errors) from None
    missing = phrase_keys.said().missing(catalogue.phrases)
    if missing:
        raise Ended(*(f"{folder}/phrases: {line}" for line in missing))
    counts = {
        "services": len(catalogue.services),
        "answers": len(catalogue.faq),
        "forms": len(catalogue.forms),
        "surveys": len(catalogue.surveys),
        "announcements": len(catalogue.announcements),
        "phrases": len(catalogue.phrases),
        "example sentences": len(catalogue.examples),
    }
    counts |= _voice(folder, catalogue)
    sound = "content is sound: " + ", ".join(f"{n} {what}" for what, n in counts.items())
    warnings = collisions(folder, catalogue)
    if len(warnings) > MOST:
        warnings[MOST:] = [f"and {len(warnings) - MOST} more: pishkhan questions check"]
    return "\n".join([sound, *warnings])


def collisions(folder: Path, catalogue: Catalogue) -> list[str]:
    """A warning, as `file:line: warning: message`, for each way of asking that another entry than its own would answer,
    and be told as right, had it not been written down."""
    from bot.content.editing import asked_at
    from bot.nlu.collisions import collisions as found
    from bot.nlu.normalise import tokens

    places = asked_at(folder)
    asked = {
        tuple(tokens(text)): text
        for entry in catalogue.faq.values()
        for text in (*entry.question.values(), *chain.from_iterable(entry.variants.values()))
    }
    lines = []
    for each in found(catalogue):
        text = asked[tuple(each.words)]
        place = places[fold(text)]
        lines.append(f"{folder}/{place}: warning: “{text}” of {each.entry} would find {each.other} ({each.chance:.2f})")
    return lines


def collided(folder: Path) -> str:
    """All of them, or that there are none. Raises ContentErrors."""
    warnings = collisions(folder, content.load(folder))
    return "\n".join([*warnings, f"{len(warnings)} ways of asking would be answered by another entry than their own"])


def _ended(folder: Path, errors: content.ContentErrors) -> Ended:
    lines = [f"{folder}/{problem}" for problem in errors.problems]
    return Ended(*lines, f"{len(lines)} problem{'s' if len(lines) > 1 else ''}")


def _voice(folder: Path, catalogue: Catalogue) -> dict[str, int]:
    """The telephone's side, where there is one."""
    from bot.content.voice import load_voice, voice_folder

    ivr = voice_folder(folder)
    if not ivr.is_dir():
        return {}
    try:
        voice = load_voice(ivr, catalogue)
    except content.ContentErrors as errors:
        raise _ended(ivr, errors) from None
    from bot.channels.voice.narration import Narration
    from bot.channels.voice.sound import CannotSpeak
    from bot.channels.voice.synthesis import engine_of
    from bot.commands.prompts import recording_faults
    from bot.commands.spoken import static_clips

    clips, narration = static_clips(catalogue, voice), Narration(ivr / "prompts")
    engine = engine_of(voice.engine)

    def silent() -> Iterator[str]:
        """Texts without any sound. What the engine can do is asked of it, and tried once in each language."""
        tried: dict[str, str] = {}
        for (language, key), clip in clips.items():
            if narration.usable(clip, voice.recordings):
                continue
            if language not in tried:
                try:
                    tried[language] = "" if engine.speak(clip.text, language).any() else "the engine is silent"
                except CannotSpeak as error:
                    tried[language] = str(error)
            if tried[language]:
                yield f"{narration.path(language, key)}: no sound for “{clip.text}” ({tried[language]})"

    faults = [f"{path}:1: {why}" for path, why in recording_faults(narration, clips, voice.recordings)]
    if problems := [*faults, *silent()]:
        raise Ended(*problems, f"{len(problems)} problem{'s' if len(problems) > 1 else ''}")
    return {"spoken texts": len(clips), "recordings": len(narration.found())}
