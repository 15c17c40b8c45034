"""Content texts by a path that people can write: `forms/street_light_report/place`, `faq/desk_code_what`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.core.catalogue import Catalogue, Field, Question, Text


def texts_of(catalogue: Catalogue) -> Mapping[str, Text]:
    """Every text that a citizen may be told, with its path. A field's path alone is its question."""
    return {path: text for path, text in _all(catalogue) if any(text.values())}


def _all(catalogue: Catalogue) -> Iterator[tuple[str, Text]]:
    organization = catalogue.organization
    yield "organization/name", organization.name
    yield "organization/address", organization.address
    for id, unit in organization.units.items():
        yield f"units/{id}/title", unit.title
        yield f"units/{id}/place", unit.place
    for id, audience in organization.audiences.items():
        yield f"audiences/{id}", audience
    for item in catalogue.announcements:
        yield f"announcements/{item.id}/title", item.title
        yield f"announcements/{item.id}/body", item.body
    for id, form in catalogue.forms.items():
        yield f"forms/{id}/title", form.title
        yield f"forms/{id}/intro", form.intro
        for field in form.fields:
            yield from _field(f"forms/{id}/{field.id}", field)
    for id, survey in catalogue.surveys.items():
        yield f"surveys/{id}/title", survey.title
        for question in survey.questions:
            yield from _question(f"surveys/{id}/{question.id}", question)
    for id, service in catalogue.services.items():
        texts = {"title": service.title, "officer": service.officer, "about": service.about}
        texts |= {"fee_note": service.fee_note, "complaint": service.complaint}
        yield from ((f"services/{id}/{name}", text) for name, text in texts.items())
        for name in ("steps", "documents", "laws"):
            for n, line in enumerate(_lines(getattr(service, name)), 1):
                yield f"services/{id}/{name}/{n}", line
    for id, entry in catalogue.faq.items():
        yield f"faq/{id}", entry.answer
        yield f"faq/{id}/question", entry.question


def _field(path: str, field: Field) -> Iterator[tuple[str, Text]]:
    yield path, field.ask
    yield f"{path}/label", field.label
    yield f"{path}/help", field.help
    yield f"{path}/example", field.example
    for option in field.options:
        yield f"{path}/{option.id}", option.label


def _question(path: str, question: Question) -> Iterator[tuple[str, Text]]:
    yield path, question.ask
    for option in question.options:
        yield f"{path}/{option.id}", option.label


def _lines(lines: Mapping[str, tuple[str, ...]]) -> list[Text]:
    """The first line of each language, the second ones… as texts."""
    longest = max((len(texts) for texts in lines.values()), default=0)
    return [{lang: texts[n] for lang, texts in lines.items() if n < len(texts)} for n in range(longest)]
