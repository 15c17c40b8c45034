"""Results as plain text: the figures, and the worst confusions with what people said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.nlu.evaluation.measures import Confusion, Judged, confusions

WORST = 10  # confusions
EXAMPLES = 3  # sentences of each
LONGEST = 100  # letters of a sentence

Figure = float | int | None


def table(scores: Mapping[str, Figure]) -> str:
    width = max(map(len, scores))
    return "\n".join(f"{name.ljust(width)}  {figure(value)}" for name, value in scores.items())


def figure(value: Figure) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.4f}" if value < 100 else f"{value:.1f}"


def worst(judged: Sequence[Judged]) -> str:
    """The most frequent confusions; "" when there were none."""
    found = confusions(judged)
    if not found:
        return ""
    lines = ["Most often confused (wanted → taken for):"]
    for confusion in found[:WORST]:
        lines += _told(confusion)
    if len(found) > WORST:
        lines.append(f"  and {len(found) - WORST} more")
    return "\n".join(lines)


def _told(confusion: Confusion) -> Iterator[str]:
    times = len(confusion.texts)
    yield f"  {confusion.wanted} → {confusion.given or 'nothing'}  {times} of {confusion.asked}"
    for text in confusion.texts[:EXAMPLES]:
        yield f"      {shortened(text)}"


def shortened(text: str) -> str:
    """On one line."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
