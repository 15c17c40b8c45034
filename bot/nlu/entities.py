"""Values in what people write: one wanted kind (`parse`) or all that there are (`find_entities`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from bot.core.ports import Entity, Unreadable
from bot.nlu import jalali, times
from bot.nlu.emails import AT_WORDS, find_emails, read_email
from bot.nlu.identifiers import READERS, find_identifiers
from bot.nlu.money import find_amounts, read_amount
from bot.nlu.number_words import PARTS, SAID
from bot.nlu.numbers import find_numbers
from bot.nlu.plates import find_plates, read_plate
from bot.nlu.spans import Folded, Span
from bot.nlu.spoken import read_digits, readings, repeated

Clock = Callable[[], date]
LONGEST = 2000  # characters that are searched: values stand in sentences, not in treatises
LIKELY = 0.5  # what is likelier leaves no room for a date, a time, an amount or a number in the same place

_READERS: dict[str, Callable[[str], str | int]] = {
    **READERS,
    "email": read_email,
    "plate": read_plate,
    "time": times.read_time,
    "amount": read_amount,
    "digits": read_digits,
}
KINDS = frozenset(("number", "date", *_READERS))


def parse(kind: str, text: str, today: date) -> str | int:
    """As `bot.core.ports.Nlu.parse` says; also phone: a mobile or a landline · time → "HH:MM" · amount → rials ·
    iban → "IR" and 24 digits · plate → "12ب345-67" · digits → all that are written or said.
    ValueError for a kind that is none."""
    text = text[:LONGEST]
    if kind == "number":
        return read_number(text)
    if kind == "date":
        return jalali.read_date(text, today)
    if kind not in _READERS:
        raise ValueError(f"not a kind of value: {kind}")
    return _READERS[kind](text)


def read_number(text: str) -> int:
    """The one number that a text holds. Raises Unreadable when there is none, or there are two."""
    values = {span.value for span in find_numbers(Folded.of(text))}
    if len(values) != 1:
        raise Unreadable("number")
    return int(values.pop())


_TRIGGERS = frozenset().union(PARTS, SAID, AT_WORDS, jalali.TRIGGERS, times.TRIGGERS)
_ARTICLE = re.compile(r"یک|یه|one")


def find_entities(text: str, today: date) -> tuple[Entity, ...]:
    """In order of their place; those that overlap are alternatives, the likelier first. Ten digits may be a tracking
    code and a national id at once; a day, a time, an amount or a number is found where nothing more particular is
    likely. A number is no alternative of anything."""
    text = text[:LONGEST]
    folded, said = readings(text)
    if not folded.digits and "@" not in folded and folded.words.isdisjoint(_TRIGGERS):
        return ()
    found = list(_particular(folded, said, text))
    for kind, where, spans in (
        ("amount", folded, find_amounts(folded)),
        ("date", said, jalali.find_dates(said, today)),
        ("time", said, times.find_times(said)),
        ("number", folded, _numbers(folded)),
    ):
        least = LIKELY if kind != "number" else 0.0
        taken = [each for each in found if each.confidence >= least]
        for span in spans:
            each = _entity(kind, span, where)
            if not any(_overlap(each, other) for other in taken):
                found.append(each)
    return tuple(_in_order(found)) if len(found) > 1 else tuple(found)


def _entity(kind: str, span: Span, text: Folded) -> Entity:
    return Entity(kind, span.value, *text.raw(span.start, span.end), span.confidence)


def _overlap(one: Entity, other: Entity) -> bool:
    return one.start < other.end and other.start < one.end


def _particular(folded: Folded, said: Folded, text: str) -> Iterator[Entity]:
    for span in find_emails(folded, text):
        yield _entity("email", span, folded)
    for span in find_plates(said):
        yield _entity("plate", span, said)
    dictated = repeated(said)
    for kind, span in find_identifiers(dictated):
        yield _entity(kind, span, dictated)


def _numbers(text: Folded) -> Iterator[Span]:
    return (span for span in find_numbers(text) if not _ARTICLE.fullmatch(text, span.start, span.end))


def _in_order(found: Iterable[Entity]) -> Iterator[Entity]:
    """From the left, and within what overlaps from the likeliest."""
    cluster: list[Entity] = []
    for each in sorted(found, key=lambda each: (each.start, -each.end)):
        if cluster and not any(_overlap(each, other) for other in cluster):
            yield from sorted(cluster, key=lambda each: -each.confidence)
            cluster = []
        cluster.append(each)
    yield from sorted(cluster, key=lambda each: -each.confidence)
