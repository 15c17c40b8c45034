"""`python -m bench`: whole turns over real HTTP, ours beside a bare handler and three libraries, in one run; and what
else the targets ask for. `make bench` makes the peers' environment first.
`python -m bench walks --count N`: random walks alone, see `bench.walks`.
`python -m bench understanding`: how well it understands, see `bench.understanding.command`.

Exit status 1 if any answer was wrong, lost or doubled; whether the targets are reached is told, not judged.
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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import orjson
import uvloop

from bench import process, report, walks
from bench.found import Found, Plan
from bench.parts import beside, burst, durability, latency, memory, provider, redis, replicas, share, soak, turns
from bench.pool import Pool
from bench.systems import BY_ID

Part = Callable[[Pool, Path, Plan], Awaitable[Found]]
PARTS: Mapping[str, Part] = {
    "turns": turns.run,
    "provider": provider.run,
    "latency": latency.run,
    "burst": burst.run,
    "share": share.run,
    "durability": durability.run,
    "memory": memory.run,
    "redis": redis.run,
    "replicas": replicas.run,
    "beside": beside.run,
    "soak": soak.run,
}


def options(arguments: Sequence[str]) -> argparse.Namespace:
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").partition("\n`")[0])
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument(
        "--system", action="append", choices=BY_ID, metavar="ID", help="of the turns, bare and echo too"
    )
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="a measured window (%(default)s)")
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="windows of each system (%(default)s)")
    parser.add_argument("--users", type=int, default=usual.users, help="who talk at the same time (%(default)s)")
    parser.add_argument("--scale", type=float, default=usual.scale, help="of counts: webhooks, sessions, sockets (1)")
    parser.add_argument("--soak", type=float, default=usual.soak, metavar="SECONDS", help="of load at the end (none)")
    parser.add_argument("--sessions", type=int, default=usual.sessions, help="stored in Valkey (%(default)s)")
    parser.add_argument(
        "--beside", type=Path, metavar="TREE", help="another working tree, to be compared with this one"
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write benchmarks.md there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    given = parser.parse_args(arguments)
    sound = 0.1 <= given.seconds <= 20 and 1 <= given.rounds <= 100 and 1 <= given.users <= 1000
    if not (sound and 0 < given.scale <= 10 and 0 <= given.soak <= 3600 and 1 <= given.sessions <= 2_000_000):
        parser.error(
            "0.1 to 20 seconds, 1 to 100 rounds, 1 to 1000 users, scale up to 10, an hour of soak, two million sessions"
        )
    return given


async def measure(parts: Sequence[str], plan: Plan) -> Found:
    found = Found()
    with tempfile.TemporaryDirectory(prefix="pishkhan-bench-") as folder:
        async with Pool(Path(folder) / "servers") as pool:
            for name in parts:
                began = time.perf_counter()
                try:
                    found.add(await PARTS[name](pool, Path(folder) / name, plan))
                except Exception as error:  # the other parts' figures are not lost with this one's
                    found.wrong.append(f"{name} broke off: {error!r}"[:500])
                sys.stderr.write(f"{name}: {time.perf_counter() - began:.0f} s\n")
    return found


def _command(given: argparse.Namespace) -> str:
    """What to type for the same figures; files and folders are everybody's own."""
    usual = vars(options([]))
    changed = {name: value for name, value in vars(given).items() if value != usual[name]}
    words = ["python", "-m", "bench"]
    for name, value in changed.items():
        if name not in ("out", "json", "beside"):
            words += [f"--{name}={each}" for each in (value if isinstance(value, list) else [value])]
    return shlex.join(words)


def main() -> int:
    if sys.argv[1:2] == ["walks"]:
        return walks.main(sys.argv[2:])
    if sys.argv[1:2] == ["understanding"]:
        from bench.understanding import command as understanding  # needs the extra `evaluation`

        return understanding.main(sys.argv[2:])
    given = options(sys.argv[1:])
    plan = Plan(
        given.seconds,
        given.rounds,
        given.users,
        given.scale,
        given.soak,
        given.sessions,
        given.beside,
        tuple(given.system or ()),
    )
    asked = {"soak": given.soak, "beside": given.beside}
    parts = given.only or [name for name in PARTS if asked.get(name, True)]
    command = _command(given)
    if not process.PEERS.exists():
        sys.stderr.write("The peers are not installed: `make bench` does it.\n")
        return 2
    for package in ("bot", "bench"):
        compileall.compile_dir(process.ROOT / package, quiet=2)
    os.sched_setaffinity(0, {process.cores()[1]})
    gc.freeze()
    found = uvloop.run(measure(parts, plan))
    told = report.markdown(found, command=command, parts=parts)
    print(told)
    if given.out:
        report.into(given.out / "benchmarks.md", told)
    if given.json:
        figures = report.as_json(found, command=command, parts=parts)
        given.json.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
