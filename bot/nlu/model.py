"""Understanding by words and letters alone: trained from the content at start, offline, in well under a second."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import date
from functools import cache, lru_cache
from itertools import chain
from typing import NamedTuple

from bot.core.catalogue import Catalogue
from bot.core.ports import Match, Reading
from bot.nlu.entities import Clock, find_entities, parse
from bot.nlu.finglish import Vocabulary
from bot.nlu.intents import NONE, IntentModel
from bot.nlu.normalise import is_persian, tokens
from bot.nlu.retrieval import Passage, Retriever
from bot.nlu.terms import Words
from bot.nlu.vectors import Encode, Floats

GUESSES = 5
ONE_TURN = 64  # texts whose words are kept: those of the turns that are under way
PAGE = 0.85  # weight of a service page beside an FAQ entry, which answers more exactly
LEAST = 0.25  # confidence below which no intent is named

Read = Callable[[str], list[str]]
Ask = Callable[[str], Awaitable[Floats | None]]
"""The vector of a question's words, or None when it would take too long."""


class Trained(NamedTuple):
    """What is learnt from content. Never changes after training: share it between tasks and threads."""

    vocabulary: Vocabulary
    intents: IntentModel
    retriever: Retriever


def trained(catalogue: Catalogue, encode: Encode | None = None) -> Trained:
    """From the organisation's own sentences. The same catalogue gives the same model. Blocking."""
    once = cache(tokens)
    vocabulary = _vocabulary(catalogue, once)

    def read(text: str) -> list[str]:
        return vocabulary.heard(once(text))

    found = tuple(passages(catalogue, read))
    unrelated = [read(text) for text in catalogue.unrelated]
    examples = [(read(e.text), e.intent) for e in catalogue.examples]
    intents = IntentModel.train(examples + [(words, NONE) for words in unrelated], encode)
    return Trained(vocabulary, intents, Retriever(found, catalogue.synonyms, unrelated, encode))


def _vocabulary(catalogue: Catalogue, once: Read = tokens) -> Vocabulary:
    """English is what stands in English texts; Latin words elsewhere may be Finglish, and teach nothing."""
    english: list[str] = []
    others = [example.text for example in catalogue.examples]
    for entry in catalogue.faq.values():
        for language, lines in entry.variants.items():
            kind = english if language == "en" else others
            kind += [entry.question.get(language, ""), *lines, entry.answer.get(language, "")]
    for service in catalogue.services.values():
        others += service.keywords
        for texts in (service.title, service.about):
            for language, text in texts.items():
                (english if language == "en" else others).append(text)
    persian = ([word for word in once(text) if is_persian(word)] for text in others)
    return Vocabulary(chain(map(once, english), persian))


class EmbeddedNlu:
    """Implements `bot.core.ports.Nlu`. `ask` brings the meaning of a question, when there is an encoder."""

    def __init__(self, parts: Trained, *, today: Clock = date.today, ask: Ask | None = None) -> None:
        self.vocabulary, self.intents, self.retriever = parts
        self.today = today
        self.ask = ask
        self._words = lru_cache(ONE_TURN)(self.vocabulary.read)  # a turn asks for those of its text several times

    @classmethod
    def train(cls, catalogue: Catalogue, *, today: Clock = date.today) -> EmbeddedNlu:
        """By words and letters alone."""
        return cls(trained(catalogue), today=today)

    async def read(self, text: str, language: str) -> Reading:
        return self.reading(text, language, await self._vector(text))

    async def answers(self, text: str, language: str, *, service: str = "", limit: int = 4) -> tuple[Match, ...]:
        return self.matches(text, language, await self._vector(text), service=service, limit=limit)

    async def _vector(self, text: str) -> Floats | None:
        return await self.ask(" ".join(self._words(text))) if self.ask else None

    def reading(self, text: str, language: str, vector: Floats | None = None) -> Reading:
        """What `read` answers; without a vector by words and letters alone."""
        guesses = tuple(self.intents.guess(self._words(text), vector)[:GUESSES])
        entities = find_entities(text, self.today())
        if not guesses:
            return Reading(NONE, 1.0, entities)
        intent, confidence = guesses[0]
        if confidence < LEAST:
            return Reading(NONE, 1 - confidence, entities, guesses)
        return Reading(intent, confidence, entities, guesses)

    def matches(
        self, text: str, language: str, vector: Floats | None = None, *, service: str = "", limit: int = 4
    ) -> tuple[Match, ...]:
        """What `answers` answers; without a vector by words and letters alone."""
        return self.retriever.ask(self._words(text), vector, service=service, limit=limit)

    def parse(self, kind: str, text: str, *, today: date) -> str | int:
        return self.vocabulary.language(text) if kind == "language" else parse(kind, text, today)


def passages(catalogue: Catalogue, read: Read = tokens) -> Iterator[Passage]:
    """Every FAQ entry and service page, in all its languages."""

    def each(texts: Iterable[str]) -> tuple[Words, ...]:
        return tuple(words for text in texts if (words := read(text)))

    def together(texts: Iterable[str]) -> Words:
        return [word for text in texts for word in read(text)]

    for entry in catalogue.faq.values():
        service = catalogue.services.get(entry.service)
        asked = (*entry.question.values(), *chain.from_iterable(entry.variants.values()))
        context = (*service.title.values(), *service.keywords) if service else ()
        yield Passage(f"faq/{entry.id}", each(asked), together(entry.answer.values()), together(context), entry.service)
    for service in catalogue.services.values():
        named = (*service.title.values(), *service.keywords)
        about = together(service.about.values())
        yield Passage(f"service/{service.id}", each(named), about, service=service.id, weight=PAGE)
