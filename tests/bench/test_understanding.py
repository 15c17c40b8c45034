"""`python -m bench understanding`: how the sets are parted, and the whole of it on sets small enough to see through."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bench.understanding import command, desk, diet, document, fresh, peers, report, sets
from bench.understanding.measuring import Figure, on_intents, on_questions
from bench.understanding.targets import TASKS
from bot.core.catalogue import Catalogue
from bot.core.ports import Match
from bot.nlu.evaluation.files import Entry, Question
from bot.nlu.evaluation.intents import own_intents
from bot.nlu.evaluation.questions import own_faq
from tests.nlu import small_encoder
from tests.nlu.small_content import FAQ, UNRELATED, small_catalogue

WISHES = {
    "light": ("چراغ {} را روشن کن", "چراغ {} را خاموش کن", "نور {} را کم کن", "لامپ {} را روشن کن"),
    "music": ("آهنگ {} را پخش کن", "موسیقی {} بگذار", "ترانه {} را بخوان", "یک آهنگ {} پخش کن"),
}
PLACES = ("آشپزخانه", "اتاق", "حیاط", "راهرو", "سالن")


def rows(*found: dict[str, Any]) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in found)


def wishes() -> list[dict[str, Any]]:
    return [
        {"text": text.format(place), "intent": intent}
        for intent, texts in WISHES.items()
        for text in texts
        for place in PLACES
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Every set in its own shape, but a few lines long."""
    data = tmp_path / "data"
    data.mkdir()
    said = wishes()
    asked = [{"text": "چراغ اتاق", "intent": "light"}, {"text": "آهنگ شاد", "intent": "music"}]
    strange = {"text": "قیمت دلار چند است", "intent": "NO_NODES_DETECTED"}
    pairs = [
        {"q1": question, "q2": variant, "label": "1", "category": "natural"}
        for _, question, _, variants, _, _ in FAQ.values()
        for variant in variants
    ]
    others = [{"q1": one, "q2": other, "label": "0", "category": "qqp"} for one, other in pairwise(UNRELATED)]
    passages = [{"pid": n, "text": text} for n, (*_, text) in enumerate(FAQ.values())]
    questions = [
        {"q": question, "pid": n, "answerable": True, "a": []} for n, (_, question, *_) in enumerate(FAQ.values())
    ]
    files = {
        "massive_fa_dev.jsonl": rows(*said, {"text": "تنها", "intent": "rare"}),
        "fsid_BANKING77_train_10.jsonl": rows(*said),
        "banking77_test.jsonl": rows(*asked),
        "hint3_sofmattress_train.jsonl": rows(*said),
        "hint3_sofmattress_test.jsonl": rows(*asked, strange),
        "clinc150_small.json": json.dumps(
            {
                "train": [[row["text"], row["intent"]] for row in said],
                "test": [[row["text"], row["intent"]] for row in asked],
                "oos_test": [[strange["text"], "oos"]],
            }
        ),
        "parsinlu_qqp_dev.jsonl": rows(*pairs, *others),
        "pquad_validation_p.jsonl": rows(*passages),
        "pquad_validation_q.jsonl": rows(*questions, {"q": "کی؟", "pid": 0, "answerable": False, "a": []}),
    }
    for name, text in files.items():
        (data / name).write_text(text, "utf-8")
    return data


# --- sets ---------------------------------------------------------------------------------------


def test_a_draw_trains_ten_each_and_asks_the_others(folder: Path) -> None:
    task = sets.massive(sets.Folder(folder), 2)
    for train, test in task.rounds:
        assert [label for _, label in train] == ["light"] * 10 + ["music"] * 10
        assert not set(train) & set(test)
        assert {label for _, label in test} == {"light", "music"}
    assert task.rounds[0] != task.rounds[1]
    assert task == sets.massive(sets.Folder(folder), 2), "the same seeds draw the same"


def test_paraphrases_make_one_entry_and_what_differs_is_near(folder: Path) -> None:
    (one,) = sets.pairs(sets.Folder(folder), 1).rounds
    entries = {entry.id: entry.lines[0] for entry in one.entries}
    assert len(entries) == len(set(entries.values()))
    assert len(one.questions) == sum(len(variants) for *_, variants, _, _ in FAQ.values())
    groups = [{question, *variants} for _, question, _, variants, _, _ in FAQ.values()]
    assert all(any({q.text, entries[q.id]} <= group for group in groups) for q in one.questions)
    assert one.near
    assert not set(one.near) & set(entries.values())
    assert not set(one.near) & {question.text for question in one.questions}


def test_groups_are_connected() -> None:
    assert sets._groups([("a", "b"), ("c", "d"), ("b", "e"), ("d", "a")]) == [["c", "d", "a", "b", "e"]]
    assert sets._groups([("a", "b"), ("c", "d")]) == [["a", "b"], ["c", "d"]]


def test_a_set_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(sets.Missing, match=r"banking77_test\.jsonl|fsid_BANKING77"):
        sets.banking(sets.Folder(tmp_path), 1)


