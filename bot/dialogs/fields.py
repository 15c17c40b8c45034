"""The field types of forms: what each waits for, how its answer is read, and how it is shown again.

Values are JSON: text, long_text → str, or {"recording"} of one who spoke · choice, service → str · yes_no → bool ·
number → int · date → ISO date · time → "HH:MM" · amount → rials · mobile, landline → E.164 · national_id, postal_code,
legal_id → digits · iban → "IR" and digits · plate, email → str · location → {"text"}, {"recording"} or {"latitude",
"longitude"} · files → list of `Attachment` data. An optional field that was skipped is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from bot.core.catalogue import Field, Service, pick
from bot.core.messages import Arg, Attachment, Event, Expect, Inbound, Kind, Phrase, Term
from bot.core.ports import Nlu, Unreadable
from bot.dialogs.base import Invalid

TEXT_MAX = 200  # characters of a text field without a max of its own
LONG_TEXT_MAX = 4000
PLACE_MIN = 5  # characters; «۱» is no address
FILES_MAX = 5
EXPECTS = {
    "text": Kind.TEXT,
    "long_text": Kind.LONG_TEXT,
    "choice": Kind.CHOICE,
    "yes_no": Kind.CHOICE,
    "service": Kind.CHOICE,
    "number": Kind.NUMBER,
    "date": Kind.DATE,
    "time": Kind.DIGITS,
    "amount": Kind.TEXT,
    "iban": Kind.DIGITS,
    "plate": Kind.TEXT,
    "mobile": Kind.PHONE,
    "landline": Kind.PHONE,
    "national_id": Kind.DIGITS,
    "postal_code": Kind.DIGITS,
    "legal_id": Kind.DIGITS,
    "email": Kind.EMAIL,
    "location": Kind.LOCATION,
    "files": Kind.FILE,
}
_SPOKEN = ("text", "long_text", "location", "amount", "plate")
"""Types that a voice message answers as well as words do: the phone has no others, and not everybody writes."""
_SIZES = {"national_id": 10, "postal_code": 10, "legal_id": 11, "time": 4, "iban": 24}
_IDENTIFIERS = ("mobile", "landline", "national_id", "postal_code", "legal_id", "iban", "email", "time")


def expect(field: Field) -> Expect:
    size = _SIZES.get(field.type, 0) if field.type != "files" else field.max or FILES_MAX
    return Expect(EXPECTS[field.type], size)


def read(field: Field, heard: Inbound, nlu: Nlu, *, today: date, language: str) -> Any:
    """The value in what was heard. Raises Invalid."""
    if field.type == "location" and heard.location:
        return {"latitude": heard.location.latitude, "longitude": heard.location.longitude}
    if field.type == "mobile" and heard.phone:
        return heard.phone
    if heard.event is Event.CHOICE:
        return _chosen(field, heard.value)
    if heard.event is Event.FILE:
        if field.type in _SPOKEN and (recording := spoken(heard)):
            return recording
        raise Invalid(Phrase("invalid.voice_wanted" if field.type in _SPOKEN else "invalid.words_wanted"))
    return read_value(field, heard.text, nlu, today=today, language=language)


def spoken(heard: Inbound) -> dict[str, Any] | None:
    """The voice message that was sent instead of words."""
    if heard.event is Event.FILE and len(heard.files) == 1 and heard.files[0].media_type.startswith("audio/"):
        return {"recording": heard.files[0].to_json()}
    return None


def read_value(field: Field, text: str, nlu: Nlu, *, today: date, language: str) -> Any:
    """The value in written words. Raises Invalid. Files cannot be written: they are Invalid here."""
    match field.type:
        case "text":
            return _text(field, " ".join(text.split()), TEXT_MAX)
        case "long_text":
            return _text(field, text.strip(), LONG_TEXT_MAX)
        case "location":
            return {"text": _text(field, " ".join(text.split()), TEXT_MAX, least=PLACE_MIN)}
        case "files":
            raise Invalid(Phrase("invalid.files"))
        case "choice" | "yes_no" | "service":
            return _chosen(field, text.strip())
        case kind:
            try:
                value = nlu.parse(kind, text, today=today)
            except Unreadable as unreadable:
                raise Invalid(Phrase("invalid." + unreadable.reason)) from None
            return _within(field, value, today)


def _text(field: Field, text: str, most: int, least: int = 1) -> str:
    least, most = field.min or least, field.max or most
    if not any(c.isalnum() for c in text) or len(text) < least:
        raise Invalid(Phrase("invalid.text_short", {"min": max(least, 2)}))
    if len(text) > most:
        raise Invalid(Phrase("invalid.text_long", {"max": most, "length": len(text)}))
    return text


def _chosen(field: Field, value: str) -> Any:
    if field.type == "yes_no" and value in ("yes", "no"):
        return value == "yes"
    if field.type == "choice" and value in {o.id for o in field.options}:
        return value
    if field.type == "service" and value:
        return value
    raise Invalid(Phrase("invalid.choice"))


def _within(field: Field, value: str | int, today: date) -> str | int:
    if isinstance(value, int):
        if field.min is not None and value < field.min:
            raise Invalid(Phrase("invalid.number_low", {"min": field.min}))
        if field.max is not None and value > field.max:
            raise Invalid(Phrase("invalid.number_high", {"max": field.max}))
    elif field.type == "date":
        day = date.fromisoformat(value)
        if not field.past and day < today:
            raise Invalid(Phrase("invalid.date_past", {"date": Term("date", value)}))
        if not field.future and day > today:
            raise Invalid(Phrase("invalid.date_future", {"date": Term("date", value)}))
    return value


def recordings(answers: Iterable[Any]) -> list[Attachment]:
    """The voice messages among the answers of a form."""
    return [Attachment.from_json(a["recording"]) for a in answers if isinstance(a, dict) and "recording" in a]


def still_fits(field: Field, value: Any) -> bool:
    """Whether an answer given to an older version of the form is an answer to this field."""
    if value is None:
        return field.optional
    if isinstance(value, dict) and "recording" in value:
        return field.type in _SPOKEN
    match field.type:
        case "choice":
            return value in {o.id for o in field.options}
        case "yes_no":
            return isinstance(value, bool)
        case "number" | "amount":
            return isinstance(value, int) and not isinstance(value, bool)
        case "location":
            return isinstance(value, dict)
        case "files":
            return isinstance(value, list)
        case "date":
            try:
                return bool(date.fromisoformat(value))
            except (TypeError, ValueError):
                return False
        case _:
            return isinstance(value, str)


def shown(field: Field, value: Any, language: str, services: Mapping[str, Service]) -> Arg:
    """The value as the citizen reads it in the review."""
    if value is None:
        return Phrase("form.skipped")
    if isinstance(value, dict) and "recording" in value:
        return Phrase("form.recording")
    match field.type:
        case "choice":
            return next((pick(o.label, language) for o in field.options if o.id == value), str(value))
        case "service":
            return pick(services[value].title, language) if value in services else str(value)
        case "yes_no":
            return Phrase("nav.yes" if value else "nav.no")
        case "number":
            return int(value)
        case "date":
            return Term("date", value)
        case "amount":
            return Term("rial", str(value))
        case "location":
            if "text" in value:
                return Term("quote", value["text"])
            return Term("digits", f"{value['latitude']:.5f}, {value['longitude']:.5f}")
        case "files":
            names = tuple(Term("quote", Attachment.from_json(f).name) for f in value)
            return Phrase("form.files", {"count": len(value), "names": names})
        case kind if kind in _IDENTIFIERS:
            return Term("digits", local_number(value))
        case _:
            return Term("quote", str(value))


def is_mobile(number: str) -> bool:
    """Whether an E.164 number is a mobile of the country."""
    return number.startswith("+989") and len(number) == 13


def local_number(value: str) -> str:
    """+98912… as people in the country write it: 0912…"""
    return "0" + value[3:] if value.startswith("+98") else value
