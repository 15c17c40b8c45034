"""The counter that is walked over: the real gateway, desk, courier and channels, over stores that forget.

Providers are left out: a driver that answers in the response stands for every SMS provider, `Calls` is what both
telephone carriers lead to, and messengers begin with an update's JSON. Before each turn all but the stores is new.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from bot.channels.bale import BALE
from bot.channels.render import Renderer, Style
from bot.channels.sms.channel import Sms
from bot.channels.sms.driver import Media, MediaLost
from bot.channels.telegram.dialects import TELEGRAM
from bot.channels.telegram.outgoing import Composer
from bot.channels.voice.call import Calls
from bot.channels.voice.speech import Speaker
from bot.content import load_voice
from bot.core.messages import Address, Attachment, Inbound, Reply
from bot.core.ports import Opened
from bot.core.requests import Status
from bot.core.text import fold_digits
from bot.core.tracking import TrackingCode
from bot.core.voice_content import Person, VoiceContent
from bot.courier import Courier
from bot.desk.identity import LinkedIdentity
from bot.dialogs import desk_news
from bot.gateway import End, Outcome
from bot.stores.memory import MemoryContacts, MemoryRecords, MemorySessions
from tests import posted
from tests.conversation import KNOWLEDGE_BASE, Conversation, content
from tests.walks.oracle import Oracle, Seen

_CODE = re.compile(r"(\d{6})(?= )")
LOST = "https://provider/lost"
KILLED = 0.06  # of the turns
BETWEEN = timedelta(seconds=20)  # two turns


class Styles(Renderer):
    """Keeps the renderers that it makes, so that a new process does not compile the phrases again."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._made: dict[int, Renderer] = {}

    def styled(self, style: Style) -> Renderer:
        return self._made.setdefault(id(style), super().styled(style))


@cache
def voice_of(folder: Path) -> VoiceContent:
    return load_voice(folder.parent / "ivr", content(folder)[0])


@cache
def writers(folder: Path) -> tuple[Styles, Speaker]:
    """They know nothing but the content."""
    catalogue, voice = content(folder)[0], voice_of(folder)
    return Styles(lambda: catalogue.phrases), Speaker(lambda: catalogue.phrases, lambda: voice)


class Logged(logging.Handler):
    """What the house logs during a walk."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class Airtime:
    """`Driver`: a provider that takes everything. `screens` show what each number is sent of our own accord, `codes`
    holds the one-time code among it."""

    name, answers, media, repeatable = "air", True, True, False

    def __init__(self) -> None:
        self.screens: dict[str, Callable[[str], None]] = {}
        self.codes: dict[str, str] = {}

    def routes(self, taker: object) -> Sequence[Any]:
        return ()

    def open(self, session: object) -> None:
        pass

    async def send(self, number: str, text: str, *, key: str = "", since: datetime | None = None) -> str:
        if number not in self.screens:
            return ""  # nobody's in this walk: its codes are not read
        if code := _CODE.match(fold_digits(text)):
            self.codes[number] = code[1]
        self.screens[number](text)
        return ""

    async def fetch(self, media: Media) -> bytes:
        if media.url == LOST:
            raise MediaLost
        return b"content"


class Shelf:
    """`Files`, of which nobody looks inside."""

    def __init__(self) -> None:
        self.count = 0

    async def put(self, data: bytes, name: str, contact: str) -> Attachment:
        self.count += 1
        kind = "audio/wav" if name.endswith(".wav") else "image/jpeg"
        return Attachment(f"f{self.count}", name, kind, len(data))


class Front:
    """The gateway of whichever process there is just now."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def receive(self, heard: Inbound) -> object:
        await self._counter.receive(heard)
        return self._counter.outcome

    def __getattr__(self, name: str) -> Any:
        return getattr(self._counter.gateway, name)


class Killed(BaseException):
    """The process ended here."""


class Sessions(MemorySessions):
    """Can be looked into without being opened. `dies`: before the next turn is saved, the process does."""

    dies = False

    @asynccontextmanager
    async def open(self, contact: str) -> AsyncIterator[Opened]:
        await asyncio.sleep(0)  # a database gives way to others here
        async with super().open(contact) as opened:
            before = opened.session
            await asyncio.sleep(0)
            yield opened
            await asyncio.sleep(0)
            if self.dies and opened.session is not before:
                raise Killed

    def stored(self, contact: str) -> bytes:
        return self._states.get(contact, b"")


class Contacts(MemoryContacts):
    """`dies`: before the next two become one, the process does."""

    dies = False

    async def link(self, contact: str, into: str) -> None:
        if self.dies:
            raise Killed
        await super().link(contact, into)


class Records(MemoryRecords):
    """Can be looked into without a desk."""

    def stored(self) -> Mapping[str, bytes]:
        return self._requests


class NoLimits:
    """`Limits`, of which there are none."""

    async def take(self, key: str, *, rate: float, burst: float, cost: float = 1.0) -> float:
        return 0.0


class Messenger:
    """`Sender` of a channel whose citizens look at their screens by themselves."""

    rate = None
    disturbs = repeatable = False

    async def send(self, to: Address, replies: Sequence[Reply], language: str, **_: object) -> str:
        return ""


