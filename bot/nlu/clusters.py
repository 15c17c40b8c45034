"""What was not understood, put together for the editors: a cluster for each thing that citizens ask.

Wordings that are nearly the same in letters and skeleton are one group: endings, typing mistakes and Finglish do not
part them. Groups whose nearest entry is the same, or that citizens said to mean the same, are one cluster. A question
that the content answers by now is in none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bot.core.ports import Match
from bot.core.requests import Missed
from bot.nlu.model import EmbeddedNlu
from bot.nlu.vectors import Index, Shares, Space, views

SHARES: Shares = (0.5, 0.2, 0.3)
ALIKE = 0.45  # cosine from which two wordings are nearly the same
NEAREST = 3  # entries that are thought of for each wording
NEAR = 0.3  # mean chance of an entry to be the right one from which it is proposed

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """One way of asking, as it was first written; everybody who asked so, the first first; and what it is near to."""

    text: str
    language: str
    words: Words
    misses: tuple[Missed, ...]
    matches: tuple[Match, ...] = ()

    @property
    def chosen(self) -> Counter[str]:
        """What citizens said that they meant."""
        return Counter(missed.miss.chosen for missed in self.misses if missed.miss.chosen)

    @property
    def times(self) -> int:
        """How often it was asked. Who chose among guesses had asked before."""
        chosen = self.chosen.total()
        return max(chosen, len(self.misses) - chosen)

    @property
    def answered(self) -> bool:
        """By now, and no citizen said that something else was meant."""
        return bool(self.matches) and self.matches[0].sure and not self.chosen.keys() - {self.matches[0].id}

    def meanings(self) -> dict[str, float]:
        """What it may mean, with how many of its times that would be right."""
        chosen = self.chosen
        unsaid = self.times - chosen.total()
        found: dict[str, float] = defaultdict(float, chosen)
        for match in self.matches:
            found[match.id] += match.score * unsaid
        return found


@dataclass(frozen=True, slots=True)
class Cluster:
    """`proposal`: what it is another wording of, "faq/ID" | "service/ID" | "intent/NAME"; empty: something new.
    `unhelpful`: the entry that was told and did not help."""

    wordings: tuple[Wording, ...]  # the most asked first
    proposal: str = ""
    score: float = 0.0  # 0 to 1: the mean chance that it is right; a citizen's choice is certain
    unhelpful: str = ""

    @property
    def misses(self) -> tuple[Missed, ...]:
        """Oldest first."""
        return tuple(sorted((missed for wording in self.wordings for missed in wording.misses), key=_age))

    @property
    def id(self) -> str:
        """Names the cluster for as long as its oldest question is not dealt with."""
        return f"q{self.misses[0].id}"

    @property
    def times(self) -> int:
        return sum(wording.times for wording in self.wordings)

    @property
    def chosen(self) -> int:
        """How many citizens said that they meant what is proposed."""
        return sum(wording.chosen[self.proposal] for wording in self.wordings)


def clusters(misses: Iterable[Missed], nlu: EmbeddedNlu) -> list[Cluster]:
    """The most asked first. 10,000 wordings take seconds. The same misses give the same clusters."""
    by_entry: dict[str, list[Missed]] = defaultdict(list)
    for missed in sorted(misses, key=_age):
        by_entry[missed.miss.entry.removeprefix("faq/")].append(missed)
    found = _joined([wording for wording in _wordings(by_entry.pop("", ()), nlu) if not wording.answered], nlu)
    for entry, told in by_entry.items():
        wordings = _wordings(told, nlu)
        proposal, score = _proposal(wordings, but=f"faq/{entry}")
        found.append(Cluster(wordings, proposal if score >= NEAR else "", score, entry))
    return sorted(found, key=lambda cluster: (-cluster.times, _age(cluster.misses[0])))


def _age(missed: Missed) -> int:
    return int(missed.id)


def _wordings(misses: Iterable[Missed], nlu: EmbeddedNlu) -> tuple[Wording, ...]:
    """The most asked first."""
    same: dict[Words, list[Missed]] = defaultdict(list)
    for missed in misses:
        same[tuple(nlu.vocabulary.read(missed.miss.text))].append(missed)
    found = []
    for words, some in same.items():
        first, matches = some[0].miss, nlu.retriever.ask(words, limit=NEAREST)
        found.append(Wording(first.text, first.language, words, tuple(some), matches))
    return tuple(sorted(found, key=_importance))


def _importance(wording: Wording) -> tuple[int, int]:
    return -wording.times, _age(wording.misses[0])


def _joined(wordings: Sequence[Wording], nlu: EmbeddedNlu) -> list[Cluster]:
    by_meaning: dict[str | Words, list[Wording]] = defaultdict(list)
    for group in nearly_the_same(wordings, nlu):
        proposal, score = _proposal(group)
        by_meaning[proposal if score >= NEAR else group[0].words] += group
    found = []
    for key, group in by_meaning.items():
        members = tuple(sorted(group, key=_importance))
        proposal, score = _proposal(members)
        found.append(Cluster(members, proposal, score) if key == proposal else Cluster(members))
    return found


def _proposal(wordings: Collection[Wording], but: str = "") -> tuple[str, float]:
    """What wordings together most likely mean, and the mean chance of it."""
    votes: dict[str, float] = defaultdict(float)
    for wording in wordings:
        for id, times in wording.meanings().items():
            votes[id] += times if id != but else 0.0
    best = min(votes, key=lambda id: (-votes[id], id), default="")
    return best, votes[best] / sum(wording.times for wording in wordings) if best else 0.0


# --- likeness -----------------------------------------------------------------------------------


def nearly_the_same(wordings: Sequence[Wording], nlu: EmbeddedNlu) -> list[list[Wording]]:
    """Groups around the wordings that most others are like; all members of a group are like its first, so groups do
    not grow into chains. The content's own questions teach which words are common."""
    seen = [views(wording.words) for wording in wordings]
    known = (views(words) for passage in nlu.retriever.passages for words in passage.lines)
    space = Space([*known, *seen], SHARES)
    vectors = [space.vector(document) for document in seen]
    index = Index.of(vectors, len(space))
    like = [np.flatnonzero(index.dot(vector) >= ALIKE) for vector in vectors]
    times = np.array([wording.times for wording in wordings])
    density = np.array([times[rows].sum() for rows in like])
    free = np.ones(len(wordings), bool)
    groups = []
    for middle in np.argsort(-density, kind="stable"):
        if free[middle]:
            others = like[middle][free[like[middle]]]
            free[others] = free[middle] = False
            groups.append([wordings[middle], *(wordings[row] for row in others if row != middle)])
    return groups
