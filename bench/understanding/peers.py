"""Open systems that do the same work, each as its own documents advise; and ours, by the same two signatures.

A system for intents is fitted to labelled sentences and gives for each text its labels, the surest first; one for
questions is fitted to entries and gives for each text the entries' ids, the nearest first, with their scores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bot.nlu.evaluation import intents, questions
from bot.nlu.evaluation.files import Entry, Labelled
from bot.nlu.evaluation.measures import DEPTH
from bot.nlu.normalise import normalise, stem, tokens
from bot.nlu.vectors import Encode

Reals = np.ndarray[Any, np.dtype[np.float64]]
Scored = Sequence[tuple[str, float]]
Answer = Callable[[Sequence[str]], list[Scored]]
ForIntents = Callable[[Sequence[Labelled]], Answer]
ForQuestions = Callable[[Sequence[Entry]], Answer]

SHOWN = 5  # labels of an answer


# --- ours ---------------------------------------------------------------------------------------


def our_intents(encode: Encode | None = None) -> ForIntents:
    def fit(train: Sequence[Labelled]) -> Answer:
        understand = intents.understanding(train, encode, encode)
        return lambda texts: [understand(text) for text in texts]

    return fit


def our_questions(encode: Encode | None = None) -> ForQuestions:
    def fit(entries: Sequence[Entry]) -> Answer:
        ask = questions.answering(entries, encode, encode)
        return lambda texts: [[(match.id, match.score) for match in ask(text)] for text in texts]

    return fit


# --- scikit-learn -------------------------------------------------------------------------------


def _tfidf() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    return make_union(
        TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b"),
        TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 5)),
    )


def linear_svm(train: Sequence[Labelled]) -> Answer:
    """scikit-learn: TF-IDF of words and letters, linear support vectors; confidence is the margin."""
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    return _fitted(make_pipeline(_tfidf(), LinearSVC()), "decision_function", train)


def logistic(train: Sequence[Labelled]) -> Answer:
    """scikit-learn: the same features, logistic regression."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return _fitted(make_pipeline(_tfidf(), LogisticRegression(C=10, max_iter=300)), "predict_proba", train)


def meaning_logistic(encode: Encode) -> ForIntents:
    """multilingual-e5-small alone with scikit-learn's logistic regression over it."""

    def fit(train: Sequence[Labelled]) -> Answer:
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=100, max_iter=300)
        model.fit(encode([normalise(text) for text, _ in train]), [label for _, label in train])

        def answer(texts: Sequence[str]) -> list[Scored]:
            return _named(model.classes_, model.predict_proba(encode([normalise(text) for text in texts])))

        return answer

    return fit


def _fitted(model: Any, scores: str, train: Sequence[Labelled]) -> Answer:
    """On texts normalised by us: the peers are compared as models, not as readers of Persian spelling."""
    model.fit([normalise(text) for text, _ in train], [label for _, label in train])

    def answer(texts: Sequence[str]) -> list[Scored]:
        found = getattr(model, scores)([normalise(text) for text in texts])
        if found.ndim == 1:  # scikit-learn gives two classes one column
            found = np.stack([-found, found], axis=1)
        return _named(model.classes_, found)

    return answer


def _named(labels: Sequence[str], scores: Reals) -> list[Scored]:
    best = np.argsort(-scores, axis=1, kind="stable")[:, :SHOWN]
    return [[(str(labels[i]), float(row[i])) for i in order] for row, order in zip(scores, best, strict=True)]


# --- questions ----------------------------------------------------------------------------------


def bm25s_words(entries: Sequence[Entry]) -> Answer:
    """bm25s over words in one spelling."""
    return _bm25s(entries, tokens)


def bm25s_stems(entries: Sequence[Entry]) -> Answer:
    """bm25s over our stems."""
    return _bm25s(entries, lambda text: [stem(word) for word in tokens(text)])


def _bm25s(entries: Sequence[Entry], words: Callable[[str], list[str]]) -> Answer:
    import bm25s

    model = bm25s.BM25()
    model.index([words(_all(entry)) for entry in entries], show_progress=False)

    def answer(texts: Sequence[str]) -> list[Scored]:
        return [_nearest(entries, model.get_scores(said)) if (said := words(text)) else [] for text in texts]

    return answer


def fuzzy(entries: Sequence[Entry]) -> Answer:
    """rapidfuzz: token_set_ratio with the nearest wording, or with the whole text of what has none."""
    from rapidfuzz import fuzz, process

    lines = [(n, normalise(line)) for n, entry in enumerate(entries) for line in entry.lines or (entry.answer,)]
    owner = np.array([n for n, _ in lines])

    def answer(texts: Sequence[str]) -> list[Scored]:
        by_line = process.cdist(
            [normalise(text) for text in texts], [line for _, line in lines], scorer=fuzz.token_set_ratio
        )
        found = []
        for row in by_line:
            scores = np.zeros(len(entries))
            np.maximum.at(scores, owner, row / 100)
            found.append(_nearest(entries, scores))
        return found

    return answer


def meaning_nearest(encode: Encode) -> ForQuestions:
    """multilingual-e5-small alone: the cosine with the nearest wording."""

    def fit(entries: Sequence[Entry]) -> Answer:
        lines = [(n, normalise(line)) for n, entry in enumerate(entries) for line in entry.lines]
        owner, rows = np.array([n for n, _ in lines]), encode([line for _, line in lines])

        def answer(texts: Sequence[str]) -> list[Scored]:
            found = []
            for row in encode([normalise(text) for text in texts]) @ rows.T:
                scores = np.full(len(entries), -1.0)
                np.maximum.at(scores, owner, row)
                found.append(_nearest(entries, scores))
            return found

        return answer

    return fit


def _all(entry: Entry) -> str:
    return " ".join((*entry.lines, entry.answer))


def _nearest(entries: Sequence[Entry], scores: Reals) -> Scored:
    return [(entries[i].id, float(scores[i])) for i in np.argsort(-scores, kind="stable")[:DEPTH]]
