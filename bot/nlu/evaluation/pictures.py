"""A picture of what was understood: confusions, calibration, and what out of scope would pass. Needs matplotlib."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bot.nlu.evaluation.measures import (
    Judged,
    calibration,
    calibration_error,
    confusions,
    out_of_scope_auroc,
    scope_curve,
)

FORMATS = (".png", ".svg")
MOST = 24  # labels in the matrix
ELSE = ("others", "nothing")  # columns beside the labels
INK, PALE, MARK = "#1f4e79", "#9aa5b1", "#c0562b"


def check(file: Path) -> None:
    """Whether it could be drawn: ImportError without matplotlib, ValueError for another ending than `FORMATS`."""
    if file.suffix.lower() not in FORMATS:
        raise ValueError(f"{file}: a picture is named {' or '.join('*' + f for f in FORMATS)}")
    import_module("matplotlib")


def draw(judged: Sequence[Judged], file: Path, *, title: str = "") -> None:
    """Writes PNG or SVG, by the name's ending. The same results give the same file. Raises as `check` does, and OSError
    where it cannot write."""
    check(file)
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "pishkhan", "svg.fonttype": "path", "font.size": 9}):
        picture = Figure(figsize=(13, 6.5), layout="constrained")
        matrix, reliability, scope = picture.subplot_mosaic([["matrix", "reliability"], ["matrix", "scope"]],
                                                            width_ratios=(2, 1)).values()  # fmt: skip
        if title:
            picture.suptitle(title)
        _matrix(matrix, judged)
        _reliability(reliability, judged)
        _scope(scope, judged)
        kept = {"Date": None} if file.suffix.lower() == ".svg" else {"Software": None}
        picture.savefig(file, dpi=110, metadata=kept)


def matrix(judged: Sequence[Judged]) -> tuple[list[str], np.ndarray[Any, np.dtype[np.int64]]]:
    """Labels and how often each (row) was taken for each (column), the last two columns for others and for nothing. Of
    many labels those that are confused most."""
    ours = [j for j in judged if j.in_scope]
    mistakes: Counter[str] = Counter()
    for confusion in confusions(ours):
        mistakes[confusion.wanted] += len(confusion.texts)
        mistakes[confusion.given] += len(confusion.texts)
    every = dict.fromkeys(j.wanted for j in ours)
    labels = sorted(every, key=lambda label: -mistakes[label])[:MOST]
    labels = [label for label in every if label in labels]
    place = {label: n for n, label in enumerate(labels)}
    others, nothing = len(labels), len(labels) + 1
    counts = np.zeros((len(labels), len(labels) + len(ELSE)), np.int64)
    for each in ours:
        if each.wanted in place:
            counts[place[each.wanted], place.get(each.given, others) if each.given else nothing] += 1
    return labels, counts


def _matrix(axes: Any, judged: Sequence[Judged]) -> None:
    labels, counts = matrix(judged)
    if not labels:
        axes.set_title("Nothing in scope was asked")
        return
    shown = counts.any(axis=0) | (np.arange(counts.shape[1]) < len(labels))
    counts, columns = counts[:, shown], [name for name, show in zip((*labels, *ELSE), shown, strict=True) if show]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(columns)), columns, rotation=60, ha="right", fontsize=7)
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    for row, column in np.argwhere(counts):
        colour = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, counts[row, column], ha="center", va="center", fontsize=6, color=colour)
    all_of_them = len({j.wanted for j in judged if j.in_scope})
    axes.set_title("Wanted (rows), taken for (columns)" + (f": {len(labels)} of {all_of_them}, the most confused"
                                                          if all_of_them > len(labels) else ""))  # fmt: skip


def _reliability(axes: Any, judged: Sequence[Judged]) -> None:
    bins = calibration(judged)
    axes.plot([0, 1], [0, 1], color=PALE, linestyle="--", linewidth=1)
    axes.bar([b.confidence for b in bins], [b.n / len(judged) for b in bins], width=0.04, color=PALE, alpha=0.5)
    axes.plot([b.confidence for b in bins], [b.right for b in bins], color=INK, marker="o", markersize=4)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share that was right")
    axes.set_title(f"Calibration: error {calibration_error(judged):.3f} (bars: share of all asked)")


def _scope(axes: Any, judged: Sequence[Judged]) -> None:
    strange, ours = scope_curve(judged)
    axes.plot([0, 1], [0, 1], color=PALE, linestyle="--", linewidth=1)
    axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="out of scope that passes", ylabel="in scope that passes")
    if (area := out_of_scope_auroc(judged)) is None:
        axes.set_title("Nothing out of scope was asked")
        return
    axes.plot(strange, ours, color=MARK)
    axes.set_title(f"Out of scope: area under the curve {area:.3f}")
