"""What it costs to have both messages of a turn on the disk before the reply goes out. SQLite, in this process."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import process_time

from bench.conversation import form
from bench.found import Found, Plan, Table
from bench.parts.share import after_a_form
from bench.pool import Pool
from bench.process import made
from bot.core.messages import Address, Line
from bot.core.sessions import Session
from bot.stores.database import open_database
from bot.stores.migrations import migrate
from bot.stores.sessions import SqlSessions

AT_ONCE = 32
TURNS = 4_000  # of each kind in each round
ROUNDS = 5
WORDS = form(1)[4].say


async def run(pool: Pool, folder: Path, plan: Plan) -> Found:
    made(folder)
    url = f"sqlite:///{folder / 'durable.db'}"
    await migrate(url)
    database = open_database(url)
    sessions = SqlSessions(database)
    pattern = await after_a_form()
    with_lines, without = [], []
    try:
        await _save(sessions, pattern, plan.count(TURNS), said=True)
        for _ in range(min(ROUNDS, plan.rounds)):
            with_lines.append(await _save(sessions, pattern, plan.count(TURNS), said=True))
            without.append(await _save(sessions, pattern, plan.count(TURNS), said=False))
    finally:
        await database.close()
    recording = median(one - other for one, other in zip(with_lines, without, strict=True))
    figures = {"recording": recording, "saving": median(with_lines)}
    table = Table(
        "Durable before the reply",
        ("what", "µs of CPU a turn"),
        [
            ("load, save session and both messages, committed (synchronous = FULL)", f"{figures['saving']:.0f}"),
            ("of it both messages", f"{recording:.0f}"),
        ],
        notes=f"{AT_ONCE} turns at once share commits; all threads counted.",
    )
    return Found(figures, [table])


async def _save(sessions: SqlSessions, pattern: Session, turns: int, *, said: bool) -> float:
    """Microseconds of CPU for each of so many turns."""
    waiting = iter(range(turns))

    async def citizen(contact: str) -> None:
        for _ in waiting:
            async with sessions.open(contact) as opened:
                seq = opened.session.seq
                opened.lines = lines(contact, seq) if said else []
                opened.session = replace(pattern, contact=contact, seq=seq + 2, version=opened.session.version)

    began = process_time()
    await asyncio.gather(*(citizen(f"c{n}") for n in range(AT_ONCE)))
    return 1e6 * (process_time() - began) / turns


def lines(contact: str, seq: int) -> list[Line]:
    """What a citizen said, and the answer."""
    address, now = Address("telegram", contact), datetime.now(UTC)
    return [
        Line(seq + 1, address, f"telegram:{seq}", now, "in", {"event": "message", "text": WORDS}),
        Line(seq + 2, address, f"telegram:{seq}", now, "out", {"say": {"key": "form.review"}, "text": WORDS}),
    ]
