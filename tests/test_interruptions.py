"""Every form of the knowledge base, interrupted before each answer and gone on with on another channel.

Whatever comes between two answers — a question, the menu, a call for help, a wrong answer, a restart, another channel —
the form goes on where it was, and what is filed is what an undisturbed citizen would have filed.
"""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.catalogue import Field
from bot.core.messages import Event
from bot.core.requests import ServiceRequest
from tests.conversation import Conversation, content

CATALOGUE, NLU = content()
QUESTION = "کد رهگیری چیست؟"
WRITTEN = {
    "text": "نوشتهٔ کوتاه",
    "long_text": "توضیحی که به اندازهٔ کافی بلند است و چیزی را روشن می‌کند.",
    "choice": "۱",
    "yes_no": "بله",
    "number": "۵",
    "mobile": "۰۹۱۲ ۱۲۳ ۴۵۶۷",
    "landline": "021-88776655",
    "national_id": "0013542419",
    "postal_code": "1619735744",
    "legal_id": "12345678910",
    "email": "name@example.com",
    "location": "خیابان بهار، کوچهٔ سوم، پلاک ۱۲",
    "service": "۱",
}


async def give(talk: Conversation, field: Field, channel: str) -> None:
    """The right answer to this field."""
    if field.type == "files":
        for n in range(field.min or 1):
            await talk.send_file(f"file{n}.pdf", channel)
        top = (await talk.session()).top
        if top is not None and top.step == field.id:
            await talk.say("همین‌ها کافی است", channel)
    elif field.type == "date":
        await talk.say(
            "فردا" if field.future and not field.past else "دیروز" if not field.future else "۱۴۰۵/۸/۱", channel
        )
    elif field.type == "number" and field.min and field.min > 5:
        await talk.say(str(field.min), channel)
    else:
        await talk.say(WRITTEN[field.type], channel)


def told(request: ServiceRequest) -> dict[str, Any]:
    values = {a.field: a.value for a in request.draft.answers}
    return {k: [f["name"] for f in v] if isinstance(v, list) else v for k, v in values.items()}


async def undisturbed(form: str) -> dict[str, Any]:
    talk = Conversation(CATALOGUE, NLU)
    await talk.say(f"/form/{form}")
    for field in CATALOGUE.forms[form].fields:
        await give(talk, field, "web")
    await talk.say("تأیید")
    (request,) = await talk.desk.search()
    return told(request)


async def at(talk: Conversation) -> str:
    top = (await talk.session()).top
    return f"{top.dialog}:{top.step}" if top else ""


async def interrupt(talk: Conversation, how: str, channel: str) -> None:
    """Something else than the answer."""
    match how:
        case "question":
            await talk.say(QUESTION, channel)
        case "menu":
            await talk.say("منو", channel)
            await talk.say("/resume", channel)
        case "help":
            await talk.say("راهنما", channel)
        case "repeat":
            await talk.say("تکرار", channel)
        case "empty":
            await talk.say("  ", channel)
        case "tracking":
            await talk.say("/track 1000000005", channel)
            await talk.say("/resume", channel)
        case "redelivery":
            assert talk.last is not None
            await talk.receive(talk.last)
        case "silence":
            await talk.hear(channel, Event.SILENCE)


@pytest.mark.parametrize("how", ["question", "menu", "help", "repeat", "empty", "tracking", "redelivery", "silence"])
@pytest.mark.parametrize("form", sorted(CATALOGUE.forms))
async def test_an_interrupted_form_is_filed_as_if_nothing_had_happened(form: str, how: str) -> None:
    talk = Conversation(CATALOGUE, NLU)
    await talk.say(f"/form/{form}")
    for field in CATALOGUE.forms[form].fields:
        where = await at(talk)
        await interrupt(talk, how, "web")
        assert await at(talk) == where
        await give(talk, field, "web")
    await talk.say("تأیید")
    (request,) = await talk.desk.search()
    assert told(request) == await undisturbed(form)


@pytest.mark.parametrize("form", sorted(CATALOGUE.forms))
async def test_a_form_travels_between_channels_before_each_answer(form: str) -> None:
    talk = Conversation(CATALOGUE, NLU)
    channels = ["telegram", "web", "console"]
    await talk.say(f"/form/{form}", "console")
    for n, field in enumerate(CATALOGUE.forms[form].fields):
        where = await at(talk)
        channel = channels[n % 3]
        await talk.say("سلام", channel)
        assert await at(talk) == where, "the first words on another channel answer nothing"
        await give(talk, field, channel)
    await talk.say("تأیید", channel)
    (request,) = await talk.desk.search()
    assert told(request) == await undisturbed(form)
    assert request.draft.address.channel == channel
