"""Two processes that do the same things at the same time: each thing happens once, and nothing is lost."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import orjson

from bot.core.messages import Address
from bot.core.notices import News
from bot.stores.contacts import SqlContacts
from bot.stores.database import Database
from bot.stores.records import SqlRecords
from bot.stores.sessions import SqlSessions
from tests.stores.rival import GUESSES, NOW, TIMES, number, request
from tests.stores.turns import go_on

ROOT = Path(__file__).parents[2]
ADDRESSES, NOTICES = 5, 6


async def together(url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    pipe = asyncio.subprocess.PIPE
    both = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.stores.rival", url, name, cwd=ROOT, stdin=pipe, stdout=pipe, limit=2**20
        )
        for name in ("first", "second")
    ]
    for child in both:
        assert child.stdout is not None
        assert await child.stdout.readline() == b"ready\n"
    said = await asyncio.gather(*(child.communicate(b"go\n") for child in both))
    first, second = (orjson.loads(out) for out, _ in said)
    return first, second


async def test_two_processes_at_the_same_time(url: str, database: Database) -> None:
    records, contacts, sessions = SqlRecords(database), SqlContacts(database), SqlSessions(database)
    for n in range(TIMES):
        await records.add(request(f"rated {n}"), key=f"rated {n}")
        for name in ("first", "second"):
            async with sessions.open(f"l{n} {name}") as opened:
                go_on(opened)
    changed = await records.add(request("changed"), key="changed")
    assert changed
    for n in range(NOTICES):
        for address in range(ADDRESSES):
            await records.tell(Address("web", f"told {address}"), News("/told", key=f"{n} {address}"), at=NOW)

    first, second = await together(url)

    assert first["file"] == second["file"], "the same key filed one request"
    assert len(set(first["file"])) == TIMES
    for what in ("rate", "spend", "absorb"):
        assert [one + other for one, other in zip(first[what], second[what], strict=True)] == [1] * TIMES, what
    assert sum(first["guess"]) + sum(second["guess"]) == GUESSES
    assert first["resolve"] == second["resolve"], "one contact for an address and for a number"
    assert len(set(first["resolve"])) == TIMES
    assert await contacts.resolve(Address("sms", number(1))) == first["resolve"][1]

    after = await records.find(changed.code)
    assert after
    lengths = [length for length in first["change"] + second["change"] if length > 0]
    assert sorted(lengths) == list(range(1, len(after.history))), "each rule saw what all before it wrote"
    assert len(lengths) == TIMES + TIMES // 2, "the same key changed it once"
    assert len({change.note for change in after.history}) == len(after.history)

    lines = await sessions.lines("linked", -(2**40), limit=10**4)
    assert len(lines) == 2 * 2 * TIMES == len({line.seq for line in lines}), "both transcripts were moved"

    delivered = sorted(first["deliver"] + second["deliver"])
    told = Counter(id for id, *_ in delivered)
    assert set(told.values()) == {1}, "no notice was held by both"
    assert len(told) == ADDRESSES * NOTICES + TIMES + TIMES // 2 + 1
    ended: dict[str, float] = defaultdict(float)
    for _, address, begun, end in delivered:
        assert ended[address] <= begun, "each address in its order, one at a time"
        ended[address] = end
