"""Values in what people write: one wanted kind (`parse`) or all that there are (`find_entities`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

from bot.core.ports import Entity, Unreadable
from bot.nlu import identifiers
from bot.nlu.jalali import find_dates, read_date
from bot.nlu.numbers import find_numbers
from bot.nlu.spans import Folded, Span

Clock = Callable[[], date]

_READERS: dict[str, Callable[[str], str]] = {
    "mobile": identifiers.read_mobile,
    "landline": identifiers.read_landline,
    "phone": identifiers.read_phone,
    "national_id": identifiers.read_national_id,
    "legal_id": identifiers.read_legal_id,
    "postal_code": identifiers.read_postal_code,
    "email": identifiers.read_email,
    "tracking_code": identifiers.read_tracking_code,
}
LONGEST = 2000  # characters that are searched: values stand in sentences, not in treatises
KINDS = frozenset(("number", "date", *_READERS))


def parse(kind: str, text: str, today: date) -> str | int:
    """As `bot.core.ports.Nlu.parse` says; also "phone": a mobile or a landline. ValueError for a kind that is none."""
    text = text[:LONGEST]
    if kind == "number":
        return read_number(text)
    if kind == "date":
        return read_date(text, today)
    if kind not in _READERS:
        raise ValueError(f"not a kind of value: {kind}")
    return _READERS[kind](text)


def read_number(text: str) -> int:
    """The one number that a text holds. Raises Unreadable when there is none, or there are two."""
    values = {span.value for span in find_numbers(Folded.of(text))}
    if len(values) != 1:
        raise Unreadable("number")
    return int(values.pop())


_DIGIT = re.compile(r"\d")
_ARTICLE = re.compile(r"یک|یه|one")


def find_entities(text: str, today: date) -> tuple[Entity, ...]:
    """In order of their place. Ten digits may be a tracking code and a national id at once; a day or a number is only
    found where nothing more particular stands."""
    text = text[:LONGEST]
    folded = Folded.of(text)
    found = [(kind, span) for kind, span in _particular(text, folded)]
    taken = [(span.start, span.end) for _, span in found]
    for kind, span in _plain(folded, today):
        if all(span.end <= start or end <= span.start for start, end in taken):
            found.append((kind, span))
            taken.append((span.start, span.end))
    return tuple(
        Entity(kind, span.value, *folded.raw(span.start, span.end))
        for kind, span in sorted(found, key=lambda each: (each[1].start, each[0]))
    )


def _particular(text: str, folded: Folded) -> Iterator[tuple[str, Span]]:
    if "@" in folded:
        for span in identifiers.find_emails(Folded.of(text, keep_case=True)):
            yield "email", span
    if not _DIGIT.search(folded):
        return
    for kind, find in (
        ("tracking_code", identifiers.find_tracking_codes),
        ("mobile", identifiers.find_mobiles),
        ("national_id", identifiers.find_national_ids),
    ):
        for span in find(folded):
            yield kind, span


def _plain(folded: Folded, today: date) -> Iterator[tuple[str, Span]]:
    for span in find_dates(folded, today):
        yield "date", span
    for span in find_numbers(folded):
        if not _ARTICLE.fullmatch(folded, span.start, span.end):  # «یک سؤال دارم»
            yield "number", span
