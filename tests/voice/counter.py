"""The telephone's desk in these tests: the real gateway over stores that forget, the real content, prompts as words."""

from __future__ import annotations

import hashlib
import io
import random
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from aiohttp import web

from bot.channels.render import Renderer
from bot.channels.voice.speech import Clip, Speaker
from bot.core.catalogue import Catalogue
from bot.core.messages import Address
from bot.core.ports import Nlu
from bot.core.requests import ServiceRequest
from bot.core.sessions import Session
from bot.core.tracking import TrackingCode
from bot.core.voice_content import MenuEntry, Person, VoiceContent
from bot.desk.identity import LinkedIdentity
from bot.desk.service_desk import ServiceDesk
from bot.dialogs.engine import Engine
from bot.dialogs.registry import build
from bot.gateway import Gateway
from bot.stores.files import DiskFiles
from bot.stores.memory import MemoryContacts, MemoryRecords, MemorySessions
from tests import posted
from tests.conversation import BEGINNING, content

MENU = (
    MenuEntry("1", "/form/street_light_report", {"fa": "گزارش خرابی چراغ", "en": "Street light fault"}),
    MenuEntry("2", "/track", {"fa": "پیگیری با کد رهگیری", "en": "Track a request"}),
    MenuEntry("3", "/forms", {"fa": "درخواست‌های دیگر", "en": "Other requests"}),
    MenuEntry("4", "/services", {"fa": "راهنمای خدمات", "en": "Service guide"}),
    MenuEntry("5", "/hours", {"fa": "ساعت کار و نشانی", "en": "Hours and address"}),
)
MARK = b"said"  # in a prompt's file, before its words
VOICE = VoiceContent(menu=MENU, person=Person("+982100001000"))


@dataclass
class WordPrompts:
    """Stands in for `Prompts`: a file's name is known by its words, so that a test can tell what was heard."""

    folder: Path
    said: dict[str, str] = field(default_factory=dict)

    async def url_path(self, clips: Sequence[Clip]) -> tuple[str, ...]:
        return (f"/channels/voice/prompts/{self._name(clips)}.wav",)

    async def file(self, clips: Sequence[Clip]) -> Path:
        name = self._name(clips)
        path = self.folder / f"{name}.wav"
        path.write_bytes(wav(0.1) + MARK + self.said[name].encode())
        return path

    def routes(self) -> Sequence[web.RouteDef]:
        return ()

    def words(self, path: str) -> str:
        """What is said in the file of this URL or path."""
        return self.said[path.rpartition("/")[2].removesuffix(".wav")]

    def _name(self, clips: Sequence[Clip]) -> str:
        words = " ".join(clip.text for clip in clips)
        name = hashlib.sha256(words.encode()).hexdigest()[:16]
        self.said[name] = words
        return name


def wav(seconds: float, loudness: float = 0.3) -> bytes:
    """A tone of 440 Hz, as a telephone records it."""
    at = np.arange(int(seconds * 8000))
    samples = (np.sin(at * 2 * np.pi * 440 / 8000) * loudness * 32767).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples.tobytes())
    return out.getvalue()


class VoiceDesk:
    """Everything behind the channel. `texts` are the notices that wait for the post."""

    def __init__(self, folder: Path, voice: VoiceContent = VOICE) -> None:
        catalogue: Catalogue
        nlu: Nlu
        catalogue, nlu = content()
        self.catalogue = catalogue
        self.voice = voice
        self.now: datetime = BEGINNING
        self.open = True
        chance = random.Random(7)
        people = iter(range(1, 10_000))
        self.contacts = MemoryContacts(new_id=lambda: f"person{next(people)}")
        self.sessions, self.records = MemorySessions(self.contacts), MemoryRecords(self.contacts)
        self.desk = ServiceDesk(
            self.records,
            lambda: catalogue,
            lambda: self.now,
            new_code=lambda: TrackingCode.new(chance.randrange),
        )
        identity = LinkedIdentity(
            self.contacts, self.sessions, self.records, lambda: self.now, secret=lambda: "of these tests"
        )
        identity.texting = True
        self.renderer = Renderer(lambda: catalogue.phrases)
        engine = Engine(build(catalogue, nlu, self.desk, identity), self.renderer)
        self.gateway = Gateway(self.sessions, self.contacts, engine, clock=lambda: self.now)
        self.files = DiskFiles(folder / "files")
        self.prompts = WordPrompts(folder)
        self.speaker = Speaker(lambda: catalogue.phrases, lambda: self.voice)

    def change(self, **parts: object) -> None:
        self.voice = replace(self.voice, **parts)  # type: ignore[arg-type]

    def phrase(self, key: str, language: str = "fa") -> str:
        """The words of a phrase without gaps, as they are spoken."""
        return " ".join(clip.text for clip in self.speaker.static(key, language))

    async def session(self, address: Address) -> Session:
        async with self.sessions.open(await self.contacts.resolve(address)) as opened:
            return opened.session

    async def requests(self) -> tuple[ServiceRequest, ...]:
        return await self.desk.search()

    async def posted(self) -> list[str]:
        """Commands of the notices that wait, each with its address."""
        return [f"{n.address} {n.command}" for n in await posted.due(self.records.outbox, self.now)]
