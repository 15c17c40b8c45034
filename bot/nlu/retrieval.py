"""Which entry answers a question: BM25 over whole entries plus the nearest single line, and how far to believe it.

Two scores from 0 to 1 are added: BM25 on stems over all that an entry says (Robertson and Zaragoza, 2009; divided by
the most that the question could get), and the cosine of letters and skeleton with the nearest way of asking. How sure
to be is learnt from the entries themselves: each line is asked with itself left out and with its whole entry left
out, and sentences that nothing should answer are asked too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from bot.core.ports import Match
from bot.nlu.normalise import stem, tokens
from bot.nlu.vectors import Floats, Index, Ints, Shares, Space, Vector, views

Reals = NDArray[np.float64]
SHARES: Shares = (0.0, 0.7, 0.3)
NEAREST = 0.3  # share of the nearest line in the score; the rest is BM25's
K1, B = 1.2, 0.5
BODY = 0.6  # what a word of the answer counts against one of the question
CONTEXT = 0.3  # and one of the service that the entry belongs to
BOOST = 0.15  # for entries of the service that is being talked about
SURE = 0.55  # chance of being right from which an answer is told as one
FLOOR = 0.05  # scores below are not near
REHEARSALS = 400  # lines asked to learn how sure to be
EXPECTED = np.array([1.7, 2.5, 11.0])  # how sure to be before content has told: learnt from a city's desk
PERSISTENCE = np.array([10.0, 20.0, 0.3])  # what some fifty rehearsals tell: it takes more of them to change that


Words = Sequence[str]


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


class Retriever:
    def __init__(
        self,
        passages: Sequence[Passage],
        synonyms: Mapping[str, Sequence[str]] | None = None,
        unrelated: Sequence[Words] = (),
    ) -> None:
        """`synonyms` are raw phrases; `unrelated` the tokens of sentences that nothing here should answer."""
        self.passages = [p for p in passages if p.lines]
        self.meaning = _meaning(synonyms or {})
        self.weight: Floats = np.array([p.weight for p in self.passages], np.float32)
        counts = [len(p.lines) for p in self.passages]
        self.first_line: Ints = np.cumsum([0, *counts])[:-1]
        self.line_words = [words for p in self.passages for words in p.lines]
        self.line_owner = np.repeat(np.arange(len(counts)), counts)
        seen = [views(words) for words in self.line_words]
        self.space = Space(seen, SHARES)
        self.line_vectors = [self.space.vector(v) for v in seen]
        self.lines = Index.of(self.line_vectors, len(self.space))
        self.exact = {
            tuple(words): owner for words, owner in zip(reversed(self.line_words), self.line_owner[::-1], strict=True)
        }
        self._weigh_terms()
        self.belief: Reals = EXPECTED
        if len(self.passages) > 1:
            self._rehearse(unrelated)

    # --- asking -------------------------------------------------------------------------------

    def ask(self, words: Words, *, service: str = "", limit: int = 4) -> tuple[Match, ...]:
        """The entries near to a question, best first. A match's score is the chance that it is right."""
        if not self.passages or not words:
            return ()
        scores = self.scores(words)
        if (owner := self.exact.get(tuple(words))) is not None:
            scores[owner] = 1.0
        if service:
            near = np.array([p.service == service for p in self.passages]) & (scores > FLOOR)
            scores = scores + near.astype(np.float32) * np.float32(BOOST)
        best = np.argsort(-scores, kind="stable")[: max(limit, 2)]
        top = float(scores[best[0]])
        second = float(scores[best[1]]) if len(best) > 1 else 0.0
        matches = []
        for rank, i in enumerate(best[:limit]):
            score = float(scores[i])
            if score < FLOOR:
                break
            chance = self._chance(score, score - (top if rank else second))
            matches.append(Match(self.passages[i].id, round(chance, 4), rank == 0 and chance >= SURE))
        return tuple(matches)

    def best(self, scores: Floats) -> tuple[int, float]:
        """The passage with the highest score and the chance that it is right."""
        top, margin = _top(scores)
        return top, self._chance(float(scores[top]), margin)

    def scores(self, words: Words) -> Floats:
        """How near each passage is, 0 to 1."""
        vector = self.space.vector(views(words))
        return self._sum(self._nearest(self.lines.dot(vector)), self._bm25(self.terms(words)))

    def _sum(self, nearest: Floats, bm25: Floats) -> Floats:
        return np.asarray(self.weight * (NEAREST * nearest + (1 - NEAREST) * bm25), np.float32)

    def _nearest(self, by_line: Floats) -> Floats:
        return np.maximum.reduceat(by_line, self.first_line)

    def _chance(self, score: float, margin: float) -> float:
        return float(1 / (1 + np.exp(-(self.belief @ _signs(score, margin)))))

    # --- BM25 ---------------------------------------------------------------------------------

    def terms(self, words: Words) -> Counter[str]:
        """Stems, those of one meaning as one; and the meanings of phrases of two and three words beside them."""
        stems = [stem(w) for w in words]
        found = Counter(self.meaning.get(s, s) for s in stems)
        for size in (2, 3):
            for i in range(len(stems) - size + 1):
                if meaning := self.meaning.get(" ".join(stems[i : i + size])):
                    found[meaning] += 1
        return found

    def _weigh_terms(self) -> None:
        self.said: list[dict[str, float]] = []
        for passage in self.passages:
            counts: dict[str, float] = {}
            for words in passage.lines:
                _add(counts, self.terms(words), 1.0)
            _add(counts, self.terms(passage.body), BODY)
            _add(counts, self.terms(passage.context), CONTEXT)
            self.said.append(counts)
        frequency = Counter(term for counts in self.said for term in counts)
        count = len(self.said)
        self.idf = {term: log(1 + (count - df + 0.5) / (df + 0.5)) for term, df in frequency.items()}
        self.unseen = log(1 + (count + 0.5) / 0.5)
        self.term_ids = {term: i for i, term in enumerate(self.idf)}
        self.length = [sum(counts.values()) for counts in self.said]
        self.usual = sum(self.length) / max(count, 1) or 1.0
        self.said_index = Index.of(
            [
                Vector(
                    np.array([self.term_ids[t] for t in counts], np.int64),
                    np.array([self._weight(t, times, length) for t, times in counts.items()], np.float32),
                )
                for counts, length in zip(self.said, self.length, strict=True)
            ],
            len(self.term_ids),
        )

    def _weight(self, term: str, times: float, length: float) -> float:
        return self.idf[term] * times * (K1 + 1) / (times + K1 * (1 - B + B * length / self.usual))

    def _most(self, terms: Mapping[str, int]) -> float:
        return sum(self.idf.get(t, self.unseen) for t in terms) * (K1 + 1) or 1.0

    def _bm25(self, terms: Mapping[str, int]) -> Floats:
        ids = np.array([self.term_ids[t] for t in terms if t in self.term_ids], np.int64)
        return self.said_index.dot(Vector(ids, np.ones(len(ids), np.float32))) / np.float32(self._most(terms))

    # --- how sure to be -----------------------------------------------------------------------

    def without_line(self, line: int) -> Floats:
        """The scores for a line of ours as if it had never been written."""
        owner = int(self.line_owner[line])
        by_line = self.lines.dot(self.line_vectors[line])
        by_line[line] = 0
        terms = self.terms(self.line_words[line])
        bm25 = self._bm25(terms)
        length = self.length[owner] - sum(terms.values())
        rest = {t: self.said[owner][t] - times for t, times in terms.items()}
        own = sum(self._weight(t, times, length) for t, times in rest.items() if times > 1e-9)
        bm25[owner] = own / self._most(terms)
        return self._sum(self._nearest(by_line), bm25)

    def _rehearse(self, unrelated: Sequence[Words]) -> None:
        seen: list[Reals] = []
        right: list[bool] = []
        weight: list[float] = []

        def note(scores: Floats, is_right: Callable[[int], bool], importance: float) -> None:
            top, margin = _top(scores)
            seen.append(_signs(float(scores[top]), margin))
            right.append(is_right(top))
            weight.append(importance)

        step = 1 + len(self.line_words) // REHEARSALS
        asked = [line for line in range(0, len(self.line_words), step) if self.passages[self.line_owner[line]].body]
        for line in asked:
            owner = int(self.line_owner[line])
            scores = self.without_line(line)
            note(scores, lambda top, owner=owner: self.answers(top, owner), 1.0)  # type: ignore[misc]
            scores[owner] = 0
            note(scores, lambda top, owner=owner: self.answers(top, owner), 0.5)  # type: ignore[misc]
        for words in unrelated:
            note(self.scores(words), lambda _: False, max(0.5 * len(asked) / len(unrelated), 1.0))
        if any(right) and not all(right):
            self.belief = _logistic(np.array(seen), np.array(right, float), np.array(weight))

    def answers(self, passage: int, owner: int) -> bool:
        """Whether one passage will do for another: itself, or the page of its service."""
        given, wanted = self.passages[passage], self.passages[owner]
        return passage == owner or (bool(wanted.service) and given.id == f"service/{wanted.service}")


