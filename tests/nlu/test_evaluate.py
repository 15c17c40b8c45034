"""The measures, on data whose figures can be worked out by hand, and the file formats."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from bot.nlu.evaluation import pictures, telling
from bot.nlu.evaluation.costs import Latency, Took
from bot.nlu.evaluation.files import read_entries, read_intents, read_questions
from bot.nlu.evaluation.intents import evaluate, evaluate_nlu, folds, own_intents, understanding
from bot.nlu.evaluation.measures import (
    Judged,
    auroc,
    calibration,
    calibration_error,
    confusions,
    macro_f1,
    out_of_scope_auroc,
    ranking,
    scope_curve,
)
from bot.nlu.evaluation.questions import evaluate_faq, own_faq
from tests.nlu.small_content import EXAMPLES, FAQ, UNRELATED, small_catalogue

RASA = """\
version: "3.1"
nlu:
- intent: fly
  examples: |
    - book a flight to [Paris](city)
    - I need a plane ticket
    - fly me to [Rome]{"entity": "city"}
    - a flight tomorrow
    - plane to London
- intent: yes
  examples: |
    - yes
    - sure
    - of course
- synonym: town
  examples: |
    - city
- intent: eat
  examples:
    - text: |
        a table for two
    - text: book a restaurant
    - I am hungry, a restaurant please
    - dinner table
"""
TEST = """\
version: "3.1"
nlu:
- intent: fly
  examples: |
    - a plane ticket to Paris
- intent: eat
  examples: |
    - a restaurant table
- intent: weather
  examples: |
    - will it rain in the mountains
