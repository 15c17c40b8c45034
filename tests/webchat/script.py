"""A small scripted counter behind the real gateway: enough conversation for every kind of frame, chip and hint."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import yaml

from bot.channels.render import Renderer
from bot.channels.webchat import WebChat
from bot.core.catalogue import Hours, Organization, Text
from bot.core.messages import Address, Attachment, Choice, Event, Expect, Inbound, Kind, Line, Phrase, Reply, Term
from bot.core.ports import FileRefused, Opened
from bot.core.sessions import Pace, Session
from bot.gateway import Gateway

PHRASE_FILES = Path(__file__).parents[2] / "knowledge_base" / "phrases"
SCRIPT: Mapping[str, Text] = {
    "script.greeting": {
        "fa": "سلام! به میز خدمت {name} خوش آمدید.\nهر پرسشی دارید بنویسید، یا یکی از کارهای زیر را برگزینید.",
        "en": "Hello! Welcome to the service desk of {name}.\nWrite your question, or choose one of the following.",
    },
    "script.ask": {"fa": "پرسش دربارهٔ خدمات", "en": "Ask about services"},
    "script.file": {"fa": "ثبت درخواست", "en": "File a request"},
    "script.track": {"fa": "پیگیری با کد", "en": "Track by code"},
    "script.rate": {"fa": "نظر من", "en": "My opinion"},
    "script.echo": {"fa": "نوشتید: {words}", "en": "You wrote: {words}"},
    "script.when": {"fa": "برای چه روزی بیاییم؟", "en": "Which day shall we come?"},
    "script.where": {"fa": "نشانی محل کجاست؟", "en": "Where is it?"},
    "script.place": {"fa": "موقعیت دریافت شد.", "en": "We have the location."},
    "script.photo": {"fa": "اگر عکسی از محل دارید بفرستید.", "en": "If you have a photo of the place, send it."},
    "script.got": {"fa": "فایل {words} رسید.", "en": "We have the file {words}."},
    "script.code": {
        "fa": "درخواست شما ثبت شد.\n\nکد رهگیری: {code}\n\n"
        "کارشناس روشنایی معابر تا سه روز کاری دیگر به آن رسیدگی می‌کند. "
        "روند کار را در {url} ببینید، یا همین کد را هر وقت خواستید برای ما بفرستید.",
        "en": "Your request is filed.\n\nTracking code: {code}\n\n"
        "The street lighting officer will look into it within three working days. "
        "See {url}, or send us the code at any time.",
    },
    "script.which": {"fa": "دربارهٔ کدام خدمت می‌پرسید؟", "en": "Which service is it about?"},
    "script.service_1": {"fa": "پروانهٔ ساختمان", "en": "Building permit"},
    "script.service_2": {"fa": "پایان‌کار ساختمان", "en": "Completion certificate"},
    "script.service_3": {"fa": "عوارض نوسازی", "en": "Renovation tax"},
    "script.service_4": {"fa": "خاموشی چراغ معابر", "en": "Street light out"},
    "script.service_5": {"fa": "چاله و خرابی آسفالت", "en": "Pothole"},
    "script.service_6": {"fa": "جمع‌آوری پسماند حجیم", "en": "Bulky waste pick-up"},
    "script.service_7": {"fa": "هرس درختان", "en": "Tree pruning"},
    "script.back": {"fa": "بازگشت", "en": "Back"},
    "script.cancel": {"fa": "لغو", "en": "Cancel"},
    "script.review": {"fa": "لطفاً یک بار ببینید.", "en": "Please look it over."},
    "script.correct": {"fa": "اصلاح: نشانی", "en": "Correct: place"},
    "script.score": {"fa": "چقدر راضی بودید؟", "en": "How satisfied were you?"},
    "script.answer": {"fa": "با ۱۳۷ تماس بگیرید. آیا کمک کرد؟", "en": "Call 137. Did it help?"},
    "script.yes": {"fa": "بله", "en": "Yes"},
    "script.no": {"fa": "خیر", "en": "No"},
    "script.mine": {"fa": "گزارش خرابی چراغ معبر {code}", "en": "Street light report {code}"},
    "script.status": {"fa": "{code}: ثبت‌شده\n• {code} — بسته شد", "en": "{code}: filed\n• {code} — closed"},
    "script.news": {"fa": "درخواست شما بسته شد. سپاس از همراهی‌تان.", "en": "Your request is closed. Thank you."},
    "script.sorry": {"fa": "نشد. کد {reference}", "en": "That failed: {reference}"},
}
NAV = (Choice("/back", Phrase("script.back"), nav=True), Choice("/cancel", Phrase("script.cancel"), nav=True))
MENU = tuple(Choice(name, Phrase(f"script.{name}")) for name in ("ask", "file", "track", "rate"))
CODE = {"code": Term("code", "1234567894")}
REVIEW = (Choice("q7~confirm", Phrase("nav.confirm"), main=True), Choice("q7~edit", Phrase("script.correct")), *NAV)
SCALE = tuple(Choice(f"q8~{n}", Phrase(f"survey.score_{n}")) for n in range(1, 6))
VERDICT = (Choice("/helped/light", Phrase("script.yes")), Choice("/unhelped/light", Phrase("script.no")))
SERVICES = tuple(Choice(f"service_{n}", Phrase(f"script.service_{n}")) for n in range(1, 8))


@cache
def phrases() -> dict[str, Text]:
    found: dict[str, Text] = dict(SCRIPT)
    for name in ("web", "engine", "dialogs", "link"):
        found.update(yaml.safe_load((PHRASE_FILES / f"{name}.yaml").read_text("utf-8")))
    return found


def organization() -> Organization:
    return Organization(
        name={"fa": "شهرداری شهر نمونه", "en": "Municipality of Sample City"},
        about={
            "fa": "در این پیشخوان می‌توانید بپرسید، درخواست بدهید و کارتان را با کد رهگیری دنبال کنید.",
            "en": "At this counter you can ask, file a request and follow it with a tracking code.",
        },
        address={"fa": "شهر نمونه، میدان شهرداری", "en": "City Hall Square, Sample City"},
        phone="137",
        website="https://sample-city.example",
        email="counter@sample-city.example",
        hours=tuple(Hours(day, "07:30", "14:30") for day in range(5)),
        units={},
        front_desk="front_desk",
        categories={},
        audiences={},
        holidays=frozenset(),
    )


class Script:
    """In place of the engine. A turn takes `seconds`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.turns = 0

    def admit(self, session: Session, heard: Inbound, now: datetime) -> tuple[Session, None]:
        return session, None

    def watch(self, before: Session, after: Session, heard: Inbound, said: object) -> Pace:
        return after.pace

    async def advance(self, session: Session, heard: Inbound, now: datetime) -> tuple[Session, tuple[Reply, ...]]:
        await asyncio.sleep(self.seconds)
        self.turns += 1
        language = self.language(session, heard)
        if heard.value.startswith("/language/"):
            language = heard.value.removeprefix("/language/")
        return replace(session, language=language), tuple(self.say(heard, language))

    def language(self, session: Session, heard: Inbound) -> str:
        return session.language or heard.language or "fa"

    def open_question(self, session: Session, heard: Inbound, now: datetime) -> tuple[Reply, ...]:
        return (self.menu("fa"),)

    def apology(self, reference: str) -> Reply:
        return Reply(Phrase("script.sorry", {"reference": reference}))

    def menu(self, language: str) -> Reply:
        greeting = Phrase("script.greeting", {"name": organization().name[language]})
        return Reply(greeting, MENU, Expect(Kind.CHOICE))

    def say(self, heard: Inbound, language: str) -> list[Reply]:
        if heard.files:
            words = "، ".join(f.name for f in heard.files)
            return [Reply(Phrase("script.got", {"words": Term("quote", words)})), self.filed()]
        if heard.location:
            return [Reply(Phrase("script.place")), Reply(Phrase("script.photo"), NAV, Expect(Kind.FILE, 3))]
        match heard.value or heard.text:
            case "ask":
                return [Reply(Phrase("script.which"), (*SERVICES, *NAV), Expect(Kind.CHOICE))]
            case "file":
                return [Reply(Phrase("script.when"), NAV, Expect(Kind.DATE))]
            case "فردا" | "tomorrow":
                return [Reply(Phrase("script.where"), NAV, Expect(Kind.LOCATION))]
            case "photo":
                return [Reply(Phrase("script.photo"), NAV, Expect(Kind.FILE, 3))]
            case "news":
                return [Reply(Phrase("script.news"))]
            case "track":
                return [self.filed()]
            case "review":
                return [Reply(Phrase("script.review"), REVIEW, Expect(Kind.CHOICE))]
            case "score":
                return [Reply(Phrase("script.score"), (*SCALE, *NAV), Expect(Kind.CHOICE))]
            case "answer":
                return [Reply(Phrase("script.answer"), (*VERDICT, Choice("/track/1", Phrase("script.mine", CODE))))]
            case "status":
                return [Reply(Phrase("script.status", CODE))]
            case "crash":
                raise RuntimeError("a dialog that fails")
            case "" | "/menu":
                return [self.menu(language)]
        if heard.value.startswith("/language/"):
            return [self.menu(language)]
        return [Reply(Phrase("script.echo", {"words": Term("quote", heard.text or heard.value)}))]

    def filed(self) -> Reply:
        gaps = {"code": Term("code", "1234567894"), "url": Term("url", "https://sample-city.example/track")}
        return Reply(Phrase("script.code", gaps), (Choice("/menu", Phrase("nav.menu"), nav=True),))


