"""Intents: multinomial logistic regression over sparse views of a sentence, trained in a fraction of a second.

Where vectors of the sentences' meaning are at hand, a second model adds them to the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from bot.nlu.intent_views import SHARES, views
from bot.nlu.normalise import tokens
from bot.nlu.scorer import Lesson, Scorer
from bot.nlu.vectors import Encode, Floats, Space

NONE = "none"
CONTRAST = 0.7  # of rarity
KNOWN = 0.06  # share of a sentence that was seen before; what people ask has 0.12 at least, mashed keys have less

Guesses = list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class IntentModel:
    """Never changes; pickled, it is its arrays and the names of its features."""

    labels: tuple[str, ...]
    space: Space
    by_words: Scorer
    by_both: Scorer | None = None

    @classmethod
    def train(cls, examples: Sequence[tuple[Sequence[str], str]], encode: Encode | None = None) -> IntentModel:
        """From (tokens, label) pairs. The same examples in the same order give the same model.

        The name of a label is one more example of it: names are given to be understood.
        """
        labels = tuple(dict.fromkeys(label for _, label in examples))
        number = {label: i for i, label in enumerate(labels)}
        names = [(words, label) for label in labels if label != NONE and (words := tokens(label))]
        taught = [*examples, *names]
        owners = np.array([number[label] for _, label in taught], np.int64)
        seen = [views(words) for words, _ in taught]
        space = Space(seen, SHARES, owners=owners.tolist(), contrast=CONTRAST, repeats=True)
        rows = [space.vector(document) for document in seen]
        none = labels.index(NONE) if NONE in number else -1
        lesson = Lesson(rows, len(space), owners, len(labels), len(examples), none)
        meanings = encode([" ".join(words) for words, _ in taught]) if encode and taught else None
        return cls(labels, space, lesson.learn(), None if meanings is None else lesson.learn(meanings))

    def guess(self, words: Sequence[str], vector: Floats | None = None) -> Guesses:
        """Labels with their chances, best first; what is missing to 1 is the chance of none of them. Nothing when
        hardly a part of it was ever seen and nothing of its meaning is known either."""
        if not words or not self.labels:
            return []
        known = self.space.vector(views(words))
        if vector is not None and self.by_both is not None:
            chances = self.by_both.chances(known, vector)
        elif float(known.weights @ known.weights) >= KNOWN:
            chances = self.by_words.chances(known)
        else:
            return []
        return sorted(zip(self.labels, chances, strict=True), key=itemgetter(1), reverse=True)
