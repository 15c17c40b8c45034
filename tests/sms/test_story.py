"""A citizen with nothing but text messages, on the project's own dialogs."""

from __future__ import annotations

import re

import pytest

from bot.channels.persian import persian_digits
from bot.channels.segments import segments
from bot.channels.sms.driver import Text
from bot.channels.sms.rendering import LONGEST, STATUS
from bot.core.ports import Consent
from tests.conversation import Conversation
from tests.sms.conftest import Start
from tests.sms.desk import ADDRESS, THEIRS, Counter, twilio


class Citizen:
    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.count = 0

    async def say(self, text: str, id: str = "") -> str:
        self.count += 1
        answer = await self.counter.channel.take(Text(id or f"SM{self.count}", THEIRS, text))
        assert segments(answer).parts <= LONGEST
        assert not re.search("[\u2066-\u2069]", answer)
        return answer

    async def file(self) -> str:
        """A suggestion; its code."""
        for text in ("/form/suggestion", "رد شدن", "کنار ایستگاه نیمکت بگذارید", "رد شدن", "رد شدن"):
            await self.say(text)
        filed = await self.say("ثبت")
        code = re.search(r"\b\d{10}\b", filed)
        assert code, filed
        return code[0]


def numbers_in(text: str) -> list[int]:
    """Of the choices."""
    return [int(n) for n in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]


@pytest.fixture
async def citizen(start: Start, talk: Conversation) -> Citizen:
    counter = await start(twilio, gateway=talk.gateway, contacts=talk.contacts, renderer=talk.renderer)
    return Citizen(counter)


@pytest.mark.parametrize(
    "written", ["{}", "{:.5} {}", "کد من {}", "{}-{}"], ids=["bare", "in groups", "in a sentence", "with a dash"]
)
async def test_a_code_alone_is_a_look_up_told_in_one_segment(citizen: Citizen, written: str) -> None:
    code = await citizen.file()
    await citizen.say("منو")
    groups = (code[:5], code[5:]) if written.count("{") == 2 else (code,)
    for digits in (str, persian_digits):
        status = await citizen.say(written.format(*map(digits, groups)))
        assert code in status
        assert "۱. ادامه" in status
        assert segments(status).parts == STATUS
    assert "۱. " in await citizen.say("۱")


async def test_a_long_answer_goes_on_and_its_choices_keep_their_numbers(citizen: Citizen) -> None:
    first = await citizen.say("/service/building_permit")
    assert first.endswith("\n۱. ادامه")
    second = await citizen.say("۱", id="again")
    assert second != first
    assert await citizen.say("۱", id="again") == second
    told = first.removesuffix("\n۱. ادامه") + "\n"
    while second.endswith("\n۱. ادامه"):
        told += second.removesuffix("\n۱. ادامه") + "\n"
        second = await citizen.say("ادامه")
    told += second
    numbers = numbers_in(told)
    assert numbers == [*range(1, len(numbers) + 1)] and len(numbers) > 1


async def test_something_else_is_an_ordinary_answer(citizen: Citizen) -> None:
    await citizen.say("/service/building_permit")
    assert "ادامه" not in (await citizen.say("منو")).split("\n")[-1]


async def test_a_list_goes_on_with_0_while_1_is_its_first_choice(citizen: Citizen) -> None:
    first = await citizen.say("/form/suggestion")
    assert first.endswith("\n۰. بقیه، یا نامش را بنویسید")
    rest = await citizen.say("۰")
    assert numbers_in(rest)[0] == numbers_in(first)[-2] + 1
    assert "۲ از" in await citizen.say("۱")


async def test_cancel_is_the_forms_while_it_is_open_and_ours_when_not(citizen: Citizen) -> None:
    contacts = citizen.counter.contacts
    await citizen.say("/form/suggestion")
    await citizen.say("لغو")
    assert await contacts.consent(ADDRESS) is Consent.EVERYTHING
    assert "شروع" in await citizen.say("لغو")
    assert await contacts.consent(ADDRESS) is Consent.REPLIES
    assert await citizen.say("توقف") == ""
    await citizen.say("/form/suggestion")
    assert "توقف" in await citizen.say("شروع")
    assert await contacts.consent(ADDRESS) is Consent.EVERYTHING
    assert "۲ از" in await citizen.say("رد شدن"), "the form is where it was"
