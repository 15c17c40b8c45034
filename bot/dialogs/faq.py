"""Answers from the knowledge base: told with their source, asked whether they helped, honest when there is none."""

from __future__ import annotations

from bot.core.catalogue import Catalogue, FaqEntry, pick
from bot.core.messages import Arg, Choice, Phrase, Reply

RELATED = 3
_UNKNOWN = (
    Choice("/services", Phrase("nav.services")),
    Choice("/human", Phrase("nav.human")),
    Choice("/menu", Phrase("nav.menu")),
)

ALWAYS = frozenset(choice.value for choice in _UNKNOWN)
"""What is offered wherever no answer is."""


def told(entry: FaqEntry, language: str, catalogue: Catalogue) -> Phrase:
    """The answer, and the service that it comes from."""
    lines: list[Arg] = [pick(entry.answer, language)]
    if service := catalogue.services.get(entry.service):
        lines.append(Phrase("faq.source", {"service": pick(service.title, language)}))
    return Phrase("form.lines", {"lines": tuple(lines)})


def answer(entry: FaqEntry, language: str, catalogue: Catalogue) -> Reply:
    """The answer, then «آیا کمک کرد؟» with ways on."""
    choices = [
        Choice(f"/helped/{entry.id}", Phrase("faq.helped")),
        Choice(f"/unhelped/{entry.id}", Phrase("faq.unhelped")),
    ]
    if service := catalogue.services.get(entry.service):
        choices.append(
            Choice(f"/service/{service.id}", Phrase("faq.guide", {"service": pick(service.title, language)}))
        )
        choices += (
            Choice(f"/form/{f}", Phrase("guide.file", {"title": pick(catalogue.forms[f].title, language)}))
            for f in service.forms
        )
    related = (catalogue.faq[id] for id in entry.related[:RELATED] if id in catalogue.faq)
    choices += (Choice(f"/faq/{e.id}", pick(e.question, language)) for e in related)
    say = Phrase("form.lines", {"lines": (told(entry, language, catalogue), Phrase("faq.did_it_help"))})
    return Reply(say, tuple(choices))


def guesses(choices: tuple[Choice, ...]) -> Reply:
    """«منظورتان این بود؟», with the nearest that there is."""
    say = Phrase("faq.guesses" if len(choices) > 1 else "faq.guess")
    return Reply(say, (*choices, *_UNKNOWN))


def unknown() -> Reply:
    return Reply(Phrase("faq.unknown"), _UNKNOWN)


def sorry() -> Reply:
    return Reply(Phrase("faq.sorry"), _UNKNOWN)
