"""A message or a notice that makes the program stumble each time: it is done with after bounded tries, and what stands
behind it goes on."""

from __future__ import annotations

import pytest

from tests.e2e.citizen import word
from tests.faults.auditor import Auditor
from tests.faults.citizens import KINDS, Telegrammer
from tests.faults.server import POISON
from tests.faults.town import WEBHOOK_SECRET, Town


@pytest.mark.parametrize("channel", KINDS)
async def test_words_that_no_dialog_bears_are_answered_with_an_apology(town: Town, channel: str) -> None:
    await town.start()
    citizen = KINDS[channel](town)
    await citizen.says("/form/officer_message")
    told = await citizen.says(f"{POISON} هر بار")
    assert word("engine.apology").partition("{")[0] in told
    await citizen.files()


async def test_an_update_that_cannot_be_read_is_not_asked_for_again(town: Town) -> None:
    await town.start()
    citizen = Telegrammer(town)
    headers = {"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET}
    odd = ({"message": {}}, {"message": {"chat": {"id": "?"}, "from": 7}}, {"callback_query": []}, {"message": "text"})
    for number, content in enumerate(odd):
        await town.post("/channels/telegram", json={"update_id": number, **content}, headers=headers)
        await citizen.files()


async def test_a_notice_that_cannot_be_told_keeps_none_behind_it(town: Town) -> None:
    await town.start()
    citizens = [kind(town) for kind in KINDS.values()]
    poisoned, behind = [], []
    for citizen in citizens:
        code = await citizen.files()
        poisoned.append(await town.note(code, citizen.address, POISON))
        behind.append(await town.note(code, citizen.address))
    await town.settled()
    async with Auditor(town) as auditor:
        fates = await auditor.fates()
    assert [(fates[note].state, fates[note].shown) for note in poisoned] == [("dead", 0)] * 3
    assert [fates[note].shown for note in behind] == [1] * 3
