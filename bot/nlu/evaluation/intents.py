"""How well intents are told apart: on one's own split, by cross-validation, or over our own content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bot.core.catalogue import Catalogue, Example
from bot.nlu.evaluation.costs import Latency, Took, each_timed, timed
from bot.nlu.evaluation.encoding import remembered
from bot.nlu.evaluation.files import Labelled, read_intents
from bot.nlu.evaluation.measures import Judged, calibration_error, macro_f1, mean, out_of_scope_auroc
from bot.nlu.evaluation.memory import grown_mb, resident_mb
from bot.nlu.finglish import Vocabulary
from bot.nlu.intents import NONE, IntentModel
from bot.nlu.model import trained
from bot.nlu.normalise import tokens
from bot.nlu.vectors import Encode

FOLDS = 5

Guesses = Sequence[tuple[str, float]]
Understand = Callable[[str], Guesses]
"""A text's intents with their chances, best first."""
Round = tuple[Sequence[Labelled], Sequence[Labelled]]  # to train on, to test with


@dataclass(frozen=True, slots=True)
class IntentScores:
    """Of sentences whose intent was trained (`n`); the others only count for `out_of_scope_auroc` (None without any):
    the chance that one of them gets less confidence than one of ours; and for `calibration_error`."""

    accuracy: float
    macro_f1: float
    n: int
    out_of_scope_auroc: float | None
    calibration_error: float
    train_seconds: float
    micros_per_utterance: float
    micros_p50: float
    micros_p99: float
    memory_mb: float | None  # that the process grew by


@dataclass(frozen=True, slots=True)
class IntentReport:
    scores: IntentScores
    judged: tuple[Judged, ...]


def evaluate_nlu(train_file: Path, test_file: Path | None = None, *, encode: Encode | None = None) -> IntentReport:
    """Train on one file and test on the other; without one, `FOLDS`-fold cross-validation. Raises ValueError with file
    and line when there is nothing to tell apart."""
    train = read_intents(train_file)
    if len({label for _, label in train}) < 2:
        raise ValueError(f"{train_file}:1: there are no two intents to tell apart")
    rounds = folds(train) if test_file is None else [(train, read_intents(test_file))]
    if not rounds:
        raise ValueError(f"{train_file}:1: no intent has two examples, so none can be held out")
    taught = remembered(encode)
    return evaluate(rounds, lambda sentences: understanding(sentences, taught, encode))


def own_intents(catalogue: Catalogue, *, encode: Encode | None = None) -> IntentReport:
    """Cross-validation over our own examples, each time with all that is learnt at start; unrelated sentences are
    trained as such and asked as out of scope."""
    ours = [(example.text, example.intent) for example in catalogue.examples]
    taught = remembered(encode)

    def fit(train: Sequence[Labelled]) -> Understand:
        examples = tuple(Example(label, text) for text, label in train if label != NONE)
        unrelated = tuple(text for text, label in train if label == NONE)
        parts = trained(replace(catalogue, examples=examples, unrelated=unrelated), taught)
        return _understand(parts.vocabulary, parts.intents, encode)

    return evaluate(folds([*ours, *((text, NONE) for text in catalogue.unrelated)]), fit)


def folds(examples: Sequence[Labelled]) -> list[Round]:
    """Each intent's examples are dealt out in turn; an only example is always trained and never asked."""
    dealt: dict[str, list[int]] = {}
    for place, (_, label) in enumerate(examples):
        dealt.setdefault(label, []).append(place)
    fold = {
        place: number % FOLDS for places in dealt.values() if len(places) > 1 for number, place in enumerate(places)
    }
    rounds = [
        ([e for p, e in enumerate(examples) if fold.get(p) != held], [examples[p] for p in fold if fold[p] == held])
        for held in range(FOLDS)
    ]
    return [(train, test) for train, test in rounds if test]


def evaluate(rounds: Sequence[Round], fit: Callable[[Sequence[Labelled]], Understand]) -> IntentReport:
    """Over rounds of (train, test), all answers counted together. `NONE` is no intent: out of scope."""
    judged: list[Judged] = []
    took: list[Took] = []
    training = 0.0
    before = resident_mb()
    for train, test in rounds:
        understand, work = timed(partial(fit, train))
        training += work.cpu
        guesses, each = each_timed(understand, [text for text, _ in test])
        took += each
        known = {label for _, label in train} - {NONE}
        judged += [judge(text, label, guess, known) for (text, label), guess in zip(test, guesses, strict=True)]
    ours = [j for j in judged if j.in_scope]
    latency = Latency.of(took)
    scores = IntentScores(
        accuracy=mean(j.right and j.told for j in ours),
        macro_f1=macro_f1(ours),
        n=len(ours),
        out_of_scope_auroc=out_of_scope_auroc(judged),
        calibration_error=calibration_error(judged),
        train_seconds=training / max(len(rounds), 1),
        micros_per_utterance=latency.mean,
        micros_p50=latency.p50,
        micros_p99=latency.p99,
        memory_mb=grown_mb(before),
    )
    return IntentReport(scores, tuple(judged))


def understanding(train: Sequence[Labelled], taught: Encode | None = None, asked: Encode | None = None) -> Understand:
    """A model of these sentences. Both encoders give the same vectors: one is for training, the other for what is
    asked."""
    examples = [(tokens(text), label) for text, label in train]
    vocabulary = Vocabulary(words for words, _ in examples)
    return _understand(vocabulary, IntentModel.train(examples, taught), asked)


def _understand(vocabulary: Vocabulary, model: IntentModel, asked: Encode | None) -> Understand:
    def understand(text: str) -> Guesses:
        words = vocabulary.read(text)
        return model.guess(words, asked([" ".join(words)])[0] if asked else None)

    return understand


def judge(text: str, label: str, guesses: Guesses, known: set[str]) -> Judged:
    """By the best intent, which is told unless `NONE` is likelier."""
    best, confidence = next(((name, chance) for name, chance in guesses if name != NONE), ("", 0.0))
    return Judged(text, label if label in known else "", best, confidence, bool(guesses) and guesses[0][0] == best)
