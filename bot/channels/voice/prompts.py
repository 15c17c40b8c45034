"""Clips as files of sound: recorded ones first, the others spoken by the engine once and kept.

A file's name is an HMAC of what is heard in it, so that nobody can guess the name of another caller's words, and any
process with the same key and folder finds what another one made. Files that nobody asked for in half an hour are
removed: they hold citizens' words, and are made again in milliseconds. Sound of the organisation's own texts stays.

Nearly every step of every call says what another one said a moment ago. So for a minute after a file was there neither
the disk nor a thread is asked for it again: a new recording is heard that much later, or at once when the content is
read again.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path

from aiohttp import web

from bot.channels.voice.clips import CLOSE, COMMA, GROUP, Clip, written
from bot.channels.voice.espeak import Espeak
from bot.channels.voice.narration import Narration
from bot.channels.voice.sound import CannotSpeak, NotOurSound, Sound, from_wav, joined, silence, to_wav
from bot.channels.voice.synthesis import Program, Synthesiser, engine_of
from bot.core.values import value
from bot.core.voice_content import Engine, VoiceContent

log = logging.getLogger(__name__)

PATH = "/channels/voice/prompts"
LIFETIME = 30 * 60  # seconds after its last use that a file of composed words is kept, or after it was spoken
FRESH = 60.0  # seconds, by the clock that files are swept by, for which a file is taken to be there
REMEMBERED = 500  # files
PROGRAMS = 4  # of the organisation's that speak at once
FIGURES = 200  # sounds of half a second, 8 KB each
AT_ONCE = 320  # characters of one file; the next one is fetched while it plays

_SWEEP_EVERY = 5 * 60
_NAME = re.compile(r"[0-9a-f]{64}")
_PAUSES = {"": 0.4, CLOSE: 0.03, COMMA: 0.2, GROUP: 0.4}  # seconds before a clip
_WRITTEN = {CLOSE: " ", COMMA: ", ", GROUP: ". "}  # the same inside a text that the engine speaks whole
_FIGURE = "number."  # how the keys of figures begin


@value
class _Stretch:
    """What comes from one source: a recording, or a text that is spoken whole, so that it sounds like one sentence."""

    language: str
    text: str
    joins: str
    key: str = ""  # of one clip alone
    digest: str = ""  # of its recording; empty: to be spoken


@value
class _Seen:
    """A file that was there."""

    name: str
    voice: VoiceContent  # by which it was named
    at: float  # seconds since 1970, at the latest


class Prompts:
    def __init__(
        self,
        voice: Callable[[], VoiceContent],
        *,
        recorded: Path,
        cache: Path,
        secret: str,
        engine: Callable[[Engine], Synthesiser] = engine_of,
    ) -> None:
        """`recorded`: ivr/prompts. `cache`: a folder of this purpose alone, shared by all processes."""
        self._voice = voice
        self._narration = Narration(recorded)
        self._kept, self._spoken = cache / "texts", cache / "spoken"
        self._secret = secret.encode()
        self._engine_of = engine
        self._engine: tuple[Engine, Synthesiser] | None = None
        self._threads = _threads(1)
        self._making: dict[tuple[Clip, ...], asyncio.Task[str]] = {}
        self._seen: dict[tuple[Clip, ...], _Seen] = {}  # the oldest first
        self._figures: dict[tuple[str, int, str, str], Sound] = {}
        self._swept = 0.0
        self.watchers: list[Callable[[str, str], None]] = []  # told the path and the words of what is handed out

    # --- for the channel

    async def url_path(self, clips: Sequence[Clip]) -> tuple[str, ...]:
        """Paths of the files that say these clips, to be played in this order."""
        parts = _parts(clips)
        names = [self._fresh(part) for part in parts]
        if not all(names):
            names = await asyncio.gather(*(self._made(part) for part in parts))
        paths = tuple(f"{PATH}/{name}.wav" for name in names)
        for watch in self.watchers:
            for path, part in zip(paths, parts, strict=True):
                watch(path, written(part))
        return paths

    async def file(self, clips: Sequence[Clip]) -> Path:
        """One 8 kHz mono 16-bit WAV of all of them. It stays for half an hour after it was last asked for."""
        whole = tuple(clips)
        return self._path(self._fresh(whole) or await self._made(whole))

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.get(f"{PATH}/{{id}}.wav", self._serve)]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        """To whoever knows the name: Twilio fetches without a signature."""
        name = request.match_info["id"]
        if not _NAME.fullmatch(name) or not self._path(name).is_file():
            raise web.HTTPNotFound
        headers = {"Content-Type": "audio/wav", "Cache-Control": f"private, max-age={LIFETIME}, immutable"}
        return web.FileResponse(self._path(name), headers=headers)

    # --- for the command line

    def has(self, clip: Clip) -> str:
        """Where the sound of a text of the organisation's own comes from: "recorded", "kept" or nowhere yet."""
        if self._narration.usable(clip, self._voice().recordings):
            return "recorded"
        return "kept" if self._kept_path(_spoken(clip), self._speaker()).is_file() else ""

    def keep(self, clip: Clip) -> None:
        """Make it now. Raises CannotSpeak. Blocking."""
        self._say(_spoken(clip), self._speaker())

    def speaks(self, language: str) -> bool:
        """Whether the engine can say what nobody has recorded. Blocking."""
        return self._speaker().speaks(language)

    # --- making

    def _speaker(self) -> Synthesiser:
        engine = self._voice().engine
        if self._engine is None or self._engine[0] != engine:
            self._engine = (engine, self._engine_of(engine))
            # Several threads that compose at once keep the loop from its turns, and are no faster for it.
            self._threads.shutdown(wait=False)
            self._threads = _threads(PROGRAMS if engine.command else 1)
        return self._engine[1]

    def _fresh(self, clips: tuple[Clip, ...]) -> str:
        """The name of the file that says them, if it was there a moment ago and nothing was edited since."""
        seen = self._seen.get(clips)
        if seen is None or seen.voice is not self._voice() or not 0 <= time.time() - seen.at < FRESH:
            return ""
        return seen.name

    async def _made(self, clips: tuple[Clip, ...]) -> str:
        """The name of the file that says them, once it is there. However many calls want it, it is made by one task."""
        task = self._making.get(clips)
        if task is None:
            task = self._making[clips] = asyncio.create_task(self._make(clips))
            task.add_done_callback(lambda _: self._making.pop(clips, None))
        return await asyncio.shield(task)

    async def _make(self, clips: tuple[Clip, ...]) -> str:
        speaker, voice, now = self._speaker(), self._voice(), time.time()
        loop, in_this_turn = asyncio.get_running_loop(), copy_context().run
        name, well = await loop.run_in_executor(self._threads, in_this_turn, self._put, clips, speaker)
        if well:
            self._remember(clips, _Seen(name, voice, now))
        return name

    def _remember(self, clips: tuple[Clip, ...], seen: _Seen) -> None:
        """Nothing is remembered for longer than it is of use: some of it are citizens' words."""
        self._seen.pop(clips, None)
        self._seen[clips] = seen
        while len(self._seen) > REMEMBERED or abs(seen.at - next(iter(self._seen.values())).at) >= FRESH:
            del self._seen[next(iter(self._seen))]

    def _put(self, clips: Iterable[Clip], speaker: Synthesiser) -> tuple[str, bool]:
        """The name, and whether it is spoken by the chosen voice. Blocking."""
        stretches = self._stretches(clips)
        try:
            return self._put_by(speaker, stretches), True
        except CannotSpeak as error:
            log.warning("the voice failed: %s", error)
        # Under another name: the next caller hears the chosen voice again, if it works again.
        instead = Espeak(self._voice().engine) if isinstance(speaker, Program) else speaker
        return self._put_by(instead, stretches, lenient=True), False

    def _put_by(self, speaker: Synthesiser, stretches: Sequence[_Stretch], *, lenient: bool = False) -> str:
        name = self._name(stretches, speaker, lenient=lenient)
        path = self._path(name)
        try:
            os.utime(path)  # used: it stays a while longer
        except FileNotFoundError:
            sounds = []
            for stretch in stretches:
                sounds += [silence(_PAUSES[stretch.joins]), self._sound(stretch, speaker, lenient=lenient)]
            _write(path, joined([*sounds[1:], silence(_PAUSES[COMMA])]))
            self._sweep()
        return name

    def _sound(self, stretch: _Stretch, speaker: Synthesiser, *, lenient: bool) -> Sound:
        if stretch.digest:
            try:
                return self._narration.sound(Clip(stretch.text, stretch.language, stretch.key))
            except (OSError, NotOurSound):
                log.warning("a recording went away", extra={"key": stretch.key})
        try:
            return self._figure(stretch, speaker) if stretch.key.startswith(_FIGURE) else self._say(stretch, speaker)
        except CannotSpeak as error:
            if not lenient:
                raise
            log.error("a text has no sound: %s", error, extra={"key": stretch.key})
            return silence(0)

    def _figure(self, stretch: _Stretch, speaker: Synthesiser) -> Sound:
        """At hand: a code that is told twice is made of twenty."""
        of = (speaker.mark, self._voice().engine.volume, stretch.language, stretch.text)
        sound = self._figures.get(of)
        if sound is None:
            if len(self._figures) >= FIGURES:
                self._figures.clear()
            sound = self._figures[of] = self._say(stretch, speaker)
        return sound

    def _say(self, stretch: _Stretch, speaker: Synthesiser) -> Sound:
        """Spoken once for all calls and processes, as long as it is kept."""
        path = self._kept_path(stretch, speaker)
        try:
            return from_wav(path.read_bytes())
        except (OSError, NotOurSound):
            pass
        sound = speaker.speak(stretch.text, stretch.language)
        _write(path, sound)
        return sound

    # --- what is heard, and its name

    def _stretches(self, clips: Iterable[Clip]) -> list[_Stretch]:
        """Recorded clips by themselves; what lies between them in one breath and one language, together. Figures that
        are told one by one are no sentence, and have the same sound in every code."""
        noted = self._voice().recordings
        found: list[_Stretch] = []
        for clip in clips:
            digest = self._narration.usable(clip, noted)
            last = found[-1] if found else None
            if last is None or digest or last.digest or last.language != clip.language or _apart(last, clip):
                found.append(_Stretch(clip.language, clip.text, clip.joins, clip.key, digest))
            else:
                found[-1] = _Stretch(last.language, _after(last.text, clip), last.joins)
        return found

    def _name(self, stretches: Sequence[_Stretch], speaker: Synthesiser, *, lenient: bool) -> str:
        heard = [[s.language, s.digest or s.text, s.joins, bool(s.digest)] for s in stretches]
        return self._signed([speaker.mark, self._voice().engine.volume, lenient, heard])

    def _kept_path(self, stretch: _Stretch, speaker: Synthesiser) -> Path:
        """A text of the organisation's own is kept for good, what was composed for half an hour."""
        said = [speaker.mark, self._voice().engine.volume, stretch.language, stretch.text]
        return (self._kept if stretch.key else self._spoken) / f"{self._signed(said)}.wav"

    def _signed(self, value: object) -> str:
        return hmac.digest(self._secret, json.dumps(value, ensure_ascii=False).encode(), "sha256").hex()

    def _path(self, name: str) -> Path:
        return self._spoken / f"{name}.wav"

    def _sweep(self) -> None:
        """Remove what nobody asks for any more."""
        now = time.time()
        if now - self._swept < _SWEEP_EVERY:
            return
        self._swept = now
        for path in self._spoken.glob("*"):
            try:
                if path.stat().st_mtime < now - LIFETIME:
                    path.unlink()
            except FileNotFoundError:  # another process was quicker
                continue