@dataclass
class Memory:
    """Sessions, transcripts, contacts and files of one test. `down` makes all of them fail."""

    sessions: dict[str, str] = field(default_factory=dict)
    said: list[tuple[str, Line]] = field(default_factory=list)
    files: dict[str, tuple[Attachment, bytes]] = field(default_factory=dict)
    locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    down: bool = False

    @asynccontextmanager
    async def open(self, contact: str) -> AsyncIterator[Opened]:
        self._check()
        async with self.locks.setdefault(contact, asyncio.Lock()):
            stored = self.sessions.get(contact)
            opened = Opened(Session.from_json(json.loads(stored)) if stored else Session(contact))
            yield opened
            self.sessions[contact] = json.dumps(opened.session.to_json())
            self.said += [(contact, line) for line in opened.lines]

    async def lines(self, contact: str, after: int, limit: int = 200) -> tuple[Line, ...]:
        self._check()
        return tuple([line for c, line in self.said if c == contact and line.seq > after][-limit:])

    async def resolve(self, address: Address) -> str:
        self._check()
        return f"contact of {address}"

    async def verify(self, contact: str, phone: str) -> None: ...

    async def reach(self, address: Address, reachable: bool) -> None: ...

    async def put(self, data: bytes, name: str, contact: str) -> Attachment:
        self._check()
        if not data:
            raise FileRefused("file.empty")
        if data.startswith(b"MZ"):
            raise FileRefused("file.not_what_it_says")
        file = Attachment(f"f{len(self.files) + 1}", name, "image/png", len(data))
        self.files[file.id] = file, data
        return file

    async def get(self, id: str) -> tuple[Attachment, bytes] | None:
        return self.files.get(id)

    def _check(self) -> None:
        if self.down:
            raise OSError("the store is away; the words «راز» must not reach the log")


@dataclass
class Counter:
    """One web chat with what stands behind it."""

    memory: Memory = field(default_factory=Memory)
    script: Script = field(default_factory=Script)

    def __post_init__(self) -> None:
        wording = Renderer(phrases)
        self.gateway = Gateway(
            self.memory,
            self.memory,
            self.script,  # type: ignore[arg-type]  # the engine's four methods, by script
            clock=lambda: datetime.now(UTC),
        )
        self.chat = WebChat(
            self.gateway,
            self.memory,
            self.memory,
            self.memory,
            wording,
            secret="a secret of the tests",
            organization=organization,
        )

    async def notice(self, session: str) -> None:
        """What the courier does with news of the desk."""
        address = Address("web", session)
        outcome = await self.gateway.receive(
            Inbound(f"notice-{self.script.turns}", address, Event.NOTICE, value="news")
        )
        await self.chat.send(address, outcome.replies, outcome.language, seq=outcome.seq)