# --- peers and measures -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fit", [peers.linear_svm, peers.logistic, peers.our_intents()], ids=["svm", "logistic", "ours"]
)
def test_a_system_for_intents(folder: Path, fit: peers.ForIntents) -> None:
    figures = on_intents(sets.hint3(sets.Folder(folder), 1), fit)
    assert figures["accuracy"] == Figure(1.0)
    assert figures["auroc"] == Figure(1.0)


ENTRIES = [
    Entry("a", ("ساعت کاری چیست؟", "کی باز هستید"), "۸ تا ۱۶"),
    Entry("b", (), "زباله هر شب جمع می‌شود."),
    Entry("c", ("هزینه پروانه چقدر است؟",), ""),
]


@pytest.mark.parametrize(
    "fit",
    [peers.bm25s_words, peers.bm25s_stems, peers.fuzzy, peers.our_questions()],
    ids=["words", "stems", "fuzzy", "ours"],
)
def test_a_system_for_questions(fit: peers.ForQuestions) -> None:
    asked = [Question("ساعت کاری", "a"), Question("جمع زباله", "b"), Question("هزینه پروانه", "c")]
    figures = on_questions(sets.QuestionTask("toy", (sets.QuestionRound(ENTRIES, asked, ["قورمه سبزی"], ["ξ"]),)), fit)
    assert figures["recall_at_1"] == Figure(1.0)
    assert figures["mrr_at_10"] == Figure(1.0)
    assert figures["far"].value > 0.5


def test_meaning_alone() -> None:
    encode = small_encoder.Small().encode
    answer = peers.meaning_nearest(encode)([entry for entry in ENTRIES if entry.lines])
    assert [answer([text])[0][0][0] for text in ("کی باز هستید", "هزینه پروانه چقدر است؟")] == ["a", "c"]
    labels = peers.meaning_logistic(encode)([("aaa", "a"), ("aab", "a"), ("zzz", "z"), ("zzy", "z"), ("mm", "m")])
    assert labels(["aaa", "zzz"])[0][0][0] == "a"


def test_two_labels_are_two() -> None:
    ((first, second),) = peers.linear_svm([("one two", "a"), ("three four", "b")])(["three"])
    assert (first[0], second[0]) == ("b", "a")
    assert first[1] == -second[1]


def test_rasa_is_named_when_it_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RASA_PYTHON", str(tmp_path / "nowhere"))
    with pytest.raises(sets.Missing, match="RASA_PYTHON"):
        diet.python()


# --- our own desk -------------------------------------------------------------------------------


def test_the_desk_counts_what_is_told_wrongly() -> None:
    questions = [
        desk.DeskQuestion("one", frozenset({"faq/a", "service/s"}), "colloquial", "test"),
        desk.DeskQuestion("two", frozenset({"faq/b"}), "colloquial", "test"),
        desk.DeskQuestion("three", frozenset({"faq/b"}), "typo", "test"),
        desk.DeskQuestion("four", frozenset(), "far", "test"),
        desk.DeskQuestion("five", frozenset(), "near", "test"),
    ]
    answers = {
        "one": (Match("service/s", 0.9, True),),
        "two": (Match("faq/a", 0.8, True), Match("faq/b", 0.3, False)),
        "three": (Match("faq/c", 0.4, False),),
        "five": (Match("faq/a", 0.85, True),),
    }
    found = desk.measure(questions, lambda text: answers.get(text, ()))
    assert [(row.kind, row.n) for row in found.rows] == [("colloquial", 2), ("typo", 1), ("far", 1), ("near", 1)]
    assert found.rows[0] == desk.Row("colloquial", 2, 0.5, 1.0, 1.0, 0.5)
    assert (found.every.n, found.every.right_first) == (3, pytest.approx(1 / 3))
    assert found.told_wrong == pytest.approx(2 / 5)
    assert found.auroc == {"far": 1.0, "near": pytest.approx(1 / 3)}


def test_the_held_out_questions_ask_for_what_the_content_has() -> None:
    from bot import content
    from tests.conversation import KNOWLEDGE_BASE

    asked = desk.read(command.DESK_QUESTIONS, "all")
    assert {question.kind for question in asked} <= set(desk.KINDS)
    assert {bool(question.answers) for question in asked if question.kind in ("far", "near")} == {False}
    assert desk.missing_answers(asked, content.load(KNOWLEDGE_BASE)) == []
    assert desk.missing_answers([desk.DeskQuestion("", frozenset({"faq/gone"}), "", "")], small_catalogue()) == [
        "faq/gone"
    ]


