"""Notices: the courier is killed at every step, providers are down, slow, full, or say no after they said yes. Each is
shown once, or lies among the dead letters; none keeps those behind it."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from bot.courier.delivery import LEASE
from tests.faults import fuse
from tests.faults.auditor import Auditor
from tests.faults.citizens import KINDS, Telegrammer
from tests.faults.conftest import TIMES
from tests.faults.town import Town
from tests.faults.traffic import killed

PASSAGES = range(1, 1 + TIMES)
TAKEN, GIVEN_UP, IN_DOUBT = ("sent", 1), ("dead", 0), ("dead", 1)
NOT_WANTED = ("not wanted", 0)  # the operator lets nothing through until START


async def test_kill_9_at_every_step_of_the_courier(town: Town) -> None:
    await town.start()
    citizens = [kind(town) for _ in range(2) for kind in KINDS.values()]
    filers = itertools.cycle([(await citizen.files(), citizen.address) for citizen in citizens])
    closing = asyncio.Event()

    async def write() -> None:
        while not closing.is_set():
            await town.note(*next(filers))
            await asyncio.sleep(0.1)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write())
        await killed(
            town, (*fuse.NEWS, *fuse.NOTICE), PASSAGES, between=LEASE
        )  # what a dead process held is taken again
        closing.set()
    await town.settled()


MOODS = {
    "telegram": {
        "": TAKEN,
        "limited": TAKEN,
        "lost": IN_DOUBT,
        "slow": IN_DOUBT,
        "broken": GIVEN_UP,  # the same answer as of "lost"
        "blocked": GIVEN_UP,
    },
    # What Twilio has is looked up before it is sent again.
    "sms": {"": TAKEN, "limited": TAKEN, "lost": TAKEN, "slow": TAKEN, "broken": TAKEN, "blocked": NOT_WANTED},
}


@pytest.mark.parametrize("channel", MOODS)
async def test_a_provider_with_moods(town: Town, channel: str) -> None:
    await town.start()
    provider = {"telegram": town.messenger, "sms": town.operator}[channel]
    noted: dict[str, list[str]] = {}
    for mood in MOODS[channel]:
        citizen = KINDS[channel](town)
        code = await citizen.files()
        provider.moods.of[citizen.id].append(mood)
        noted[mood] = [await town.note(code, citizen.address) for _ in range(2)]
    await town.settled()
    async with Auditor(town) as auditor:
        fates = await auditor.fates()
    for mood, (first, behind) in noted.items():
        assert (fates[first].state, fates[first].shown) == MOODS[channel][mood], mood
        closed = MOODS[channel][mood] == NOT_WANTED
        assert (fates[behind].state, fates[behind].shown) == (NOT_WANTED if closed else TAKEN), mood


async def test_a_provider_that_is_down(town: Town) -> None:
    await town.start()
    citizen = Telegrammer(town)
    code = await citizen.files()
    await town.messenger.down()
    for _ in range(3):
        await town.note(code, citizen.address)
    async with Auditor(town) as auditor:
        await auditor.tried()
        await town.messenger.up()
        await town.settled()
        fates = await auditor.fates()
    assert [(fate.state, fate.shown) for fate in fates.values()] == [TAKEN] * 3
    shown = "\n".join(town.messenger.of(citizen.id))
    assert [shown.index(note) for note in fates] == sorted(shown.index(note) for note in fates), "in their order"
