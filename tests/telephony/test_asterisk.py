"""A caller with sipp, a real Asterisk, our FastAGI server, the real engine and the real voice: a request is filed."""

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
from bot.core.voice_content import Exchange, Person
from tests.telephony.asterisk import Asterisk, free_port
from tests.telephony.sipp import Act, Press, Speak, Wait, call
from tests.voice.counter import VoiceDesk

ANN = Address("voice", "+989121234567")
LISTEN, THINK = Wait(5.0), Wait(2.5)
REPORT: list[Act] = [
    LISTEN,  # hears the greeting
    Press("1"),  # a street light
    THINK,
    Press("1"),  # one light is off
    THINK,
    Press("#"),  # no more explanation: the beep
    Wait(1.5),
    Speak(4.0),
    Wait(0.5),
    Press("#"),
    THINK,
    Press("1"),  # no number on the pole
    THINK,
    Press("1"),  # no photo
    THINK,
    Press("09121234567#"),
    THINK,
]


@dataclass
class Line:
    """The desk's telephone line."""

    desk: VoiceDesk
    asterisk: Asterisk
    folder: Path

    async def call(self, acts: list[Act], number: str = "09121234567") -> None:
        ports = {"to_port": self.asterisk.sip_port, "own_port": free_port(), "media_port": 21_000}
        try:
            await call(acts, **ports, folder=self.folder, number=number)
        finally:
            print(self.asterisk.log())  # shown when the test fails
        await asyncio.sleep(1.0)  # Asterisk closes its files

    def sound(self) -> np.ndarray:
        return samples(self.asterisk.heard.read_bytes())


def samples(wav: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)


def loud_seconds(sound: np.ndarray) -> int:
    """Seconds in which something is to be heard."""
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
    port = free_port()
    channel.port = port
    async with Asterisk(port) as asterisk:
        desk.change(exchange=Exchange(folder=str(asterisk.folder), folder_there=asterisk.folder_there), person=Person())
        lifespan = channel.lifespan(web.Application())
        await anext(lifespan)
        yield Line(desk, asterisk, tmp_path)
        with pytest.raises(StopAsyncIteration):
            await anext(lifespan)


async def test_a_request_by_telephone(line: Line) -> None:
    await line.call([*REPORT, Press("1"), LISTEN])
    (request,) = await line.desk.requests()
    assert request.draft.address == ANN
    assert request.draft.mobile == "+989121234567"
    (recording,) = request.draft.attachments
    stored = await line.desk.files.get(recording.id)
    assert stored is not None
    assert 3 <= loud_seconds(samples(stored[1])) <= 6, "what the caller has said"
    assert loud_seconds(line.sound()) >= 12, "what the caller has heard"
    assert [p.name for p in line.asterisk.folder.iterdir()] == []


async def test_a_hang_up_in_the_middle_keeps_the_draft(line: Line) -> None:
    await line.call([LISTEN, Press("1"), THINK, Press("2"), THINK])
    session = await line.desk.session(ANN)
    assert session.frames[-1].answers == {"fault": "many_off"}
    (posted,) = await line.desk.posted()
    assert posted.startswith("sms:+989121234567")


async def test_nobody_at_the_person_s_telephone_leaves_room_for_a_message(line: Line) -> None:
    """The sample dialplan's trunk is none here, so that nobody answers."""
    line.desk.change(person=Person("+982100001000"))
    await line.call([LISTEN, Press("0"), LISTEN, THINK])
    assert "Local/982100001000@pishkhan-person" in line.asterisk.log()
    assert (await line.desk.session(ANN)).frames[-1].dialog == "form/officer_message"


async def test_a_message_that_ends_with_the_call_is_the_answer(line: Line) -> None:
    await line.call([LISTEN, Press("1"), THINK, Press("1"), THINK, Press("#"), Wait(1.5), Speak(4.0), Wait(0.5)])
    session = await line.desk.session(ANN)
    assert "recording" in session.frames[-1].answers["place"]
