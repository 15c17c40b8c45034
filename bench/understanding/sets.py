"""Open data sets as tasks: what is trained on, what is asked, and how the one was parted from the other.

The files are read where they lie and never copied; `WHERE` tells where they come from. Every draw has a seed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.nlu.evaluation.files import Entry, Labelled, Question

EACH = 10  # examples of an intent in the few-shot sets
LEAST = 15  # examples that it must have altogether, so that some are left to ask
ENTRIES = 1000
NEAR = 300  # pairs of questions that differ in their answer, kept apart as questions that have none
FAR = 400
PASSAGE_QUESTIONS = 1000


class Missing(Exception):
    """A data set is not there; the text says which file."""


@dataclass(frozen=True, slots=True)
class IntentTask:
    """Each round is a draw of its own; a label that was not trained is out of scope."""

    id: str
    rounds: tuple[tuple[list[Labelled], list[Labelled]], ...]


@dataclass(frozen=True, slots=True)
class QuestionRound:
    """`far` and `near` have no answer among the entries; the near ones differ from an entry by little."""

    entries: list[Entry]
    questions: list[Question]
    far: list[str]
    near: list[str]


@dataclass(frozen=True, slots=True)
class QuestionTask:
    id: str
    rounds: tuple[QuestionRound, ...]


Task = IntentTask | QuestionTask


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder with the data sets."""

    path: Path

    def file(self, name: str) -> Path:
        found = self.path / name
        if not found.is_file():
            raise Missing(f"{name} is not in the folder of data sets (--data, or PISHKHAN_DATA)")
        return found

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file(name).read_text("utf-8").splitlines() if line.strip()]

    def labelled(self, name: str) -> list[Labelled]:
        return [(row["text"], row["intent"]) for row in self.rows(name)]


# --- intents ------------------------------------------------------------------------------------


def massive(folder: Folder, seeds: int) -> IntentTask:
    """MASSIVE in Persian: of each intent that has `LEAST`, ten drawn to train on; all others are asked."""
    texts: dict[str, list[str]] = {}
    for text, label in folder.labelled("massive_fa_dev.jsonl"):
        texts.setdefault(label, []).append(text)
    rounds = []
    for seed in range(seeds):
        draw = random.Random(seed)
        train: list[Labelled] = []
        test: list[Labelled] = []
        for label, said in texts.items():
            if len(said) >= LEAST:
                mixed = draw.sample(said, len(said))
                train += [(text, label) for text in mixed[:EACH]]
                test += [(text, label) for text in mixed[EACH:]]
        rounds.append((train, test))
    return IntentTask("massive", tuple(rounds))


def banking(folder: Folder, seeds: int) -> IntentTask:
    """BANKING77 as it was published: ten examples each, and its test."""
    train, test = folder.labelled("fsid_BANKING77_train_10.jsonl"), folder.labelled("banking77_test.jsonl")
    return IntentTask("banking", ((train, test),))


def hint3(folder: Folder, seeds: int) -> IntentTask:
    """HINT3 sofmattress as it was published; NO_NODES_DETECTED is out of scope."""
    train, test = folder.labelled("hint3_sofmattress_train.jsonl"), folder.labelled("hint3_sofmattress_test.jsonl")
    return IntentTask("hint3", ((train, test),))


def clinc(folder: Folder, seeds: int) -> IntentTask:
    """CLINC150, the small variant: 50 examples each, none of what is out of scope; its test and its `oos_test`."""
    parts = json.loads(folder.file("clinc150_small.json").read_text("utf-8"))
    train, test = ([(text, label) for text, label in parts[name]] for name in ("train", "test"))
    return IntentTask("clinc", ((train, [*test, *((text, "oos") for text, _ in parts["oos_test"])]),))


# --- questions ----------------------------------------------------------------------------------


def pairs(folder: Folder, seeds: int) -> QuestionTask:
    """ParsiNLU's question pairs as a FAQ of `ENTRIES` questions, see `_pairs`; PQuAD's questions are the far ones."""
    rows = folder.rows("parsinlu_qqp_dev.jsonl")
    strange = [row["q"] for row in folder.rows("pquad_validation_q.jsonl")]
    return QuestionTask("pairs", tuple(_pairs(rows, strange, seed, ENTRIES) for seed in range(seeds)))


def crowd(folder: Folder, seeds: int) -> QuestionTask:
    """The same among all of PQuAD's questions as further entries: about ten times as many."""
    rows = folder.rows("parsinlu_qqp_dev.jsonl")
    strange = list(dict.fromkeys(row["q"] for row in folder.rows("pquad_validation_q.jsonl")))
    one = _pairs(rows, [], 0, ENTRIES)
    more = [Entry(f"p{n}", (text,), "") for n, text in enumerate(strange)]
    return QuestionTask("crowd", (QuestionRound([*one.entries, *more], one.questions, [], []),))


def _pairs(rows: Sequence[dict[str, Any]], strange: Sequence[str], seed: int, size: int) -> QuestionRound:
    """Questions that are paraphrases of each other make a group: one, drawn, is the entry, the others are asked. Of the
    first pairs that are no paraphrases, in drawn order, one side is an entry and the other a near question; the other
    pairs' sides fill the entries up."""
    draw = random.Random(seed)
    groups = _groups([(row["q1"], row["q2"]) for row in rows if row["label"] == "1"])
    texts: list[str] = []
    asked: list[Question] = []
    for group in groups:
        chosen, *others = draw.sample(group, len(group))
        asked += [Question(text, str(len(texts))) for text in others]
        texts.append(chosen)
    grouped = {text for group in groups for text in group}
    different = [(row["q1"], row["q2"]) for row in rows if row["label"] == "0"]
    entries = dict.fromkeys(texts)
    near: dict[str, None] = {}
    for one, other in draw.sample(different, len(different)):
        if (
            len(near) < NEAR
            and other not in grouped
            and other not in entries
            and (one in entries or one not in grouped)
        ):
            if one not in near:
                entries[one] = None
                near[other] = None
            continue
        for text in (one, other):
            if text not in grouped and text not in near and len(entries) < size:
                entries[text] = None
    far = draw.sample(list(strange), min(FAR, len(strange)))
    return QuestionRound([Entry(str(n), (text,), "") for n, text in enumerate(entries)], asked, far, list(near))


def _groups(alike: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The connected ones together, in the order in which they come."""
    group: dict[str, list[str]] = {}
    for one, other in alike:
        first, second = group.setdefault(one, [one]), group.setdefault(other, [other])
        if first is not second:
            first += second
            for text in second:
                group[text] = first
    return list({id(members): members for members in group.values()}.values())


def passages(folder: Folder, seeds: int) -> QuestionTask:
    """PQuAD: its passages are the answers of entries that have no question; `PASSAGE_QUESTIONS` drawn of those that a
    passage answers are asked."""
    entries = [Entry(str(row["pid"]), (), row["text"]) for row in folder.rows("pquad_validation_p.jsonl")]
    answerable = [row for row in folder.rows("pquad_validation_q.jsonl") if row["answerable"]]
    drawn = random.Random(0).sample(answerable, min(PASSAGE_QUESTIONS, len(answerable)))
    return QuestionTask(
        "passages", (QuestionRound(entries, [Question(row["q"], str(row["pid"])) for row in drawn], [], []),)
    )
