"""The same turns when the provider takes 50 ms for each call, and with many more users."""

from __future__ import annotations

from pathlib import Path

from bench.found import Found, Plan, Table
from bench.load import Sample
from bench.parts.turns import figures, window
from bench.pool import Pool

SLOW = 0.05  # seconds
LOADS = (("0", 0.0, 32), ("0 many", 0.0, 256), ("50", SLOW, 32), ("50 many", SLOW, 256))
"""Name, delay, users."""
PEERS = ("aiogram", "ptb")
OURS = ("telegram", "telegram_distributed")
ROUNDS = 3
LONGER = 1.5  # windows than elsewhere: at 50 ms some answer twenty times a second


async def run(pool: Pool, folder: Path, plan: Plan) -> Found:
    found = Found()
    samples: dict[tuple[str, str], list[Sample]] = {}
    systems = await pool.up(*PEERS, *OURS)
    for _ in range(min(ROUNDS, plan.rounds)):
        for load, delay, users in LOADS:
            pool.needs.api.delay = delay
            for each in systems:
                if each.system.id in PEERS and load.endswith("many"):
                    continue  # they would answer some of them after the window alone
                sample = await window(each, users, LONGER * plan.seconds)
                samples.setdefault((each.system.id, load), []).append(sample)
                found.blame(f"{each.system.name}, {users} users", sample.wrong)
    pool.needs.api.delay = 0.0
    names = {each.system.id: each.system.name for each in systems}
    for (id, load), of in samples.items():
        found.figures |= figures(f"{id} {load}", of)
    found.tables.append(_table(found, names))
    return found


def _table(found: Found, names: dict[str, str]) -> Table:
    table = Table(
        "A provider that takes its time",
        ("system", *(f"{users} users, {1e3 * delay:.0f} ms: turns/s, p50 ms" for _, delay, users in LOADS)),
        notes="python-telegram-bot's queue takes one update after the other, as ConversationHandler asks for: more "
        "users would wait longer, no more of them would be answered.",
    )
    for id, name in names.items():
        cells = []
        for load, _, _ in LOADS:
            per_second, p50 = (found.figures.get(f"{id} {load}.{name}") for name in ("per_second", "p50"))
            cells.append("–" if per_second is None else f"{per_second:,.0f}, {p50:.0f}")
        table.rows.append((name, *cells))
    return table
