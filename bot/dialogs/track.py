"""Following a request: status for whoever has the code, personal content after the second factor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.core.catalogue import Catalogue, Field, pick
from bot.core.messages import Arg, Choice, Event, Expect, Inbound, Kind, Phrase, Reply, Term
from bot.core.ports import Desk, Nlu, Unreadable
from bot.core.requests import Change, NotAllowed, ServiceRequest, Status, TooManyAttempts
from bot.core.sessions import Frame
from bot.core.tracking import TrackingCode, looks_like_code
from bot.core.values import replace
from bot.dialogs import fields
from bot.dialogs.base import Context, Done, Goto, Invalid, Move, Pass, Soft
from bot.dialogs.menu import NO, YES

NOTE_MAX = 2000  # characters
_COURSE = (Status.SUBMITTED, Status.IN_REVIEW, Status.RESOLVED, Status.CLOSED)
_STAGES: Mapping[Status, int] = {
    Status.SUBMITTED: 1,
    Status.IN_REVIEW: 2,
    Status.NEEDS_INFORMATION: 2,
    Status.REFERRED: 2,
    Status.RESOLVED: 3,
    Status.REJECTED: 3,
    Status.CLOSED: 4,
    Status.WITHDRAWN: 4,
}
_WANTS = ("history", "details", "add", "withdraw")
_PERSONAL = ("details", "add", "withdraw")


def read(kind: str, text: str, nlu: Nlu, context: Context) -> str:
    """The value of this kind in the text; empty when there is none."""
    try:
        return str(nlu.parse(kind, text, today=context.now.date()))
    except Unreadable:
        return ""


def code_in(text: str, nlu: Nlu, context: Context) -> TrackingCode | None:
    """The tracking code in a sentence, written or dictated."""
    found = read("tracking_code", text, nlu, context)
    return TrackingCode(found) if found else None


class TrackDialog(Soft):
    name = "track"
    steps = ("code", "shown", "digits", "add", "withdraw")
    offers = frozenset({"shown"})

    def __init__(self, catalogue: Catalogue, desk: Desk, nlu: Nlu) -> None:
        self.catalogue = catalogue
        self.desk = desk
        self.nlu = nlu

    def start(self, context: Context, answers: Mapping[str, Any]) -> str:
        return "add" if answers.get("want") == "add" else "code"

    # --- asking -------------------------------------------------------------------------------

    def ask(self, frame: Frame, context: Context) -> Reply:
        match frame.step:
            case "code":
                return Reply(Phrase("track.ask_code"), expect=Expect(Kind.DIGITS, 10))
            case "digits":
                return Reply(Phrase("track.ask_digits"), expect=Expect(Kind.DIGITS, 4))
            case "add":
                this = Choice(f"/track/{frame.answers['code']}", Phrase("nav.track_this"))
                return Reply(Phrase("track.ask_add"), (this,), Expect(Kind.LONG_TEXT))
            case "withdraw":
                code = Term("code", frame.answers["code"])
                return Reply(Phrase("track.ask_withdraw", {"code": code}), (YES, NO), Expect(Kind.CHOICE))
            case _:
                return Reply(Phrase("track.ask_next"), self._next(frame), Expect(Kind.CHOICE))

    def _next(self, frame: Frame) -> tuple[Choice, ...]:
        can = frame.answers.get("can", ())
        choices = [Choice(w, Phrase(f"track.{w}")) for w in _WANTS if w in can]
        if "survey" in can:
            choices.append(Choice(f"/survey/{frame.answers['code']}", Phrase("track.survey")))
        return (*choices, Choice("/track", Phrase("track.another")))

    # --- answering ----------------------------------------------------------------------------

    async def accept(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        try:
            match frame.step:
                case "code":
                    return await self._code(frame, heard, context)
                case "digits":
                    return await self._digits(frame, heard, context)
                case "add":
                    return await self._add(frame, heard, context)
                case "withdraw":
                    return await self._withdraw(frame, heard, context)
                case _:
                    return await self._wanted(frame, heard, context)
        except TooManyAttempts as limited:
            return Done((Reply(Phrase("track.limited", {"minutes": limited.minutes})),))

    async def _code(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        code = code_in(heard.text, self.nlu, context)
        if code is None:
            reason = "track.bad_code" if looks_like_code(heard.text) else "invalid.tracking_code"
            raise Invalid(Phrase(reason))
        request = await self.desk.look_up(code, context.address)
        if request is None:
            raise Invalid(Phrase("track.not_found"))
        return self._show(frame, request, context)

    def _show(self, frame: Frame, request: ServiceRequest, context: Context, *before: Reply) -> Goto:
        mine = request.draft.contact == context.contact and context.proven
        answers = {"code": str(request.code), "can": _possible(request, mine=mine)}
        if mine or frame.answers.get("unlocked") == request.code:
            answers["unlocked"] = str(request.code)
        said = Reply(status(request, context.language, self.catalogue), brief=brief(request))
        return Goto("shown", answers, (*before, said))

    async def _wanted(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        if heard.event is Event.FILE and heard.files and "unlocked" in frame.answers and "add" in frame.answers["can"]:
            return await self._add(frame, heard, context)  # one more after the first
        if heard.event is not Event.CHOICE:
            code = code_in(heard.text, self.nlu, context)
            return await self._code(frame, heard, context) if code else Pass()
        want = heard.value
        if want in _PERSONAL and "unlocked" not in frame.answers:
            return Goto("digits", {**frame.answers, "want": want})
        return await self._do(want, frame, context)

    async def _digits(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        digits = read("digits", heard.text, self.nlu, context)
        if len(digits) != 4:
            raise Invalid(Phrase("invalid.four_digits"))
        code = TrackingCode(frame.answers["code"])
        if not await self.desk.unlock(code, digits, context.address):
            raise Invalid(Phrase("track.wrong_digits"))
        frame = replace(frame, answers={**frame.answers, "unlocked": str(code)})
        return await self._do(frame.answers.get("want", "details"), frame, context)

    async def _do(self, want: str, frame: Frame, context: Context) -> Move:
        if want in ("add", "withdraw"):
            return Goto(want, frame.answers)
        request = await self._request(frame)
        if want == "history":
            told = history(request, personal="unlocked" in frame.answers)
        else:
            told = details(request, context.language, self.catalogue)
        return Goto("shown", frame.answers, (Reply(told),))

    async def _add(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        if heard.event is Event.MESSAGE and not any(c.isalnum() for c in heard.text):
            raise Invalid(Phrase("invalid.text_short", {"min": 2}))
        if len(heard.text) > NOTE_MAX:
            raise Invalid(Phrase("invalid.text_long", {"max": NOTE_MAX, "length": len(heard.text)}))
        request = await self._request(frame)
        if request.status.final:
            return self._show(frame, request, context, Reply(Phrase("track.too_late")))
        request = await self.desk.change(
            request.code, by="citizen", note=heard.text.strip(), attachments=heard.files, key=f"{frame.id}:{heard.key}"
        )
        return self._show(frame, request, context, Reply(Phrase("track.added")))

    async def _withdraw(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        if heard.event is not Event.CHOICE:
            raise Invalid(Phrase("invalid.choice"))
        if heard.value != "yes":
            return Goto("shown", frame.answers)
        code = TrackingCode(frame.answers["code"])
        try:
            request = await self.desk.change(code, by="citizen", status=Status.WITHDRAWN, key=f"{frame.id}:withdraw")
        except NotAllowed:
            request = await self._request(frame)
            return self._show(frame, request, context, Reply(Phrase("track.too_late")))
        return self._show(frame, request, context, Reply(Phrase("track.withdrawn")))

    async def _request(self, frame: Frame) -> ServiceRequest:
        request = await self.desk.find(TrackingCode(frame.answers["code"]))
        if request is None:
            raise Invalid(Phrase("track.not_found"))
        return request


def asked_for_more(request: ServiceRequest) -> dict[str, Any]:
    """The answers with which the dialog begins when the desk wants something of the filer."""
    code = str(request.code)
    return {"code": code, "can": _possible(request, mine=True), "unlocked": code, "want": "add"}


def _possible(request: ServiceRequest, *, mine: bool) -> list[str]:
    """What may be done with a request now."""
    can = ["history", "details"]
    if not request.status.final:
        can.append("add")
        if request.status is not Status.RESOLVED:
            can.append("withdraw")
    elif request.status is Status.CLOSED and mine and not request.rated:
        can.append("survey")
    return can


# --- telling ------------------------------------------------------------------------------------


def unit_of(request: ServiceRequest, language: str, catalogue: Catalogue) -> str:
    unit = catalogue.organization.units.get(request.unit)
    return pick(unit.title, language) if unit else request.unit


def status(request: ServiceRequest, language: str, catalogue: Catalogue) -> Phrase:
    """What anybody with the code may know."""
    lines: list[Arg] = [
        Phrase("track.status", {"code": Term("code", request.code), "status": Phrase(f"status.{request.status}")}),
        Phrase("track.title", {"title": request.draft.title}),
        Phrase(
            "track.stage",
            {"n": _STAGES[request.status], "of": len(_COURSE), "unit": unit_of(request, language, catalogue)},
        ),
    ]
    if request.officer:
        lines.append(Phrase("track.officer", {"officer": request.officer}))
    if request.expected_on and not request.status.final and request.status is not Status.RESOLVED:
        lines.append(Phrase("track.expected", {"date": Term("date", request.expected_on.isoformat())}))
    return Phrase("form.lines", {"lines": tuple(lines)})


def brief(request: ServiceRequest) -> Phrase:
    """The same within one text message."""
    said: dict[str, Arg] = {"code": Term("code", request.code), "status": Phrase(f"status.{request.status}")}
    if request.expected_on and not request.status.final and request.status is not Status.RESOLVED:
        return Phrase("track.brief_expected", {**said, "date": Term("day", request.expected_on.isoformat())})
    return Phrase("track.brief", said)


def history(request: ServiceRequest, *, personal: bool) -> Phrase:
    return Phrase("track.history_lines", {"lines": tuple(_entries(request, personal=personal))})


def _entries(request: ServiceRequest, *, personal: bool) -> Iterator[Arg]:
    """When the status changed, for anybody; what was said about it, for who may know."""
    before: Status | None = None
    for change in request.history:
        at = Term("moment", change.at.isoformat())
        if change.status is not before:
            yield Phrase("track.entry", {"at": at, "status": Phrase(f"status.{change.status}")})
        elif personal:
            yield Phrase("track.entry_added", {"at": at})
        before = change.status
        if personal:
            yield from _said(change)


def _said(change: Change) -> Iterator[Arg]:
    by = "citizen" if change.by == "citizen" else "officer"
    if change.note:
        yield Phrase(f"track.note_{by}", {"note": Term("quote", change.note)})
    if change.attachments:
        yield Phrase("track.files", {"names": tuple(Term("quote", f.name) for f in change.attachments)})


def details(request: ServiceRequest, language: str, catalogue: Catalogue) -> Phrase:
    lines: list[Arg] = []
    for answer in request.draft.answers:
        field = Field(answer.field, answer.kind, {}, {})
        value = answer.shown or fields.shown(field, answer.value, language, catalogue.services)
        lines.append(Phrase("form.line", {"label": answer.label, "value": value}))
    return Phrase("track.details_lines", {"lines": (*lines, *_entries(request, personal=True))})