def _threads(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix="speech")


def _apart(last: _Stretch, clip: Clip) -> bool:
    """Whether they are separated by a breath, or a figure by a pause."""
    figures = last.key.startswith(_FIGURE) or clip.key.startswith(_FIGURE)
    return not clip.joins or (figures and clip.joins != CLOSE)


def _spoken(clip: Clip) -> _Stretch:
    return _Stretch(clip.language, clip.text, "", clip.key)


def _parts(clips: Sequence[Clip]) -> list[tuple[Clip, ...]]:
    """Whole breaths, so many that a file does not get long."""
    parts: list[list[Clip]] = []
    size = 0
    for clip in clips:
        if not parts or (not clip.joins and size + len(clip.text) > AT_ONCE):
            parts.append([])
            size = 0
        parts[-1].append(clip)
        size += len(clip.text)
    return [tuple(part) for part in parts]


def _after(text: str, clip: Clip) -> str:
    mark = " " if text.endswith((".", "!", "?", "؟", "،", ",")) else _WRITTEN[clip.joins]
    return text + (mark.replace(",", "،") if clip.language == "fa" else mark) + clip.text


def _write(path: Path, sound: Sound) -> None:
    """Whole or not at all: another process may be reading."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(to_wav(sound))
    part.replace(path)
