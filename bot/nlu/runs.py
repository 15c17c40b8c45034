"""Digits that stand together: «۰۹۱۲ ۳۴۵ ۶۷ ۸۹» is one run of four groups, and a value is one or more whole groups."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from bot.nlu.spans import Folded

GAP = r"(?:[\s\-\u2010-\u2015\u2212._/()\[\]*#]{0,3}|,\s|\sو\s)"
SHORTEST, LONGEST = 7, 26  # digits
_RUN = re.compile(rf"\d(?:{GAP}\d){{{SHORTEST - 1},}}")
_PLUS = re.compile(r"\+\s?$")
_GROUP = re.compile(r"\d+")
_BROKEN = re.compile(r"\d[/.,]\s?\d")


@dataclass(frozen=True, slots=True)
class Window:
    """Some groups of a run."""

    digits: str
    start: int
    end: int
    whole: bool  # all groups of the run
    broken: bool  # with the separators of dates and lists


def runs(text: Folded) -> Iterator[re.Match[str]]:
    """Runs of seven digits and more."""
    return _RUN.finditer(text) if text.digits >= SHORTEST else iter(())


def windows(text: Folded, run: re.Match[str], sizes: Container[int]) -> Iterator[Window]:
    """Neighbouring groups that have so many digits together, from the left, the longest first. Digits told one by one
    are taken whole or not at all; so is a number with a + in front."""
    groups = [(each.group(), each.start(), each.end()) for each in _GROUP.finditer(text, run.start(), run.end())]
    all_or_nothing = len(groups) > 1 and max(len(digits) for digits, _, _ in groups) == 1
    abroad = bool(_PLUS.search(text, max(run.start() - 2, 0), run.start()))
    for first in range(len(groups)):
        digits = ""
        found: list[Window] = []
        for last in range(first, len(groups)):
            digits += groups[last][0]
            if len(digits) > LONGEST:
                break
            if len(digits) not in sizes:
                continue
            start, end = groups[first][1], groups[last][2]
            whole = first == 0 and last == len(groups) - 1
            if all_or_nothing and not whole:
                continue
            found.append(Window(digits, start, end, whole, bool(_BROKEN.search(text, start, end))))
        yield from reversed(found)
        if all_or_nothing or abroad:
            break
