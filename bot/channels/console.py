"""The terminal: talk to the bot by typing, rendered as another channel would."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path, PurePath
from typing import TextIO

from bot.channels.persian import number_words
from bot.channels.render import FSI, LRI, PDI, Renderer
from bot.channels.segments import segments
from bot.channels.sms.numbers import e164
from bot.channels.sms.rendering import Composer
from bot.channels.voice.clips import written
from bot.channels.voice.keypad import PERSON, Heard, Simple, Tell, Turn, Wrong, understand
from bot.channels.voice.script import Manner, script
from bot.channels.voice.speech import Speaker
from bot.core.messages import TELEPHONE, Address, Choice, Event, Inbound, Kind, Phrase, Reply
from bot.core.ports import FileRefused, Files
from bot.core.text import fold_digits
from bot.core.voice_content import VoiceContent
from bot.gateway import Gateway

CHANNELS = ("web", "telegram", "sms", "voice")
_PRESSED = (Kind.CHOICE, Kind.NOTHING)  # a typed number means a button, not an answer
_KEYS = re.compile(r"[0-9*#]+")
_NO_ISOLATES = dict.fromkeys(map(ord, (LRI, FSI, PDI)))  # terminals print them


class Console:
    """One citizen at the terminal. `channel` is one of CHANNELS; the first one talks as "console". `files` takes what
    `:file PATH` uploads."""

    def __init__(
        self,
        gateway: Gateway,
        renderer: Renderer,
        files: Files,
        *,
        channel: str,
        address: str,
        output: TextIO,
        voice: Callable[[], VoiceContent] = VoiceContent,
        speaker: Speaker | None = None,
    ) -> None:
        """On the telephone's channels `address` may be a number in any spelling; "voice" needs a `speaker`."""
        self._gateway = gateway
        self._renderer = renderer
        self._files = files
        if channel in TELEPHONE:
            address = e164(address) or address
        self.address = Address("console" if channel == CHANNELS[0] else channel, address)
        self._texts = Composer(renderer) if channel == "sms" else None
        self._call = secrets.token_hex(8) if channel == "voice" else ""
        self._voice, self._speaker = voice, speaker
        self._page = 0  # of the choices that were told to a caller
        self._buttons = channel not in ("sms", "voice")
        self._output = output
        self._language = ""
        self._told: Sequence[Reply] = ()  # last
        self._offered: Sequence[Choice] = ()  # the buttons that a typed number presses

    async def start(self) -> None:
        await self._hear(Event.START)

    async def type(self, line: str) -> None:
        """One typed line: words, a button's number, or `:file PATH`."""
        head, _, path = line.partition(" ")
        if head == ":file":
            await self._upload(path.strip())
            return
        number = fold_digits(line.strip())
        if self._call and _KEYS.fullmatch(number):
            await self._press(number)
        elif self._buttons and number.isdigit() and 1 <= int(number) <= len(self._offered):
            await self._hear(Event.CHOICE, value=self._offered[int(number) - 1].value)
        elif self._texts and (more := await self._texts.more(line, self._last)):
            await self._hear(Event.CHOICE, value=more)
        else:
            await self._hear(Event.MESSAGE, text=line)

    async def _last(self) -> tuple[str, Sequence[Reply]]:
        return self._language, self._told

    async def _upload(self, path: str) -> None:
        try:
            data = await asyncio.to_thread(lambda: Path(path).expanduser().read_bytes())
        except OSError as error:
            self._print(self._renderer.text(Phrase("console.no_file", {"why": error.strerror or ""}), self._language))
            return
        contact = await self._gateway.contacts.resolve(self.address)
        try:
            stored = await self._files.put(data, PurePath(path).name, contact)
        except FileRefused as refused:
            await self._hear(Event.FILE, problem=refused.reason)
        else:
            await self._hear(Event.FILE, files=(stored,))

    async def _hear(self, event: Event, **content: object) -> None:
        if self._call:
            content |= {"proven": False, "visit": self._call}
        heard = Inbound(secrets.token_hex(8), self.address, event, **content)  # type: ignore[arg-type]
        outcome = await self._gateway.receive(heard)
        self.tell(outcome.replies, outcome.language)

    def tell(self, replies: Sequence[Reply], language: str = "") -> None:
        """Show replies; the last one's buttons are the ones that a typed number presses from now on."""
        self._language = language or self._language
        self._told, self._offered = replies, ()
        if self._texts:
            if replies:
                self._print(self._as_sms(self._texts.part(replies, self._language).text, self._language))
            return
        if self._call:
            self._page = 0
            self._print(self._as_voice(Manner()))
            return
        for reply in replies:
            self._print(self._as_buttons(reply, self._language))
            self._offered = reply.choices if reply.expect.kind in _PRESSED else ()

    def _print(self, text: str) -> None:
        self._output.write(text.translate(_NO_ISOLATES) + "\n\n")
        self._output.flush()

    # --- as a channel would -------------------------------------------------------------------

    def _as_buttons(self, reply: Reply, language: str) -> str:
        labels = [self._renderer.text(c.label, language) for c in reply.choices]
        if reply.expect.kind in _PRESSED:
            labels = [f"{number_words(n, language)}) {label}" for n, label in enumerate(labels, 1)]
        return "\n".join([self._renderer.text(reply.say, language), *(f"  [{label}]" for label in labels)])

    def _as_sms(self, text: str, language: str) -> str:
        """What the SMS channel would send, cut to its budget, with what it costs."""
        encoding, units, parts = segments(text)
        size = Phrase("console.segments", {"encoding": encoding, "units": units, "parts": parts})
        return f"{text}\n-- {self._renderer.text(size, language)}"

    # --- as on a telephone --------------------------------------------------------------------

    async def _press(self, keys: str) -> None:
        """Keys mean what they mean on a telephone; words that are typed are what a caller says after the beep."""
        textable = bool(self.address.number)
        meaning = understand(Heard(keys), self._told, self._page, self._language, self._voice(), textable=textable)
        match meaning:
            case Tell(event, value, text):
                await self._hear(event, value=value, text=text)
            case Turn(page):
                self._page = page
                self._print(self._as_voice(Manner(page)))
            case Wrong(why):
                self._print(self._as_voice(Manner(self._page, why)))
            case Simple.PERSON:
                await self._hear(Event.CHOICE, value=PERSON)
            case _:
                self._print(self._as_voice(Manner()))

    def _as_voice(self, manner: Manner) -> str:
        """What a caller hears, a breath to a line."""
        assert self._speaker is not None
        textable = bool(self.address.number)
        said = script(self._speaker, self._told, self._language, self._voice(), manner, textable=textable)
        return written(said.clips)


async def chat(console: Console, lines: AsyncIterator[str]) -> None:
    """Talks until `:quit` or the end of the lines."""
    await console.start()
    async for line in lines:
        if line.strip() == ":quit":
            break
        await console.type(line.rstrip("\n"))
