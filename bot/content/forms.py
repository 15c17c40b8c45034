"""forms/ID.yaml and surveys/ID.yaml."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence

from bot.content.files import Source
from bot.content.values import Table, Value, root
from bot.core.catalogue import SURVEY_AFTER, Field, Form, Option, Question, Survey

KINDS = ("request", "complaint", "suggestion", "criticism", "support", "message")
FIELD_TYPES = (
    "text", "long_text", "choice", "yes_no", "number", "date", "mobile", "landline", "national_id", "postal_code",
    "legal_id", "iban", "plate", "time", "amount", "email", "location", "files", "service",
)  # fmt: skip
MEASURED = ("number", "amount", "text", "long_text", "files")  # the types that min and max mean something for
REMEMBERED = ("name", "mobile", "national_id", "email", "address", "postal_code")
QUESTION_TYPES = ("scale", "choice", "yes_no", "long_text")


def form(source: Source) -> Form:
    id = source.id("form")
    with root(source).table() as table:
        fields = tuple(_field(item) for item in table.need("fields").items(1))
        service = table.maybe("service")
        if service:
            source.findings.claimed[service.string(), id] = service.place
        return Form(
            id=id,
            kind=table.need("kind").one_of(KINDS, "a kind of request"),
            title=table.need("title").text(),
            intro=table.need("intro").text(),
            fields=fields,
            service=service.reference("service"),
            unit=table.maybe("unit").reference("unit"),
            days=table.maybe("days").integer(0, low=0),
            version=_version(fields),
        )


def _version(fields: Sequence[Field | Question]) -> int:
    """A positive number that changes when answers given before may not fit any more."""
    shape = [[f.id, f.type, [o.id for o in f.options], f.optional] for f in fields]
    return (zlib.crc32(json.dumps(shape).encode()) & 0x7FFFFFFF) or 1


def _field(item: Value) -> Field:
    with item.table() as table:
        type = table.need("type").one_of(FIELD_TYPES, "a field type")
        lowest, highest = table.maybe("min"), table.maybe("max")
        past, future = table.maybe("past"), table.maybe("future")
        field = Field(
            id=table.need("id").id("field", item.source.name),
            type=type,
            label=table.need("label").text(),
            ask=table.need("ask").text(),
            help=table.maybe("help").text(),
            example=table.maybe("example").text(),
            optional=table.maybe("optional").boolean(),
            options=_options(table, type),
            min=lowest.integer(None, low=None if type == "number" else 0),
            max=highest.integer(None, low=None if type == "number" else 1),
            past=past.boolean(True),
            future=future.boolean(True),
            remember=table.maybe("remember").one_of(REMEMBERED, "something to remember"),
        )
    for bound in (lowest, highest):
        if type and type not in MEASURED:
            bound.problem(f"a {type} field has no min and max; remove it")
    if field.min is not None and field.max is not None and field.min > field.max:
        lowest.problem(f"min {field.min} is greater than max {field.max}; correct one of the two")
    for limit in (past, future):
        if type and type != "date":
            limit.problem(f"only a date field has past and future; remove it from this {type} field")
    if not (field.past or field.future):
        item.problem("a date that may be neither past nor future can never be given; allow one of the two")
    return field


def _options(table: Table, type: str) -> tuple[Option, ...]:
    given = table.maybe("options")
    if type and type != "choice":
        given.problem(f"only a choice has options; remove them or write `type: choice` in place of `{type}`")
        return ()
    if type and not given:
        table.value.problem("a choice needs `options:`, a list of {id, label}; add them")
    options = []
    for item in given.items(2):
        with item.table() as option:
            id = option.need("id").id("option", str(table.value.place))
            options.append(Option(id, option.need("label").text()))
    return tuple(options)


def survey(source: Source) -> Survey:
    id = source.id("survey")
    whole = root(source)
    with whole.table() as table:
        kinds = [item.one_of(KINDS, "a kind of request") for item in table.maybe("kinds").items(1)]
        questions = tuple(_question(item, first=n == 0) for n, item in enumerate(table.need("questions").items(1)))
        title = table.need("title").text()
        after = table.maybe("after").delay(SURVEY_AFTER)
    for kind in kinds or [""]:
        owner = source.at(0)
        if whole and (first := source.findings.define("survey after", kind, whole.place, owner)):
            what = f"requests of kind `{kind}`" if kind else "all other requests (it has no `kinds:`)"
            whole.problem(f"the survey at {first} follows {what} already; let only one of the two do so")
    return Survey(id, title, questions, tuple(kinds), _version(questions), after)


def _question(item: Value, *, first: bool) -> Question:
    with item.table() as table:
        kind = table.need("type")
        type = kind.one_of(QUESTION_TYPES, "a question type")
        optional, at_most = table.maybe("optional"), table.maybe("at_most")
        question = Question(
            id=table.need("id").id("question", item.source.name),
            type=type,
            ask=table.need("ask").text(),
            label=table.need("label").text(),
            options=_options(table, type),
            optional=optional.boolean(),
            at_most=at_most.integer(None, low=1, high=5),
        )
    if first and type and type != "scale":
        kind.problem(f"the first question gives the score; make it a `scale`, not `{type}`")
    if first and question.optional:
        optional.problem("the first question gives the score; it cannot be optional")
    if first:
        at_most.problem("the first question is asked before there is a score; remove `at_most`")
    return question
