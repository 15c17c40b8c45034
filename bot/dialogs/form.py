"""A guided form: field by field, then a review where any answer can be corrected, then filed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.catalogue import Catalogue, Field, Form, pick
from bot.core.messages import Arg, Attachment, Choice, Event, Expect, Inbound, Kind, Phrase, Reply, Term
from bot.core.ports import Desk, Nlu
from bot.core.requests import Answer, Draft, ServiceRequest
from bot.core.sessions import Frame
from bot.core.values import replace
from bot.dialogs import fields
from bot.dialogs.base import Context, Done, Goto, Invalid, Move

REVIEW = "review"
SKIP = Choice("skip", Phrase("nav.skip"))
DONE = Choice("done", Phrase("nav.done"))
CONFIRM = Choice("confirm", Phrase("nav.confirm"), main=True)
EDIT = "edit:"


class FormDialog:
    soft = False
    offers: frozenset[str] = frozenset()

    def __init__(self, form: Form, catalogue: Catalogue, nlu: Nlu, desk: Desk) -> None:
        self.form = form
        self.catalogue = catalogue
        self.nlu = nlu
        self.desk = desk
        self.name = f"form/{form.id}"
        self.version = form.version
        self.fields = {f.id: f for f in form.fields}
        self.steps = (*self.fields, REVIEW)

    def start(self, context: Context, answers: Mapping[str, Any]) -> str:
        return self._next(answers)

    def _next(self, answers: Mapping[str, Any]) -> str:
        return next((id for id in self.fields if id not in answers), REVIEW)

    # --- asking -------------------------------------------------------------------------------

    def ask(self, frame: Frame, context: Context) -> Reply:
        if frame.step == REVIEW:
            return self._review(frame, context)
        field = self.fields[frame.step]
        at = self.steps.index(frame.step)
        brief = Phrase("form.ask", {"n": at + 1, "of": len(self.fields), "ask": pick(field.ask, context.language)})
        say, choices = self._question(brief, at, field, frame, context), self._choices(field, frame, context)
        introduced = at == 0 and not frame.answers and not frame.tries
        return Reply(say, choices, fields.expect(field), None if introduced else brief)

    def _question(self, say: Phrase, at: int, field: Field, frame: Frame, context: Context) -> Phrase:
        """With the introduction before the first one, an example, and what was given already."""
        lines: list[Arg] = [say]
        if at == 0 and not frame.answers and not frame.tries:
            lines.insert(0, pick(self.form.intro, context.language))
        if field.example:
            lines.append(Phrase("form.example", {"example": pick(field.example, context.language)}))
        if field.type == "files" and (have := frame.answers.get(field.id)):
            lines.append(Phrase("form.files_so_far", {"count": len(have)}))
        return Phrase("form.lines", {"lines": tuple(lines)}) if len(lines) > 1 else say

    def _choices(self, field: Field, frame: Frame, context: Context) -> tuple[Choice, ...]:
        have = frame.answers.get(field.id)
        choices = self._options(field, context.language)
        if field.type == "files" and have:
            choices.append(DONE)
        elif have is not None:
            choices.append(Choice("same", Phrase("nav.same", {"value": self._shown(field, have, context)})))
        elif field.remember in context.profile and field.type != "files":
            last = fields.local_number(context.profile[field.remember])
            choices.append(Choice("last", Phrase("nav.last", {"value": Term("digits", last)})))
        elif field.type == "mobile" and fields.is_mobile(context.number):
            here = Term("digits", fields.local_number(context.number))
            choices.append(Choice("here", Phrase("nav.this_number", {"number": here})))
        if field.optional and not (field.type == "files" and have):
            choices.append(SKIP)
        return tuple(choices)

    def _options(self, field: Field, language: str) -> list[Choice]:
        if field.type == "choice":
            return [Choice(o.id, pick(o.label, language)) for o in field.options]
        if field.type == "yes_no":
            return [Choice("yes", Phrase("nav.yes")), Choice("no", Phrase("nav.no"))]
        if field.type == "service":
            return [Choice(s.id, pick(s.title, language)) for s in self.catalogue.services.values()]
        return []

    def _review(self, frame: Frame, context: Context) -> Reply:
        lines = tuple(
            Phrase(
                "form.line",
                {"label": pick(f.label, context.language), "value": self._shown(f, frame.answers.get(f.id), context)},
            )
            for f in self.form.fields
        )
        edits = (
            Choice(EDIT + f.id, Phrase("form.correct", {"label": pick(f.label, context.language)}))
            for f in self.form.fields
        )
        title = pick(self.form.title, context.language)
        say = Phrase("form.review", {"title": title, "lines": lines})
        return Reply(say, (CONFIRM, *edits), Expect(Kind.CHOICE))

    def _shown(self, field: Field, value: Any, context: Context) -> Arg:
        return fields.shown(field, value, context.language, self.catalogue.services)

    def about(self, frame: Frame) -> str:
        return self.form.service or str(frame.answers.get("service") or "")

    def help(self, frame: Frame, context: Context) -> Phrase | None:
        field = self.fields.get(frame.step)
        if field is None:
            return Phrase("form.help_review")
        more: Arg = pick(field.help, context.language) if field.help else Phrase(f"form.help_{field.type}")
        return Phrase("form.help", {"more": more})

    # --- answering ----------------------------------------------------------------------------

    async def accept(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        if frame.step == REVIEW:
            return await self._reviewed(frame, heard, context)
        field = self.fields[frame.step]
        have = frame.answers.get(field.id)
        picked = heard.value if heard.event is Event.CHOICE else ""
        if picked == "same":
            return self._goto(frame, frame.answers)
        if picked == "skip":
            return self._goto(frame, {**frame.answers, field.id: None})
        if field.type == "files":
            return self._files(field, have or [], picked, frame, heard)
        if picked == "here":
            return self._goto(frame, {**frame.answers, field.id: context.number})
        if picked == "last":
            return self._goto(frame, {**frame.answers, field.id: context.profile[field.remember]})
        value = fields.read(field, heard, self.nlu, today=context.now.date(), language=context.language)
        if field.type == "service" and value not in self.catalogue.services:
            value = await self._service_named(heard.text, context)
        return self._goto(frame, {**frame.answers, field.id: value})

    async def _service_named(self, text: str, context: Context) -> str:
        """The service that was written by name instead of being chosen."""
        for match in await self.nlu.answers(text, context.language):
            kind, _, id = match.id.partition("/")
            if kind == "service":
                return id
        raise Invalid(Phrase("invalid.service"))

    def _files(self, field: Field, have: list[Any], picked: str, frame: Frame, heard: Inbound) -> Move:
        most = field.max or fields.FILES_MAX
        if picked == "done" and have:
            if len(have) < (field.min or 1):
                raise Invalid(Phrase("invalid.files_few", {"min": field.min or 1}))
            return self._goto(frame, frame.answers)
        if heard.event is not Event.FILE:
            raise Invalid(Phrase("invalid.files"))
        if len(have) + len(heard.files) > most:
            raise Invalid(Phrase("invalid.files_many", {"max": most}))
        answers = {**frame.answers, field.id: [*have, *(f.to_json() for f in heard.files)]}
        if len(answers[field.id]) == most:
            return self._goto(frame, answers)
        return Goto(field.id, answers)

    def _goto(self, frame: Frame, answers: Mapping[str, Any]) -> Goto:
        return Goto(self._next(answers), answers)

    async def _reviewed(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        if heard.event is Event.CHOICE and heard.value.startswith(EDIT):
            return Goto(heard.value.removeprefix(EDIT), frame.answers)
        if heard.event is Event.CHOICE and heard.value == CONFIRM.value:
            request = await self.desk.file(self.draft(frame, context), key=frame.id)
            return Done((self._filed(request, context),), learn=self._learnt(frame))
        raise Invalid(Phrase("invalid.review"))

    def _learnt(self, frame: Frame) -> Mapping[str, str]:
        given = ((f.remember, frame.answers.get(f.id)) for f in self.form.fields if f.remember)
        return {key: value for key, value in given if isinstance(value, str)}

    # --- filing -------------------------------------------------------------------------------

    def draft(self, frame: Frame, context: Context) -> Draft:
        language = context.language
        service = self.catalogue.services.get(self.form.service or self._answered("service", frame) or "")
        attachments = [Attachment.from_json(a) for f in self._of("files") for a in frame.answers.get(f.id) or ()]
        attachments += fields.recordings(frame.answers.values())
        return Draft(
            form=self.form.id,
            kind=self.form.kind,
            title=pick(self.form.title, language),
            contact=context.contact,
            address=context.address,
            language=language,
            service=service.id if service else "",
            unit=self.form.unit or (service.unit if service else ""),
            officer=pick(service.officer, language) if service and self.form.unit in ("", service.unit) else "",
            days=self.form.days or (service.days if service else 0),
            mobile=self._answered("mobile", frame) or "",
            answers=tuple(
                Answer(
                    field=f.id,
                    kind=f.type,
                    label=pick(f.label, language),
                    value=frame.answers[f.id],
                    shown=self._label(f, frame.answers[f.id], language),
                )
                for f in self.form.fields
                if frame.answers.get(f.id) is not None
            ),
            attachments=tuple(attachments),
        )

    def _of(self, type: str) -> list[Field]:
        return [f for f in self.form.fields if f.type == type]

    def _answered(self, type: str, frame: Frame) -> str | None:
        return next((frame.answers[f.id] for f in self._of(type) if frame.answers.get(f.id)), None)

    def _label(self, field: Field, value: Any, language: str) -> str:
        if field.type not in ("choice", "service"):
            return ""
        label = fields.shown(field, value, language, self.catalogue.services)
        return label if isinstance(label, str) else ""

    def _filed(self, request: ServiceRequest, context: Context) -> Reply:
        unit = self.catalogue.organization.units.get(request.unit)
        lines: list[Arg] = [
            Phrase("form.filed", {"code": Term("code", request.code)}),
            Phrase("form.filed_process"),
            Phrase("form.filed_unit", {"unit": pick(unit.title, context.language) if unit else request.unit}),
        ]
        if request.officer:
            lines.append(Phrase("form.filed_officer", {"officer": request.officer}))
        if request.expected_on:
            lines.append(Phrase("form.filed_expected", {"date": Term("date", request.expected_on.isoformat())}))
        lines.append(Phrase("form.filed_keep"))
        choices = (Choice(f"/track/{request.code}", Phrase("nav.track_this")), Choice("/menu", Phrase("nav.menu")))
        return Reply(Phrase("form.lines", {"lines": tuple(lines)}), choices)

    # --- an edited form -----------------------------------------------------------------------

    def refit(self, frame: Frame) -> Frame:
        """Answers that still fit stay, new fields are asked, removed ones are dropped."""
        answers = {
            id: frame.answers[id]
            for id, field in self.fields.items()
            if id in frame.answers and fields.still_fits(field, frame.answers[id])
        }
        stays = frame.step in self.fields and frame.step not in answers
        return replace(frame, answers=answers, step=frame.step if stays else self._next(answers), version=self.version)
