"""How good understanding is, on anybody's data: intents from Rasa NLU files, questions and answers from JSON Lines.

Nothing of the test side is seen in training. Times are wall-clock, of this machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import yaml

from bot.core.catalogue import Catalogue
from bot.nlu.finglish import Vocabulary
from bot.nlu.intents import NONE, IntentModel
from bot.nlu.model import passages
from bot.nlu.normalise import tokens
from bot.nlu.retrieval import SURE, Passage, Retriever

FOLDS = 5
DEPTH = 10

Labelled = tuple[str, str]  # text, intent
Round = tuple[Sequence[Labelled], Sequence[Labelled]]  # to train on, to test with


@dataclass(frozen=True, slots=True)
class IntentScores:
    """Of sentences whose intent was trained; the others only count for `out_of_scope_auroc` (None without any): the
    chance that one of them gets less confidence than one of ours."""

    accuracy: float
    macro_f1: float
    n: int
    train_seconds: float
    micros_per_utterance: float
    out_of_scope_auroc: float | None = None


@dataclass(frozen=True, slots=True)
class RetrievalScores:
    """Of questions that have an answer; `out_of_scope_auroc` (None without any) over those that have none."""

    recall_at_1: float
    recall_at_3: float
    mrr_at_10: float
    out_of_scope_auroc: float | None
    n: int
    micros_per_query: float


@dataclass(frozen=True, slots=True)
class OwnFaqScores:
    """Each way of asking put as a question with itself taken out of the content."""

    recall_at_1: float
    recall_at_3: float
    mrr_at_10: float
    n: int
    told: float  # share that would be told as the answer
    told_right: float  # and how many of these rightly


# --- files --------------------------------------------------------------------------------------

_ANNOTATED = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


def read_intents(file: Path) -> list[Labelled]:
    """Rasa NLU YAML, version 3.1: `nlu:` with `intent:` and `examples:`; entity annotations are taken off.

    Raises ValueError when the file is not of this shape.
    """
    data = yaml.load(file.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 (makes strings only)
    if not isinstance(data, dict) or not isinstance(data.get("nlu"), list):
        raise ValueError(f"{file}: no list under nlu:")
    found: list[Labelled] = []
    for item in data["nlu"]:
        if "intent" in item:
            found += [(text, item["intent"]) for text in _examples(item.get("examples", ""))]
    return found


def _examples(examples: Any) -> Iterator[str]:
    lines = examples.splitlines() if isinstance(examples, str) else [f"- {_text(example)}" for example in examples]
    for line in lines:
        if line.strip().startswith("-") and (text := _ANNOTATED.sub(r"\1", line.strip()[1:]).strip()):
            yield text


def _text(example: Any) -> str:
    return str(example["text"] if isinstance(example, dict) else example).strip()


def read_lines(file: Path) -> list[dict[str, Any]]:
    """JSON Lines; empty lines are passed over. Raises ValueError with file and line."""
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                raise ValueError(f"{file}:{number}: {error}") from None
    return rows


# --- intents ------------------------------------------------------------------------------------


def evaluate_nlu(train_file: Path, test_file: Path | None = None) -> IntentScores:
    """Train on one file and test on the other; without one, `FOLDS`-fold cross-validation."""
    train = read_intents(train_file)
    return intent_scores(_folds(train) if test_file is None else [(train, read_intents(test_file))])


def own_intents(catalogue: Catalogue) -> IntentScores:
    """Cross-validation over our own examples; unrelated sentences are trained as such and asked as out of scope."""
    ours = [(example.text, example.intent) for example in catalogue.examples]
    return intent_scores(_folds([*ours, *((text, NONE) for text in catalogue.unrelated)]))


def _folds(examples: Sequence[Labelled]) -> list[Round]:
    def part(held: int, *, inside: bool) -> list[Labelled]:
        return [each for place, each in enumerate(examples) if (place % FOLDS == held) == inside]

    return [(part(held, inside=False), part(held, inside=True)) for held in range(FOLDS)]


def intent_scores(rounds: Sequence[Round]) -> IntentScores:
    """Over rounds of (train, test), all answers counted together."""
    wanted: list[str] = []
    given: list[str] = []
    sure: list[float] = []
    strange: list[float] = []
    train_seconds = answer_seconds = 0.0
    for train, test in rounds:
        begun = perf_counter()
        examples = [(tokens(text), label) for text, label in train]
        vocabulary = Vocabulary(words for words, _ in examples)
        model = IntentModel.train(examples)
        train_seconds += perf_counter() - begun
        begun = perf_counter()
        guesses = [model.guess(vocabulary.read(text)) for text, _ in test]
        answer_seconds += perf_counter() - begun
        known = {label for _, label in train} - {NONE}
        for (_, label), guess in zip(test, guesses, strict=True):
            confidence = next((chance for name, chance in guess if name != NONE), 0.0)
            if label in known:
                wanted.append(label)
                given.append(guess[0][0] if guess else NONE)
                sure.append(confidence)
            else:
                strange.append(confidence)
    asked = len(wanted) + len(strange)
    return IntentScores(
        accuracy=_mean([w == g for w, g in zip(wanted, given, strict=True)]),
        macro_f1=macro_f1(wanted, given),
        n=len(wanted),
        train_seconds=train_seconds / max(len(rounds), 1),
        micros_per_utterance=1e6 * answer_seconds / max(asked, 1),
        out_of_scope_auroc=auroc(sure, strange),
    )


# --- questions ----------------------------------------------------------------------------------


def evaluate_faq(entries_file: Path, questions_file: Path) -> RetrievalScores:
    """Entries {"id", "question", "variants", "answer"}, questions {"question", "id"}; id null: no entry answers."""
    entries = [
        Passage(
            str(entry["id"]),
            tuple(words for text in (entry["question"], *entry.get("variants", ())) if (words := tokens(text))),
            tokens(entry.get("answer", "")),
        )
        for entry in read_lines(entries_file)
    ]
    vocabulary = Vocabulary(words for entry in entries for words in (*entry.lines, entry.body))
    retriever = Retriever(entries)
    ranks: list[int | None] = []
    near: list[float] = []
    far: list[float] = []
    questions = read_lines(questions_file)
    begun = perf_counter()
    answers = [retriever.ask(vocabulary.read(row["question"]), limit=DEPTH) for row in questions]
    seconds = perf_counter() - begun
    for row, matches in zip(questions, answers, strict=True):
        score = matches[0].score if matches else 0.0
        if row["id"] is None:
            far.append(score)
            continue
        near.append(score)
        ranks.append(next((rank for rank, match in enumerate(matches) if match.id == str(row["id"])), None))
    return RetrievalScores(
        *_ranking(ranks), auroc(near, far), len(questions), micros_per_query=1e6 * seconds / max(len(questions), 1)
    )


def own_faq(catalogue: Catalogue) -> OwnFaqScores:
    """Leave one line out, over every FAQ entry of our own content; only FAQ entries count as rivals."""
    found = tuple(passages(catalogue))
    retriever = Retriever(found, catalogue.synonyms, [tokens(text) for text in catalogue.unrelated])
    is_faq = np.array([passage.id.startswith("faq/") for passage in retriever.passages])
    ranks: list[int | None] = []
    told: list[bool] = []
    for line, owner in enumerate(retriever.line_owner.tolist()):
        if not is_faq[owner]:
            continue
        scores = retriever.without_line(line)
        ranks.append(int((scores[is_faq] > scores[owner]).sum()))
        top, chance = retriever.best(scores)
        if chance >= SURE:
            told.append(retriever.answers(top, owner))
    return OwnFaqScores(*_ranking(ranks), n=len(ranks), told=len(told) / max(len(ranks), 1), told_right=_mean(told))


def _ranking(ranks: Sequence[int | None]) -> tuple[float, float, float]:
    """Recall at 1 and 3 and mean reciprocal rank to the tenth, of ranks from 0; None: not found."""
    return (
        _mean([rank == 0 for rank in ranks]),
        _mean([rank is not None and rank < 3 for rank in ranks]),
        _mean([1 / (rank + 1) if rank is not None and rank < DEPTH else 0.0 for rank in ranks]),
    )


# --- measures -----------------------------------------------------------------------------------


def macro_f1(wanted: Sequence[str], given: Sequence[str]) -> float:
    """The mean over the wanted labels of each one's F1."""
    scores = []
    for label in dict.fromkeys(wanted):
        right = sum(w == g == label for w, g in zip(wanted, given, strict=True))
        scores.append(2 * right / (wanted.count(label) + given.count(label)))
    return _mean(scores)


def auroc(ours: Sequence[float], others: Sequence[float]) -> float | None:
    """The chance that one of ours scores above one of the others, ties half; None when there are none to compare."""
    if not ours or not others:
        return None
    ordered = np.sort(np.array(others))
    below, upto = np.searchsorted(ordered, ours, "left"), np.searchsorted(ordered, ours, "right")
    return float((below + upto).mean() / (2 * len(others)))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else 0.0
