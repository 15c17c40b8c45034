"""Identifiers in the groups that people remember them by."""

from __future__ import annotations

import re
from collections.abc import Sequence


def identifier_groups(value: str) -> list[str]:
    """0912 123 45 67 · 021 0000 1000 · 001 354 2419 · 12345 67890; other things by threes within their own parts."""
    figures = re.sub(r"[\s()-]", "", value)
    if re.fullmatch(r"\+98\d{10}", figures):
        figures = "0" + figures[3:]
    if re.fullmatch(r"09\d{9}", figures):
        return _cut(figures, (4, 3, 2, 2))
    if re.fullmatch(r"\d{11}", figures):
        return _cut(figures, (3, 4, 4))
    if re.fullmatch(r"\d{10}", figures):
        return _cut(figures, (5, 5) if re.fullmatch(r"\d{5} \d{5}", value) else (3, 3, 4))
    if figures.isdigit():
        return _threes(figures)
    if re.search(r"[^\W\d]", value):
        return [part for part in re.split(r"[\s,()]+|(?<=[@.])|(?=[@.])", value) if part]
    return [group for part in re.split(r"[\s,()/-]+", value) if part for group in _threes(part)]


def _cut(value: str, sizes: Sequence[int]) -> list[str]:
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    return [value[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def _threes(value: str) -> list[str]:
    """Groups of three, the last of up to four."""
    return [value] if len(value) <= 4 else [value[:3], *_threes(value[3:])]
