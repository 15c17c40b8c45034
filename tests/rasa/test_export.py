"""The project for Rasa: whole, the same each time, and never written over what is not ours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.dialogs.registry import build
from bot.rasa import export, names
from tests.conversation import content
from tests.dialogs.small_desk import SMALL, PaperDesk, PlainNlu
from tests.rasa.assistant import OurSide


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("rasa") / "project"
    written = export.write(OurSide().dialogs, folder)
    assert {p.relative_to(folder).as_posix() for p in written} == {
        "README.md",
        "config.yml",
        "credentials.yml",
        "data/nlu.yml",
        "data/rules.yml",
        "domain.yml",
        "endpoints.yml",
    }
    return {p.name: yaml.safe_load(p.read_text("utf-8")) for p in written if p.suffix == ".yml"}


def test_every_intent_has_examples_and_a_rule(project: dict[str, Any]) -> None:
    domain = set(project["domain.yml"]["intents"])
    trained = {n["intent"] for n in project["nlu.yml"]["nlu"] if "intent" in n}
    ruled = {r["steps"][0]["intent"] for r in project["rules.yml"]["rules"] if "intent" in r["steps"][0]}
    assert domain == trained and ruled == domain | {names.FALLBACK}
    assert {e.intent for e in content()[0].examples} < domain


def test_no_sentence_is_an_example_of_two_intents(project: dict[str, Any]) -> None:
    lines = [line for n in project["nlu.yml"]["nlu"] for line in n["examples"].splitlines()]
    assert len(lines) == len(set(lines)) > 500
    assert all(line.startswith("- ") and "](" not in line for line in lines)


def test_the_questions_are_examples_of_one_intent(project: dict[str, Any]) -> None:
    [asked] = [n["examples"] for n in project["nlu.yml"]["nlu"] if n.get("intent") == names.FAQ]
    for entry in content()[0].faq.values():
        assert any(f"- {' '.join(q.split())}\n" in asked for q in entry.question.values()), entry.id


def test_every_action_that_a_rule_or_a_form_calls_is_ours(project: dict[str, Any]) -> None:
    from bot.rasa.actions import actions

    made = {action.name() for action in actions(OurSide().parts)}
    domain = project["domain.yml"]
    called = {step["action"] for rule in project["rules.yml"]["rules"] for step in rule["steps"] if "action" in step}
    assert set(domain["actions"]) == made
    assert called - set(domain["forms"]) <= made
    for form, needed in domain["forms"].items():
        assert f"validate_{form}" in made
        for slot in needed["required_slots"]:
            assert f"action_ask_{slot}" in made
            [mapping] = domain["slots"][slot]["mappings"]
            assert mapping == {"type": "from_text", "conditions": [{"active_loop": form, "requested_slot": slot}]}


def test_every_form_is_there_but_those_that_need_documents(project: dict[str, Any]) -> None:
    for form in content()[0].forms.values():
        assert (f"{form.id}_form" in project["domain.yml"]["forms"]) is not names.needs_files(form)


def test_the_token_is_no_part_of_it(project: dict[str, Any]) -> None:
    headers = project["endpoints.yml"]["action_endpoint"]["headers"]
    assert headers == {"Authorization": "Bearer ${PISHKHAN_ACTIONS_TOKEN}"}


def test_the_same_content_gives_the_same_files() -> None:
    assert export.files(OurSide().dialogs) == export.files(OurSide().dialogs)


def test_two_slots_of_one_name_are_refused() -> None:
    lamp = SMALL.forms["lamp"]
    forms = {
        id: replace(lamp, id=id, fields=(replace(lamp.fields[0], id=field),))
        for id, field in (("a", "b_c"), ("a_b", "c"))
    }
    dialogs = build(replace(SMALL, forms=forms), PlainNlu(), PaperDesk())
    with pytest.raises(ValueError, match="a_b_c"):
        list(names.with_forms(dialogs))


class TestFolder:
    dialogs = build(SMALL, PlainNlu(), PaperDesk())

    def test_a_folder_of_somebody_else_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "config.yml").write_text("language: de\n")
        with pytest.raises(export.Foreign):
            export.write(self.dialogs, tmp_path)
        assert [p.name for p in tmp_path.iterdir()] == ["config.yml"]
        assert (tmp_path / "config.yml").read_text() == "language: de\n"

    def test_unless_it_is_forced(self, tmp_path: Path) -> None:
        (tmp_path / "own.txt").write_text("mine")
        export.write(self.dialogs, tmp_path, force=True)
        assert (tmp_path / "own.txt").read_text() == "mine" and (tmp_path / "domain.yml").exists()

    def test_an_export_is_written_anew_and_models_stay(self, tmp_path: Path) -> None:
        export.write(self.dialogs, tmp_path)
        (tmp_path / "models").mkdir()
        (tmp_path / "domain.yml").write_text("old")
        export.write(self.dialogs, tmp_path)
        assert (tmp_path / "models").is_dir() and (tmp_path / "domain.yml").read_text() != "old"

    def test_a_file_is_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        with pytest.raises(export.Foreign):
            export.write(self.dialogs, tmp_path / "file")
