"""Our own desk: questions as citizens ask them, which nothing is trained on (tests/nlu/desk_questions.yaml)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench.understanding.sets import Missing
from bot.core.catalogue import Catalogue
from bot.core.ports import Match
from bot.nlu.evaluation.measures import Judged, auroc, mean
from bot.nlu.model import EmbeddedNlu, trained
from bot.nlu.vectors import Encode

KINDS = ("paraphrase", "colloquial", "finglish", "typo", "short", "story", "far", "near")

Ask = Callable[[str], Sequence[Match]]


@dataclass(frozen=True, slots=True)
class DeskQuestion:
    text: str
    answers: frozenset[str]  # passages, each of which is right; none: nothing answers it
    kind: str
    part: str


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of question, in shares of `n`: the first answer is right, one of the first three is, an answer was told
    as sure, and a wrong one was."""

    kind: str
    n: int
    right_first: float
    right_in_3: float
    told: float
    told_wrong: float


@dataclass(frozen=True, slots=True)
class Desk:
    rows: tuple[Row, ...]  # of the kinds
    every: Row  # of all that have an answer
    told_wrong: float  # of all asked, those without an answer too
    auroc: dict[str, float | None]  # of far, near
    judged: tuple[Judged, ...]


def read(file: Path, part: str) -> list[DeskQuestion]:
    if not file.is_file():
        raise Missing(f"{file.name} is not there")
    rows = yaml.safe_load(file.read_text("utf-8"))
    return [
        DeskQuestion(
            row["question"],
            frozenset(_passage(str(id)) for id in row["answers"] if id not in (None, "none")),
            row["kind"],
            row["part"],
        )
        for row in rows
        if part in (row["part"], "all")
    ]


def _passage(id: str) -> str:
    return id if "/" in id else f"faq/{id}"


def missing_answers(questions: Sequence[DeskQuestion], catalogue: Catalogue) -> list[str]:
    """Answers that the content does not have (any more)."""
    known = {f"faq/{id}" for id in catalogue.faq} | {f"service/{id}" for id in catalogue.services}
    return sorted(set().union(*(question.answers for question in questions)) - known)


def understanding(catalogue: Catalogue, encode: Encode | None = None) -> Ask:
    """As the server answers, with meaning when there is an encoder."""
    nlu = EmbeddedNlu(trained(catalogue, encode))

    def ask(text: str) -> Sequence[Match]:
        vector = encode([" ".join(nlu.vocabulary.read(text))])[0] if encode else None
        return nlu.matches(text, "fa", vector)

    return ask


def measure(questions: Sequence[DeskQuestion], ask: Ask) -> Desk:
    asked = [(question, ask(question.text)) for question in questions]

    def row(kind: str, of: Sequence[tuple[DeskQuestion, Sequence[Match]]]) -> Row:
        return Row(
            kind,
            len(of),
            right_first=mean(any(m.id in q.answers for m in matches[:1]) for q, matches in of),
            right_in_3=mean(any(m.id in q.answers for m in matches[:3]) for q, matches in of),
            told=mean(any(m.sure for m in matches[:1]) for _, matches in of),
            told_wrong=mean(any(m.sure and m.id not in q.answers for m in matches[:1]) for q, matches in of),
        )

    ours = [pair for pair in asked if pair[0].answers]
    strange = {kind: [_score(m) for q, m in asked if q.kind == kind and not q.answers] for kind in ("far", "near")}
    return Desk(
        rows=tuple(row(kind, of) for kind in KINDS if (of := [pair for pair in asked if pair[0].kind == kind])),
        every=row("all with an answer", ours),
        told_wrong=row("", asked).told_wrong,
        auroc={kind: auroc([_score(m) for _, m in ours], scores) for kind, scores in strange.items()},
        judged=tuple(_judged(q, matches) for q, matches in asked),
    )


def _score(matches: Sequence[Match]) -> float:
    return matches[0].score if matches else 0.0


def _judged(question: DeskQuestion, matches: Sequence[Match]) -> Judged:
    """Of several right answers the one that was given counts as wanted."""
    given = matches[0].id if matches else ""
    wanted = given if given in question.answers else min(question.answers, default="")
    return Judged(question.text, wanted, given, _score(matches), bool(matches) and matches[0].sure)
