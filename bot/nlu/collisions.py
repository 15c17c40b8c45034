"""Entries that take each other's questions: a wording that, had it not been written down, would be answered by another
entry, and told as right."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.catalogue import Catalogue
from bot.nlu.model import passages
from bot.nlu.normalise import tokens
from bot.nlu.retrieval import SURE, Retriever
from bot.nlu.terms import Words


@dataclass(frozen=True, slots=True)
class Collision:
    """`words` are a wording of `entry`; without it, it finds `other` with this chance of being right."""

    words: Words
    entry: str  # "faq/ID", as in `other`, which may be a "service/ID" too
    other: str
    chance: float


def collisions(catalogue: Catalogue) -> list[Collision]:
    """The surest first. A service's own page may answer for its entries."""
    unrelated = [tokens(text) for text in catalogue.unrelated]
    retriever = Retriever(tuple(passages(catalogue)), catalogue.synonyms, unrelated)
    found = []
    for line, owner in enumerate(retriever.line_owner.tolist()):
        passage = retriever.passages[owner]
        if len(retriever.passages) < 2 or not passage.id.startswith("faq/"):
            continue
        scores = retriever.without_line(line)
        if retriever.answers(int(scores.total.argmax()), owner):
            continue
        top, chance = retriever.best(scores)
        if chance >= SURE:
            found.append(Collision(retriever.line_words[line], passage.id, retriever.passages[top].id, chance))
    return sorted(found, key=lambda collision: (-collision.chance, collision.entry, list(collision.words)))
