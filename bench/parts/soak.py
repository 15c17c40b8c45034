"""Minutes of load: what memory does, and whether anything is lost or doubled. Only when it is asked for."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np

from bench import load
from bench.found import Found, Plan, Table
from bench.load import Sample
from bench.pool import Pool, Running

SYSTEMS = ("telegram", "telegram_distributed")
SLICE = 10.0  # seconds between two looks at the memory
SETTLED = 0.3  # of the time, after which growth counts: caches with a limit are full then


async def run(pool: Pool, folder: Path, plan: Plan) -> Found:
    found = Found()
    if not plan.soak:
        return found
    table = Table(
        f"{plan.soak:.0f} s of load",
        ("system", "turns", "RSS MB begin → end", "MB for 100,000 turns more", "lost or wrong", "doubled"),
        notes="Both at the same time, as fast as they answer. Growth: the slope over the last 70 % of the time.",
    )
    systems = await pool.up(*SYSTEMS)
    began = pool.needs.api.messages
    soaked = await asyncio.gather(*(_soak(each, plan) for each in systems))
    turns = sum(number for number, _, _ in soaked)
    doubled = max(pool.needs.api.messages - began - turns, 0)
    for each, (number, memory, wrong) in zip(systems, soaked, strict=True):
        slope = _slope(memory)
        found.figures[f"{each.system.id} soak"] = slope
        found.blame(f"{each.system.name}, soak", wrong)
        ends = f"{memory[0][1]:.0f} → {memory[-1][1]:.0f}"
        table.rows.append(
            (each.system.name, f"{number:,}", ends, f"{slope:.2f}", str(len(wrong)), f"{doubled} of both")
        )
    if doubled:
        found.wrong.append(f"soak: {doubled} messages more than turns")
    found.tables.append(table)
    return found


async def _soak(each: Running, plan: Plan) -> tuple[int, list[tuple[int, float]], list[str]]:
    """Turns, memory after so many turns, and what was wrong."""
    talks = each.users(plan.users)
    end = time.perf_counter() + plan.soak
    turns, wrong = 0, list[str]()
    memory = [(0, each.server.memory())]
    while time.perf_counter() < end:
        sample: Sample = await load.measure(talks, each.server.spent, warm_up=0.0, seconds=min(SLICE, plan.soak))
        turns += sample.finished
        memory.append((turns, each.server.memory()))
        wrong += sample.wrong
        if wrong:
            break
    for talk in talks:
        talk.close()
    return turns, memory, wrong


def _slope(memory: list[tuple[int, float]]) -> float:
    """MB for 100,000 turns."""
    settled = memory[int(SETTLED * len(memory)) :]
    if len(settled) < 2:
        return 0.0
    turns, held = zip(*settled, strict=True)
    return float(np.polyfit(turns, held, 1)[0]) * 100_000