def _top(scores: Floats) -> tuple[int, float]:
    """The best of two or more, and its lead over the second."""
    second, top = np.argpartition(scores, -2)[-2:]
    return int(top), float(scores[top] - scores[second])


def _add(counts: dict[str, float], terms: Mapping[str, int], worth: float) -> None:
    for term, times in terms.items():
        counts[term] = counts.get(term, 0.0) + worth * times


def _meaning(synonyms: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Phrase of stems → the one that stands for its meaning."""
    meaning: dict[str, str] = {}
    for word, others in synonyms.items():
        chief = " ".join(stem(w) for w in tokens(word))
        for phrase in (word, *others):
            meaning.setdefault(" ".join(stem(w) for w in tokens(phrase)), chief)
    return meaning


def _signs(score: float, margin: float) -> Reals:
    """What the chance of being right is judged by: its weights are `Retriever.belief`."""
    return np.array([1.0, log(max(score, 0.0) + 0.02), margin])


def _logistic(inputs: Reals, right: Reals, weight: Reals) -> Reals:
    """Weighted logistic regression that leaves EXPECTED only for what many events say, by Newton's method. A higher
    score or margin never makes less sure."""
    belief: Reals = EXPECTED
    ridge = np.diag(PERSISTENCE)
    for _ in range(25):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ belief, -30, 30)))
        slope = inputs.T @ (weight * (chance - right)) + ridge @ (belief - EXPECTED)
        curve = (inputs * (weight * chance * (1 - chance))[:, None]).T @ inputs + ridge + 1e-9 * np.eye(3)
        belief = belief - np.linalg.solve(curve, slope)
    return np.asarray(np.maximum(belief, [-np.inf, 0.0, 0.0]))
