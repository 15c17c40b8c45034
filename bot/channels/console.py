"""The terminal: talk to the bot by typing, rendered as another channel would."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path, PurePath
from typing import TextIO

from bot.channels.persian import number_words
from bot.channels.render import FSI, LRI, PDI, Renderer
from bot.channels.segments import segments
from bot.channels.sms.numbers import e164
from bot.channels.sms.rendering import Composer
from bot.core.messages import TELEPHONE, Address, Choice, Event, Inbound, Kind, Phrase, Reply
from bot.core.ports import FileRefused, Files
from bot.core.text import fold_digits
from bot.gateway import Gateway

CHANNELS = ("web", "telegram", "sms", "voice")
_PRESSED = (Kind.CHOICE, Kind.NOTHING)  # a typed number means a button, not an answer
_NO_ISOLATES = dict.fromkeys(map(ord, (LRI, FSI, PDI)))  # terminals print them


class Console:
    """One citizen at the terminal. `channel` is one of CHANNELS; the first one talks as "console". `files` takes what
    `:file PATH` uploads."""

    def __init__(
        self, gateway: Gateway, renderer: Renderer, files: Files, *, channel: str, address: str, output: TextIO
    ) -> None:
        self._gateway = gateway
        self._renderer = renderer
        self._files = files
        """On the telephone's channels `address` may be a number in any spelling."""
        if channel in TELEPHONE:
            address = e164(address) or address
        self.address = Address("console" if channel == CHANNELS[0] else channel, address)
        self._texts = Composer(renderer) if channel == "sms" else None
        self._show: Callable[[Reply, str], str] = self._as_voice if channel == "voice" else self._as_buttons
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
        if self._buttons and number.isdigit() and 1 <= int(number) <= len(self._offered):
            await self._hear(Event.CHOICE, value=self._offered[int(number) - 1].value)
        elif self._texts and (more := await self._texts.more(line, self._language or "fa", self._last)):
            await self._hear(Event.CHOICE, value=more)
        else:
            await self._hear(Event.MESSAGE, text=line)

    async def _last(self) -> Sequence[Reply]:
        return self._told

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
        for reply in replies:
            self._print(self._show(reply, self._language))
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

    def _as_voice(self, reply: Reply, language: str) -> str:
        """As it would be spoken; back, cancel and their like have keys of their own on a telephone."""
        answers = [c for c in reply.choices if not c.nav]
        keys = [Phrase("console.key", {"key": n, "label": c.label}) for n, c in enumerate(answers, 1)]
        return "\n".join(self._renderer.text(part, language) for part in (reply.say, *keys))


async def chat(console: Console, lines: AsyncIterator[str]) -> None:
    """Talks until `:quit` or the end of the lines."""
    await console.start()
    async for line in lines:
        if line.strip() == ":quit":
            break
        await console.type(line.rstrip("\n"))
