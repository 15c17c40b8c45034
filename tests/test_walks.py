"""Citizens who do anything at any time: valid, invalid, late and odd, on any channel, with restarts between turns.

Whatever they do, they get an answer, no dialog fails, nobody is stuck, and every request has one code.
"""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from bot.core.messages import Event, Location
from bot.core.tracking import TrackingCode
from bot.dialogs.stage import DEPTH
from tests.conversation import Conversation, content
from tests.test_interruptions import WRITTEN

WALKS, STEPS = 60, 45
CHANNELS = ("web", "telegram", "console")
ODD = (
    "", " ", "۱", "2", "٣", "99", "😀", "؟", "\u200f\u202e", "x" * 5000, "بله", "نه", "رد شدن", "تأیید",
    "همین‌ها کافی است",
    "بازگشت", "لغو", "منو", "راهنما", "تکرار", "کارشناس", "زبان", "سلام", "ممنون", "کد رهگیری چیست؟",
    "چراغ کوچه خاموشه",
    "پروانه ساختمان چقدر طول می‌کشه", "قرمه‌سبزی", "شکایت دارم", "۳۱ مهر ۱۴۰۴", "فردا", "1234567890", "09121234567",
    "0013542419", "/start", "/menu", "/track", "/mine", "/forms", "/services", "/news", "/hours", "/resume", "/keep",
    "/survey", "/unknown", "/form/none", "how do I report a street light?",
)  # fmt: skip


async def step(talk: Conversation, dice: random.Random, old: list[str]) -> None:
    """One thing that a citizen might do."""
    channel = dice.choices(CHANNELS, (6, 2, 1))[0]
    offered = [c.value for r in (talk.outcome.replies if talk.outcome else ()) for c in r.choices]
    old += offered
    roll = dice.random()
    if roll < 0.35 and offered:
        await talk.hear(channel, Event.CHOICE, value=dice.choice(offered))
    elif roll < 0.55:
        await talk.say(dice.choice(list(WRITTEN.values())), channel)
    elif roll < 0.78:
        await talk.say(dice.choice(ODD), channel)
    elif roll < 0.82 and old:
        await talk.hear(channel, Event.CHOICE, value=dice.choice(old))
    elif roll < 0.86:
        await talk.send_file("scan.pdf", channel)
    elif roll < 0.88:
        await talk.hear(channel, Event.MESSAGE, location=Location(35.7, 51.4))
    elif roll < 0.90:
        await talk.hear(channel, dice.choice((Event.START, Event.SILENCE, Event.HANGUP)))
    elif roll < 0.92:
        await talk.hear(channel, Event.FILE, problem="file.too_large")
    elif roll < 0.94 and talk.last:
        await talk.receive(talk.last)
    elif roll < 0.96:
        talk.now += timedelta(hours=dice.choice((1, 13, 80)))
    else:
        await an_officer_works(talk, dice)


async def an_officer_works(talk: Conversation, dice: random.Random) -> None:
    requests = [r for r in await talk.desk.search() if not r.status.final and r.status.value != "resolved"]
    if requests:
        code = dice.choice(requests).code
        await talk.officer(code, dice.choice(("needs_information", "resolved", "closed", "rejected")), "یادداشت")


@pytest.mark.parametrize("seed", range(WALKS))
async def test_a_random_walk_ends_well(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(seed)
    talk = Conversation(*content())
    old: list[str] = []
    await talk.say(f"/form/{dice.choice(sorted(talk.catalogue.forms))}")
    for _ in range(STEPS):
        await step(talk, dice, old)
        assert talk.outcome is not None
        said = {r.say.key for r in talk.outcome.replies}
        assert "engine.apology" not in said
        heard_nothing = talk.last is not None and talk.last.event in (Event.HANGUP, Event.NOTICE)
        assert said or heard_nothing or talk.outcome.repeated, "everybody is answered"
        talk.shown(talk.outcome.replies)
        assert len((await talk.session()).frames) <= DEPTH
    await nobody_is_stuck(talk)
    await every_request_has_one_code(talk)
    assert not caplog.records, "no dialog failed and no phrase was missing"


async def nobody_is_stuck(talk: Conversation) -> None:
    """From anywhere the menu opens, and a new form can be filed to its code."""
    await talk.say("منو")
    await talk.say("منو")
    assert (await talk.session()).frames[-1].dialog == "menu"
    before = len(await talk.desk.search(limit=1000))
    for _ in range(3):
        await talk.say("/form/officer_message")
        await talk.say("لغو")
        await talk.say("بله")
    for text in ("/form/officer_message", "لطفاً با من تماس بگیرید.", "رد شدن", "تأیید"):
        await talk.say(text)
    assert len(await talk.desk.search(limit=1000)) == before + 1


async def every_request_has_one_code(talk: Conversation) -> None:
    codes = [r.code for r in await talk.desk.search(limit=1000)]
    assert len(set(codes)) == len(codes)
    assert all(TrackingCode(c) for c in codes)
