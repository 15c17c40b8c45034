"""What comes in and what goes out, before any channel has touched it.

A channel turns a provider's payload into an `Inbound`; the engine answers with `Reply` values; the
channel renders them as text, buttons, numbered lines, keys or speech. Everything here turns into plain
JSON data and back (`to_json`, `*_from_json`), because replies are stored and replayed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from bot.core.values import value

TELEPHONE = ("sms", "voice")
"""Channels whose ids are telephone numbers, E.164: one number is one contact on both of them."""


class Address(NamedTuple):
    """Where one can be reached: a channel's name and an id that means something to that channel."""

    channel: str
    id: str

    @property
    def number(self) -> str:
        """The telephone number, E.164; empty where the address is none, or the caller hides it."""
        return self.id if self.channel in TELEPHONE and self.id.startswith("+") else ""

    def __str__(self) -> str:
        return f"{self.channel}:{self.id}"


class Event(StrEnum):
    """What happened on the channel."""

    MESSAGE = "message"  # words, perhaps with a location or the sender's own verified number
    CHOICE = "choice"  # a button of ours; `value` is what the button carried
    FILE = "file"  # stored files, or `problem` says why they were refused
    START = "start"  # the conversation was opened: page loaded, /start, call answered
    SILENCE = "silence"  # the channel waited for an answer and none came
    HANGUP = "hangup"  # the citizen left; nobody hears a reply
    NOTICE = "notice"  # the desk has something to tell; `value` is a command such as "/survey CODE"


@value
class Attachment:
    """A file that is stored and whose type was decided from its content."""

    id: str
    name: str
    media_type: str
    size: int  # bytes

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "media_type": self.media_type, "size": self.size}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Attachment:
        return cls(data["id"], data["name"], data["media_type"], data["size"])


@value
class Location:
    """WGS 84, degrees."""

    latitude: float
    longitude: float


@value
class Inbound:
    """One thing that a citizen did. `id` is unique on its channel and the same when redelivered."""

    id: str
    address: Address
    event: Event
    text: str = ""  # as written, never normalised
    value: str = ""  # of a CHOICE or a NOTICE
    files: tuple[Attachment, ...] = ()
    location: Location | None = None
    phone: str = ""  # E.164; only when the channel itself vouches that it is the sender's own
    language: str = ""  # the channel's hint, e.g. the app's language
    problem: str = ""  # phrase key of why the channel could not take a file: "file.too_large"…
    proven: bool = True  # False: the address alone does not prove who it is; a caller's number can be forged
    costly: bool = field(default=False, compare=False)  # each answer costs money, so it is given less freely
    visit: str = ""  # of an address that proves nothing: which call this is; a proof holds for one call

    @property
    def key(self) -> str:
        return f"{self.address.channel}:{self.id}"


# --- what is said -------------------------------------------------------------------------------


@value
class Term:
    """A value inside a sentence that each channel says in its own way.

    kinds: "code" tracking code (ten digits) · "date" ISO date · "day" ISO date, shown in digits · "moment" ISO
    date-time · "clock" HH:MM · "rial" amount · "digits" an identifier to copy (phone, national id…) · "url" · "door" a
    URL by which the citizen goes on elsewhere, perhaps on another device · "quote" the citizen's own words.
    """

    kind: str
    value: str


@value
class Phrase:
    """A sentence by its key in `knowledge_base/phrases/`, with the values of its gaps."""

    key: str
    args: Mapping[str, Arg] = field(default_factory=dict)


# int is a number to be read, str is content text in the citizen's language, a tuple becomes lines.
Arg = str | int | Term | Phrase | tuple["Arg", ...]


@value
class Choice:
    """One possible answer. `value` is ASCII, at most 56 bytes; a value that begins with "/" is a command and
    means the same at any time, others belong to the question that offered them."""

    value: str
    label: Arg
    nav: bool = False  # back, cancel…: a channel with keys or words for these may leave it out
    main: bool = False  # what most people choose here: a channel may set it off


class Kind(StrEnum):
    """What sort of answer the open question waits for."""

    NOTHING = "nothing"
    CHOICE = "choice"
    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    DIGITS = "digits"
    PHONE = "phone"
    DATE = "date"
    EMAIL = "email"
    FILE = "file"
    LOCATION = "location"

    @property
    def numbered(self) -> bool:
        """Whether a small bare number is no answer by itself, so that it can only mean one of the choices."""
        return self not in (Kind.TEXT, Kind.LONG_TEXT, Kind.NUMBER, Kind.DATE)


@value
class Expect:
    kind: Kind = Kind.NOTHING
    size: int = 0  # DIGITS: how many; FILE: how many at most

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind.value, "size": self.size} if self.size else {"kind": self.kind.value}


NOTHING = Expect()


@value
class Reply:
    """One thing to say. Only the last reply of a turn may hold choices and expect an answer."""

    say: Phrase
    choices: tuple[Choice, ...] = ()
    expect: Expect = NOTHING
    brief: Phrase | None = None  # the same in a few words, for a medium that counts characters
    skip: int = 0  # characters of the text that were told before; the rest is wanted

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"s": arg_to_json(self.say)}
        if self.choices:
            data["c"] = [[c.value, arg_to_json(c.label), c.nav, c.main] for c in self.choices]
        if self.expect.kind is not Kind.NOTHING:
            data["e"] = [self.expect.kind.value, self.expect.size]
        if self.brief:  # most questions are brief already, and need not be kept twice
            data["b"] = True if self.brief == self.say else arg_to_json(self.brief)
        if self.skip:
            data["k"] = self.skip
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reply:
        say, brief = arg_from_json(data["s"]), data.get("b")
        assert isinstance(say, Phrase)
        brief = say if brief is True else None if brief is None else arg_from_json(brief)
        assert brief is None or isinstance(brief, Phrase)
        kind, size = data.get("e", (Kind.NOTHING, 0))
        choices = tuple(Choice(v, arg_from_json(label), *flags) for v, label, *flags in data.get("c", ()))
        return cls(say, choices, Expect(Kind(kind), size), brief, data.get("k", 0))


def arg_to_json(arg: Arg) -> Any:
    if isinstance(arg, Phrase):
        return {"p": arg.key, "a": {k: arg_to_json(v) for k, v in arg.args.items()}} if arg.args else {"p": arg.key}
    if isinstance(arg, Term):
        return {"t": arg.kind, "v": arg.value}
    if isinstance(arg, tuple):
        return [arg_to_json(a) for a in arg]
    return arg


def arg_from_json(data: Any) -> Arg:
    if isinstance(data, dict):
        if "p" in data:
            return Phrase(data["p"], {k: arg_from_json(v) for k, v in data.get("a", {}).items()})
        return Term(data["t"], data["v"])
    if isinstance(data, list):
        return tuple(arg_from_json(d) for d in data)
    if isinstance(data, str | int):
        return data
    raise TypeError(f"not an argument of a phrase: {data!r}")


def replies_to_json(replies: Sequence[Reply]) -> list[dict[str, Any]]:
    return [r.to_json() for r in replies]


def replies_from_json(data: Sequence[Mapping[str, Any]]) -> tuple[Reply, ...]:
    return tuple(Reply.from_json(d) for d in data)


@value
class Line:
    """One line of the transcript, in the order that it was said."""

    seq: int  # grows by one with each line of the contact
    address: Address
    inbound: str  # `Inbound.key` of the turn
    said_at: datetime
    direction: str  # "in" | "out"
    content: Mapping[str, Any]  # in: {"event","text"|"value"|"files"|…}; out: Reply.to_json()
