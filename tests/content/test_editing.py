"""Writing into the content: what is new is right, and every other byte stays."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.content import ContentErrors, load
from bot.content.editing import Edit, Editor, NotWritten, scalar
from bot.core.catalogue import FaqEntry
from tests.conversation import KNOWLEDGE_BASE

NEW = FaqEntry(
    "lamp_new",
    {"fa": "چراغ نو می‌خواهم؟", "en": "A new lamp: how?"},
    {"fa": ("نصب چراغ", "لامپ جدید", "یه چراغ بذارین"), "en": ("install a lamp",)},
    {"fa": "درخواست دهید.", "en": "Ask for it."},
    "lights",
)


def added(edit: Edit) -> list[str]:
    """The lines that are new, after making sure that no other byte changed."""
    old, new = ((text + b"\n").splitlines(keepends=True) for text in (edit.before, edit.after))
    changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    assert {kind for kind, *_ in changes} <= {"equal", "insert"}
    return [line.decode().rstrip("\r\n") for kind, _, _, i, j in changes if kind == "insert" for line in new[i:j]]


# --- where it is put ----------------------------------------------------------------------------


def test_variants_are_put_below_the_others_of_their_language(folder: Path) -> None:
    edit = Editor(folder).variants("light_out", {"en": ["no light in our street"]})
    assert added(edit) == ["      - no light in our street"]
    assert Editor(folder).save(edit).faq["light_out"].variants["en"] == ("the street is dark", "no light in our street")
    assert load(folder).faq["light_out"].variants["en"][-1] == "no light in our street"


def test_a_list_in_brackets_stays_in_brackets(folder: Path) -> None:
    edit = Editor(folder).variants("light_time", {"fa": ["تا کی؟", "چند روز, دقیق"], "en": ["how long"]})
    assert '[چند روزه درست می‌شه, کی درست می‌کنید, زمان تعمیر چراغ, تا کی؟, "چند روز, دقیق"]' in edit.diff()
    assert "en: [how many days, how long]" in edit.diff()
    assert Editor(folder).save(edit).faq["light_time"].variants["fa"][3:] == ("تا کی؟", "چند روز, دقیق")


def test_examples_are_put_below_the_others_of_their_intent(folder: Path) -> None:
    edit = Editor(folder).examples("greet", ["درود بر شما", "hey [you](person)"])
    assert added(edit) == ["    - درود بر شما", "    - hey (you)(person)"]
    examples = Editor(folder).save(edit).examples
    assert [e.text for e in examples if e.intent == "greet"][-2:] == ["درود بر شما", "hey (you)(person)"]
    assert [e.intent for e in examples] == ["greet"] * 5 + ["track_request"]


def test_a_new_entry_is_put_at_the_end(folder: Path) -> None:
    editor = Editor(folder)
    edit = editor.entry(NEW, "faq/care.yaml")
    assert edit.after.startswith(edit.before + b"\n- id: lamp_new\n  service: lights\n")
    assert editor.save(edit).faq["lamp_new"] == NEW


@pytest.mark.parametrize(
    "written",
    [
        "\ufeff{}",  # a byte order mark
        "# first\n\n{}\n\n\n# last\n",
        "{}   # said last",
    ],
)
def test_marks_comments_and_empty_lines_stay(folder: Path, written: str) -> None:
    file = folder / "faq" / "care.yaml"
    file.write_text(written.format(file.read_text("utf-8").rstrip("\n")), "utf-8")
    for edit in (
        Editor(folder).variants("light_out", {"en": ["dark", "so dark"]}),
        Editor(folder).entry(NEW, "faq/care.yaml"),
    ):
        assert added(edit)
        Editor(folder).check(edit)


def test_line_ends_are_written_as_the_file_has_them(folder: Path) -> None:
    file = folder / "faq" / "care.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    for edit in (
        Editor(folder).variants("light_out", {"en": ["dark"]}),
        Editor(folder).entry(NEW, "faq/care.yaml"),
    ):
        assert not re.search(rb"[^\r]\n", edit.after)
        Editor(folder).check(edit)


@pytest.mark.parametrize(
    "style",
    [
        "    en:\n    - one\n    - two   # why\n    # and so on\n",  # no deeper than its key
        '    en:\n      - "one"\n      - two\n        lines\n\n',
        "    en:\n      - one\n      - |\n        two\n\n",
        "    en: [ one,\n          two, ]\n",
        "    en: [\n      one,  # first\n      two  # second\n    ]\n",
    ],
)
def test_every_style_of_a_list_is_kept(folder: Path, style: str) -> None:
    file = folder / "faq" / "care.yaml"
    file.write_text(file.read_text("utf-8").replace("    en:\n      - the street is dark\n", style), "utf-8")
    before = load(folder).faq["light_out"].variants["en"]
    after = Editor(folder).save(Editor(folder).variants("light_out", {"en": ["three: 3"]}))
    assert after.faq["light_out"].variants["en"] == (*before, "three: 3")


def test_all_our_own_entries_and_intents_can_be_written_to() -> None:
    editor = Editor(KNOWLEDGE_BASE)
    for entry in editor.catalogue.faq:
        new = added(editor.variants(entry, {"fa": ["yes"], "en": ["12:30"]}))
        assert new == ['      - "yes"', '      - "12:30"'], entry
    for intent in {example.intent for example in editor.catalogue.examples}:
        assert added(editor.examples(intent, ["12:30"])) == ["      - 12:30"], intent


# --- what is not written ------------------------------------------------------------------------


def test_what_is_there_already_is_not_written_again(folder: Path) -> None:
    editor = Editor(folder)
    said = [
        "The \u202estr\x1beet is dark",
        "The  Street is dark",
        "LAMP OUT",
        "lamp out",
        "is the lamp out?",
        "",
        "لامپ كوچه سوخته",
    ]
    assert added(editor.variants("light_out", {"en": said})) == ["      - LAMP OUT"]
    edit = editor.variants("light_time", {"fa": ["کی درست می‌کنید"], "en": ["How many  days"]})
    assert not edit
    assert edit.diff() == ""
    assert editor.save(edit) == editor.catalogue
    assert not Editor(folder, same=lambda text: "").examples("greet", ["hey"])


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (lambda e: e.variants("light_oot", {"fa": ["x"]}), "no entry `light_oot`; did you mean `light_out`"),
        (lambda e: e.variants("light_out", {"de": ["x"]}), "no list of variants in `de`"),
        (lambda e: e.examples("gret", ["x"]), "no intent `gret`; did you mean `greet`"),
        (lambda e: e.entry(NEW, "faq/none.yaml"), "no file faq/none.yaml"),
        (lambda e: e.entry(NEW, "organization.yaml"), "is no list"),
    ],
)
def test_what_is_not_there_is_said(folder: Path, ask: Callable[[Editor], Edit], why: str) -> None:
    with pytest.raises(NotWritten, match=re.escape(why)):
        ask(Editor(folder))


def test_content_that_would_not_load_is_not_written(folder: Path) -> None:
    file, editor = folder / "faq" / "care.yaml", Editor(folder)
    before = file.read_bytes()
    with pytest.raises(ContentErrors, match="the same question stands in another entry"):
        editor.save(editor.variants("light_out", {"fa": ["چند روزه درست می‌شه"]}))
    with pytest.raises(ContentErrors, match="2 different variants in `fa`"):
        few = FaqEntry("few", NEW.question, {"fa": ("یک", "دو"), "en": ("one",)}, NEW.answer)
        editor.save(editor.entry(few, "faq/care.yaml"))
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["care.yaml"]


def test_a_file_that_was_changed_meanwhile_is_left_alone(folder: Path) -> None:
    file, editor = folder / "faq" / "care.yaml", Editor(folder)
    edit = editor.variants("light_out", {"en": ["dark"]})
    theirs = file.read_bytes().replace(b"Report it.", b"Please report it.")
    file.write_bytes(theirs)
    with pytest.raises(NotWritten, match="changed meanwhile"):
        editor.save(edit)
    with pytest.raises(NotWritten, match="changed meanwhile"):
        editor.save(editor.variants("light_out", {"en": ["dark"]}))
    assert file.read_bytes() == theirs


def test_the_file_keeps_its_mode_and_a_link_its_target(folder: Path) -> None:
    file, target = folder / "faq" / "care.yaml", folder.parent / "elsewhere.yaml"
    file.rename(target)
    file.symlink_to(target)
    target.chmod(0o640)
    Editor(folder).save(Editor(folder).variants("light_out", {"en": ["dark"]}))
    assert file.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert b"- dark\n" in target.read_bytes()


# --- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["چطور؟", "how do I pay", "چرا «این»؟", "it's", "a-b", "ماده ۱۰۰"])
def test_a_plain_text_stays_plain(text: str) -> None:
    assert scalar(text) == scalar(text, flow=True) == text


@pytest.mark.parametrize(
    "text", ["yes", "No", "on", "0712", "12:30", "1_000", "0o17", "1e3", "~", "null", "y", "a: b", "a #b", "- a", "[a"]
)
def test_what_would_be_taken_for_something_else_is_quoted(text: str) -> None:
    assert scalar(text) == f'"{text}"'


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cn", "Co"))).map(str.strip).filter(bool))
def test_every_text_comes_back(text: str) -> None:
    text = " ".join(text.split())
    for source in (f"- {scalar(text)}", f"[{scalar(text, flow=True)}]", f"[a, {scalar(text, flow=True)}, b]"):
        assert text in yaml.safe_load(source)
