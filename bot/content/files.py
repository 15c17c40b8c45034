"""The files of the content folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bot.content.findings import Findings, Place
from bot.content.yaml_source import Node, NotYaml, compose

ID = re.compile(r"[a-z][a-z0-9_]{1,39}")
ID_RULE = "an id is 2 to 40 of a-z, 0-9 and _, beginning with a letter"


class Source:
    """One file under reading."""

    def __init__(self, name: str, path: Path, findings: Findings) -> None:
        self.name = name
        self.path = path
        self.findings = findings
        findings.files.add(name)

    def at(self, line: int) -> Place:
        return Place(self.name, line)

    def problem(self, line: int, message: str) -> None:
        self.findings.problem(self.at(line), message)

    def broken(self, line: int, message: str) -> None:
        """A problem that hides what the file says."""
        self.findings.broken.add(self.name)
        self.problem(line, message)

    def id(self, kind: str) -> str:
        """The file's name as the id of what it describes."""
        stem = self.path.stem
        self.findings.define(kind, stem, self.at(1))
        if not ID.fullmatch(stem):
            self.problem(1, f"the file's name is the {kind}'s id; rename it: {ID_RULE}")
        return stem

    def text(self, *, required: bool = True) -> str | None:
        """The whole file with "\\n" line ends, or None with a problem noted. An optional file may be absent."""
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            if required:
                self.broken(1, "the file is missing; write it as the guide of the content folder shows")
        except UnicodeDecodeError as error:
            self.broken(error.object.count(b"\n", 0, error.start) + 1, "not UTF-8 text; save the file as UTF-8")
        except OSError as error:
            self.broken(1, f"cannot be read: {error.strerror}")
        return None

    def compose(self, text: str) -> Node | None:
        """The root node of a YAML text, or None with a problem noted."""
        try:
            return compose(text)
        except NotYaml as error:
            self.broken(error.line, error.message)
            return None


class Folder:
    """The content folder; remembers which files were looked at."""

    def __init__(self, path: Path, findings: Findings) -> None:
        self.path = path
        self.findings = findings

    def file(self, name: str) -> Source:
        return Source(name, self.path / name, self.findings)

    def each(self, folder: str, suffix: str) -> Iterator[Source]:
        for path in sorted((self.path / folder).glob(f"*{suffix}")):
            if not path.name.startswith("."):
                yield self.file(f"{folder}/{path.name}")

    def strays(self) -> Iterator[Source]:
        """Files that look like content and that nothing has read: a wrong name or a wrong folder."""
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path).as_posix()
            looks_like_content = path.suffix in {".yaml", ".yml", ".md", ".txt"} and path.name != "README.md"
            hidden = any(part.startswith(".") for part in name.split("/"))
            if looks_like_content and not hidden and name not in self.findings.files:
                yield self.file(name)
