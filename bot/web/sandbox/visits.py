"""Who is at the sandbox. Each open page is a visit with a telephone number and a messenger account of its own."""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from bot.core.messages import TELEPHONE, Address
from bot.web.sandbox.blobs import Blobs

MOST_VISITS = 64  # pages at once; the one that was quiet longest makes room
KEPT = 300  # events of a visit
KEPT_WAITING = 20  # events for an address that no page has at present
MOST_WAITING = 200  # such addresses
MOST_STREAMS = 4  # tabs that follow one visit
MOST_SESSIONS = 8  # web-chat sessions of one visit

PREFIX = "+98912000"
_NUMBER = re.compile(re.escape(PREFIX) + r"[0-9]{4}")
_SESSION = re.compile(r"[A-Za-z0-9_-]{20,64}")
_FIRST_CHAT = 7 * 10**9

Json = dict[str, Any]


class Taken(Exception):
    """Another page has this number. Another one may be free."""


class Full(Exception):
    """As many pages as may be are open. Later it works."""


@dataclass(slots=True)
class Call:
    """A telephone call from a page."""

    id: str
    caller: str
    began: float  # monotonic
    at: str = ""  # path and query of the last TwiML document


@dataclass(slots=True)
class Visit:
    """`events` are numbered; a page that comes back asks for those after the last one it saw."""

    number: str
    chat: int
    language: str = "fa"  # of the messenger's app
    blobs: Blobs = field(default_factory=Blobs)
    calls: OrderedDict[str, Call] = field(default_factory=OrderedDict)
    sessions: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_SESSIONS))
    messages: OrderedDict[int, Json] = field(default_factory=OrderedDict)  # of the messenger, as the bot sent them
    events: deque[Json] = field(default_factory=lambda: deque(maxlen=KEPT))
    labels: dict[str, str] = field(default_factory=dict)  # of the choices offered last
    handed: dict[str, float] = field(default_factory=dict)  # channel → monotonic time of what was handed in last
    streams: int = 0
    used: float = 0.0
    last: int = field(default_factory=lambda: time.time_ns() // 1_000_000)  # grows over restarts too
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, kind: str, **data: Any) -> Json:
        """Something that the page has to show."""
        self.last += 1
        event = {"n": self.last, "at": time.time_ns() // 1_000_000, "type": kind, **data}
        self.events.append(event)
        self.wake()
        return event

    def wake(self) -> None:
        self.news.set()
        self.news = asyncio.Event()

    def after(self, n: int) -> list[Json]:
        return [event for event in self.events if event["n"] > n]


class Visits:
    """Keys are signed, not stored, so that a page goes on after a restart, with its number."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._visits: OrderedDict[str, Visit] = OrderedDict()
        self._waiting: OrderedDict[Address, deque[Json]] = OrderedDict()

    def __iter__(self) -> Iterator[Visit]:
        return iter(self._visits.values())

    def __len__(self) -> int:
        return len(self._visits)

    def new_key(self) -> str:
        """For a page that is handed out; nothing is kept until it speaks."""
        name = secrets.token_hex(12)
        return f"{name}.{self._signature(name)}"

    def open(self, key: str) -> Visit | None:
        """The visit of this key; None for a key that was not made here. Raises Full."""
        name, _, signature = key.partition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._signature(name).encode()):
            return None
        visit = self._visits.get(name)
        if visit is None:
            self._make_room()
            visit = self._visits[name] = self._new(name)
            for address in self._addresses(visit):
                self._bring_waiting(address, visit)
        self._visits.move_to_end(name)
        visit.used = time.monotonic()
        return visit

    def at(self, address: Address) -> Visit | None:
        """Whose address this is."""
        return next((v for v in self if self._has(v, address)), None)

    def bring(self, address: Address, kind: str, **data: Any) -> bool:
        """An event for whoever has this address: at once (True), or when its page comes back."""
        if visit := self.at(address):
            visit.tell(kind, **data)
            return True
        self._waiting.setdefault(address, deque(maxlen=KEPT_WAITING)).append({"kind": kind, **data})
        self._waiting.move_to_end(address)
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
        return False

    def renumber(self, visit: Visit, number: str) -> None:
        """Give the visit another number. Raises ValueError for one that the sandbox does not hand out, and Taken."""
        if not _NUMBER.fullmatch(number):
            raise ValueError(number)
        if any(v.number == number for v in self if v is not visit):
            raise Taken
        visit.number = number
        self._bring_waiting(Address("sms", number), visit)

    def follow(self, visit: Visit, session: str) -> None:
        """This web-chat session belongs to the visit. Nobody else can name it: it is random."""
        if not _SESSION.fullmatch(session):
            raise ValueError("no session")
        if session not in visit.sessions:
            visit.sessions.append(session)

    def _signature(self, name: str) -> str:
        return hmac.digest(self._secret, name.encode("utf-8", "replace"), "sha256").hex()

    def _make_room(self) -> None:
        while len(self._visits) >= MOST_VISITS:
            quiet = next((name for name, visit in self._visits.items() if not visit.streams), None)
            if quiet is None:
                raise Full
            del self._visits[quiet]

    def _new(self, name: str) -> Visit:
        """Numbers and accounts come from the key; where two keys meet, the later one takes the next."""
        seed = sha256(name.encode()).digest()
        taken = {v.number for v in self}
        first = int.from_bytes(seed[:4])
        numbers = (f"{PREFIX}{1000 + (first + n) % 9000}" for n in range(9000))
        number = next(n for n in numbers if n not in taken)
        return Visit(number, _FIRST_CHAT + int.from_bytes(seed[4:8]))

    def _addresses(self, visit: Visit) -> tuple[Address, ...]:
        return Address("sms", visit.number), Address("telegram", str(visit.chat))

    def _has(self, visit: Visit, address: Address) -> bool:
        if address.channel in TELEPHONE:
            return address.id == visit.number or address.id.removeprefix("call-") in visit.calls
        if address.channel == "web":
            return address.id in visit.sessions
        return address == Address("telegram", str(visit.chat))

    def _bring_waiting(self, address: Address, visit: Visit) -> None:
        for event in self._waiting.pop(address, ()):
            visit.tell(**event)
