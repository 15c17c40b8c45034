"""Latency at half of what a channel can do at most, and the longest pause in it."""

from __future__ import annotations

from pathlib import Path

from bench import load
from bench.found import Found, Plan, Table
from bench.parts.turns import window
from bench.pool import Pool

SYSTEMS = ("telegram", "sms", "voice", "telegram_distributed")
HALF = 0.5
USERS = 64
SECONDS = 6.0


async def run(pool: Pool, folder: Path, plan: Plan) -> Found:
    found = Found()
    table = Table(
        "At half load",
        ("channel", "turns/s", "p50 ms", "p99 ms", "longest ms", "own p99 ms", "own longest ms"),
        notes="Own: without the time for which the server or the load could run and somebody else had their core. The "
        "longest answer is an upper bound of every pause of the server.",
    )
    systems = await pool.up(*SYSTEMS)
    for each in systems:
        most = await window(each, plan.users, 2 * plan.seconds)
        talks = each.users(USERS)
        rate = HALF * most.per_second
        seconds = max(SECONDS * plan.scale, 0.5)
        paced = await load.at_rate(talks, each.server.pid, rate=rate, seconds=seconds)
        for talk in talks:
            talk.close()
        found.blame(each.system.name, (*most.wrong, *paced.wrong))
        id = each.system.id
        found.figures |= {
            f"{id} half.p50": paced.p50,
            f"{id} half.p99": paced.p99,
            f"{id} half.longest": paced.longest,
            f"{id} half.own_p99": paced.own_p99,
            f"{id} half.own_longest": paced.own_longest,
        }
        times = (paced.p50, paced.p99, paced.longest, paced.own_p99, paced.own_longest)
        table.rows.append((each.system.name, f"{rate:,.0f}", *(f"{ms:.1f}" for ms in times)))
    found.figures["response half.own_p99"] = max(found.figures[f"{id} half.own_p99"] for id in ("sms", "voice"))
    found.tables.append(table)
    return found
