"""`python -m bench [--seconds S] [--users N] [--rounds N] [--walks N] [--json FILE]`: prints a Markdown report.
`python -m bench walks --count N`: random walks alone, see `bench.walks`.
`python -m bench understanding`: how well it understands, see `bench.understanding.command`.

Exit status 1 if any answer was wrong or any walk fell; whether the targets are reached is told, not judged.
"""

from __future__ import annotations

import argparse
import compileall
import gc
import os
import shlex
import sys
import tempfile
import time
from pathlib import Path

import orjson
import uvloop

from bench import load, process, report, walks
from bench.botapi import BotApi
from bench.report import Results, Round
from bench.systems import SYSTEMS, System

LONGEST = 165.0  # seconds for all rounds; the first one is always finished
SLOWER = 1.3  # a round may take so much longer than the one before
WARM_UP = 1.0  # seconds; less for shorter windows


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Whole turns, measured.")
    parser.add_argument("--seconds", type=float, default=3.0, help="measured window of each system in each round")
    parser.add_argument("--users", type=int, default=32, help="who talk at the same time")
    parser.add_argument("--rounds", type=int, default=3, help="rounds over all systems; figures are their medians")
    parser.add_argument("--walks", type=int, default=walks.COUNT, help="random walks over all channels")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args(arguments)
    if not (0.1 <= given.seconds <= 20 and 1 <= given.users <= 1000 and 1 <= given.rounds <= 20 and given.walks >= 1):
        parser.error("from 0.1 to 20 seconds, 1 to 1000 users, 1 to 20 rounds, at least one walk")
    return given


async def measure(seconds: float, users: int, rounds: int) -> tuple[Results, int]:
    """The figures, and how many rounds there was time for."""
    done: dict[str, list[Round]] = {system.id: [] for system in SYSTEMS}
    began = time.perf_counter()
    for number in range(rounds):
        round_began = time.perf_counter()
        for system in SYSTEMS:
            done[system.id].append(await one(system, seconds, users))
        took = time.perf_counter() - round_began
        sys.stderr.write(f"round {number + 1} of {rounds}: {took:.0f} s\n")
        if time.perf_counter() - began + SLOWER * took > LONGEST:
            break
    return {id: report.figures(of) for id, of in done.items()}, len(done[SYSTEMS[0].id])


async def one(system: System, seconds: float, users: int) -> Round:
    """Start the system, measure it, end it."""
    with tempfile.TemporaryDirectory(prefix="pishkhan-bench-") as folder:
        async with BotApi() as api, system.start(api, Path(folder)) as server:
            await server.accepting()
            first = system.talk(server.port, users, api)  # a user apart from those to come
            start = await load.say_first(first) - server.started_at
            first.close()
            idle = server.memory()
            talks = [system.talk(server.port, user, api) for user in range(users)]
            sample = await load.measure(talks, server.spent, warm_up=min(WARM_UP, seconds), seconds=seconds)
            full = server.memory()
            for talk in talks:
                talk.close()
    for wrong in sample.wrong[:3]:
        sys.stderr.write(f"{system.name}: {wrong}\n")
    return Round(sample, start, idle, full)


def main() -> int:
    if sys.argv[1:2] == ["walks"]:
        return walks.main(sys.argv[2:])
    if sys.argv[1:2] == ["understanding"]:
        from bench.understanding import command as understanding  # needs the extra `evaluation`

        return understanding.main(sys.argv[2:])
    given = options(sys.argv[1:])
    command = shlex.join(["python", "-m", "bench", *sys.argv[1:]])
    for package in ("bot", "bench"):
        compileall.compile_dir(process.ROOT / package, quiet=2)
    os.sched_setaffinity(0, {process.cores()[1]})
    gc.freeze()
    results, rounds = uvloop.run(measure(given.seconds, given.users, given.rounds))
    walked = walks.run(0, given.walks)
    print(report.markdown(results, command=command, rounds=rounds))
    print(f"\n{walked.line}")
    if given.json:
        figures = {**report.as_json(results, command=command, rounds=rounds), "walks": walked.as_json()}
        given.json.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    return 1 if walked.fallen or any(f.errors for f in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
