"""Requests and their parts as JSON documents, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from bot.core.messages import Attachment
from bot.core.requests import Answer, Change, Draft, Miss, ServiceRequest, Status, SurveyResponse
from bot.core.tracking import TrackingCode
from bot.stores.tables import to_address

Json = dict[str, Any]


def attachments_to_json(attachments: Iterable[Attachment]) -> list[Json]:
    return [a.to_json() for a in attachments]


def attachments_from_json(data: Iterable[Mapping[str, Any]]) -> tuple[Attachment, ...]:
    return tuple(Attachment.from_json(a) for a in data)


def draft_to_json(draft: Draft) -> Json:
    return {
        "form": draft.form,
        "kind": draft.kind,
        "title": draft.title,
        "contact": draft.contact,
        "address": str(draft.address),
        "language": draft.language,
        "service": draft.service,
        "unit": draft.unit,
        "officer": draft.officer,
        "days": draft.days,
        "mobile": draft.mobile,
        "answers": [[a.field, a.kind, a.label, a.value, a.shown] for a in draft.answers],
        "attachments": attachments_to_json(draft.attachments),
    }


def draft_from_json(data: Mapping[str, Any]) -> Draft:
    parts = {
        "address": to_address(data["address"]),
        "answers": tuple(Answer(*answer) for answer in data["answers"]),
        "attachments": attachments_from_json(data["attachments"]),
    }
    return Draft(**{**data, **parts})


def change_to_json(change: Change) -> Json:
    return {
        "at": change.at.isoformat(),
        "status": change.status.value,
        "note": change.note,
        "unit": change.unit,
        "officer": change.officer,
        "by": change.by,
        "attachments": attachments_to_json(change.attachments),
    }


def change_from_json(data: Mapping[str, Any]) -> Change:
    parts = {
        "at": datetime.fromisoformat(data["at"]),
        "status": Status(data["status"]),
        "attachments": attachments_from_json(data["attachments"]),
    }
    return Change(**{**data, **parts})


def request_to_json(request: ServiceRequest) -> Json:
    return {
        "code": str(request.code),
        "draft": draft_to_json(request.draft),
        "status": request.status.value,
        "unit": request.unit,
        "officer": request.officer,
        "filed_at": request.filed_at.isoformat(),
        "updated_at": request.updated_at.isoformat(),
        "expected_on": request.expected_on.isoformat() if request.expected_on else None,
        "history": [change_to_json(c) for c in request.history],
        "rated": request.rated,
    }


def request_from_json(data: Mapping[str, Any]) -> ServiceRequest:
    return ServiceRequest(
        code=TrackingCode(data["code"]),
        draft=draft_from_json(data["draft"]),
        status=Status(data["status"]),
        unit=data["unit"],
        officer=data["officer"],
        filed_at=datetime.fromisoformat(data["filed_at"]),
        updated_at=datetime.fromisoformat(data["updated_at"]),
        expected_on=date.fromisoformat(data["expected_on"]) if data["expected_on"] else None,
        history=tuple(change_from_json(c) for c in data["history"]),
        rated=data["rated"],
    )


def rating_to_json(response: SurveyResponse) -> Json:
    return {
        "survey": response.survey,
        "code": str(response.code) if response.code else None,
        "contact": response.contact,
        "channel": response.channel,
        "score": response.score,
        "answers": dict(response.answers),
    }


def miss_to_json(miss: Miss) -> Json:
    return {
        "text": miss.text,
        "language": miss.language,
        "channel": miss.channel,
        "reason": miss.reason,
        "entry": miss.entry,
        "nearest": list(miss.nearest),
        "chosen": miss.chosen,
    }


def miss_from_json(data: Mapping[str, Any]) -> Miss:
    """What else is in `data` is passed over."""
    parts = ("text", "language", "channel", "reason", "entry", "chosen")
    return Miss(**{part: data[part] for part in parts}, nearest=tuple(data["nearest"]))
