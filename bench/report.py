"""The figures as Markdown and as JSON, and which targets they reach."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.found import Found, Table
from bench.process import ROOT
from bench.targets import TARGETS, Target

PACKAGES = ("aiohttp", "uvloop", "orjson", "sqlalchemy", "asyncpg")
BEGIN, END = "<!-- figures: written by `python -m bench` -->", "<!-- end of the figures -->"


def machine() -> dict[str, str]:
    """Where and of what the figures were made."""
    lines = _lines(Path("/proc/cpuinfo"))
    cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")
    return {
        "machine": f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": commit(ROOT),
        "versions": ", ".join(
            (
                f"Python {platform.python_version()}",
                *(f"{name} {version(name)}" for name in PACKAGES),
                *(line.replace("==", " ") for line in _lines(ROOT / "bench" / "peers.txt") if line.startswith(_PEERS)),
            )
        ),
    }


_PEERS = ("aiogram", "python-telegram-bot", "botbuilder-core")


def commit(tree: Path) -> str:
    """Of a working tree; "+" behind it when its code is not what was committed."""
    try:
        said = [
            subprocess.run(["git", *arguments], cwd=tree, capture_output=True, text=True, check=True).stdout.strip()
            for arguments in (("rev-parse", "--short", "HEAD"), ("status", "--porcelain", "bot", "knowledge_base"))
        ]
    except (OSError, subprocess.CalledProcessError):
        return "?"
    return said[0] + ("+" if said[1] else "")


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines() if file.exists() else []


def markdown(found: Found, *, command: str, parts: Collection[str]) -> str:
    where = machine()
    wanted = [target for target in TARGETS if target.part in parts]
    lines = [
        f"{where['machine']}; {where['date']}; commit {where['commit']}; `{command}`",
        "",
        where["versions"],
        "",
    ]
    if wanted:
        lines += ["| figure | must | ambition | measured | |", "|---|---:|---:|---:|---|"]
        lines += [_target(target, found) for target in wanted]
    for table in found.tables:
        lines += ["", *_table(table)]
    if found.wrong:
        lines += ["", f"**{len(found.wrong)} answers were not right**, the first ones:", ""]
        lines += [f"- {wrong}" for wrong in found.wrong[:5]]
    return "\n".join(lines)


def _target(target: Target, found: Found) -> str:
    value = target.measured(found.figures)
    sign = "≤" if target.at_most else "≥"
    verdict = target.verdict(value)
    return (
        f"| {target.what} | {sign} {target.must:g}{target.unit} | {sign} {target.ambition:g}{target.unit} "
        f"| {_number(value, target.unit)} | {f'**{verdict}**' if verdict == 'MISSED' else verdict} |"
    )


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{value:,.{0 if value >= 100 or value == int(value) else 2}f}{unit}"


def _table(table: Table) -> Sequence[str]:
    return [
        f"### {table.title}",
        "",
        f"| {' | '.join(table.columns)} |",
        "|---" + "|---:" * (len(table.columns) - 1) + "|",
        *(f"| {' | '.join(row)} |" for row in table.rows),
        *(["", table.notes] if table.notes else []),
    ]


def into(document: Path, figures: str) -> None:
    """Put the figures where the document's old ones are; what is written around them stays."""
    text = document.read_text("utf-8") if document.exists() else f"# Benchmarks\n\n{BEGIN}\n{END}\n"
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    document.write_text(f"{head}{BEGIN}\n{figures}\n{END}{tail}", "utf-8")


def as_json(found: Found, *, command: str, parts: Collection[str]) -> dict[str, object]:
    return {
        "command": command,
        **machine(),
        "figures": found.figures,
        "wrong": found.wrong,
        "targets": [
            {
                "what": target.what,
                "must": target.must,
                "ambition": target.ambition,
                "measured": (value := target.measured(found.figures)),
                "verdict": target.verdict(value),
            }
            for target in TARGETS
            if target.part in parts
        ],
    }
