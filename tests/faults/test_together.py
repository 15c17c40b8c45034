"""The same at once, on one server and on two: each inbound is one turn, and two contacts that are merged while
processes die are one contact."""

from __future__ import annotations

import asyncio
import itertools
import re

import pytest

from tests.faults import fuse
from tests.faults.citizens import KINDS, Poster, Telegrammer
from tests.faults.conftest import TIMES
from tests.faults.town import Town

AT_ONCE = 50
WORDS = "/form/officer_message"
_TICKET = re.compile(r"\?start=([\w-]+)")


@pytest.mark.parametrize("channel", KINDS)
async def test_one_webhook_fifty_times_at_once(town: Town, channel: str) -> None:
    await town.start()
    for _ in range(TIMES):
        citizen, twin = KINDS[channel](town), KINDS[channel](town)
        id, inbound = citizen.inbound(WORDS)
        answers = await asyncio.gather(*(citizen.deliver(inbound) for _ in range(AT_ONCE)))
        shown = {piece for answer in answers for piece in answer}
        assert shown == set(await twin.deliver(twin.inbound(WORDS)[1])), "what is answered to one who says it once"
        town.ledger.acknowledged(f"{channel}:{id}", citizen.address)
        town.ledger.faults["deliveries at once"] += AT_ONCE


@pytest.mark.parametrize("channel", KINDS)
async def test_webhooks_of_one_contact_at_once(town: Town, channel: str) -> None:
    """Of replicas each gets every second one."""
    await town.start()
    for n in range(TIMES):
        citizen = KINDS[channel](town)
        inbounds = [citizen.inbound(f"پرسش شمارهٔ {n} {m}") for m in range(6)]
        for id, _ in inbounds:
            town.ledger.acknowledged(f"{channel}:{id}", citizen.address)
        assert all(await asyncio.gather(*(citizen.deliver(inbound) for _, inbound in inbounds)))
        await citizen.files()


async def test_a_merge_of_two_contacts_under_kill_9(town: Town) -> None:
    victims = itertools.cycle(town.replicas)
    for point in (*fuse.MERGE, "saving", "saved", "answering") * TIMES:
        await town.start()
        here, there = Poster(town), Telegrammer(town)
        codes = {await here.files(), await there.files()}
        while not (ticket := _TICKET.search(await here.says("ادامه در جای دیگر"))):
            await here.says("منو")  # the messenger has not told the bot's name yet
        await there.says(f"/start {ticket[1]}")
        victim = next(victims)
        await asyncio.gather(*(replica.kill() for replica in town.replicas))  # so that it passes the point there
        await victim.start(point)
        merging = [asyncio.create_task(there.says("بله")), asyncio.create_task(here.says("درخواست‌های من"))]
        await victim.blown()
        town.ledger.killed(point)
        await town.start()
        await asyncio.gather(*merging)
        for citizen in (here, there):
            said = await citizen.says("درخواست‌های من")
            assert all(code[:5] in said and code[5:] in said for code in codes), said
        town.ledger.faults["merges"] += 1
