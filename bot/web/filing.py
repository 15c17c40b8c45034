"""A request that comes by the API, read with the same field parsers as in the conversation."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.core.catalogue import Catalogue, Field, Form
from bot.core.messages import Address, Phrase
from bot.core.ports import Contacts, Desk, FileRefused, Files, Nlu, Unreadable, Wording
from bot.core.requests import Draft
from bot.core.sessions import Frame
from bot.dialogs.base import Context, Invalid
from bot.dialogs.fields import FILES_MAX, read_value
from bot.dialogs.form import REVIEW, FormDialog
from bot.web.models import NewRequest
from bot.web.problems import Refused

CHANNEL = "api"


@dataclass(frozen=True, slots=True)
class _Upload:
    """A file as it stands in the body, not stored yet."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Filing:
    """One body on its way to the desk. Nothing is stored before everything in it has been read."""

    body: NewRequest
    catalogue: Catalogue
    nlu: Nlu
    wording: Wording
    now: datetime  # aware, in the organisation's time zone

    async def draft(self, desk: Desk, contacts: Contacts, files: Files) -> Draft:
        """The draft for the desk. Raises Refused with every field that cannot be taken."""
        form = self.catalogue.forms.get(self.body.form)
        if form is None:
            raise _refused([_error("form", "unknown_form", "There is no such form; see /api/v1/forms.")])
        mobile, answers = self._read(form)
        contact = await contacts.resolve(Address(CHANNEL, mobile))
        answers = await self._stored(answers, contact, files)
        dialog = FormDialog(form, self.catalogue, self.nlu, desk)
        frame = Frame("", dialog.name, dialog.version, REVIEW, answers)
        draft = dialog.draft(frame, Context(contact, Address(CHANNEL, mobile), self.body.language, self.now))
        service = self.catalogue.services.get(self.body.service)
        if service and not draft.service:
            draft = replace(draft, service=service.id, unit=draft.unit or service.unit)
        return replace(draft, mobile=draft.mobile or mobile)

    def _read(self, form: Form) -> tuple[str, dict[str, Any]]:
        errors: list[Mapping[str, str]] = []
        mobile = ""
        try:
            mobile = str(self.nlu.parse("mobile", self.body.applicant.mobile, today=self.now.date()))
        except Unreadable as unreadable:
            errors.append(self._said("applicant.mobile", Phrase("invalid." + unreadable.reason)))
        errors += self._service_errors(form)
        known_already = {"service": self.body.service, "mobile": mobile}
        given = {f.id: known_already[f.type] for f in form.fields if known_already.get(f.type)} | self.body.answers
        known = {f.id for f in form.fields}
        errors += [_error(id, "unknown_field", "The form has no such field.") for id in given if id not in known]
        answers: dict[str, Any] = {}
        for field in form.fields:
            value = given.get(field.id)
            if value is None or value == "":
                if not field.optional:
                    errors.append(_error(field.id, "required", "The form needs this field."))
                answers[field.id] = None
                continue
            try:
                answers[field.id] = self._value(field, value)
            except Invalid as invalid:
                errors.append(self._said(field.id, invalid.say))
        if errors:
            raise _refused(errors)
        return mobile, answers

    def _service_errors(self, form: Form) -> list[Mapping[str, str]]:
        service = self.body.service
        if service and service not in self.catalogue.services:
            return [_error("service", "unknown_service", "There is no such service; see /api/v1/services.")]
        if service and form.service not in ("", service):
            return [_error("service", "other_service", "The form belongs to another service.")]
        return []

    def _value(self, field: Field, value: Any) -> Any:
        """The answer's one form; files as uploads. Raises Invalid."""
        match field.type, value:
            case "files", list():
                return _uploads(field, value)
            case "location", {"latitude": float() | int() as north, "longitude": float() | int() as east} if (
                -90 <= north <= 90 and -180 <= east <= 180
            ):
                return {"latitude": float(north), "longitude": float(east)}
            case "yes_no", bool():
                text = "yes" if value else "no"
            case _, str():
                text = value
            case _, int() if not isinstance(value, bool):
                text = str(value)
            case _:
                raise Invalid(Phrase("invalid.choice" if field.options else "invalid.words_wanted"))
        read = read_value(field, text, self.nlu, today=self.now.date(), language=self.body.language)
        if field.type == "service" and read not in self.catalogue.services:
            raise Invalid(Phrase("invalid.service"))
        return read

    async def _stored(self, answers: Mapping[str, Any], contact: str, files: Files) -> dict[str, Any]:
        stored = dict(answers)
        for id, value in answers.items():
            if isinstance(value, tuple):
                try:
                    stored[id] = [(await files.put(u.data, u.name, contact)).to_json() for u in value]
                except FileRefused as refused:
                    raise _refused([self._said(id, Phrase(refused.reason))]) from None
        return stored

    def _said(self, field: str, say: Phrase) -> Mapping[str, str]:
        return _error(field, say.key, self.wording.text(say, self.body.language))


def _uploads(field: Field, value: list[Any]) -> tuple[_Upload, ...]:
    most = field.max or FILES_MAX
    if not value or len(value) < (field.min or 1):
        raise Invalid(Phrase("invalid.files_few", {"min": field.min or 1}))
    if len(value) > most:
        raise Invalid(Phrase("invalid.files_many", {"max": most}))
    try:
        return tuple(_Upload(str(f["name"]), base64.b64decode(f["content"], validate=True)) for f in value)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise Invalid(Phrase("invalid.files")) from None


def _error(field: str, code: str, detail: str) -> Mapping[str, str]:
    return {"field": field, "code": code, "detail": detail}


def _refused(errors: list[Mapping[str, str]]) -> Refused:
    return Refused(422, "Some values cannot be taken; nothing was filed.", errors=errors)
