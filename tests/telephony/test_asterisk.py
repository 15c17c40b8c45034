"""Callers with sipp, a real Asterisk, our FastAGI server, the real engine and the real voice."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web

from bot.channels.voice.fastagi import FastAgi
from bot.channels.voice.prompts import Prompts
from bot.core.messages import Address
from bot.core.sessions import Session
from bot.core.voice_content import Exchange, Person
from tests.telephony.asterisk import PERSON, Asterisk, free_port
from tests.telephony.sipp import Act, Leave, Press, Speak, Wait, call
from tests.voice.counter import VoiceDesk

LISTEN, THINK = Wait(5.0), Wait(2.5)
PLACE: list[Act] = [
    LISTEN,  # hears the greeting
    Press("1"),  # a street light
    THINK,
    Press("1"),  # one light is off
    THINK,
    Press("#"),  # no more explanation: the beep
    Wait(1.5),
    Speak(4.0),
    Wait(0.5),
]
REPORT: list[Act] = [
    *PLACE,
    Press("#"),
    THINK,
    Press("1"),  # no number on the pole
    THINK,
    Press("1"),  # no photo
    THINK,
    Press("09121234567#"),
    THINK,
    Press("1"),  # all is right
    LISTEN,  # hears the code
]


@dataclass
class Line:
    """The desk's telephone line."""

    desk: VoiceDesk
    asterisk: Asterisk
    folder: Path

    async def call(self, number: str, acts: list[Act]) -> None:
        folder = self.folder / number
        folder.mkdir()
        media_port = 21_000 + 10 * len(list(self.folder.glob("0*")))
        ports = {"to_port": self.asterisk.sip_port, "own_port": free_port(), "media_port": media_port}
        await call(acts, **ports, folder=folder, number=number)

    async def session(self, number: str) -> Session:
        return await self.desk.session(Address("voice", "+98" + number[1:]))


def samples(wav: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)


def loud_seconds(wav: bytes) -> int:
    """Seconds in which something is to be heard."""
    sound = samples(wav)
    whole = sound[: len(sound) // 8000 * 8000].reshape(-1, 8000)
    return int((np.sqrt((whole**2).mean(axis=1)) > 300).sum())


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    desk = VoiceDesk(tmp_path)
    prompts = Prompts(lambda: desk.voice, recorded=tmp_path / "recorded", cache=tmp_path / "cache", secret="s" * 32)
    channel = FastAgi(
        desk.gateway,
        desk.files,
        desk.speaker,
        prompts,
        lambda: desk.voice,
        host="127.0.0.1",
        port=0,
        folder=tmp_path / "shared",
        is_open=lambda: desk.open,
    )
    lifespan = channel.lifespan(web.Application())
    await anext(lifespan)
    async with Asterisk(channel.port) as asterisk:
        desk.change(exchange=Exchange(folder=str(asterisk.folder), folder_there=asterisk.folder_there))
        yield Line(desk, asterisk, tmp_path)
        print(asterisk.log())  # shown when the test fails
        with pytest.raises(StopAsyncIteration):
            await anext(lifespan)


async def test_four_callers_at_once(line: Line) -> None:
    files, leaves, talks, asks = "09121234567", "09351112233", "09191112233", "09021112233"
    line.desk.change(person=Person("+982100001000"))  # the sample's trunk is none here, so nobody answers
    await asyncio.gather(
        line.call(files, REPORT),
        line.call(leaves, [LISTEN, Press("1"), THINK, Press("2"), THINK]),
        line.call(talks, PLACE),
        line.call(asks, [LISTEN, Press("0"), LISTEN, THINK]),
    )
    await asyncio.sleep(1.0)  # Asterisk closes its files
    await is_filed(line, files)
    await keeps_the_draft(line, leaves)
    assert "recording" in (await line.session(talks)).frames[-1].answers["place"], "hanging up ends a message"
    assert "Local/982100001000@pishkhan-person" in line.asterisk.log()
    assert (await line.session(asks)).frames[-1].dialog == "form/officer_message"
    assert list(line.asterisk.folder.iterdir()) == [], "no sound of a caller is left"


async def test_a_person_answers_and_hangs_up(line: Line) -> None:
    line.desk.change(person=Person(PERSON))
    await line.call("09121234567", [Wait(2.0), Press("0"), Leave()])
    await asyncio.sleep(0.5)
    assert f"Local/{PERSON}@pishkhan-person" in line.asterisk.log()
    assert "Busy" not in line.asterisk.log()
    session = await line.session("09121234567")
    assert session.turns[-1].inbound.endswith(".end"), "the desk knows that the call is over"


async def is_filed(line: Line, number: str) -> None:
    (request,) = await line.desk.requests()
    assert request.draft.address == Address("voice", "+98" + number[1:])
    assert request.draft.mobile == "+989121234567"
    (recording,) = request.draft.attachments
    stored = await line.desk.files.get(recording.id)
    assert stored is not None
    assert 3 <= loud_seconds(stored[1]) <= 6, "what the caller has said"
    assert loud_seconds(line.asterisk.heard(number)) >= 12, "what the caller has heard"


async def keeps_the_draft(line: Line, number: str) -> None:
    assert (await line.session(number)).frames[-1].answers == {"fault": "many_off"}
    assert [p for p in await line.desk.posted() if p.startswith(f"sms:+98{number[1:]} ")]
