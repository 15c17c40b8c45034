"""Which phrases the code says, read from its own source: what an editor must not take away.

A key is a string constant such as "menu.greeting" whose first word also begins a key that is written inside
`Phrase(…)`. A key put together at run time is known by its beginning, `Phrase(f"status.{…}")` or
`Phrase("invalid." + …)`, or by its end, `Phrase(f"{…}.ask")`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock

_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+(?<!\.yaml)(?<!\.ogg)(?<!\.wav)")  # names of files look alike
_REASONS = {"Unreadable": "invalid."}  # exceptions whose first argument is the rest of a key
# A file without any of these says nothing, as most do, and need not be parsed.
_MAY_SAY = re.compile(rf"""({"|".join(("Phrase", *_REASONS))})\(|["'][a-z][a-z0-9_]*\.[a-z0-9_]""")
_SOURCE = Path(__file__).resolve().parent
_parsing = Lock()


@dataclass(slots=True)
class Said:
    """`keys` and `beginnings` with the first place that says each, "bot/dialogs/menu.py:12"."""

    keys: dict[str, str] = field(default_factory=dict)
    beginnings: dict[str, str] = field(default_factory=dict)
    ends: set[str] = field(default_factory=set)
    constants: set[str] = field(default_factory=set)

    def missing(self, phrases: Collection[str]) -> list[str]:
        """A line for each thing said that these phrases have no words for."""
        keys = [(key, place) for key, place in self.keys.items() if key not in phrases]
        beginnings = [
            (beginning, place)
            for beginning, place in self.beginnings.items()
            if not any(p.startswith(beginning) for p in phrases)
        ]
        return [
            *(f"the phrase {key} is missing; {place} says it" for key, place in keys),
            *(f"no phrase begins with {beginning}; {place} says such ones" for beginning, place in beginnings),
        ]

    def unused(self, phrases: Collection[str]) -> list[str]:
        """Phrases that nothing says."""
        beginnings, ends = tuple(self.beginnings), tuple(self.ends)
        return [p for p in phrases if not (p in self.constants or p.startswith(beginnings) or p.endswith(ends))]


def said(source: Path = _SOURCE) -> Said:
    """What the Python files of this folder say. Blocking: parses them all, once in the life of a process. One thread at
    a time: two that parse at once can fail (github.com/python/cpython/issues/106905)."""
    with _parsing:
        return _said(source)


@cache
def _said(source: Path) -> Said:
    found = Said()
    constants: dict[str, str] = {}
    for file in sorted(source.rglob("*.py")):
        text = file.read_text("utf-8")
        if not _MAY_SAY.search(text):
            continue
        shown = file.relative_to(source.parent).as_posix()
        nodes = list(ast.walk(ast.parse(text)))
        pieces = {id(piece) for node in nodes if isinstance(node, ast.JoinedStr) for piece in node.values}
        for node in nodes:
            place = f"{shown}:{getattr(node, 'lineno', 0)}"
            match node:
                case ast.Constant(value=str(key)) if _KEY.fullmatch(key) and id(node) not in pieces:
                    constants.setdefault(key, place)
                case ast.Call(func=ast.Name(id=name), args=[first, *_]):
                    for key in _keys(name, first):
                        found.keys.setdefault(key, place)
                    if name == "Phrase" and (beginning := _beginning(first)):
                        found.beginnings.setdefault(beginning, place)
                    elif name == "Phrase" and (end := _end(first)):
                        found.ends.add(end)
    namespaces = {key.split(".")[0] for key in found.keys}
    for text, place in constants.items():
        if text.split(".")[0] in namespaces:
            found.keys.setdefault(text, place)
    found.constants = {*constants, *found.keys}
    return found


def _keys(call: str, first: ast.expr) -> Iterator[str]:
    if not (call == "Phrase" or call in _REASONS):
        return
    for node in ast.walk(first) if not isinstance(first, ast.JoinedStr | ast.BinOp) else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            key = _REASONS.get(call, "") + node.value
            if _KEY.fullmatch(key):
                yield key


def _beginning(first: ast.expr) -> str:
    match first:
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return text
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Add()):
            return text
    return ""


def _end(first: ast.expr) -> str:
    match first:
        case ast.JoinedStr(values=[*_, ast.Constant(value=str(text))]):
            return text
    return ""