class Counter(Conversation):
    """Each turn is watched by the oracle, and written into `told`."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.voice = voice_of(KNOWLEDGE_BASE)
        if dice.random() < 0.5:
            self.voice = replace(self.voice, person=Person("+982100001000", dice.choice(("always", "office_hours"))))
        self.told: list[str | Outcome] = []
        self.turns = 0
        self.taken: set[str] = set()  # keys of turns that were answered
        self.air, self.files = Airtime(), Shelf()
        self.styles, self.speaker = writers(KNOWLEDGE_BASE)
        self.telegram, self.bale = Composer(self.styles, TELEGRAM), Composer(self.styles, BALE)
        self.oracle = Oracle(self)
        super().__init__(*content())
        self.renderer = self.styles
        self.set_apart()

    def set_apart(self) -> None:
        people = iter(range(1, 100_000))
        self.contacts = Contacts(new_id=lambda: f"person{next(people)}")
        self.sessions, self.records = Sessions(self.contacts), Records(self.contacts)
        self.identity = LinkedIdentity(
            self.contacts, self.sessions, self.records, lambda: self.now, secret=lambda: "of these tests"
        )
        self.identity.door_of = {
            "web": "https://counter.example/?join={}".format,
            "telegram": "https://t.me/counter_bot?start={}".format,
            "bale": "https://ble.ir/counter_bot?start={}".format,
        }
        self.begin()

    def begin(self) -> None:
        super().begin()
        self.front = Front(self)
        front: Any = self.front
        driver: Any = self.air
        files: Any = self.files
        self.sms = Sms(front, files, self.contacts, self.styles, driver=driver)
        facts = (self.is_open, self.can_text, self.is_holiday)
        self.calls_of = Calls(front, files, self.speaker, lambda: self.voice, *facts)
        if self.identity:
            self.identity.texting = True

    def can_text(self, number: str) -> bool:
        return self.identity is not None and self.identity.can_text(number)

    def is_open(self) -> bool:
        return desk_news.is_open(self.catalogue, self._here())

    def is_holiday(self) -> bool:
        return desk_news.is_holiday(self.catalogue, self._here())

    def _here(self) -> datetime:
        return self.now.astimezone(self.engine.dialogs.zone)

    async def receive(self, heard: Inbound) -> tuple[Reply, ...]:
        assert self.identity is not None
        self.turns += 1
        self.now += BETWEEN
        self.last = heard
        self.outcome = await self._received(heard)
        await self.bring_codes()
        self.told.append(
            f"    = {heard.address} {heard.event.value} {heard.text or heard.value} {heard.problem}".rstrip()
        )
        self.told.append(self.outcome)
        self.oracle.judge(heard, self.outcome)
        self.taken.add(heard.key)
        return self.outcome.replies

    async def receive_at_once(self, *heard: Inbound) -> list[Outcome]:
        """Several turns at the same time."""
        self.begin()
        self.sessions.dies = self.contacts.dies = False
        self.turns += len(heard)
        self.now += BETWEEN
        outcomes = await asyncio.gather(*(self.gateway.receive(one) for one in heard))
        for one, outcome in zip(heard, outcomes, strict=True):
            self.told += [f"    = at once {one.address} {one.event.value} {one.text or one.value}", outcome]
        self.oracle.judge_together(heard, outcomes)
        self.taken.update(one.key for one in heard)
        return outcomes

    async def _received(self, heard: Inbound) -> Outcome:
        """Once in a while the process ends in the middle, and the provider comes again."""
        self.begin()
        self.sessions.dies, self.contacts.dies = (self.dice.random() < KILLED for _ in range(2))
        try:
            return await self.gateway.receive(heard)
        except Killed:
            self.told.append(f"    (killed during {heard.key})")
            self.begin()
            self.sessions.dies = self.contacts.dies = False
            outcome = await self.gateway.receive(heard)
            return replace(outcome, end=End.REPLAYED if heard.key in self.taken else End.ANSWERED)

    async def bring_news(self) -> None:
        """The courier's round."""
        front: Any = self.front
        screens = Messenger()
        senders: Any = {"sms": self.sms, "web": screens, "telegram": screens, "bale": screens}
        assert self.identity
        courier = Courier(
            self.records.outbox,
            front,
            senders,
            self.contacts,
            lambda: self.now,
            NoLimits(),
            is_news=self.desk.is_news,
            apart=self.identity.said_apart,
            reached_at=self._reached_at,
        )
        while await courier.round():
            pass

    async def bring_codes(self) -> None:
        """They come at once; other news when a walk looks for them."""
        for notice in await posted.due(self.records.outbox, self.now):
            if self.identity and (said := self.identity.said_apart(notice)):
                await self.sms.send(notice.address, said[:1], said[1], seq=0)
                await self.done(notice)

    @staticmethod
    def _reached_at(address: Address) -> Address:
        return Address("sms", address.number) if address.number else address

    def transcript(self) -> list[str]:
        """What happened until now, in lines to read."""
        lines: list[str] = []
        for said in self.told:
            lines += (
                [said] if isinstance(said, str) else [f"    {line}" for line in self.shown(said.replies).splitlines()]
            )
        return lines

    # --- what a walk asks ---------------------------------------------------------------------

    async def officer_sets(self, code: str, status: str, note: str) -> None:
        key = f"officer-{len(self.told)}"
        await self.desk.change(TrackingCode(code), by="officer", status=Status(status), note=note, key=key)

    def secret(self, words: str, visit: str) -> None:
        """These words were said in this call, or elsewhere than on the telephone."""
        self.oracle.secrets[words] = visit

    def codes(self) -> Sequence[str]:
        return list(self.oracle.before.requests)

    def mobiles(self) -> Sequence[str]:
        return [r.draft.mobile for r in self.oracle.before.requests.values() if r.draft.mobile]

    def form_of(self, address: Address) -> str:
        """The form whose question was put there last."""
        return self.oracle.seen.get(address, Seen()).dialog.removeprefix("form/")
