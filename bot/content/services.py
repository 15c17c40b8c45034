"""services/ID.md: YAML front matter, then one Markdown part per language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.content.files import Source
from bot.content.values import LANGUAGES, Value
from bot.core.catalogue import Service
from bot.core.text import fold

PARTS: Mapping[str, Mapping[str, str]] = {
    "fa": {"about": "معرفی", "steps": "مراحل", "documents": "مدارک", "laws": "قوانین", "complaint": "شکایت"},
    "en": {"about": "About", "steps": "Steps", "documents": "Documents", "laws": "Laws", "complaint": "Complaints"},
}
_BY_HEADING = {language: {fold(title): part for part, title in parts.items()} for language, parts in PARTS.items()}
_ITEM = re.compile(r"(?:[-*+]|\d{1,3}[.)])\s+(.*)")


@dataclass(slots=True)
class _Part:
    """What stands under one heading."""

    line: int
    rows: list[tuple[int, str]] = field(default_factory=list)


def service(source: Source) -> Service:
    id = source.id("service")
    text = source.text()
    lines = (text or "").split("\n")
    front, body = _split(source, lines) if text is not None else (Value(source, None), 0)
    parts = _parts(source, lines, body) if text is not None else {}
    with front.table() as table:
        forms = tuple(_form(item, id) for item in table.maybe("forms").items())
        return Service(
            id=id,
            title=table.need("title").text(),
            category=table.need("category").reference("category"),
            audiences=tuple(item.reference("audience") for item in table.need("audiences").items(1)),
            unit=table.need("unit").reference("unit"),
            officer=table.need("officer").text(),
            days=table.need("days").integer(0, low=0),
            fee=table.maybe("fee").integer(None, low=0),
            fee_note=table.maybe("fee_note").text(),
            about={language: _paragraph(source, parts, language, "about") for language in LANGUAGES},
            steps={language: _list(source, parts, language, "steps") for language in LANGUAGES},
            documents={language: _list(source, parts, language, "documents") for language in LANGUAGES},
            laws={language: _list(source, parts, language, "laws") for language in LANGUAGES},
            complaint={language: _paragraph(source, parts, language, "complaint") for language in LANGUAGES},
            forms=forms,
            keywords=table.maybe("keywords").strings(),
        )


def _form(value: Value, service: str) -> str:
    form = value.reference("form")
    value.source.findings.listed[service, form] = value.place
    return form


def _split(source: Source, lines: list[str]) -> tuple[Value, int]:
    """The front matter, and the index of the first line behind it."""
    rest = (n for n, line in enumerate(lines[1:], 1) if line.rstrip() == "---")
    end = next(rest, 0) if lines[0].rstrip() == "---" else 0
    if not end:
        source.broken(1, "the page must begin with its front matter between two lines `---`; add them")
        return Value(source, None), next((n for n, line in enumerate(lines) if line.startswith("# ")), len(lines))
    return Value(source, source.compose("\n".join(["", *lines[1:end]]))), end + 1  # the empty line keeps line numbers


def _parts(source: Source, lines: list[str], begin: int) -> dict[tuple[str, str], _Part]:
    """(language, part) → what stands there. Wrong headings and stray text are noted; missing headings too."""
    parts: dict[tuple[str, str], _Part] = {}
    languages: dict[str, int] = {}
    language = ""
    part: _Part | None = None
    for number, line in enumerate(lines[begin:], begin + 1):
        if line.startswith("# "):
            language, part = line[2:].strip(), None
            if language not in PARTS:
                source.problem(number, f"`# {language}` is no language; write `# fa` or `# en`")
                language, part = "", _Part(number)  # what stands under it is read and forgotten
            elif language in languages:
                source.problem(number, f"`# {language}` stands in line {languages[language]} already; join the two")
            else:
                languages[language] = number
        elif line.startswith("#"):
            part = _Part(number)
            if not language and not languages:
                source.problem(number, "this heading stands under no language; write `# fa` or `# en` above it")
            elif language:
                _open(source, parts, language, line, part)
        elif line.strip() and part:
            part.rows.append((number, line))
        elif line.strip():
            source.problem(number, "this text stands under no `## …` heading; write one above it")
            part = _Part(number)  # said once
    for expected in LANGUAGES:
        if expected not in languages:
            source.problem(
                max(begin, 1), f"the part `# {expected}` is missing below; write the page in this language too"
            )
            continue
        for name, title in PARTS[expected].items():
            if (expected, name) not in parts:
                source.problem(languages[expected], f"`# {expected}` has no heading `## {title}`; add this part")
    return parts


def _open(source: Source, parts: dict[tuple[str, str], _Part], language: str, line: str, part: _Part) -> None:
    name = _BY_HEADING[language].get(fold(line[2:])) if line.startswith("## ") else None
    if not name:
        allowed = " · ".join(f"## {title}" for title in PARTS[language].values())
        source.problem(
            part.line, f"the heading `{line.strip()}` is not known here; in `# {language}` there are: {allowed}"
        )
    elif (language, name) in parts:
        first = parts[language, name].line
        source.problem(part.line, f"the heading `{line.strip()}` stands in line {first} already; join the two")
    else:
        parts[language, name] = part


def _paragraph(source: Source, parts: Mapping[tuple[str, str], _Part], language: str, name: str) -> str:
    if not (part := parts.get((language, name))):
        return ""
    if not part.rows:
        source.problem(part.line, "nothing stands under this heading; write a paragraph")
    for (before, _), (number, _) in zip(part.rows, part.rows[1:], strict=False):
        if number > before + 1:
            source.problem(number, "this part is one paragraph; remove the empty line above")
    if part.rows and _ITEM.match(part.rows[0][1]):
        source.problem(part.rows[0][0], "this part is one paragraph, not a list; remove the sign in front")
    return " ".join(row.strip() for _, row in part.rows)


def _list(source: Source, parts: Mapping[tuple[str, str], _Part], language: str, name: str) -> tuple[str, ...]:
    if not (part := parts.get((language, name))):
        return ()
    items: list[str] = []
    for number, row in part.rows:
        if match := _ITEM.match(row):
            items.append(match[1].strip())
        elif row[0] in " \t" and items:
            items[-1] += " " + row.strip()
        else:
            source.problem(number, "this part is a list; begin the line with `- ` or `1. `")
    if not part.rows:
        source.problem(part.line, "nothing stands under this heading; write a list, or the one line `- …` that says so")
    return tuple(items)
