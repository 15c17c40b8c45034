"""faq/CATEGORY.yaml."""

from __future__ import annotations

from bot.content.values import Value
from bot.content.yaml_source import Scalar
from bot.core.catalogue import FaqEntry
from bot.core.text import fold

VARIANTS = {"fa": 3, "en": 1}  # other ways to ask, at least


def entries(value: Value) -> list[FaqEntry]:
    return [_entry(item) for item in value.items(1)]


def _entry(item: Value) -> FaqEntry:
    with item.table() as table:
        question, variants = table.need("question"), table.need("variants")
        entry = FaqEntry(
            id=table.need("id").id("FAQ entry"),
            question=question.text(),
            variants=_variants(variants, item),
            answer=table.need("answer").text(),
            service=table.maybe("service").reference("service"),
            related=tuple(other.reference("FAQ entry") for other in table.maybe("related").items()),
        )
    if question and (asked := question.pairs()):
        for _, text in asked.values():
            _only_here(text, item)
    return entry


def _variants(value: Value, entry: Value) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    with value.language_table() as table:
        for language, minimum in VARIANTS.items():
            given = table.need(language)
            items = given.items()
            found[language] = tuple(item.string() for item in items)
            different = len({fold(text) for text in found[language]})
            if given and different < minimum:
                given.problem(f"{different} different variants in `{language}`; write at least {minimum}")
            for item in items:
                _only_here(item, entry)
    return found


def _only_here(value: Value, entry: Value) -> None:
    """The same question in two entries could be answered by either."""
    text = fold(value.node.text) if isinstance(value.node, Scalar) else ""
    if text and (first := value.source.findings.define("question", text, value.place, entry.place)):
        value.problem(f"the same question stands in another entry at {first}; keep one of the two")
