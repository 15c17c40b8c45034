"""Another working tree of ours beside this one, in the same rounds: what a change brings. Only when one is named."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from bench.found import Found, Plan, Table
from bench.load import Sample
from bench.parts.turns import rounds
from bench.pool import Pool
from bench.report import commit
from bench.systems import ours

BEFORE = "_before"


async def run(pool: Pool, folder: Path, plan: Plan) -> Found:
    found = Found()
    if plan.beside is None:
        return found
    old = ours(plan.beside, BEFORE)
    systems = [await pool.runs(system) for system in old]
    systems += await pool.up("bare", *(system.id.removesuffix(BEFORE) for system in old))
    samples: dict[str, list[Sample]] = {each.system.id: [] for each in systems}
    await rounds(systems, samples, plan)
    table = Table(
        f"Before ({commit(plan.beside)}) and after",
        ("system", "before, µs", "after, µs", "before / after", "before, × bare", "after, × bare"),
        notes="CPU a turn; both in the same rounds, medians; the ratio is the median of each round's.",
    )
    for system in old:
        before, after = samples[system.id], samples[system.id.removesuffix(BEFORE)]
        trios = [
            (one.cpu, other.cpu, bare.cpu)
            for one, other, bare in zip(before, after, samples["bare"], strict=True)
            if one.turns and other.turns and bare.turns
        ]
        if trios:
            table.rows.append(
                (
                    system.name,
                    f"{median(b for b, _, _ in trios):,.0f}",
                    f"{median(a for _, a, _ in trios):,.0f}",
                    f"{median(b / a for b, a, _ in trios):.2f}",
                    f"{median(b / bare for b, _, bare in trios):.1f}",
                    f"{median(a / bare for _, a, bare in trios):.1f}",
                )
            )
    found.tables.append(table)
    for each in systems:
        found.blame(f"{each.system.id}", [wrong for sample in samples[each.system.id] for wrong in sample.wrong])
    return found