"""
JUDGED = (
    Judged("one", "a", "a", 0.95),
    Judged("two", "a", "b", 0.85),
    Judged("three", "a", "b", 0.35),
    Judged("four", "b", "b", 0.85),
    Judged("five", "", "b", 0.45),
)

Writer = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    def file(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text, "utf-8")
        return tmp_path / name

    return file


def lines(rows: list[dict[str, Any]]) -> str:
    return "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


# --- measures -----------------------------------------------------------------------------------


def test_labels() -> None:
    def f1(wanted: str, given: str) -> float:
        return macro_f1(Judged("", w, g, 1.0) for w, g in zip(wanted, given, strict=True))

    assert f1("aabb", "abbb") == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert f1("ab", "ac") == 0.5
    assert macro_f1([]) == 0


def test_ranks() -> None:
    assert ranking([0, 2, 4, None]) == pytest.approx((1 / 4, 2 / 4, (1 + 1 / 3 + 1 / 5) / 4))
    assert ranking([10]) == (0, 0, 0)
    assert ranking([]) == (0, 0, 0)


def test_area_under_the_curve() -> None:
    assert auroc([0.9, 0.8], [0.1, 0.85]) == 0.75
    assert auroc([0.5], [0.5]) == 0.5
    assert auroc([], [0.5]) is None
    assert out_of_scope_auroc(JUDGED) == 0.75
    assert out_of_scope_auroc(JUDGED[:4]) is None


def test_the_scope_curve_has_that_area() -> None:
    strange, ours = scope_curve((*JUDGED, Judged("six", "", "a", 0.85), Judged("seven", "", "", 0.0)))
    assert (strange[0], ours[0], strange[-1], ours[-1]) == (0, 0, 1, 1)
    area = out_of_scope_auroc((*JUDGED, Judged("six", "", "a", 0.85), Judged("seven", "", "", 0.0)))
    assert np.trapezoid(ours, strange) == pytest.approx(area)
    assert not len(scope_curve(JUDGED[:4])[0])


def test_calibration() -> None:
    assert [(round(b.confidence, 2), b.right, b.n) for b in calibration(JUDGED)] == [
        (0.35, 0.0, 1),
        (0.45, 0.0, 1),
        (0.85, 0.5, 2),
        (0.95, 1.0, 1),
    ]
    assert calibration_error(JUDGED) == pytest.approx((0.35 + 0.45 + 2 * 0.35 + 0.05) / 5)
    assert calibration_error([Judged("", "a", "a", 1.0)]) == 0
    assert calibration_error([]) == 0


def test_confusions_begin_with_the_most_frequent_and_its_surest() -> None:
    assert confusions(JUDGED) == [("a", "b", ("two", "three"), 3)]
    mixed = (*JUDGED, Judged("six", "b", "", 0.0))
    assert [c.texts for c in confusions(mixed)] == [("two", "three"), ("six",)]


def test_latency() -> None:
    latency = Latency.of([Took(cpu=1e-6, wall=1e-6)] * 99 + [Took(cpu=101e-6, wall=201e-6)])
    assert latency.mean == pytest.approx(2)
    assert latency.p50 == pytest.approx(1)
    assert 1 < latency.p99 <= 201
    assert Latency.of([]) == Latency(0, 0, 0)


# --- files --------------------------------------------------------------------------------------


def test_rasa_files_are_read_with_strings_as_strings(write: Writer) -> None:
    found = read_intents(write("nlu.yml", RASA))
    assert ("book a flight to Paris", "fly") in found
    assert ("fly me to Rome", "fly") in found
    assert ("yes", "yes") in found
    assert ("a table for two", "eat") in found
    assert len(found) == 12


def test_a_byte_order_mark_and_a_line_that_goes_on_are_no_matter(write: Writer) -> None:
    text = "\ufeffnlu:\n- intent: a\n  examples: |\n    - one\n      and a half\n\n    -two\n"
    assert read_intents(write("nlu.yml", text)) == [("one and a half", "a"), ("two", "a")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ":1: no list under nlu:"),
        ("stories: []", ":1: no list under nlu:"),
        ("version: '3.1'\nnlu:\n  intent: a\n", ":3: no list under nlu:"),
        ("nlu: [\n", ":2: not YAML"),
        ("nlu: []\n", ":1: no intent"),
        ("nlu:\n- just a text\n", ":2: not an item"),
        ("nlu:\n- intent: a\n  examples: |\n    no dash\n    - one\n", ":4: an example is a line"),
        ("nlu:\n- intent: a\n  examples: {b: c}\n", ":3: examples are"),
        ("nlu:\n- intent: a\n  examples:\n  - [b]\n", ":4: an example is a sentence"),
        ("nlu:\n- intent: a\n", ":2: the intent a has no examples"),
        ("nlu:\n- intent: ''\n  examples: '- b'\n", ":2: the intent has no name"),
    ],
)
def test_what_is_wrong_in_a_rasa_file_is_named_with_its_line(write: Writer, text: str, told: str) -> None:
    with pytest.raises(ValueError) as error:
        read_intents(write("nlu.yml", text))
    assert f"nlu.yml{told}" in str(error.value)
    assert len(str(error.value).splitlines()) == 1


ENTRY = '{"id": 1, "question": "q"}\n'


@pytest.mark.parametrize(
    ("entries", "questions", "told"),
    [
        ("", "", "entries:1: nothing in it"),
        (ENTRY + '{"id":', "", "entries:2: not JSON"),
        (ENTRY + "[]", "", "entries:2: not a JSON object"),
        (ENTRY + '{"question": "r"}', "", "entries:2: no id"),
        (ENTRY + '{"id": null, "question": "r"}', "", "entries:2: an entry needs an id"),
        (ENTRY + '{"id": "1", "question": "r"}', "", "entries:2: another entry has the id 1"),
        (ENTRY + '{"id": [2], "question": "r"}', "", "entries:2: an id is"),
        (ENTRY + '{"id": 2}', "", "entries:2: no text under question"),
        (ENTRY + '{"id": 2, "question": "r", "variants": "s"}', "", "entries:2: variants"),
        (ENTRY + '{"id": 2, "question": "r", "answer": 3}', "", "entries:2: the answer"),
        (ENTRY, '\n{"question": "r", "id": "2"}', "questions:2: no entry has the id 2"),
        (ENTRY, '{"question": "r"}', "questions:1: no id"),
        (ENTRY, '{"question": "r", "id": ""}', "questions:1: an id is"),
        (ENTRY, '{"question": ["r"], "id": null}', "questions:1: no text under question"),
    ],
)
def test_what_is_wrong_in_json_lines_is_named_with_its_line(
    write: Writer, entries: str, questions: str, told: str
) -> None:
    with pytest.raises(ValueError) as error:
        read_questions(write("questions", questions), read_entries(write("entries", entries)))
    assert told in str(error.value)


def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "entries").write_bytes(b'{"id": 1, "question": "q"}\n\xff\n')
    with pytest.raises(ValueError, match="entries:2: not UTF-8"):
        read_entries(tmp_path / "entries")


# --- intents ------------------------------------------------------------------------------------


def test_intents_of_a_file_against_another(write: Writer) -> None:
    report = evaluate_nlu(write("train.yml", RASA), write("test.yml", TEST))
    scores = asdict(report.scores)
    assert {"accuracy", "macro_f1", "n", "train_seconds", "micros_per_utterance"} <= scores.keys()
    assert (scores["accuracy"], scores["macro_f1"], scores["n"]) == (1.0, 1.0, 2)
    assert scores["out_of_scope_auroc"] == 1.0
    assert scores["train_seconds"] > 0
    assert 0 < scores["micros_p50"] <= scores["micros_p99"]
    assert [(j.wanted, j.in_scope) for j in report.judged] == [("fly", True), ("eat", True), ("", False)]


def test_intents_of_one_file_are_cross_validated(write: Writer) -> None:
    scores = evaluate_nlu(write("train.yml", RASA)).scores
    assert scores.n == 12
    assert 0 < scores.accuracy <= 1
    assert scores.out_of_scope_auroc is None


def test_every_example_is_held_out_once_and_an_only_one_never() -> None:
    examples = [(f"{label}{n}", label) for label, count in (("a", 7), ("b", 2), ("c", 1)) for n in range(count)]
    rounds = folds(examples)
    held = [example for _, test in rounds for example in test]
    assert sorted(held) == [example for example in examples if example[1] != "c"]
    for train, test in rounds:
        assert not set(train) & set(test)
        assert {label for _, label in train} == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nlu:\n- intent: a\n  examples: '- b'\n", "no two intents"),
        ("nlu:\n- intent: a\n  examples: '- b'\n- intent: c\n  examples: '- d'\n", "none can be held out"),
    ],
)
def test_too_little_to_measure_is_told(write: Writer, text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        evaluate_nlu(write("train.yml", text))


def test_our_own_examples_with_what_is_unrelated() -> None:
    report = own_intents(small_catalogue())
    assert report.scores.n == sum(map(len, EXAMPLES.values()))
    assert len(report.judged) == report.scores.n + len(UNRELATED)
    assert report.scores.out_of_scope_auroc is not None


def test_what_was_never_seen_is_told_as_nothing() -> None:
    report = evaluate([([("one two", "a"), ("three four", "b")], [("ξξξ", "a"), ("one", "a")])], understanding)
    assert report.scores.accuracy == 0.5
    assert (report.judged[0].given, report.judged[0].confidence) == ("", 0.0)


# --- questions ----------------------------------------------------------------------------------


def test_questions_against_entries(write: Writer) -> None:
    entries = [
        {
            "id": "a",
            "question": "How do I renew my passport?",
            "variants": ["passport renewal"],
            "answer": "At the office.",
        },
        {"id": "b", "question": "ساعت کاری چیست؟", "variants": [], "answer": "۸ تا ۱۶"},
        {"id": 3, "question": "Where can I park?", "answer": "In the square."},
    ]
    questions = [
        {"question": "renew passport", "id": "a"},
        {"question": "ساعت کاریتون", "id": "b"},
        {"question": "parking, where to park", "id": 3},
        {"question": "pancakes with honey", "id": None},
    ]
    report = evaluate_faq(write("entries", lines(entries)), write("questions", lines(questions)))
    scores = asdict(report.scores)
    promised = {"recall_at_1", "recall_at_3", "mrr_at_10", "out_of_scope_auroc", "n", "micros_per_query"}
    assert promised <= scores.keys()
    assert (scores["recall_at_1"], scores["recall_at_3"], scores["mrr_at_10"]) == (1.0, 1.0, 1.0)
    assert scores["out_of_scope_auroc"] == 1.0
    assert scores["n"] == 4
    assert scores["told_wrong"] == 0
    assert [(j.wanted, j.right) for j in report.judged] == [("a", True), ("b", True), ("3", True), ("", False)]


def test_our_own_questions_without_themselves() -> None:
    report = own_faq(small_catalogue())
    wordings = sum(2 + len(fa) + len(en) for _, _, _, fa, en, _ in FAQ.values())
    assert report.scores.n == wordings + len(UNRELATED)
    assert 0.3 < report.scores.recall_at_1 < 1
    assert report.scores.out_of_scope_auroc is not None
    assert all(j.told is False or j.given for j in report.judged)


# --- telling and drawing ------------------------------------------------------------------------


def test_confusions_are_told_with_sentences() -> None:
    told = telling.worst([*JUDGED, *(Judged("long " * 50, "a", "c", 0.5) for _ in range(9))])
    assert told.splitlines()[:2] == ["Most often confused (wanted → taken for):", "  a → c  9 of 12"]
    assert "  a → b  2 of 12\n      two\n      three" in told
    assert sum("long long" in line for line in told.splitlines()) == 3
    assert max(map(len, told.splitlines())) < 120
    assert telling.worst(JUDGED[:1]) == ""


def test_the_matrix_counts_what_was_taken_for_what() -> None:
    labels, counts = pictures.matrix([*JUDGED, Judged("six", "b", "", 0.0), Judged("seven", "b", "c", 0.5)])
    assert labels == ["a", "b"]
    assert counts.tolist() == [[1, 2, 0, 0], [0, 1, 1, 1]]
    many = [Judged("", f"l{n}", f"l{n // 2}", 0.5) for n in range(100)]
    assert len(pictures.matrix(many)[0]) == pictures.MOST


@pytest.mark.parametrize(
    "judged", [JUDGED, JUDGED[:4], JUDGED[4:], JUDGED[:1]], ids=["all", "inside", "outside", "one"]
)
def test_a_picture_is_a_picture(tmp_path: Path, judged: tuple[Judged, ...]) -> None:
    pictures.draw(judged, tmp_path / "p.png", title="ours")
    with Image.open(tmp_path / "p.png") as image:
        assert image.format == "PNG"
        assert min(image.size) > 500
        assert len(image.convert("L").getcolors() or ()) > 10, "an empty picture has one colour"
    pictures.draw(judged, tmp_path / "p.svg")
    root = ElementTree.parse(tmp_path / "p.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    first = (tmp_path / "p.svg").read_bytes()
    pictures.draw(judged, tmp_path / "p.svg")
    assert (tmp_path / "p.svg").read_bytes() == first, "the same results give the same file"


def test_a_picture_has_a_known_ending(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"p\.gif: a picture is named"):
        pictures.draw(JUDGED, tmp_path / "p.gif")
