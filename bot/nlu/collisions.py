"""Entries that take each other's questions: a wording that, had it not been written down, would be answered by another
entry, and told as right."""

from __future__ import annotations

from dataclasses import dataclass

from bot.nlu.retrieval import SURE, Retriever, Words


@dataclass(frozen=True, slots=True)
class Collision:
    """`words` are a wording of `entry`; without it, it finds `other` with this chance of being right."""

    words: Words
    entry: str  # "faq/ID", as in `other`, which may be a "service/ID" too
    other: str
    chance: float


def collisions(retriever: Retriever) -> list[Collision]:
    """The surest first. A service's own page may answer for its entries."""
    found = []
    for line, owner in enumerate(map(int, retriever.line_owner)):
        passage = retriever.passages[owner]
        if len(retriever.passages) < 2 or not passage.id.startswith("faq/"):
            continue
        top, chance = retriever.best(retriever.without_line(line))
        if chance >= SURE and not retriever.answers(top, owner):
            found.append(Collision(retriever.line_words[line], passage.id, retriever.passages[top].id, chance))
    return sorted(found, key=lambda collision: (-collision.chance, collision.entry, list(collision.words)))
