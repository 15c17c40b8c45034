"""How well questions find their entry: on anybody's entries and questions, or over our own content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from bot.core.catalogue import Catalogue, FaqEntry
from bot.core.ports import Match
from bot.nlu.evaluation.costs import Latency, Took, each_timed, timed
from bot.nlu.evaluation.encoding import remembered
from bot.nlu.evaluation.files import Entry, Question, read_entries, read_questions
from bot.nlu.evaluation.measures import DEPTH, Judged, calibration_error, mean, out_of_scope_auroc, ranking
from bot.nlu.evaluation.memory import grown_mb, resident_mb
from bot.nlu.finglish import Vocabulary
from bot.nlu.model import trained
from bot.nlu.normalise import tokens
from bot.nlu.retrieval import Passage, Retriever
from bot.nlu.vectors import Encode

OWN_FOLDS = 10

Matches = Sequence[Match]


@dataclass(frozen=True, slots=True)
class RetrievalScores:
    """Recall and rank of the questions that have an answer, and the share of them that was `told` one as sure;
    `told_wrong`: the share of all asked (`n`) that was told a wrong one. `out_of_scope_auroc` (None without any): the
    chance that a question that has no answer scores below one that has."""

    recall_at_1: float
    recall_at_3: float
    mrr_at_10: float
    out_of_scope_auroc: float | None
    n: int
    told: float
    told_wrong: float
    calibration_error: float
    train_seconds: float
    micros_per_query: float
    micros_p50: float
    micros_p99: float
    memory_mb: float | None  # that the process grew by


@dataclass(frozen=True, slots=True)
class RetrievalReport:
    scores: RetrievalScores
    judged: tuple[Judged, ...]


def evaluate_faq(entries_file: Path, questions_file: Path, *, encode: Encode | None = None) -> RetrievalReport:
    """See `files` for their shape. Raises ValueError with file and line."""
    entries = read_entries(entries_file)
    return evaluate(entries, read_questions(questions_file, entries), encode=encode)


def evaluate(
    entries: Sequence[Entry], questions: Sequence[Question], *, encode: Encode | None = None
) -> RetrievalReport:
    before = resident_mb()
    ask, training = timed(lambda: answering(entries, encode, encode))
    answers, took = each_timed(ask, [question.text for question in questions])
    ranks = [_rank(q.id, matches) for q, matches in zip(questions, answers, strict=True) if q.id]
    judged = tuple(judge(q.text, q.id, matches) for q, matches in zip(questions, answers, strict=True))
    return _report(ranks, judged, took, training.cpu, before)


def answering(
    entries: Sequence[Entry], taught: Encode | None = None, asked: Encode | None = None
) -> Callable[[str], Matches]:
    """A retriever of these entries: question → the nearest, best first. The encoders are as of `intents`."""
    found = [
        Passage(entry.id, tuple(words for line in entry.lines if (words := tokens(line))), tokens(entry.answer))
        for entry in entries
    ]
    vocabulary = Vocabulary(words for entry in found for words in (*entry.lines, entry.body))
    ask = _asking(Retriever(found, encode=taught), asked)
    return lambda text: ask(vocabulary.read(text))


def own_faq(catalogue: Catalogue, *, encode: Encode | None = None) -> RetrievalReport:
    """Each way of asking put as a question to the content without it, a tenth of them at a time, and the unrelated
    sentences likewise as questions that have no answer. Only FAQ entries count as rivals; telling the page of the
    entry's own service is right too."""
    service_of = {f"faq/{id}": entry.service for id, entry in catalogue.faq.items()}
    asked = _own_questions(catalogue)
    ranks: list[int | None] = []
    judged: list[Judged] = []
    took: list[Took] = []
    training = 0.0
    before = resident_mb()
    taught = remembered(encode)
    for fold in range(OWN_FOLDS):
        held = asked[fold::OWN_FOLDS]
        ask, work = timed(partial(_without, held, catalogue, taught, encode))
        training += work.cpu / OWN_FOLDS
        answers, each = each_timed(ask, [question.text for question in held])
        took += each
        for question, matches in zip(held, answers, strict=True):
            if question.id:
                ranks.append(_rank(question.id, [m for m in matches if m.id.startswith("faq/")]))
            answer = judge(question.text, question.id, matches)
            page = bool(question.id) and answer.given == f"service/{service_of[question.id]}"
            judged.append(replace(answer, given=question.id) if page else answer)
    return _report(ranks, judged, took, training, before)


def _own_questions(catalogue: Catalogue) -> list[Question]:
    """Every wording of an entry that has another one, and what is unrelated."""
    found = [
        Question(text, f"faq/{entry.id}")
        for entry in catalogue.faq.values()
        for text in (*entry.question.values(), *chain.from_iterable(entry.variants.values()))
    ]
    count = Counter(question.id for question in found)
    return [question for question in found if count[question.id] > 1] + [Question(t, "") for t in catalogue.unrelated]


def _without(
    held: Sequence[Question], catalogue: Catalogue, taught: Encode | None, asked: Encode | None
) -> Callable[[str], Matches]:
    """What is learnt at start, as if these had never been written."""
    gone = {(question.id, question.text) for question in held}

    def rest(entry: FaqEntry) -> FaqEntry:
        def kept(text: str) -> bool:
            return (f"faq/{entry.id}", text) not in gone

        return replace(
            entry,
            question={language: text for language, text in entry.question.items() if kept(text)},
            variants={language: tuple(filter(kept, texts)) for language, texts in entry.variants.items()},
        )

    left = replace(
        catalogue,
        faq={id: rest(entry) for id, entry in catalogue.faq.items()},
        unrelated=tuple(text for text in catalogue.unrelated if ("", text) not in gone),
    )
    parts = trained(left, taught)
    ask = _asking(parts.retriever, asked)
    return lambda text: ask(parts.vocabulary.read(text))


def _asking(retriever: Retriever, encode: Encode | None) -> Callable[[Sequence[str]], Matches]:
    def ask(words: Sequence[str]) -> Matches:
        return retriever.ask(words, encode([" ".join(words)])[0] if encode else None, limit=2 * DEPTH)

    return ask


def _rank(wanted: str, matches: Matches) -> int | None:
    return next((rank for rank, match in enumerate(matches) if match.id == wanted), None)


def judge(text: str, wanted: str, matches: Matches) -> Judged:
    if not matches:
        return Judged(text, wanted, "", 0.0, told=False)
    return Judged(text, wanted, matches[0].id, matches[0].score, matches[0].sure)


def _report(
    ranks: Sequence[int | None], judged: Sequence[Judged], took: Sequence[Took], training: float, before: float | None
) -> RetrievalReport:
    latency = Latency.of(took)
    scores = RetrievalScores(
        *ranking(ranks),
        out_of_scope_auroc=out_of_scope_auroc(judged),
        n=len(judged),
        told=mean(j.told for j in judged if j.in_scope),
        told_wrong=mean(j.told and not j.right for j in judged),
        calibration_error=calibration_error(judged),
        train_seconds=training,
        micros_per_query=latency.mean,
        micros_p50=latency.p50,
        micros_p99=latency.p99,
        memory_mb=grown_mb(before),
    )
    return RetrievalReport(scores, tuple(judged))
