"""`pishkhan chat --channel voice`: keys mean what they mean on a telephone."""

from __future__ import annotations

import io

from bot.channels.console import Console
from bot.channels.voice.speech import Speaker
from bot.core.messages import Address
from tests.voice.counter import VoiceDesk


def terminal(desk: VoiceDesk) -> tuple[Console, io.StringIO]:
    output = io.StringIO()
    console = Console(
        desk.gateway,
        desk.renderer,
        desk.files,
        channel="voice",
        address="09121234567",
        output=output,
        voice=lambda: desk.voice,
        speaker=Speaker(lambda: desk.catalogue.phrases, lambda: desk.voice),
    )
    return console, output


async def test_a_request_by_typed_keys(desk: VoiceDesk) -> None:
    console, output = terminal(desk)
    await console.start()
    assert "گزارش خرابی چراغ، کلید یک" in output.getvalue()
    for typed in ("1", "۱", "خیابان بهار، کوچهٔ سوم", "1", "1", "*1"):
        await console.type(typed)
    assert "برای آن، ستاره، یک و مربع را بزنید" in output.getvalue()
    await console.type("1")
    (request,) = await desk.requests()
    assert request.draft.address == Address("voice", "+989121234567")
    assert request.draft.answers[1].value == {"text": "خیابان بهار، کوچهٔ سوم"}


async def test_back_repeat_pages_a_person_and_wrong_keys(desk: VoiceDesk) -> None:
    console, output = terminal(desk)
    await console.start()

    async def shown(typed: str) -> str:
        output.truncate(0)
        output.seek(0)
        await console.type(typed)
        return output.getvalue()

    first = await shown("3")
    assert await shown("#") == first
    second = await shown("9")
    assert "کلید یک" in second
    assert second not in first
    assert desk.catalogue.phrases["voice.not_a_key"]["fa"] in await shown("8")
    assert "گزارش خرابی چراغ، کلید یک" in await shown("*")
    assert "پیامتان را بگذارید" in await shown("0")
