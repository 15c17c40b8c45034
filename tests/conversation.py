"""A citizen to talk with: plain text in, plain text out, and a new process between every two turns.

A transcript is a file of lines that begin with what happened:

    web> سلام                words typed on a channel (telegram>, console>, sms> … alike)
    web! بله                 the choice with this label, pressed
    web+ plan.pdf            a file is sent
    web@ 35.70000,51.40000   a location is shared
    web* start               another event: start, silence, hangup
    again                    the last inbound is delivered once more
    clock +13h               time passes (m, h, d)
    officer CODE closed متن  the desk changes a request ("CODE" is the last code told), and its notices go out
    apart                    from here each address is somebody else's until it is linked; 09121234567 calls and texts
    called                   the telephone rings: a new call begins ("voice>" and "voice!" are what is keyed and chosen)
    hung up                  and ends
    post                     notices that wait go out
    TEXTED, TICKET           in an input: the last code that was texted; the ticket of the last link that was shown
    < …                      what was answered, choices as [label]

Everything after the inputs is written by `pytest --regenerate` and compared without it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.channels.render import Renderer
from bot.content import load
from bot.core.catalogue import Catalogue
from bot.core.messages import TELEPHONE, Address, Attachment, Event, Inbound, Location, Reply, Term
from bot.core.notices import Notice
from bot.core.ports import Nlu
from bot.core.requests import Status
from bot.core.sessions import Session
from bot.core.tracking import TrackingCode
from bot.desk.identity import LinkedIdentity
from bot.desk.service_desk import ServiceDesk
from bot.dialogs.engine import Engine
from bot.dialogs.registry import Dialogs, build
from bot.gateway import Gateway, Outcome
from bot.nlu.model import EmbeddedNlu
from bot.stores.memory import MemoryContacts, MemoryRecords, MemorySessions
from tests import posted

KNOWLEDGE_BASE = Path(__file__).parent.parent / "knowledge_base"
BEGINNING = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # Monday 2 Azar 1405, 09:30 in Tehran
NUMBER = "+989121234567"
_TICKET = re.compile(r"(?:join|start)=([\w-]+)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_loaded: dict[Path, tuple[Catalogue, Nlu]] = {}


def content(folder: Path = KNOWLEDGE_BASE) -> tuple[Catalogue, Nlu]:
    """The project's own content and the understanding trained on it, once per test run."""
    if folder not in _loaded:
        catalogue = load(folder)
        _loaded[folder] = catalogue, EmbeddedNlu.train(catalogue)
    return _loaded[folder]


