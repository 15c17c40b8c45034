"""kill -9 at any moment: what was acknowledged is there."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from bot.stores.database import open_database
from bot.stores.sessions import SqlSessions

ROOT = Path(__file__).parents[2]
CHILD = """
import asyncio, sys
from bot.stores.database import Database, open_database
from bot.stores.sessions import SqlSessions
from tests.stores.turns import go_on

async def talk(store, contact):
    while True:
        async with store.open(contact) as opened:
            seq = go_on(opened).seq
        print(contact, seq, flush=True)

async def main():
    store = SqlSessions(open_database(sys.argv[1]))
    await asyncio.gather(*(talk(store, f"c{n}") for n in range(4)))

asyncio.run(main())
"""


async def test_every_acknowledged_turn_outlives_kill_9(url: str) -> None:
    acknowledged: dict[str, int] = {}
    for life in range(3):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHILD, url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert child.stdout is not None
        said = [await child.stdout.readline() for _ in range(60 + 20 * life)]
        os.kill(child.pid, signal.SIGKILL)
        said += (await child.stdout.read()).splitlines(keepends=True)
        assert await child.wait() == -signal.SIGKILL
        for line in said:
            if line.endswith(b"\n"):
                name, seq = line.split()
                acknowledged[name.decode()] = int(seq)

    database = open_database(url)
    store = SqlSessions(database)
    assert len(acknowledged) == 4
    for contact, last in acknowledged.items():
        async with store.open(contact) as opened:
            assert opened.session.seq >= last
            lines = await store.lines(contact, 0, limit=10**6)
            assert [line.seq for line in lines] == list(range(1, opened.session.seq + 1))
    await database.close()
