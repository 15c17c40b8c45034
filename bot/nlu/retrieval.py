"""Which entry answers a question: by terms, by letters and, with an encoder, by meaning; and how far to believe it.

Scores from 0 to 1 are summed: BM25 over all that an entry says, the letters of its nearest line, and the cosine of an
encoder's vectors to its nearest line or part of its answer. How sure to be is learnt from the entries themselves: each
line is asked with itself left out and with its whole entry left out, and sentences that nothing should answer are
asked too. Above `CROWD` entries only those that share terms with a question are compared by letters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import NamedTuple

import numpy as np

from bot.core.ports import Match
from bot.nlu.belief import Belief, Rehearsal, Signs
from bot.nlu.bm25 import Bm25
from bot.nlu.likeness import Likeness
from bot.nlu.owned import Meanings, Owned
from bot.nlu.ranking import highest
from bot.nlu.spelling import Spelling
from bot.nlu.terms import LIGHT, Terms, Words
from bot.nlu.vectors import Encode, Floats

NEAREST = 0.35  # share of the nearest line in the lexical score; the rest is BM25's
ANSWERING = 2.0  # what the nearness of an answer's letters counts against a line's: it can never be all of it
SEMANTIC = 0.45  # share of meaning in the fused score
PROSE = 0.25  # the same where nothing but an answer is known: a part of it is hardly ever what a question is
BODY = 0.6  # what a word of the answer counts against one of the question
CONTEXT = 0.3  # and one of the service that the entry belongs to
LINE = 40  # words; longer lines are read as answers are
SCOPE = 1.8  # how much better an entry of another service must be than one of the service that is being talked about
ENOUGH, CLEAR = 0.6, 1.25  # the score, and how much of the next one's, that make a question clear within a service
TELLING = 0.3  # rarity of a word that asks for something: «چقدر», not «است»
EXACT = 2.0  # the score of an entry that says the question word for word
SURE = 0.65  # chance of being right from which an answer is told as one
FLOOR = 0.05  # scores below are not near
HEARD = 0.1  # of what the strongest word says: words that say less explain nothing
CROWD, CHOSEN = 10_000, 200  # entries from which only the best by terms are compared by letters, and how many
RIVALS = 4  # passages among which those are that the first is compared with
REHEARSALS = 200  # lines asked to learn how sure to be, and as many unrelated sentences

LEXICAL = Belief((0.3, 4.2, 3.8, 2.0, 2.0), (0.5, 5.0, 5.0, 5.0, 5.0))
FUSED = Belief((0.8, 5.0, 4.5, 1.6, 1.4), (0.5, 5.0, 5.0, 5.0, 5.0))
"""How sure to be before content has told: learnt from a city's desk and open sets of questions."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What may be an answer, as tokens: `lines` are ways of asking for it, `body` what it says, `context` what it
    belongs to."""

    id: str
    lines: tuple[Words, ...]
    body: Words = ()
    context: Words = ()
    service: str = ""
    weight: float = 1.0  # of its scores: what answers only in general has less


@dataclass(frozen=True, slots=True)
class Scores:
    """How near each passage is to one question, 0 to 1, and what that is made of."""

    total: Floats
    letters: Floats
    meaning: Floats | None  # None without an encoder
    telling: int  # terms of the question that are not light


class _Near(NamedTuple):
    place: int
    total: float
    letters: float


class Retriever:
    def __init__(
        self,
        passages: Sequence[Passage],
        synonyms: Mapping[str, Sequence[str]] | None = None,
        unrelated: Sequence[Words] = (),
        encode: Encode | None = None,
    ) -> None:
        """`synonyms` are raw phrases; `unrelated` the tokens of sentences that nothing here should answer."""
        self.passages = [p for p in passages if p.lines or p.body]
        self.places = {p.id: i for i, p in enumerate(self.passages)}
        self.pages = [self.places.get(f"service/{p.service}", -1) for p in self.passages]
        self.weight: Floats = np.array([p.weight for p in self.passages], np.float32)
        self.of_terms, self.of_letters = self.weight * np.float32(1 - NEAREST), self.weight * np.float32(NEAREST)
        self.terms = Terms(synonyms or {})
        self.spelling = Spelling((words for p in self.passages for words in (*p.lines, p.body, p.context)), unrelated)
        self.said = Bm25([self._counts(p) for p in self.passages])
        self.lines = Owned([[words for words in p.lines if len(words) <= LINE] for p in self.passages])
        self.bodies = Owned([[words] if (words := _prose(p)) else [] for p in self.passages])
        asked = np.diff(self.lines.starts) > 0
        self.semantic: Floats = np.where(asked, np.float32(SEMANTIC), np.float32(PROSE))
        self.line_words, self.line_owner = self.lines.texts, self.lines.owners
        self.likeness = Likeness(self.said, self.lines, self.bodies)
        self.of_service = {
            service: np.array([p.service == service for p in self.passages])
            for service in {p.service for p in self.passages}
        }
        self.exact: dict[tuple[str, ...], int] = {}
        for words, owner in zip(self.line_words, self.line_owner.tolist(), strict=True):
            self.exact.setdefault(tuple(words), owner)
        self.meanings = Meanings(self.lines, self.bodies, encode) if encode and self.passages else None
        self.belief, self.fused_belief = LEXICAL, FUSED
        if len(self.passages) > 1:
            self.belief = LEXICAL.after(self._rehearsals(unrelated))
            if encode and self.meanings:
                self.fused_belief = FUSED.after(self._rehearsals(unrelated, encode))

    def _counts(self, passage: Passage) -> dict[str, float]:
        counts: dict[str, float] = {}
        for words, worth in (
            *((line, 1.0) for line in passage.lines),
            (passage.body, BODY),
            (passage.context, CONTEXT),
        ):
            for term, times in self.terms.of(words).items():
                counts[term] = counts.get(term, 0.0) + worth * times
        return counts

    # --- asking -------------------------------------------------------------------------------

    def ask(
        self, words: Words, vector: Floats | None = None, *, service: str = "", limit: int = 4
    ) -> tuple[Match, ...]:
        """The entries near to a question, best first. `vector` is the encoder's of it. A match's score is the chance
        that it is right. While a `service` is being talked about its entries come first: «هزینه‌اش چقدر است؟»."""
        if not self.passages or not words:
            return ()
        found = self.scores(words, vector)
        matches = self._matches(words, found, service, limit)
        if not service or not matches or matches[0].sure:
            return matches
        by_words = found if found.meaning is None else self.scores(words)
        if self._clear_within(words, by_words.total, service):
            return (replace(matches[0], score=max(matches[0].score, SURE), sure=True), *matches[1:])
        anywhere = self._matches(words, found, "", limit)
        return anywhere if anywhere[0].sure else matches

    def _clear_within(self, words: Words, total: Floats, service: str) -> bool:
        """Whether the nearest entry of the service says every word of a question that names none, and it alone."""
        terms = self.terms.of(words)
        ours = [place for place in highest(total, RIVALS * RIVALS).tolist() if self.passages[place].service == service]
        if not ours or max(map(self.said.rare, terms), default=0.0) < TELLING:
            return False
        first, second = (*(float(total[place]) for place in ours), 0.0)[:2]
        wanted = ENOUGH if LIGHT.issuperset(terms) else ENOUGH / SCOPE
        clear = first >= wanted and first >= CLEAR * second and first * SCOPE >= float(total.max())
        return clear and all(term in self.said.documents[ours[0]] for term in terms)

    def _matches(self, words: Words, found: Scores, service: str, limit: int) -> tuple[Match, ...]:
        total = found.total
        owner, ours = self.exact.get(tuple(words)), self.of_service.get(service) if service else None
        if owner is not None or ours is not None:
            total = total.copy()
        if owner is not None:
            total[owner] = EXACT
        if ours is not None:
            total[ours & (total > FLOOR)] *= SCOPE
        nearest = self._nearest(total, found.letters, max(limit, RIVALS))
        matches: list[Match] = []
        least = 1.0
        for each in nearest[:limit]:
            if each.total < FLOOR:
                break
            least = min(self._chance(found, each, nearest), least)
            matches.append(Match(self.passages[each.place].id, round(least, 4), not matches and least >= SURE))
        return tuple(matches)

    def scores(self, words: Words, vector: Floats | None = None) -> Scores:
        """How near each passage is."""
        words = self.spelling.mend(words)
        terms = self.terms.of(words)
        if len(self.passages) <= CROWD:
            likeness = self.likeness.of(terms, words)
        else:
            likeness = self.likeness.of_likely(terms, words, CHOSEN)
        meant = None if vector is None or self.meanings is None else self.meanings.scores(vector)
        return self._sum(terms, likeness, meant)

    def _sum(self, terms: Mapping[str, int], likeness: Floats, meant: Floats | None) -> Scores:
        by_terms, lines, bodies = likeness
        letters = np.maximum(lines, np.minimum(bodies * ANSWERING, 1))
        total = self.of_terms * by_terms + self.of_letters * letters
        if meant is not None:
            total = (1 - self.semantic) * total + self.weight * self.semantic * meant
        return Scores(total, letters, meant, len(terms.keys() - LIGHT))

    # --- how sure to be -----------------------------------------------------------------------

    def best(self, found: Scores) -> tuple[int, float]:
        """The place of the nearest passage and the chance that it is right."""
        nearest = self._nearest(found.total, found.letters, RIVALS)
        return nearest[0].place, self._chance(found, nearest[0], nearest)

    def _nearest(self, total: Floats, letters: Floats, count: int) -> list[_Near]:
        best = highest(total, count)
        return list(map(_Near, best.tolist(), total[best].tolist(), letters[best].tolist()))

    def _chance(self, found: Scores, one: _Near, nearest: Sequence[_Near]) -> float:
        belief = self.belief if found.meaning is None else self.fused_belief
        return belief.chance(self.signs(found, one, nearest))

    def signs(self, found: Scores, one: _Near, nearest: Sequence[_Near]) -> Signs:
        """What the chance of one's being right is judged by: its score, its lead over the next, whether letters agree,
        and how much the question tells."""
        place, pages = one.place, self.pages
        page = pages[place]
        rivals = [each for each in nearest if each.place not in (place, page) and pages[each.place] != place]
        lead = one.total - rivals[0].total if rivals else one.total
        agreed = one.letters - max([each.letters for each in rivals[: RIVALS - 1]], default=0.0)
        return 1.0, log(max(one.total, 0.0) + 0.02), lead, agreed, log(1 + found.telling)

    def without_line(self, line: int, *, fused: bool = False) -> Scores:
        """The scores for a line of ours as if it had never been written."""
        owner = int(self.line_owner[line])
        words = self.line_words[line]
        terms = self.terms.of(words)
        likeness = self.likeness.of(terms, words, but=line)
        likeness[0, owner] = self.said.without(terms, owner)
        meant = self.meanings.without_line(line) if fused and self.meanings else None
        return self._sum(terms, likeness, meant)

    def _rehearsals(self, unrelated: Sequence[Words], encode: Encode | None = None) -> list[Rehearsal]:
        lines = [i for i, owner in enumerate(self.line_owner.tolist()) if len(self.passages[owner].lines) > 2]
        asked = lines[:: _step(len(lines))]
        seen = []
        for line in asked:
            owner = int(self.line_owner[line])
            found = self.without_line(line, fused=encode is not None)
            seen.append(self._rehearsal(found, owner, 1.0))
            found.total[owner] = found.letters[owner] = 0
            seen.append(self._rehearsal(found, owner, 0.5))
        strange = unrelated[:: _step(len(unrelated))]
        vectors = encode([" ".join(words) for words in strange]) if encode and strange else [None] * len(strange)
        for words, vector in zip(strange, vectors, strict=True):
            seen.append(self._rehearsal(self.scores(words, vector), None, max(0.5 * len(asked) / len(strange), 1.0)))
        return seen

    def _rehearsal(self, found: Scores, owner: int | None, weight: float) -> Rehearsal:
        nearest = self._nearest(found.total, found.letters, RIVALS)
        right = owner is not None and self.answers(nearest[0].place, owner)
        return Rehearsal(self.signs(found, nearest[0], nearest), right, weight)

    def answers(self, passage: int, owner: int) -> bool:
        """Whether one passage will do for another: itself, or the page of its service."""
        return passage == owner or passage == self.pages[owner]

    # --- telling why ------------------------------------------------------------------------

    def explain(self, words: Words, id: str) -> tuple[str, ...]:
        """The words of a question that spoke for a passage, the strongest first; none when it is not known."""
        if (place := self.places.get(id)) is None:
            return ()
        meant = self.spelling.mend(words)
        spoke = NEAREST * self._by_letters(meant, place)
        said, whole = self.said.documents[place], sum(map(self.said.rare, self.terms.of(meant)))
        for first, end, term in self.terms.placed(meant):
            if term in said:
                spoke[first:end] += (1 - NEAREST) * self.said.rare(term) / whole / (end - first)
        heard = [i for i in np.argsort(-spoke, kind="stable").tolist() if spoke[i] >= HEARD * spoke.max() > 0]
        return tuple(dict.fromkeys(words[i] for i in heard))

    def _by_letters(self, words: Words, place: int) -> Floats:
        """What each word adds to the nearness of a passage's nearest line."""
        lines = np.arange(self.lines.starts[place], self.lines.starts[place + 1])
        if not len(lines):
            return np.zeros(len(words), np.float32)
        whole = self.likeness.near_lines.vector(words)
        nearest = int(lines[self.likeness.near_lines.to_some(whole, lines).argmax()])
        weights = dict(zip(*self.likeness.near_lines.of_text(nearest), strict=True))
        ours = dict(zip(*whole, strict=True))
        of_words = (self.likeness.near_lines.vector([word]).ids.tolist() for word in words)
        return np.array([sum(ours[run] * weights.get(run, 0.0) for run in runs) for runs in of_words], np.float32)


def _prose(passage: Passage) -> Words:
    """What is long: the answer, and lines that are no questions."""
    return [w for words in (*passage.lines, passage.body) if words is passage.body or len(words) > LINE for w in words]


def _step(count: int) -> int:
    """From one rehearsal to the next, evenly spread."""
    return 1 + count // REHEARSALS
