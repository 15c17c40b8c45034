"""What the organisation writes about itself, as values. `bot.content` reads them from `knowledge_base/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, timedelta

from bot.core.values import value

SURVEY_AFTER = timedelta(days=1)
REMIND_AFTER = timedelta(days=3)

Text = Mapping[str, str]
"""One text in each language, e.g. {"fa": …, "en": …}."""


def pick(text: Text, language: str) -> str:
    """The text in this language, else in the first one that it was written in."""
    return text.get(language) or next(iter(text.values()), "")


@value
class Hours:
    """Opening hours of one weekday; 0 is Saturday."""

    weekday: int
    opens: str  # "07:30"
    closes: str


@value
class QuietHours:
    """When nobody's telephone rings for news; over midnight as a rule."""

    begins: str  # "22:00"
    ends: str


@value
class Unit:
    id: str
    title: Text
    phone: str = ""
    place: Text = field(default_factory=dict)


@value
class Organization:
    name: Text
    about: Text
    address: Text
    phone: str
    website: str
    email: str
    hours: tuple[Hours, ...]
    units: Mapping[str, Unit]
    front_desk: str  # the unit that gets what belongs to no other
    categories: Mapping[str, Text]
    audiences: Mapping[str, Text]
    holidays: frozenset[date]
    timezone: str = "Asia/Tehran"
    quiet_hours: QuietHours | None = None
    remind_after: timedelta = REMIND_AFTER  # of information that a request waits for; 0: never


@value
class Service:
    """One page of the service catalogue (شناسنامهٔ خدمت)."""

    id: str
    title: Text
    category: str
    audiences: tuple[str, ...]
    unit: str
    officer: Text  # a post, not a person
    days: int  # working days until done; 0: at once
    fee: int | None  # rials; None: by tariff, see fee_note
    fee_note: Text
    about: Text
    steps: Mapping[str, tuple[str, ...]]  # language → lines; so the next two
    documents: Mapping[str, tuple[str, ...]]
    laws: Mapping[str, tuple[str, ...]]
    complaint: Text  # how to complain about this service
    forms: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


@value
class FaqEntry:
    id: str
    question: Text
    variants: Mapping[str, tuple[str, ...]]
    answer: Text
    service: str = ""
    related: tuple[str, ...] = ()


@value
class Option:
    id: str
    label: Text


@value
class Field:
    """One question of a form. Types: text, long_text, choice, yes_no, number, date, mobile, landline, national_id,
    postal_code, legal_id, iban, plate, time, amount (rials), email, location, files, service."""

    id: str
    type: str
    label: Text
    ask: Text
    help: Text = field(default_factory=dict)
    example: Text = field(default_factory=dict)
    optional: bool = False
    options: tuple[Option, ...] = ()
    min: int | None = None  # number: value; text: characters; files: how many
    max: int | None = None
    past: bool = True  # date: may it be before today
    future: bool = True
    remember: str = ""  # profile key: offered again next time


@value
class Form:
    id: str
    kind: str
    title: Text
    intro: Text
    fields: tuple[Field, ...]
    service: str = ""
    unit: str = ""
    days: int = 0
    version: int = 0  # made of the fields: another one means that the form was edited


@value
class Question:
    """One question of a survey. Types: scale (1 to 5), choice, yes_no, long_text."""

    id: str
    type: str
    ask: Text
    label: Text
    options: tuple[Option, ...] = ()
    optional: bool = False
    at_most: int | None = None  # asked only when the score was at most this


@value
class Survey:
    id: str
    title: Text
    questions: tuple[Question, ...]
    kinds: tuple[str, ...]  # request kinds that it follows; empty: all the others
    version: int = 0
    after: timedelta = SURVEY_AFTER  # of the request's closing


@value
class Announcement:
    id: str
    title: Text
    body: Text
    since: date
    until: date | None = None
    urgent: bool = False


@value
class Example:
    """A training sentence of an intent."""

    intent: str
    text: str


@value
class Catalogue:
    organization: Organization
    services: Mapping[str, Service]
    faq: Mapping[str, FaqEntry]
    forms: Mapping[str, Form]
    surveys: Mapping[str, Survey]
    announcements: tuple[Announcement, ...]
    phrases: Mapping[str, Text]
    words: Mapping[str, Mapping[str, tuple[str, ...]]]  # command → language → what people say for it
    examples: tuple[Example, ...]
    languages: tuple[str, ...] = ("fa", "en")
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # canonical word → other words for it
    unrelated: tuple[str, ...] = ()  # sentences that no entry should answer

    def survey_of(self, kind: str) -> Survey | None:
        """The survey that follows requests of this kind."""
        surveys = self.surveys.values()
        own = next((s for s in surveys if kind in s.kinds), None)
        return own or next((s for s in surveys if not s.kinds), None)