# --- the whole ----------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, Any]]:
    """Runs it; gives its exit status, the report and the figures."""
    monkeypatch.setattr(command, "ENCODER", small_encoder.NAME)
    monkeypatch.setattr(command, "VECTORS", tmp_path / "vectors")
    monkeypatch.setattr("bot.content.load", lambda folder: small_catalogue())
    monkeypatch.setattr(command, "DESK_QUESTIONS", tmp_path / "desk.yaml")
    monkeypatch.setattr(fresh, "of", lambda system: fresh.Cost(0.1, 0.2, 30.0, 40.0, 50.0))
    (tmp_path / "desk.yaml").write_text(
        "- {question: هزینه پروانه, answers: [permit_fee], kind: short, part: test}\n"
        "- {question: لامپ کوچه سوخته, answers: [light_out, service/light], kind: colloquial, part: test}\n"
        "- {question: فقط برای کار, answers: [hours], kind: typo, part: dev}\n"
        "- {question: یه جوک بگو, answers: [], kind: far, part: test}\n",
        "utf-8",
    )

    def run(*more: str) -> tuple[int, str, Any]:
        figures = tmp_path / "figures.json"
        status = command.main(
            ["--data", str(folder), "--seeds", "2", "--out", str(tmp_path / "out"), "--json", str(figures), *more]
        )
        return status, (tmp_path / "out" / "evaluation.md").read_text("utf-8"), json.loads(figures.read_text("utf-8"))

    return run


def test_the_whole_report(run: Callable[..., tuple[int, str, Any]], tmp_path: Path) -> None:
    status, told, figures = run()
    assert status == 0, figures["missing"]
    assert set(figures["tasks"]) == {task.id for task in TASKS}
    for task in TASKS:
        systems = figures["tasks"][task.id]
        assert report.LEXICAL in systems
        assert (report.SEMANTIC in systems) == task.semantic
        assert all(goal.figure in systems[report.LEXICAL] for goal in task.goals), task.id
        assert f"### {task.title}" in told
        assert f"`python -m bench understanding --only {task.id}`" in told
    assert {row["kind"]: row["n"] for row in figures["desk"][report.LEXICAL]["kinds"]} == {
        "short": 1,
        "colloquial": 1,
        "far": 1,
        "all with an answer": 2,
    }
    assert set(figures["costs"]) == set(fresh.SYSTEMS)
    for picture in ("intents.svg", "questions.svg"):
        assert f"images/evaluation/{picture}" in told
        assert (tmp_path / "out" / "images" / "evaluation" / picture).stat().st_size > 1000
    assert "not measured" not in told.lower()
    assert "python -m bench understanding --seeds 2`" in told
    assert str(tmp_path) not in told


def test_what_is_missing_is_told_and_ends_with_1(
    run: Callable[..., tuple[int, str, Any]], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "banking77_test.jsonl").unlink()
    status, told, figures = run("--only", "banking", "--only", "hint3", "--lexical")
    assert status == 1
    assert "**Not measured** – banking: banking77_test.jsonl is not in the folder" in told
    assert list(figures["missing"]) == ["banking"]
    assert list(figures["tasks"]) == ["hint3"]
    output = capsys.readouterr()
    assert "banking77_test.jsonl" in output.out
    assert "banking77_test.jsonl" in output.err


def test_without_an_encoder_that_is_told_too(
    run: Callable[..., tuple[int, str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "ENCODER", "nowhere:Encoder")
    status, told, figures = run("--only", "hint3")
    assert status == 1
    assert "**Not measured** – hint3: meaning is not measured" in told
    assert report.LEXICAL in figures["tasks"]["hint3"]


def test_targets_are_judged() -> None:
    assert report._verdict(0.9, 0.9) == "≥ .9: reached"
    assert report._verdict(0.89, 0.9) == "≥ .9: **not reached**"
    assert report._verdict(0.03, 0.02, at_most=True) == "≤ .02: **not reached**"
    assert report._verdict(250, 300, at_most=True) == "≤ 300: reached"
    assert report._verdict(None, 0.9) == "≥ .9: not measured"
    assert report._verdict(0.9, None) == "–"


def test_confusions_are_in_the_report() -> None:
    catalogue: Catalogue = small_catalogue()
    results = report.Results(intents={report.LEXICAL: own_intents(catalogue)}, faq=own_faq(catalogue))
    told = "\n".join(document._own_intents(results, {}))
    assert "| wanted | taken for | times | for example |" in told
    assert "recall@1" in told


def test_rasa_is_trained_and_asked_in_its_own_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "inside.py").write_text(
        "import json, pathlib, sys\n"
        "script, folder = sys.argv[1], pathlib.Path(sys.argv[2])\n"
        "assert script.endswith('rasa_process.py')\n"
        "(first, label), *_ = json.loads((folder / 'train.json').read_text('utf-8'))\n"
        "asked = json.loads((folder / 'ask.json').read_text('utf-8'))\n"
        "if asked == ['fail']: sys.exit('out of memory')\n"
        "told = {'answers': [[[label, 0.9], [text, 0.1]] for text in asked]}\n"
        "(folder / 'answers.json').write_text(json.dumps(told), 'utf-8')\n"
    )
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{tmp_path}/inside.py" "$@"\n')
    python.chmod(0o755)
    monkeypatch.setenv("RASA_PYTHON", str(python))
    answer = diet.diet([("!!!", "nothing"), ("سلام", "greet"), ("خداحافظ", "bye")])
    assert answer(["كتاب"]) == [[("greet", 0.9), ("کتاب", 0.1)]]
    with pytest.raises(RuntimeError, match="out of memory"):
        answer(["fail"])
