"""What a reading of the folder brings to light besides its values: problems, and what is defined and meant where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A mistake in the content and what to do about it."""

    file: str  # relative to the content folder, with "/"
    line: int  # from 1
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class ContentErrors(Exception):
    """The folder cannot be used as it is; `problems` are all that were found, sorted by file and line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Place(NamedTuple):
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Reference(NamedTuple):
    kind: str
    id: str
    place: Place


@dataclass(slots=True)
class Findings:
    """Gathered while the files are read; `bot.content.links` judges it when all are."""

    problems: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)  # files of which nothing could be read
    files: set[str] = field(default_factory=set)  # files that were read or tried
    references: list[Reference] = field(default_factory=list)
    listed: dict[tuple[str, str], Place] = field(default_factory=dict)  # (service, form): the service names the form
    claimed: dict[tuple[str, str], Place] = field(default_factory=dict)  # (service, form): the form names the service
    defined: dict[tuple[str, str], Place] = field(default_factory=dict)  # (kind, id): where it stood first
    _owners: dict[tuple[str, str], Place] = field(default_factory=dict)

    def problem(self, place: Place, message: str) -> None:
        self.problems.append(Problem(place.file, place.line, message))

    def define(self, kind: str, id: str, place: Place, owner: Place | None = None) -> Place | None:
        """Note that `id` stands here. Gives the first place if it stood before, with another owner (default: place)."""
        owner = owner or place
        first = self.defined.setdefault((kind, id), place)
        return first if self._owners.setdefault((kind, id), owner) != owner else None