@dataclass
class Conversation:
    """One citizen over any number of channels. All addresses belong to one contact, so that a draft can travel."""

    catalogue: Catalogue
    nlu: Nlu
    sessions: MemorySessions = field(default_factory=MemorySessions)
    records: MemoryRecords = field(default_factory=MemoryRecords)
    now: datetime = BEGINNING
    restart: bool = True
    last: Inbound | None = None
    outcome: Outcome | None = None
    code: str = ""
    count: int = 0
    wrap: Callable[[Dialogs], Dialogs] = lambda dialogs: dialogs
    calls: int = 0
    texted: str = ""
    ticket: str = ""

    def __post_init__(self) -> None:
        self.contacts: MemoryContacts = OneContact()
        self.identity: LinkedIdentity | None = None
        self.random = random.Random(7)
        self.renderer = Renderer(lambda: self.catalogue.phrases)
        self.begin()

    def begin(self) -> None:
        """A new process: nothing but the stores is left of the old one."""
        self.desk = ServiceDesk(self.records, lambda: self.catalogue, lambda: self.now, new_code=self._code)
        dialogs = self.wrap(build(self.catalogue, self.nlu, self.desk, self.identity))
        self.engine = Engine(dialogs, self.renderer, new_id=lambda: f"{self.random.getrandbits(48):012x}")
        self.gateway = Gateway(
            self.sessions, self.contacts, self.engine, clock=lambda: self.now, new_reference=lambda: "1a2b3c4d"
        )

    def set_apart(self) -> None:
        """Each address is a contact of its own, and proofs join them."""
        people = iter(range(1, 1000))
        self.contacts = MemoryContacts(new_id=lambda: f"person{next(people)}")
        self.sessions, self.records = MemorySessions(self.contacts), MemoryRecords(self.contacts)
        self.identity = LinkedIdentity(
            self.contacts, self.sessions, self.records, lambda: self.now, secret=lambda: "of these tests"
        )
        self.identity.texting = self.identity.mailing = True
        self.identity.door_of = {
            "web": "https://counter.example/?join={}".format,
            "telegram": "https://t.me/counter_bot?start={}".format,
        }
        self.begin()

    async def bring_codes(self) -> None:
        """What the courier does with one-time codes; other notices stay where they are."""
        for notice in await posted.due(self.records.outbox, self.now):
            if self.identity and (said := self.identity.said_apart(notice)):
                code = said[0].say.args["code"]
                assert isinstance(code, Term)
                self.texted = code.value
                await self.done(notice)

    async def done(self, notice: Notice) -> None:
        """As the courier settles it."""
        begun = await self.records.outbox.begin(notice, notice.address, at=self.now, until=self.now)
        assert begun
        await self.records.outbox.settle(begun, "sent", at=self.now, outcome="sent")

    def address(self, channel: str) -> Address:
        telephone = self.identity and channel in TELEPHONE
        return Address(channel, NUMBER if telephone else "ann")

    def _code(self) -> TrackingCode:
        return TrackingCode.new(self.random.randrange)

    # --- talking ------------------------------------------------------------------------------

    async def hear(self, channel: str, event: Event, **content: object) -> tuple[Reply, ...]:
        self.count += 1
        if channel == "voice":
            content |= {"proven": False, "visit": f"call{self.calls}"}
        heard = Inbound(f"{self.count}", self.address(channel), event, **content)  # type: ignore[arg-type]
        return await self.receive(heard)

    async def receive(self, heard: Inbound) -> tuple[Reply, ...]:
        if self.restart:
            self.begin()
        self.last = heard
        self.now += timedelta(seconds=20)
        self.outcome = await self.gateway.receive(heard)
        await self.bring_codes()
        for reply in self.outcome.replies:
            if ticket := _TICKET.search(self.text(reply)):
                self.ticket = ticket[1]
            if code := TrackingCode.found_in(self.text(reply)):
                self.code = str(code)
        return self.outcome.replies

    async def say(self, text: str, channel: str = "web") -> str:
        return self.shown(await self.hear(channel, Event.MESSAGE, text=text))

    async def press(self, label: str, channel: str = "web") -> str:
        return self.shown(await self.hear(channel, Event.CHOICE, value=self.value_of(label)))

    async def send_file(self, name: str, channel: str = "web") -> str:
        file = Attachment(f"f{self.count}", name, "application/pdf", 1234)
        return self.shown(await self.hear(channel, Event.FILE, files=(file,)))

    def value_of(self, label: str) -> str:
        assert self.outcome is not None, "nothing was offered yet"
        offered = {self.label(c.label): c.value for r in self.outcome.replies for c in r.choices}
        assert label in offered, f"no choice {label!r} among {list(offered)}"
        return offered[label]

    async def officer(self, code: str, status: str, note: str = "") -> str:
        await self.desk.change(
            TrackingCode(code), by="officer", status=Status(status), note=note, key=f"officer-{self.count}-{status}"
        )
        return await self.post()

    async def post(self) -> str:
        """What waits in the outbox is told."""
        told: list[str] = []
        for notice in await posted.due(self.records.outbox, self.now):
            if not await self.desk.is_news(notice):
                continue
            inbound = Inbound(f"notice:{notice.id}", notice.address, Event.NOTICE, value=notice.command)
            told.append(self.shown(await self.receive(inbound), f"({notice.address.channel}) "))
            await self.done(notice)
        return "".join(told)

    # --- showing ------------------------------------------------------------------------------

    @property
    def language(self) -> str:
        return self.outcome.language if self.outcome else "fa"

    def text(self, reply: Reply) -> str:
        return self.renderer.text(reply.say, self.language)

    def label(self, label: object) -> str:
        return self.renderer.text(label, self.language).translate(_NO_ISOLATES)  # type: ignore[arg-type]

    def shown(self, replies: tuple[Reply, ...], prefix: str = "") -> str:
        lines: list[str] = []
        for reply in replies:
            lines += self.text(reply).translate(_NO_ISOLATES).split("\n")
            if reply.choices:
                lines.append(" ".join(f"[{self.label(c.label)}]" for c in reply.choices))
        return "".join(f"< {prefix}{line}".rstrip() + "\n" for line in lines)

    async def session(self, channel: str = "web") -> Session:
        async with self.sessions.open(await self.contacts.resolve(self.address(channel))) as opened:
            return opened.session


_NO_ISOLATES = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))


class OneContact(MemoryContacts):
    """Every address is the same person's, as after linking; but for the neighbour's."""

    ID = "ann"

    async def resolve(self, address: Address) -> str:
        return self.ID if address.channel != "neighbour" else "neighbour"


async def play(talk: Conversation, line: str) -> str:
    """One input line of a transcript → the lines that answer it."""
    head, _, rest = line.partition(" ")
    if head == "again":
        assert talk.last is not None
        return talk.shown(await talk.receive(talk.last))
    if head == "clock":
        talk.now += timedelta(**{_UNITS[rest[-1]]: int(rest[1:-1])})
        return ""
    if head == "officer":
        code, status, *note = rest.split(" ", 2)
        return await talk.officer(talk.code if code == "CODE" else code, status, *note)
    if line == "apart":
        talk.set_apart()
        return ""
    if line == "post":
        return await talk.post()
    if line in ("called", "hung up"):
        talk.calls += line == "called"
        return talk.shown(await talk.hear("voice", Event.START if line == "called" else Event.HANGUP))
    channel, kind = head[:-1], head[-1]
    for name, value in (("CODE", talk.code), ("TEXTED", talk.texted), ("TICKET", talk.ticket)):
        rest = rest.replace(name, value)
    match kind:
        case ">":
            return await talk.say(rest, channel)
        case "!":
            return await talk.press(rest, channel)
        case "+":
            return await talk.send_file(rest, channel)
        case "@":
            latitude, longitude = map(float, rest.split(","))
            place = Location(latitude, longitude)
            return talk.shown(await talk.hear(channel, Event.MESSAGE, location=place))
        case "*":
            return talk.shown(await talk.hear(channel, Event(rest)))
    raise ValueError(f"not a line of a transcript: {line!r}")


async def replay(text: str, talk: Conversation) -> str:
    """The transcript as it goes today: inputs and comments as written, answers as given."""
    out: list[str] = []
    for line in text.splitlines():
        if line.startswith("<"):
            continue
        out.append(line + "\n")
        if line and not line.startswith("#"):
            out.append(await play(talk, line))
    return "".join(out)
