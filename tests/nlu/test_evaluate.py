"""The measures, on data whose figures can be worked out by hand, and the file formats."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from bot.nlu.evaluate import auroc, evaluate_faq, evaluate_nlu, macro_f1, read_intents, read_lines

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


def test_rasa_files_are_read_with_strings_as_strings(tmp_path: Path) -> None:
    (tmp_path / "nlu.yml").write_text(RASA, "utf-8")
    found = read_intents(tmp_path / "nlu.yml")
    assert ("book a flight to Paris", "fly") in found
    assert ("fly me to Rome", "fly") in found
    assert ("yes", "yes") in found
    assert ("a table for two", "eat") in found
    assert len(found) == 12
    (tmp_path / "other.yml").write_text("stories: []", "utf-8")
    with pytest.raises(ValueError, match="nlu"):
        read_intents(tmp_path / "other.yml")


def test_intents_of_a_file_against_another(tmp_path: Path) -> None:
    train, test = tmp_path / "train.yml", tmp_path / "test.yml"
    train.write_text(RASA, "utf-8")
    test.write_text(TEST, "utf-8")
    scores = asdict(evaluate_nlu(train, test))
    assert {"accuracy", "macro_f1", "n", "train_seconds", "micros_per_utterance"} <= scores.keys()
    assert (scores["accuracy"], scores["macro_f1"], scores["n"]) == (1.0, 1.0, 2)
    assert scores["out_of_scope_auroc"] == 1.0
    assert scores["train_seconds"] > 0
    assert scores["micros_per_utterance"] > 0


def test_intents_of_one_file_are_cross_validated(tmp_path: Path) -> None:
    (tmp_path / "train.yml").write_text(RASA, "utf-8")
    scores = evaluate_nlu(tmp_path / "train.yml")
    assert scores.n == 12
    assert 0 < scores.accuracy <= 1
    assert scores.out_of_scope_auroc is None


def test_questions_against_entries(tmp_path: Path) -> None:
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
    for name, rows in (("entries", entries), ("questions", questions)):
        (tmp_path / name).write_text("\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    scores = asdict(evaluate_faq(tmp_path / "entries", tmp_path / "questions"))
    assert scores.keys() == {"recall_at_1", "recall_at_3", "mrr_at_10", "out_of_scope_auroc", "n", "micros_per_query"}
    assert (scores["recall_at_1"], scores["recall_at_3"], scores["mrr_at_10"]) == (1.0, 1.0, 1.0)
    assert scores["out_of_scope_auroc"] == 1.0
    assert scores["n"] == 4


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text('{"id": 1}\n{"id":', "utf-8")
    with pytest.raises(ValueError, match="broken:2"):
        read_lines(tmp_path / "broken")


def test_measures() -> None:
    assert macro_f1(["a", "a", "b", "b"], ["a", "b", "b", "b"]) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert macro_f1(["a", "b"], ["a", "c"]) == 0.5
    assert auroc([0.9, 0.8], [0.1, 0.85]) == 0.75
    assert auroc([0.5], [0.5]) == 0.5
    assert auroc([], [0.5]) is None
