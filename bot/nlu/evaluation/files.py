"""The files that people measure with. Whatever is wrong in one is a ValueError that names file and line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Labelled = tuple[str, str]  # text, intent

_ANNOTATED = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # strings stay strings


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    lines: tuple[str, ...]  # the question and its variants
    answer: str


@dataclass(frozen=True, slots=True)
class Question:
    """`id`: of the entry that answers it, "" when none does."""

    text: str
    id: str


# --- Rasa NLU YAML ------------------------------------------------------------------------------


def read_intents(file: Path) -> list[Labelled]:
    """Rasa NLU YAML, version 3.1: `nlu:` with `intent:` and `examples:`; entity annotations are taken off. Synonyms,
    regexes and look-up tables are passed over."""
    try:
        top = yaml.compose(_text(file), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f"{file}:{line}: not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{file}: not YAML: {' '.join(str(error).split())}") from None
    items = _keys(top).get("nlu") if isinstance(top, yaml.MappingNode) else None
    if not isinstance(items, yaml.SequenceNode):
        raise ValueError(f"{_place(file, items or top)}: no list under nlu:")
    found = [labelled for item in items.value for labelled in _intent(file, item)]
    if not found:
        raise ValueError(f"{_place(file, items)}: no intent with examples under nlu:")
    return found


def _intent(file: Path, item: yaml.Node) -> Iterator[Labelled]:
    if not isinstance(item, yaml.MappingNode):
        raise ValueError(f"{_place(file, item)}: not an item with intent: and examples:")
    keys = _keys(item)
    if (name := keys.get("intent")) is None:
        return
    if not isinstance(name, yaml.ScalarNode) or not name.value.strip():
        raise ValueError(f"{_place(file, name)}: the intent has no name")
    if (examples := keys.get("examples")) is None:
        raise ValueError(f"{_place(file, item)}: the intent {name.value} has no examples")
    for text in _examples(file, examples):
        if plain := _ANNOTATED.sub(r"\1", text).strip():
            yield plain, name.value.strip()


def _examples(file: Path, node: yaml.Node) -> Iterator[str]:
    """A block of lines `- …`, or a list of sentences or of tables with `text:`. A line without a dash goes on from the
    one above."""
    if isinstance(node, yaml.ScalarNode):
        before, *sentences = re.split(r"^\s*-", node.value, flags=re.MULTILINE)
        if before.strip():
            number = node.start_mark.line + (2 if node.style in ("|", ">") else 1)
            raise ValueError(f"{file}:{number}: an example is a line `- sentence`")
        yield from (" ".join(sentence.split()) for sentence in sentences)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            text = _keys(item).get("text") if isinstance(item, yaml.MappingNode) else item
            if not isinstance(text, yaml.ScalarNode):
                raise ValueError(f"{_place(file, item)}: an example is a sentence, or has one under text:")
            yield text.value.strip().removeprefix("-")
    else:
        raise ValueError(f"{_place(file, node)}: examples are a block of lines `- sentence`")


def _keys(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _place(file: Path, node: yaml.Node | None) -> str:
    return f"{file}:{node.start_mark.line + 1}" if node is not None else f"{file}:1"


# --- JSON Lines ---------------------------------------------------------------------------------


def read_entries(file: Path) -> list[Entry]:
    """Lines {"id", "question", "variants": […], "answer"}; the last two may lack."""
    found: dict[str, Entry] = {}
    for place, row in read_lines(file):
        id = _id(place, row)
        if not id:
            raise ValueError(f"{place}: an entry needs an id")
        if id in found:
            raise ValueError(f"{place}: another entry has the id {id}")
        variants = row.get("variants") or []
        if not isinstance(variants, list) or not all(isinstance(v, str) for v in variants):
            raise ValueError(f"{place}: variants is a list of texts")
        answer = row.get("answer") or ""
        if not isinstance(answer, str):
            raise ValueError(f"{place}: the answer is a text")
        found[id] = Entry(id, (_question(place, row), *variants), answer)
    return list(found.values())


def read_questions(file: Path, entries: list[Entry]) -> list[Question]:
    """Lines {"question", "id"}; id null: no entry answers."""
    known = {entry.id for entry in entries}
    found = []
    for place, row in read_lines(file):
        id = _id(place, row)
        if id and id not in known:
            raise ValueError(f"{place}: no entry has the id {id}")
        found.append(Question(_question(place, row), id))
    return found


def read_lines(file: Path) -> list[tuple[str, dict[str, Any]]]:
    """The objects of JSON Lines, each with its place `file:line`; empty lines are passed over."""
    rows = []
    for number, line in enumerate(_text(file).split("\n"), 1):
        place = f"{file}:{number}"
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ValueError(f"{place}: not JSON: {error}") from None
            if not isinstance(row, dict):
                raise ValueError(f"{place}: not a JSON object")
            rows.append((place, row))
    if not rows:
        raise ValueError(f"{file}:1: nothing in it")
    return rows


def _id(place: str, row: dict[str, Any]) -> str:
    if "id" not in row:
        raise ValueError(f"{place}: no id")
    id = row["id"]
    if id == "" or isinstance(id, bool) or not isinstance(id, str | int | None):
        raise ValueError(f"{place}: an id is a word or a number")
    return "" if id is None else str(id)


def _question(place: str, row: dict[str, Any]) -> str:
    question = row.get("question")
    if not isinstance(question, str):
        raise ValueError(f"{place}: no text under question")
    return question


def _text(file: Path) -> str:
    """With or without a byte order mark."""
    data = file.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(f"{file}:{line}: not UTF-8") from None
