"""`python -m bench walks [--count N] [--first SEED] [--jobs N]`: random citizens over all channels, held to account.

Prints one line of figures; transcripts of walks that fell go to the standard error. Exit status 1 if any fell.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field

from tests.conversation import content
from tests.walks import Fallen, walk

COUNT = 1000
CHUNK = 25  # walks that one process takes at a time
TRANSCRIPTS = 3  # that are shown in full


@dataclass
class Walks:
    """What became of them. `fallen`: seed → what had happened."""

    walks: int = 0
    turns: int = 0
    requests: int = 0
    fallen: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, other: Walks) -> None:
        self.walks += other.walks
        self.turns += other.turns
        self.requests += other.requests
        self.fallen |= other.fallen

    @property
    def line(self) -> str:
        each = self.walks / self.seconds if self.seconds else 0.0
        return (
            f"Random walks over all channels: {self.walks:,} walks, {self.turns:,} turns, {self.requests:,} requests, "
            f"{len(self.fallen)} failures; {each:,.1f} walks/s, {self.turns / max(self.seconds, 1e-9):,.0f} turns/s"
        )

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "fallen": sorted(self.fallen)}


async def _walk(seeds: Sequence[int]) -> Walks:
    done = Walks()
    for seed in seeds:
        done.walks += 1
        try:
            walked = await walk(seed)
        except Fallen as fallen:
            done.fallen[seed] = str(fallen)
        else:
            done.turns += walked.turns
            done.requests += walked.requests
    return done


def _chunk(seeds: Sequence[int]) -> Walks:
    return asyncio.run(_walk(seeds))


def _results(seeds: range, jobs: int) -> Iterator[Walks]:
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    content()  # once, for all processes that begin as copies of this one
    if jobs == 1:
        yield from map(_chunk, chunks)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        yield from pool.map(_chunk, chunks)


def run(first: int, count: int, jobs: int = 1) -> Walks:
    """The walks with these seeds; of those that fall, the first transcripts are told at once."""
    told = Walks()
    results = _results(range(first, first + count), jobs)
    began = time.perf_counter()
    for number, done in enumerate(results, 1):
        for transcript in list(done.fallen.values())[: max(0, TRANSCRIPTS - len(told.fallen))]:
            sys.stderr.write(f"{transcript}\n\n")
        told.add(done)
        if number % 20 == 0:
            sys.stderr.write(f"{told.walks:,} walks, {len(told.fallen)} fell\n")
    told.seconds = time.perf_counter() - began
    return told


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench walks", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--count", type=int, default=COUNT, help="how many")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the seed of the first; the others follow")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes at the same time")
    given = parser.parse_args(arguments)
    if given.count < 1 or given.first < 0 or not 1 <= given.jobs <= 64:
        parser.error("at least one walk, seeds from 0, 1 to 64 processes")
    told = run(given.first, given.count, min(given.jobs, -(-given.count // CHUNK)))
    print(told.line)
    if told.fallen:
        print(f"Fallen seeds: {', '.join(map(str, sorted(told.fallen)))}")
    return 1 if told.fallen else 0
