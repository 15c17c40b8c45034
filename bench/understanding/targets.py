"""The tasks with what is measured on each and what is to be reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.understanding import sets
from bench.understanding.sets import Folder, Task


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure: at least `lexical` by words alone, at least `semantic` with meaning too; None: no target."""

    figure: str
    what: str
    lexical: float | None
    semantic: float | None
    elsewhere: str = ""  # what others published or what was measured before, on other splits


@dataclass(frozen=True, slots=True)
class Measured:
    """A task, how its split was made, its goals, and what was tried to reach them without success."""

    id: str
    title: str
    build: Callable[[Folder, int], Task]
    how: str
    goals: tuple[Goal, ...]
    tried: str = ""
    semantic: bool = True  # whether meaning is measured on it: it costs 15 to 400 ms a text when first run
    rasa: bool = False


TASKS = (
    Measured(
        "massive",
        "MASSIVE in Persian, 10 examples each",
        sets.massive,
        "`massive_fa_dev.jsonl`. Of each intent that has at least 15 sentences, 10 are drawn to train on and all "
        "others are asked; the draw is `random.Random(seed)` for the seeds 0, 1, …, figures are their means.",
        (
            Goal(
                "accuracy", "accuracy", 0.73, 0.80,
                "on 40 intents: Rasa DIET .63; the target was set there, this file has half of them",
            ),
        ),
        rasa=True,
    ),
    Measured(
        "banking",
        "BANKING77, 10 examples each",
        sets.banking,
        "`fsid_BANKING77_train_10.jsonl` to train on, `banking77_test.jsonl` asked; as published.",
        (Goal("accuracy", "accuracy", 0.77, 0.82),),
        rasa=True,
    ),
    Measured(
        "hint3",
        "HINT3 sofmattress",
        sets.hint3,
        "`hint3_sofmattress_train.jsonl` to train on, `hint3_sofmattress_test.jsonl` asked; `NO_NODES_DETECTED` is out "
        "of scope. Accuracy is of the best intent, over what is in scope.",
        (
            Goal("accuracy", "accuracy", 0.78, None, "Dialogflow .73, Rasa .69, LUIS .64"),
            Goal("auroc", "out-of-scope AUROC", 0.89, None, "Dialogflow .87, LUIS .80, Rasa .79"),
        ),
        "the unrelated sentences of our own content among what is trained, as a class of their own: AUROC as before "
        "here, and lower on MASSIVE with some of its intents held out, so that `pishkhan evaluate nlu` adds none to "
        "another's file.",
        rasa=True,
    ),
    Measured(
        "clinc",
        "CLINC150 small",
        sets.clinc,
        "`clinc150_small.json`: `train` to train on, `test` and `oos_test` asked; `oos_train` is not used.",
        (Goal("accuracy", "accuracy", None, None), Goal("auroc", "out-of-scope AUROC", 0.95, None)),
        semantic=False,
    ),
    Measured(
        "pairs",
        "FAQ of 1,000 entries",
        sets.pairs,
        "`parsinlu_qqp_dev.jsonl`. Questions that are paraphrases of each other (label 1, connected) make a group: "
        "one, drawn, is the entry, all others are asked. Of the first 300 pairs of label 0, in drawn order, whose "
        "second question is in no group, the first is an entry and the second a *near* question, which has no answer; "
        "the questions of the other pairs of label 0 fill the entries up to 1,000. *Far* questions, which have none "
        "either, are 400 drawn of `pquad_validation_q.jsonl`. Seeds as above.",
        (
            Goal("recall_at_1", "recall@1", 0.90, 0.95, "on another draw: bm25s .84 (words), .86 (stems)"),
            Goal("far", "“I don’t know”, far: AUROC", 0.98, 0.98, "peers .97"),
            Goal("near", "“I don’t know”, near: AUROC", 0.80, 0.85, "peers .67"),
        ),
    ),
    Measured(
        "crowd",
        "The same among 9,000 entries",
        sets.crowd,
        "As before with seed 0, and all different questions of `pquad_validation_q.jsonl` as further entries.",
        (Goal("recall_at_1", "recall@1", None, None),),
        semantic=False,
    ),
    Measured(
        "passages",
        "PQuAD, 1,103 passages",
        sets.passages,
        "`pquad_validation_p.jsonl`: each passage is the answer of an entry without a question; 1,000 questions drawn "
        "(`random.Random(0)`) of those in `pquad_validation_q.jsonl` that are answerable.",
        (Goal("recall_at_1", "recall@1", 0.93, 0.95, "on another draw: bm25s .89"),),
    ),
)  # fmt: skip
