"""Understanding by words and letters alone: trained from the content at start, offline, in well under a second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain

from bot.core.catalogue import Catalogue
from bot.core.ports import Match, Reading
from bot.nlu.entities import Clock, find_entities, parse
from bot.nlu.finglish import Vocabulary
from bot.nlu.intents import NONE, IntentModel
from bot.nlu.normalise import tokens
from bot.nlu.retrieval import Passage, Retriever, Words

GUESSES = 5
PAGE = 0.85  # weight of a service page beside an FAQ entry, which answers more exactly
LEAST = 0.25  # confidence below which no intent is named


class LexicalNlu:
    """Implements `bot.core.ports.Nlu`. Never changes after training: share it between tasks and threads."""

    def __init__(
        self, vocabulary: Vocabulary, intents: IntentModel, retriever: Retriever, today: Clock = date.today
    ) -> None:
        self.vocabulary = vocabulary
        self.intents = intents
        self.retriever = retriever
        self.today = today

    @classmethod
    def train(cls, catalogue: Catalogue, *, today: Clock = date.today) -> LexicalNlu:
        """From the organisation's own sentences. The same catalogue gives the same model."""
        found = tuple(passages(catalogue))
        unrelated = [tokens(text) for text in catalogue.unrelated]
        examples = [(tokens(e.text), e.intent) for e in catalogue.examples]
        vocabulary = Vocabulary(chain((w for p in found for w in (*p.lines, p.body)), (words for words, _ in examples)))
        intents = IntentModel.train(examples + [(words, NONE) for words in unrelated])
        return cls(vocabulary, intents, Retriever(found, catalogue.synonyms, unrelated), today)

    async def read(self, text: str, language: str) -> Reading:
        return self.reading(text, language)

    async def answers(self, text: str, language: str, *, service: str = "", limit: int = 4) -> tuple[Match, ...]:
        return self.matches(text, language, service=service, limit=limit)

    def reading(self, text: str, language: str) -> Reading:
        """What `read` answers by words and letters alone."""
        guesses = tuple(self.intents.guess(self.vocabulary.read(text))[:GUESSES])
        entities = find_entities(text, self.today())
        if not guesses:
            return Reading(NONE, 1.0, entities)
        intent, confidence = guesses[0]
        if confidence < LEAST:
            return Reading(NONE, 1 - confidence, entities, guesses)
        return Reading(intent, confidence, entities, guesses)

    def matches(self, text: str, language: str, *, service: str = "", limit: int = 4) -> tuple[Match, ...]:
        """What `answers` answers by words and letters alone."""
        return self.retriever.ask(self.vocabulary.read(text), service=service, limit=limit)

    def parse(self, kind: str, text: str, *, today: date) -> str | int:
        return parse(kind, text, today)


def passages(catalogue: Catalogue) -> Iterator[Passage]:
    """Every FAQ entry and service page, in all its languages."""
    for entry in catalogue.faq.values():
        service = catalogue.services.get(entry.service)
        asked = (*entry.question.values(), *chain.from_iterable(entry.variants.values()))
        context = (*service.title.values(), *service.keywords) if service else ()
        yield Passage(f"faq/{entry.id}", _each(asked), _all(entry.answer.values()), _all(context), entry.service)
    for service in catalogue.services.values():
        named = (*service.title.values(), *service.keywords)
        yield Passage(
            f"service/{service.id}", _each(named), _all(service.about.values()), service=service.id, weight=PAGE
        )


def _each(texts: Iterable[str]) -> tuple[Words, ...]:
    return tuple(words for text in texts if (words := tokens(text)))


def _all(texts: Iterable[str]) -> Words:
    return tokens(" ".join(texts))
