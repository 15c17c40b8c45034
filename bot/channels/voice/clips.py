"""The pieces that speech is made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Protocol

from bot.core.values import replace, value

CLOSE, COMMA, GROUP = " ", ", ", "; "
"""How a clip joins the one before: without a pause, after a short one, after a longer one."""
_READ = {("fa", COMMA): "، ", ("fa", GROUP): "؛ "}


@value
class Clip:
    """One piece of sound."""

    text: str  # what is spoken, in words of the language: no digits, no symbols
    language: str
    key: str = ""  # recorded under ivr/prompts/<language>/<key>.wav if anybody did; empty: words of one caller
    joins: str = ""  # spoken in one breath with the clip before: CLOSE, COMMA or GROUP; empty: a breath of its own


class Grammar(Protocol):
    """How a language says values. Each gives the clips of one breath."""

    def number(self, number: int) -> list[Clip]: ...
    def digits(self, value: str) -> list[Clip]:
        """An identifier digit by digit, in groups that people remember."""
        ...

    def code(self, value: str) -> list[Clip]:
        """A tracking code, digit by digit, in two groups."""
        ...

    def rial(self, amount: int) -> list[Clip]: ...
    def date(self, day: date) -> list[Clip]: ...
    def clock(self, at: time) -> list[Clip]: ...
    def moment(self, at: datetime) -> list[Clip]: ...
    def words(self, text: str) -> str:
        """A written text in words alone; empty when nothing in it can be spoken."""
        ...


def breath(*parts: Iterable[Clip], joins: str = CLOSE) -> list[Clip]:
    """All of them in one breath; the first clip of each part joins the part before by `joins`."""
    said: list[Clip] = []
    for part in parts:
        for n, clip in enumerate(part):
            said.append(replace(clip, joins="") if not said else replace(clip, joins=joins) if n == 0 else clip)
    return said


def plain(clips: Iterable[Clip]) -> str:
    """The clips of one breath as one text."""
    return "".join(clip.joins + clip.text for clip in clips).strip()


def written(clips: Iterable[Clip]) -> str:
    """The clips for reading, a breath to a line, with each language's own signs."""
    return "".join((_READ.get((clip.language, clip.joins), clip.joins) or "\n") + clip.text for clip in clips).strip()
