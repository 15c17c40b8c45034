"""A desk small enough to read: one service, two forms, one FAQ entry, and doubles that show what they were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from bot.core.catalogue import (
    Catalogue,
    FaqEntry,
    Field,
    Form,
    Hours,
    Option,
    Organization,
    Question,
    Service,
    Survey,
    Text,
    Unit,
)
from bot.core.messages import Address, Arg, Attachment, Event, Inbound, Phrase, Reply, replies_to_json
from bot.core.ports import Match, Reading, Unreadable
from bot.core.requests import Change, Draft, Miss, ServiceRequest, Status, SurveyResponse
from bot.core.sessions import Session, Turn
from bot.core.text import fold, fold_digits
from bot.core.tracking import TrackingCode
from bot.dialogs.engine import Engine
from bot.dialogs.registry import build

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def both(text: str) -> Text:
    return {"fa": text, "en": text}


LAMP = Form(
    id="lamp",
    kind="request",
    title=both("Lamp"),
    intro=both("About a lamp."),
    service="light",
    version=1,
    fields=(
        Field(
            "fault",
            "choice",
            both("Fault"),
            both("What?"),
            options=(Option("off", both("Off")), Option("dim", both("Dim"))),
        ),
        Field("about", "text", both("About"), both("Describe."), help=both("In a few words.")),
        Field("count", "number", both("Count"), both("How many?"), min=1, max=20),
        Field("photo", "files", both("Photo"), both("A photo?"), optional=True, max=2),
        Field("mobile", "mobile", both("Mobile"), both("Your number?"), remember="mobile"),
    ),
)
MESSAGE = Form(
    id="officer_message",
    kind="message",
    title=both("Message"),
    intro=both(""),
    version=1,
    fields=(Field("message", "long_text", both("Message"), both("Write.")),),
)
SURVEY = Survey(
    "satisfaction",
    both("Survey"),
    (
        Question("score", "scale", both("Happy?"), both("Score")),
        Question("reason", "long_text", both("Why?"), both("Reason"), optional=True, at_most=3),
    ),
    kinds=(),
    version=1,
)
LIGHT = Service(
    id="light",
    title=both("Street light"),
    category="care",
    audiences=("citizen",),
    unit="streets",
    officer=both("Lights officer"),
    days=3,
    fee=0,
    fee_note={},
    about=both("We repair lamps."),
    steps={"fa": ("Report",), "en": ("Report",)},
    documents={"fa": ("None",), "en": ("None",)},
    laws={"fa": ("Law",), "en": ("Law",)},
    complaint=both("Complain here."),
    forms=("lamp",),
)
FEE = FaqEntry("fee", both("What does it cost?"), {"fa": (), "en": ()}, both("It costs nothing."), service="light")
WORDS = {
    name: {"en": (name,)}
    for name in (
        "back",
        "cancel",
        "repeat",
        "menu",
        "help",
        "human",
        "language",
        "yes",
        "no",
        "skip",
        "done",
        "confirm",
    )
}

SMALL = Catalogue(
    organization=Organization(
        name=both("Town"),
        about=both(""),
        address=both("Square 1"),
        phone="137",
        website="",
        email="",
        hours=tuple(Hours(d, "07:30", "14:30") for d in range(5)),
        units={"streets": Unit("streets", both("Streets")), "front": Unit("front", both("Front desk"))},
        front_desk="front",
        categories={"care": both("Care")},
        audiences={"citizen": both("Citizens")},
        holidays=frozenset(),
    ),
    services={"light": LIGHT},
    faq={"fee": FEE},
    forms={"lamp": LAMP, "officer_message": MESSAGE},
    surveys={"satisfaction": SURVEY},
    announcements=(),
    phrases={},
    words=WORDS,
    examples=(),
    languages=("en", "fa"),
)


class KeysAsWords:
    """Phrases shown by their keys, so that tests tell what was meant and not how it was put."""

    def text(self, arg: Arg, language: str) -> str:
        match arg:
            case Phrase(key, args):
                return " ".join([key, *(self.text(a, language) for a in args.values())])
            case tuple():
                return " / ".join(self.text(a, language) for a in arg)
            case str() | int():
                return str(arg)
        return arg.value


class PlainNlu:
    """Knows one question and one wish, by heart, and what service each question was about."""

    def __init__(self) -> None:
        self.about: list[str] = []

    async def read(self, text: str, language: str) -> Reading:
        known = {"i want a person please": "human", "hello": "greet"}
        intent = known.get(fold(text), "none")
        if "my price" in text:
            return Reading("none", 0.6, guesses=(("track_request", 0.4), ("greet", 0.3), ("survey", 0.1)))
        return Reading(intent, 1.0 if intent != "none" else 0.0)

    async def answers(self, text: str, language: str, *, service: str = "", limit: int = 4) -> tuple[Match, ...]:
        self.about.append(service)
        if "cost" in text:
            return (Match("faq/fee", 0.9, sure=True),)
        return (Match("faq/fee", 0.2, sure=False),) if "price" in text else ()

    def parse(self, kind: str, text: str, *, today: date) -> str | int:
        digits = "".join(c for c in fold_digits(text) if c.isdigit())
        if kind == "tracking_code" and (code := TrackingCode.found_in(text)):
            return str(code)
        if kind == "language":
            return "fa" if "چه" in text else "en" if text.startswith("what does") else ""
        if kind == "digits":
            return digits
        if kind == "number" and digits:
            return int(digits)
        if kind == "mobile" and len(digits) == 11:
            return "+98" + digits[1:]
        raise Unreadable(kind)


@dataclass
class PaperDesk:
    """Files requests into a list. A desk that `fails` shows what the engine does about it."""

    requests: list[ServiceRequest] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)
    ratings: list[SurveyResponse] = field(default_factory=list)
    rated: dict[TrackingCode | None, str] = field(default_factory=dict)
    fails: bool = False

    async def file(self, draft: Draft, *, key: str) -> ServiceRequest:
        if self.fails:
            raise OSError("the disk is full")
        if key in self.keys:
            return self.requests[self.keys.index(key)]
        code = TrackingCode.new(lambda _: 11111111 * (len(self.requests) + 1))
        first = Change(NOW, Status.SUBMITTED)
        request = ServiceRequest(
            code, draft, Status.SUBMITTED, draft.unit or "front", draft.officer, NOW, NOW, history=(first,)
        )
        self.requests.append(request)
        self.keys.append(key)
        return request

    async def find(self, code: TrackingCode) -> ServiceRequest | None:
        return next((r for r in self.requests if r.code == code), None)

    async def look_up(self, code: str, by: Address) -> ServiceRequest | None:
        return await self.find(TrackingCode(code))

    async def unlock(self, code: TrackingCode, digits: str, by: Address) -> bool:
        request = await self.find(code)
        return request is not None and request.draft.mobile.endswith(digits)

    async def list_of(self, contact: str, limit: int = 20) -> tuple[ServiceRequest, ...]:
        return tuple(r for r in self.requests if r.draft.contact == contact)

    async def search(
        self, *, status: Status | None = None, unit: str = "", after: str = "", limit: int = 50
    ) -> tuple[ServiceRequest, ...]:
        return tuple(self.requests)

    async def change(
        self,
        code: TrackingCode,
        *,
        by: str,
        status: Status | None = None,
        note: str = "",
        unit: str = "",
        officer: str = "",
        attachments: Sequence[Attachment] = (),
        key: str = "",
    ) -> ServiceRequest:
        at = next(n for n, r in enumerate(self.requests) if r.code == code)
        old = self.requests[at]
        new = status or old.status
        change = Change(NOW, new, note, by=by, attachments=tuple(attachments))
        self.requests[at] = replace(old, status=new, history=(*old.history, change))
        return self.requests[at]

    async def rate(self, response: SurveyResponse, *, key: str) -> bool:
        at = next(n for n, r in enumerate(self.requests) if r.code == response.code)
        if self.requests[at].rated and self.rated.get(response.code) != key:
            return False
        self.requests[at] = replace(self.requests[at], rated=True)
        self.ratings[:] = [*(r for r in self.ratings if r.code != response.code), response]
        self.rated[response.code] = key
        return True

    async def summary(self) -> Mapping[str, Any]:
        return {"count": len(self.ratings)}

    async def miss(self, miss: Miss, *, key: str) -> None:
        self.misses.append(miss)


class Citizen:
    """One session driven straight through the engine."""

    def __init__(self, catalogue: Catalogue = SMALL) -> None:
        self.desk = PaperDesk()
        self.nlu = PlainNlu()
        self.ids = 0
        self.now = NOW
        self.session = Session("ann")
        self.replies: tuple[Reply, ...] = ()
        self.edit(catalogue)

    def edit(self, catalogue: Catalogue) -> None:
        """The content changes under the feet of everybody in a dialog."""
        self.engine = Engine(build(catalogue, self.nlu, self.desk), KeysAsWords(), new_id=self._id)

    def _id(self) -> str:
        self.ids += 1
        return f"frame{self.ids}"

    async def does(self, event: Event, channel: str = "web", **content: Any) -> str:
        self.ids += 1
        heard = Inbound(str(self.ids), Address(channel, "ann"), event, **content)
        self.session, self.replies = await self.engine.advance(self.session, heard, self.now)
        turn = Turn(heard.key, 0, tuple(replies_to_json(self.replies)))
        self.session = replace(self.session, touched_at=self.now).remember(turn)
        return self.text

    async def says(self, *texts: str, channel: str = "web") -> str:
        for text in texts:
            await self.does(Event.MESSAGE, channel, text=text)
        return self.text

    async def presses(self, value: str) -> str:
        """The choice of the last replies with this bare value."""
        full = next(
            c.value for r in self.replies for c in r.choices if c.value.partition("~")[2] == value or c.value == value
        )
        return await self.does(Event.CHOICE, value=full)

    async def sends(self, name: str = "a.pdf", media_type: str = "application/pdf") -> str:
        return await self.does(Event.FILE, files=(Attachment(f"id-{name}", name, media_type, 9),))

    @property
    def text(self) -> str:
        wording = KeysAsWords()
        return "\n".join(wording.text(r.say, "en") for r in self.replies)

    @property
    def offered(self) -> list[str]:
        return [c.value.partition("~")[2] or c.value for r in self.replies for c in r.choices]

    @property
    def open(self) -> str:
        """The open question, as dialog:step."""
        top = self.session.top
        return f"{top.dialog}:{top.step}" if top else ""
