"""Ten thousand webhooks at once on a hundred connections: how long, and whether each is answered once and in order."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from bench.found import Found, Plan, Table
from bench.pool import Pool, Running
from bench.process import waited
from bench.talks import Talk

SYSTEMS = ("telegram", "telegram_distributed")
CONNECTIONS = 100
WEBHOOKS = 10_000
PATIENCE = 120.0  # seconds
QUIET = 0.5  # seconds in which nothing more may come


async def run(pool: Pool, folder: Path, plan: Plan) -> Found:
    found = Found()
    table = Table(
        f"{WEBHOOKS:,} webhooks at once",
        ("system", "webhooks", "connections", "s", "own s", "s of CPU", "lost", "doubled", "misordered or wrong"),
        notes="One core; own: without what the server and the load waited for one that others had. Each connection "
        "brings the messages of some citizens one after the other, as Telegram does; every answer is compared with the "
        "one that its place in the conversation has.",
    )
    systems = await pool.up(*SYSTEMS)
    for each in systems:
        connections = min(CONNECTIONS, plan.count(CONNECTIONS))
        webhooks = connections * max(plan.count(WEBHOOKS) // connections, 1)
        row = await strike(each, connections, webhooks // connections)
        found.figures |= {f"{each.system.id} burst.{name}": value for name, value in row.items()}
        faults = row["lost"] + row["doubled"] + row["misordered"]
        found.figures[f"{each.system.id} burst.faults"] = faults
        if faults:
            found.wrong.append(f"{each.system.name}, burst: {faults:.0f} answers lost, doubled or misordered")
        table.rows.append(
            (
                each.system.name,
                f"{webhooks:,}",
                str(connections),
                *(f"{row[name]:.2f}" for name in ("seconds", "own", "cpu")),
                *(f"{row[name]:.0f}" for name in ("lost", "doubled", "misordered")),
            )
        )
    found.tables.append(table)
    return found


async def strike(each: Running, connections: int, turns: int) -> dict[str, float]:
    """So many turns on each of so many connections: seconds, seconds of CPU, and what went wrong."""
    talks = each.users(connections)
    for talk in talks:
        talk.arrive()
    before, came, idle = each.server.spent(), each.api.messages, waited()
    began = time.perf_counter()
    rounds = await asyncio.gather(*(_say(talk, turns) for talk in talks))
    seconds = time.perf_counter() - began
    after, others = each.server.spent(), waited() - idle
    cpu, own = after.cpu - before.cpu, seconds - (after.waited - before.waited) - others
    await asyncio.sleep(QUIET)
    for talk in talks:
        talk.close()
    right, wrong = (sum(of) for of in zip(*rounds, strict=True))
    messages = each.api.messages - came
    lost = connections * turns - right - wrong
    doubled = max(messages - right - wrong, 0)
    faults = {"lost": lost, "doubled": doubled, "misordered": wrong}
    return {"seconds": seconds, "own": max(own, cpu), "cpu": cpu, **faults}


async def _say(talk: Talk, turns: int) -> tuple[int, int]:
    """Answers that were right, and others."""
    right = wrong = 0
    script = talk.script
    for number in range(turns):
        if number and number % len(script) == 0:
            talk.arrive()
        turn = script[number % len(script)]
        try:
            text = await asyncio.wait_for(talk.say(turn.say), PATIENCE)
        except (ConnectionError, TimeoutError, ValueError):
            break
        if turn.answer.search(text):
            right += 1
        else:
            wrong += 1
    return right, wrong
