"""What was measured, beside what is to be reached: as a table, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field

from bench.report import machine
from bench.understanding.desk import Desk
from bench.understanding.fresh import Cost
from bench.understanding.measuring import Figure, Figures
from bench.understanding.targets import TASKS, Goal, Measured
from bot.nlu.evaluation.intents import IntentReport
from bot.nlu.evaluation.questions import RetrievalReport

SVM, LOGISTIC = "scikit-learn SVM", "scikit-learn logistic regression"
BM25S, BM25S_STEMS, FUZZY = "bm25s, words", "bm25s, our stems", "rapidfuzz"
MEANING = "e5-small alone"
DIET = "Rasa DIET"
LEXICAL, SEMANTIC = "ours, lexical", "ours, semantic"
OURS = (LEXICAL, SEMANTIC)
COMMAND = "python -m bench understanding"

RIGHT_FIRST, TOLD_WRONG = 0.93, 0.02
TRAIN_SECONDS, MICROS, MEMORY_MB = 1.0, 300.0, 80.0


@dataclass(slots=True)
class Results:
    """`tasks`: of each task the figures of each system; the rest is of our own content; `missing`: part → why."""

    tasks: dict[str, dict[str, Figures]] = field(default_factory=dict)
    desk: dict[str, Desk] = field(default_factory=dict)
    intents: dict[str, IntentReport] = field(default_factory=dict)
    faq: RetrievalReport | None = None
    costs: dict[str, Cost] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


# --- targets ------------------------------------------------------------------------------------


def _verdict(value: float | None, target: float | None, *, at_most: bool = False) -> str:
    if target is None:
        return "–"
    told = f"{'≤' if at_most else '≥'} {_short(target)}"
    if value is None:
        return f"{told}: not measured"
    return f"{told}: {'reached' if (value <= target if at_most else value >= target) else '**not reached**'}"


def _short(value: float) -> str:
    return f"{value:.3f}".rstrip("0").lstrip("0").rstrip(".") or "0" if value < 1 else f"{value:g}"


def shown(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    return f"{figure.value:.3f}" + (f" ± {figure.spread:.3f}" if figure.spread else "")


def _peers(found: dict[str, Figures], figure: str) -> str:
    """The best one that goes by words, and the one that goes by meaning alone."""
    peers = {name: of[figure].value for name, of in found.items() if name not in OURS and figure in of}
    meaning = peers.pop(MEANING, None)
    best = max(peers, key=lambda name: peers[name], default=None)
    told = [f"{peers[best]:.3f} {best}"] if best else []
    return "; ".join([*told, *([f"{meaning:.3f} {MEANING}"] if meaning is not None else [])]) or "–"


def rows(results: Results) -> Iterator[tuple[str, ...]]:
    for task in TASKS:
        if found := results.tasks.get(task.id):
            for goal in task.goals:
                yield _goal(task, goal, found)
    yield from _desk(results)
    yield from _costs(results)


def _goal(task: Measured, goal: Goal, found: dict[str, Figures]) -> tuple[str, ...]:
    lexical, semantic = (found.get(name, {}).get(goal.figure) for name in OURS)
    return (
        f"{task.title}: {goal.what}",
        _peers(found, goal.figure),
        shown(lexical),
        shown(semantic),
        _verdict(lexical.value if lexical else None, goal.lexical),
        _verdict(semantic.value if semantic else None, goal.semantic if task.semantic else None),
        f"`--only {task.id}`",
    )


def _desk(results: Results) -> Iterator[tuple[str, ...]]:
    desks = [results.desk.get(name) for name in OURS]
    if not any(desks):
        return
    for what, values, target, at_most in (
        ("right answer first", [desk.every.right_first if desk else None for desk in desks], RIGHT_FIRST, False),
        ("a wrong answer told as right", [desk.told_wrong if desk else None for desk in desks], TOLD_WRONG, True),
    ):
        verdicts = (_verdict(value, target, at_most=at_most) for value in values)
        yield f"our own desk: {what}", "–", *map(number, values), *verdicts, "`--only own`"


def _costs(results: Results) -> Iterator[tuple[str, ...]]:
    ours = results.costs.get("lexical")
    if not ours:
        return
    svm, bm25s = results.costs.get("scikit-learn"), results.costs.get("bm25s")
    for what, peer, value, target in (
        ("training at start, s", svm.train_seconds if svm else None, ours.train_seconds, TRAIN_SECONDS),
        ("a wish, µs", svm.micros_per_utterance if svm else None, ours.micros_per_utterance, MICROS),
        ("a question, µs", bm25s.micros_per_question if bm25s else None, ours.micros_per_question, MICROS),
        ("memory added, MB", svm.memory_mb if svm else None, ours.memory_mb, MEMORY_MB),
    ):
        yield what, _rounded(peer), _rounded(value), "–", _verdict(value, target, at_most=True), "–", "`--only own`"


def _rounded(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


# --- telling ------------------------------------------------------------------------------------

HEADER = ("figure", "best peers in this run", LEXICAL, SEMANTIC, "target, lexical", "target, semantic", "command")


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> list[str]:
    """In Markdown. The first columns are words, the others figures."""
    return [
        f"| {' | '.join(header)} |",
        "|---" * words + "|---:" * (len(header) - words) + "|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def summary(results: Results) -> list[str]:
    """The table of targets, and below it what could not be measured."""
    missing = [f"**Not measured** – {part}: {why}" for part, why in results.missing.items()]
    return [*table(HEADER, rows(results)), *(line for told in missing for line in ("", told))]


def as_json(results: Results) -> dict[str, object]:
    return {
        "machine": machine(),
        "tasks": {
            task: {system: {name: asdict(figure) for name, figure in of.items()} for system, of in found.items()}
            for task, found in results.tasks.items()
        },
        "desk": {
            name: {
                "kinds": [asdict(row) for row in (*desk.rows, desk.every)],
                "told_wrong": desk.told_wrong,
                "auroc": desk.auroc,
            }
            for name, desk in results.desk.items()
        },
        "intents": {name: asdict(found.scores) for name, found in results.intents.items()},
        "faq": asdict(results.faq.scores) if results.faq else None,
        "costs": {name: asdict(cost) for name, cost in results.costs.items()},
        "missing": results.missing,
    }
