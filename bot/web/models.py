"""The bodies of the API: what it takes and what it gives. The OpenAPI document is made of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from bot.core import catalogue as content
from bot.core.catalogue import Catalogue, pick
from bot.core.messages import Address, Attachment
from bot.core.requests import ServiceRequest, Status

Language = Literal["fa", "en"]
Code = Annotated[str, Field(pattern=r"^[1-9][0-9]{9}$", description="Tracking code: ten digits, the last one checks")]


class _Body(BaseModel):
    """Built with its first use: together they would take 45 ms of a start."""

    model_config = ConfigDict(defer_build=True)


class _Taken(_Body):
    model_config = ConfigDict(extra="forbid")


class Applicant(_Taken):
    """Who asks. The last four digits of the number are the second factor when the citizen follows the request."""

    mobile: str = Field(description="Mobile number, national (09…) or international")


class NewRequest(_Taken):
    """A request filed on behalf of somebody, by the same forms and with the same checks as in the conversation."""

    form: str = Field(description="A form's id, see /api/v1/forms")
    answers: dict[str, JsonValue] = Field(
        description="By field id. Choices and services by id; yes_no as a boolean; dates as ISO or Jalali; location as"
        ' text or {"latitude", "longitude"}; files as [{"name", "content"}] with content in base64'
    )
    applicant: Applicant
    service: str = Field("", description="The service that it is about, for a form that belongs to none")
    language: Language = "fa"


class RequestChange(_Taken):
    """A step in the course of a request, a note, or who has it; what is absent stays."""

    status: Status | None = None
    note: str = Field("", max_length=4000, description="The citizen reads it")
    unit: str = ""
    officer: str = Field("", max_length=200, description="A post, not a person")

    @model_validator(mode="after")
    def _something(self) -> RequestChange:
        if not (self.status or self.note.strip() or self.unit or self.officer):
            raise ValueError("nothing to change: give status, note, unit or officer")
        return self


class File(_Body):
    id: str
    name: str
    media_type: str
    size: int = Field(description="bytes")

    @classmethod
    def of(cls, a: Attachment) -> File:
        return cls(id=a.id, name=a.name, media_type=a.media_type, size=a.size)


class GivenAnswer(_Body):
    field: str
    type: str
    label: str
    value: JsonValue
    shown: str = Field(description="Of a choice or service: its label")


class HistoryEntry(_Body):
    at: datetime
    status: Status
    note: str
    unit: str
    officer: str
    by: str = Field(description="citizen, officer or system")
    attachments: list[File]


class RequestSummary(_Body):
    code: Code
    status: Status
    form: str
    kind: str
    title: str
    service: str
    unit: str
    officer: str
    language: str
    channel: str
    filed_at: datetime
    updated_at: datetime
    expected_on: date | None
    rated: bool

    @classmethod
    def of(cls, r: ServiceRequest) -> RequestSummary:
        return cls(**_summary(r))


class Way(_Body):
    """An address of the filer's: each has been proven to be theirs."""

    channel: str
    address: str = Field(description="E.164 for sms and voice; else what the channel itself calls it")


class Request(RequestSummary):
    """The whole case, personal content included."""

    mobile: str
    ways: list[Way] = Field(description="All addresses of who filed it")
    answers: list[GivenAnswer]
    attachments: list[File]
    history: list[HistoryEntry]

    @classmethod
    def whole(cls, r: ServiceRequest, addresses: Sequence[Address]) -> Request:
        return cls(
            **_summary(r),
            mobile=r.draft.mobile,
            ways=[Way(channel=a.channel, address=a.id) for a in addresses],
            answers=[
                GivenAnswer(field=a.field, type=a.kind, label=a.label, value=a.value, shown=a.shown)
                for a in r.draft.answers
            ],
            attachments=[File.of(a) for a in r.draft.attachments],
            history=[
                HistoryEntry(
                    at=c.at,
                    status=c.status,
                    note=c.note,
                    unit=c.unit,
                    officer=c.officer,
                    by=c.by,
                    attachments=[File.of(a) for a in c.attachments],
                )
                for c in r.history
            ],
        )


def _summary(r: ServiceRequest) -> dict[str, object]:
    return {
        "code": str(r.code),
        "status": r.status,
        "form": r.draft.form,
        "kind": r.draft.kind,
        "title": r.draft.title,
        "service": r.draft.service,
        "unit": r.unit,
        "officer": r.officer,
        "language": r.draft.language,
        "channel": r.draft.address.channel,
        "filed_at": r.filed_at,
        "updated_at": r.updated_at,
        "expected_on": r.expected_on,
        "rated": r.rated,
    }


class RequestPage(_Body):
    requests: list[RequestSummary]
    next: Code | None = Field(description="Pass it as `after` for the next page; null: there is none")


class Service(_Body):
    """One page of the service catalogue in one language."""

    id: str
    title: str
    category: str
    audiences: list[str]
    unit: str
    unit_title: str
    officer: str
    days: int = Field(description="working days; 0: at once")
    fee: int | None = Field(description="rials; null: by tariff, see fee_note")
    fee_note: str
    about: str
    steps: list[str]
    documents: list[str]
    laws: list[str]
    complaint: str
    forms: list[str]

    @classmethod
    def of(cls, s: content.Service, catalogue: Catalogue, language: str) -> Service:
        unit = catalogue.organization.units.get(s.unit)
        return cls(
            id=s.id,
            title=pick(s.title, language),
            category=s.category,
            audiences=list(s.audiences),
            unit=s.unit,
            unit_title=pick(unit.title, language) if unit else s.unit,
            officer=pick(s.officer, language),
            days=s.days,
            fee=s.fee,
            fee_note=pick(s.fee_note, language),
            about=pick(s.about, language),
            steps=_lines(s.steps, language),
            documents=_lines(s.documents, language),
            laws=_lines(s.laws, language),
            complaint=pick(s.complaint, language),
            forms=list(s.forms),
        )


def _lines(texts: Mapping[str, tuple[str, ...]], language: str) -> list[str]:
    return list(texts.get(language) or next(iter(texts.values()), ()))


class ServiceList(_Body):
    services: list[Service]


class FormOption(_Body):
    id: str
    label: str


class FormField(_Body):
    id: str
    type: str
    label: str
    ask: str
    example: str
    optional: bool
    options: list[FormOption]
    min: int | None
    max: int | None


class Form(_Body):
    id: str
    kind: str
    title: str
    service: str
    fields: list[FormField]

    @classmethod
    def of(cls, f: content.Form, language: str) -> Form:
        return cls(
            id=f.id,
            kind=f.kind,
            title=pick(f.title, language),
            service=f.service,
            fields=[
                FormField(
                    id=field.id,
                    type=field.type,
                    label=pick(field.label, language),
                    ask=pick(field.ask, language),
                    example=pick(field.example, language),
                    optional=field.optional,
                    options=[FormOption(id=o.id, label=pick(o.label, language)) for o in field.options],
                    min=field.min,
                    max=field.max,
                )
                for field in f.fields
            ],
        )


class FormList(_Body):
    forms: list[Form]


class SurveySummary(_Body):
    count: int
    mean: float | None
    satisfied: float | None = Field(description="share of the scores 4 and 5")
    scores: dict[str, int]
    by_survey: dict[str, JsonValue]


class FieldProblem(_Body):
    field: str
    code: str
    detail: str


class Problem(_Body):
    """RFC 9457"""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: list[FieldProblem] = Field(default_factory=list)
