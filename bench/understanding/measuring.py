"""One system on one task: its figures as the mean over the rounds, and how far the rounds are from each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from bench.understanding.peers import Answer, ForIntents, ForQuestions, Scored
from bench.understanding.sets import IntentTask, QuestionRound, QuestionTask
from bot.nlu.evaluation.intents import judge
from bot.nlu.evaluation.measures import auroc, mean, out_of_scope_auroc, ranking


@dataclass(frozen=True, slots=True)
class Figure:
    value: float
    spread: float = 0.0  # standard deviation over the rounds


Figures = Mapping[str, Figure]


def on_intents(task: IntentTask, fit: ForIntents) -> Figures:
    """`accuracy` of the best label over what is in scope; `auroc` of its confidence against what is not."""
    rounds = []
    for train, test in task.rounds:
        known = {label for _, label in train}
        answers = fit(train)([text for text, _ in test])
        judged = [judge(text, label, scored, known) for (text, label), scored in zip(test, answers, strict=True)]
        rounds.append({"accuracy": mean(j.right for j in judged if j.in_scope), "auroc": out_of_scope_auroc(judged)})
    return _over(rounds)


def on_questions(task: QuestionTask, fit: ForQuestions) -> Figures:
    """`recall_at_1`, `recall_at_3`, `mrr_at_10`; `far` and `near`: the area under the curve of the best score."""
    return _over([_one(fit(each.entries), each) for each in task.rounds])


def _one(answer: Answer, asked: QuestionRound) -> dict[str, float | None]:
    answers = answer([question.text for question in asked.questions])
    ranks = [
        next((rank for rank, (id, _) in enumerate(scored) if id == question.id), None)
        for question, scored in zip(asked.questions, answers, strict=True)
    ]

    ours = _best(answers)
    return {
        **dict(zip(("recall_at_1", "recall_at_3", "mrr_at_10"), ranking(ranks), strict=True)),
        "far": auroc(ours, _best(answer(asked.far))),
        "near": auroc(ours, _best(answer(asked.near))),
    }


def _best(answers: Sequence[Scored]) -> list[float]:
    return [scored[0][1] if scored else 0.0 for scored in answers]


def _over(rounds: list[dict[str, float | None]]) -> Figures:
    values = {name: [v for each in rounds if (v := each[name]) is not None] for name in rounds[0]}
    return {name: Figure(fmean(found), pstdev(found)) for name, found in values.items() if found}
