"""Mistyped words read as the words that we know: one letter wrong, missing, too many or changed places with the next.

Known words are found by leaving a letter out of both (Garbe's symmetric deletes), so that the cost is that of a few
look-ups whatever the number of words.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from bot.nlu.normalise import bones, stem
from bot.nlu.terms import Words

SHORTEST = 4  # letters of a word that may be mistyped


class Spelling:
    def __init__(self, texts: Iterable[Words], others: Iterable[Words] = ()) -> None:
        """From texts with all words that may be meant; the words of the others are no mistakes either."""
        self.counts = Counter(word for words in texts for word in words)
        self.stems = {stem(word) for word in self.counts}.union(stem(word) for words in others for word in words)
        slips: dict[str, list[str]] = defaultdict(list)
        for word in sorted(self.counts):
            if _may_slip(word):
                for slip in _slips(word):
                    slips[slip].append(word)
        self.slips = {slip: tuple(known) for slip, known in slips.items()}

    def mend(self, words: Words) -> Words:
        """The words with those that nobody knows made the most frequent one that they may be meant as."""
        if all(self._known(word) for word in words):
            return words
        return [word if self._known(word) else self._meant(word) for word in words]

    def _known(self, word: str) -> bool:
        return not _may_slip(word) or stem(word) in self.stems

    def _meant(self, word: str) -> str:
        near = {known for slip in _slips(word) for known in self.slips.get(slip, ()) if _one_slip(word, known)}
        return max(sorted(near), key=self.counts.__getitem__, default=word)


def _may_slip(word: str) -> bool:
    return len(word) >= SHORTEST and word.isalpha()


def _slips(word: str) -> Iterator[str]:
    yield word
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]


def _one_slip(word: str, other: str) -> bool:
    """Whether one letter added, left out, replaced, or two neighbours changed make one word of the other. Hardly
    anybody mistypes the first letter, but for another of the same sound."""
    if word[0] != other[0] and bones(word) != bones(other):
        return False
    start = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    rest, others = word[start:], other[start:]
    return (
        rest[1:] == others[1:]
        or rest[1:] == others
        or rest == others[1:]
        or (rest[:2] == others[:2][::-1] and rest[2:] == others[2:])
    )
