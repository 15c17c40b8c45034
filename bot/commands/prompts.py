"""`pishkhan prompts`: what the telephone says, whose voice says it, and sound for what has none."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bot import app
from bot.channels.voice.narration import Narration
from bot.channels.voice.prompts import Prompts
from bot.channels.voice.sound import CannotSpeak
from bot.channels.voice.speech import Clip
from bot.commands.errors import Ended
from bot.commands.spoken import static_clips
from bot.core.voice_content import Recorded, VoiceContent
from bot.settings import Settings, derived

MANIFEST = "recordings.yaml"
_HEAD = """\
# What each recording says, written by `pishkhan prompts`: a recording whose text was edited since is not played, and
# `pishkhan check` names it.
"""

Notes = dict[tuple[str, str], Recorded]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The organisation's texts, their recordings and their sound."""

    clips: Mapping[tuple[str, str], Clip]
    voice: VoiceContent
    narration: Narration
    prompts: Prompts

    def lacking(self) -> list[Clip]:
        return [clip for clip in self.clips.values() if not self.prompts.has(clip)]


def made(settings: Settings) -> str:
    """Note new recordings, and make the sound that is missing. Raises Ended when some cannot be made."""
    shelf = _open(settings)
    noted = _note(shelf)
    shelf = replace(shelf, prompts=_prompts(settings, noted))
    missing, failed = shelf.lacking(), []
    for clip in missing:
        try:
            shelf.prompts.keep(clip)
        except CannotSpeak as error:
            failed.append(f"{clip.language}/{clip.key}: {error}")
    faults = _faults(shelf, noted.recordings)
    if failed or faults:
        raise Ended(*faults, *failed)
    return f"{_summary(shelf)}; {len(missing)} made now"


def listed(settings: Settings) -> str:
    """Every clip with where its sound comes from."""
    shelf = _open(settings)
    lines = [f"{shelf.prompts.has(c) or 'missing':8}  {c.language}  {c.key}  {c.text}" for c in shelf.clips.values()]
    return "\n".join([*lines, _summary(shelf)])


def missing(settings: Settings) -> str:
    """Raises Ended with what has no sound yet."""
    shelf = _open(settings)
    lacking = [f"{clip.language}/{clip.key}: {clip.text}" for clip in shelf.lacking()]
    if lacking:
        raise Ended(*lacking, f"{len(lacking)} texts have no sound; pishkhan prompts makes it")
    return _summary(shelf)


def script(settings: Settings) -> str:
    """What a narrator reads: the file that each text is recorded in, and the text."""
    shelf = _open(settings)
    to_read = [c for c in shelf.clips.values() if shelf.prompts.has(c) != "recorded"]
    return "\n".join(f"{shelf.narration.path(c.language, c.key)}\t{c.text}" for c in to_read)


def _open(settings: Settings) -> _Shelf:
    catalogue = app.load_content(settings)
    voice = app.load_voice(settings, catalogue)
    narration = Narration(settings.ivr_dir / "prompts")
    return _Shelf(static_clips(catalogue, voice), voice, narration, _prompts(settings, voice))


def _prompts(settings: Settings, voice: VoiceContent) -> Prompts:
    """The very sound that the server plays."""
    return Prompts(
        lambda: voice,
        recorded=settings.ivr_dir / "prompts",
        cache=settings.data_dir / "prompts",
        secret=derived(settings, "prompts"),
    )


def _summary(shelf: _Shelf) -> str:
    counts = Counter(shelf.prompts.has(clip) or "missing" for clip in shelf.clips.values())
    return f"{len(shelf.clips)} texts: " + ", ".join(
        f"{counts[what]} {what}" for what in ("recorded", "kept", "missing")
    )


def _faults(shelf: _Shelf, noted: Mapping[tuple[str, str], Recorded]) -> list[str]:
    return [line for _, line in recording_faults(shelf.narration, shelf.clips, noted)]


def recording_faults(
    narration: Narration, clips: Mapping[tuple[str, str], Clip], noted: Mapping[tuple[str, str], Recorded]
) -> Iterable[tuple[Path, str]]:
    """What is wrong with recordings: (file, why)."""
    for language, key in narration.found():
        path, clip = narration.path(language, key), clips.get((language, key))
        if clip is None:
            yield path, "nothing says this; remove it, or correct its name"
        elif fault := narration.fault(clip, noted):
            yield path, fault
        elif (language, key) not in noted:
            yield path, "its text is not noted yet; run pishkhan prompts"


# --- the manifest


def _note(shelf: _Shelf) -> VoiceContent:
    """Remember what new recordings say; a file that was recorded anew says the text of today."""
    notes: Notes = {}
    for of in shelf.narration.found():
        clip, known, digest = shelf.clips.get(of), shelf.voice.recordings.get(of), shelf.narration.digest(*of)
        if known and known.sha256 == digest:
            notes[of] = known
        elif clip:
            notes[of] = Recorded(clip.text, digest)
    if notes != dict(shelf.voice.recordings):
        shelf.narration.folder.mkdir(parents=True, exist_ok=True)
        (shelf.narration.folder / MANIFEST).write_text(_yaml(notes), "utf-8")
    return replace(shelf.voice, recordings=notes)


def _yaml(notes: Notes) -> str:
    lines = [_HEAD.rstrip()]
    for language in sorted({language for language, _ in notes}):
        lines.append(f"{language}:")
        for (of, key), recorded in sorted(notes.items()):
            if of == language:
                text = json.dumps(recorded.text, ensure_ascii=False)
                lines += [f"  {key}:", f"    text: {text}", f'    sha256: "{recorded.sha256}"']
    return "\n".join(lines if notes else [*lines, "{}"]) + "\n"
