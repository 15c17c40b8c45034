"""Our own content against held-out questions (`desk_questions.yaml`): what a citizen gets who asks in their own words.

`pytest tests/nlu/test_desk_questions.py -s` prints a table by kind of question.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot.content import load
from bot.core.catalogue import Catalogue
from bot.nlu.model import EmbeddedNlu
from bot.nlu.normalise import tokens

HERE = Path(__file__).parent
RIGHT_FIRST = 0.94  # of the questions that an entry answers
TOLD = 0.6  # of the same: answered at once, without choices
WRONGLY_TOLD = 0.03  # of all questions, those that nothing answers included
KINDS = ("paraphrase", "colloquial", "finglish", "typo", "short", "story", "far", "near")
NOT_OURS = ("far", "near")


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    answers: frozenset[str]  # ids of matches that are right; none when nothing is
    kind: str
    part: str


@dataclass(frozen=True, slots=True)
class Outcome:
    question: Question
    right: bool  # the first match answers it
    told: bool

    @property
    def wrongly_told(self) -> bool:
        return self.told and not self.right


def questions() -> list[Question]:
    rows = YAML(typ="safe").load(HERE / "desk_questions.yaml")
    return [
        Question(
            row["question"],
            frozenset(id if id.startswith("service/") else f"faq/{id}" for id in row["answers"]),
            row["kind"],
            row["part"],
        )
        for row in rows
    ]


@pytest.fixture(scope="module")
def content() -> Iterator[Catalogue]:
    yield load(HERE.parents[1] / "knowledge_base")


@pytest.fixture(scope="module")
def outcomes(content: Catalogue) -> list[Outcome]:
    nlu = EmbeddedNlu.train(content)

    async def ask(question: Question) -> Outcome:
        matches = await nlu.answers(question.text, "fa")
        first = matches[0] if matches else None
        return Outcome(question, bool(first and first.id in question.answers), bool(first and first.sure))

    async def ask_all() -> list[Outcome]:
        return [await ask(question) for question in questions() if question.part == "test"]

    return asyncio.run(ask_all())


def share(count: int, of: int) -> float:
    return count / max(of, 1)


def table(outcomes: list[Outcome]) -> str:
    lines = [f"{'kind':<12}{'asked':>6}{'right first':>13}{'told':>7}{'wrongly told':>14}"]
    for kind in (*KINDS, "all"):
        of_kind = [o for o in outcomes if kind in (o.question.kind, "all")]
        ours = [o for o in of_kind if o.question.answers]
        right = f"{share(sum(o.right for o in ours), len(ours)):.3f}" if ours else "–"
        told = share(sum(o.told for o in of_kind), len(of_kind))
        wrongly = share(sum(o.wrongly_told for o in of_kind), len(of_kind))
        lines.append(f"{kind:<12}{len(of_kind):>6}{right:>13}{told:>7.3f}{wrongly:>14.3f}")
    return "\n".join(lines)


def test_the_right_answer_comes_first_and_hardly_ever_is_a_wrong_one_told(outcomes: list[Outcome]) -> None:
    print(f"\n{table(outcomes)}")
    ours = [o for o in outcomes if o.question.answers]
    assert share(sum(o.right for o in ours), len(ours)) >= RIGHT_FIRST
    assert share(sum(o.told for o in ours), len(ours)) >= TOLD
    assert share(sum(o.wrongly_told for o in outcomes), len(outcomes)) <= WRONGLY_TOLD


def test_the_questions_are_many_and_of_every_kind(content: Catalogue) -> None:
    asked = questions()
    assert {question.kind for question in asked} == set(KINDS)
    assert len({question.text for question in asked}) == len(asked)
    known = {f"faq/{id}" for id in content.faq} | {f"service/{id}" for id in content.services}
    for question in asked:
        assert question.answers <= known
        assert bool(question.answers) != (question.kind in NOT_OURS)
    for id in content.faq:
        assert sum(f"faq/{id}" in question.answers for question in asked) >= 4
    assert all(sum(question.kind == kind for question in asked) >= 60 for kind in NOT_OURS)


def test_no_question_stands_in_the_content(content: Catalogue) -> None:
    said = {text for entry in content.faq.values() for text in entry.question.values()}
    said |= {text for entry in content.faq.values() for texts in entry.variants.values() for text in texts}
    said |= {*content.unrelated, *(example.text for example in content.examples)}
    written = {tuple(tokens(text)) for text in said}
    assert not [question.text for question in questions() if tuple(tokens(question.text)) in written]
