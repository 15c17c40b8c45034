"""The FastAGI server against Asterisk's side of the protocol, by script. A real Asterisk calls in tests/telephony."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.channels.voice import fastagi
from bot.channels.voice.agi import Agi, HungUp, Refused, quoted
from bot.channels.voice.fastagi import FastAgi
from bot.core.messages import Address
from bot.core.voice_content import Exchange, Person
from tests.voice.asterisk import HANG_UP, FakeAsterisk, Recorded
from tests.voice.counter import VoiceDesk, wav

ANN = Address("voice", "+989121234567")
REPORT: list[str | Recorded] = ["1", "1", Recorded(wav(3)), "1", "1", "09121234567#", "1"]


@pytest.fixture
async def server(desk: VoiceDesk, tmp_path: Path) -> AsyncIterator[FastAgi]:
    channel = FastAgi(
        desk.gateway,
        desk.files,
        desk.speaker,
        desk.prompts,  # type: ignore[arg-type]
        lambda: desk.voice,
        host="127.0.0.1",
        port=0,
        folder=tmp_path / "shared",
        is_open=lambda: desk.open,
    )
    lifespan = channel.lifespan(web.Application())
    await anext(lifespan)
    yield channel
    with pytest.raises(StopAsyncIteration):
        await anext(lifespan)


async def settled(desk: VoiceDesk) -> None:
    """The call's last step is taken after the caller has left."""
    await asyncio.sleep(0.05)


async def test_a_request_by_keypad_and_voice(server: FastAgi, desk: VoiceDesk, tmp_path: Path) -> None:
    asterisk = FakeAsterisk([*REPORT, HANG_UP])
    await asterisk.call(server.port)
    await settled(desk)
    (request,) = await desk.requests()
    assert request.draft.address == ANN
    assert request.draft.mobile == "+989121234567"
    (recording,) = request.draft.attachments
    stored = await desk.files.get(recording.id)
    assert stored == (recording, wav(3))
    assert "گزارش خرابی چراغ کلید یک" in asterisk.heard[0]
    assert list((tmp_path / "shared").iterdir()) == [], "nothing of a caller is left in the shared folder"


async def test_a_hang_up_in_the_middle_keeps_the_draft(server: FastAgi, desk: VoiceDesk) -> None:
    asterisk = FakeAsterisk(["1", "2", HANG_UP])
    await asterisk.call(server.port)
    await settled(desk)
    assert (await desk.session(ANN)).frames[-1].answers == {"fault": "many_off"}
    assert len(await desk.posted()) == 1


async def test_a_message_that_ends_with_the_call_is_the_answer(server: FastAgi, desk: VoiceDesk) -> None:
    asterisk = FakeAsterisk(["1", "1", Recorded(wav(5), hangs_up=True)])
    await asterisk.call(server.port)
    await settled(desk)
    assert "recording" in (await desk.session(ANN)).frames[-1].answers["place"]


async def test_silence_after_the_beep_is_no_message(server: FastAgi, desk: VoiceDesk) -> None:
    desk.change(person=Person())
    asterisk = FakeAsterisk(["1", "1", Recorded(wav(0), key=""), Recorded(wav(3), key=""), HANG_UP])
    await asterisk.call(server.port)
    assert desk.phrase("voice.too_short") in asterisk.heard[3]
    assert "شماره‌ای هست" in asterisk.heard[4]


async def test_a_recording_that_could_not_be_written_is_asked_for_again(server: FastAgi, desk: VoiceDesk) -> None:
    asterisk = FakeAsterisk(["1", "1", Recorded(wav(3)), HANG_UP], cannot_write=True)
    await asterisk.call(server.port)
    assert desk.phrase("voice.recording_lost") in asterisk.heard[-1]


async def test_a_dead_channel_ends_the_call(server: FastAgi, desk: VoiceDesk) -> None:
    asterisk = FakeAsterisk(["1"], dead=True)
    await asterisk.call(server.port)
    await settled(desk)
    assert asterisk.commands == ["ANSWER"]


async def test_three_silences_ring_a_person_through_the_dialplan(server: FastAgi, desk: VoiceDesk) -> None:
    asterisk = FakeAsterisk(["", "", "", HANG_UP])
    await asterisk.call(server.port)
    assert 'EXEC Dial "Local/982100001000@pishkhan-person,25,g"' in asterisk.commands
    assert desk.phrase("voice.person_away") in asterisk.heard[-1]


async def test_after_a_talk_the_call_is_over(server: FastAgi, desk: VoiceDesk) -> None:
    asterisk = FakeAsterisk(["0"], dial_status="ANSWER")
    await asterisk.call(server.port)
    assert asterisk.commands[-1] == "HANGUP"


async def test_goodbye_hangs_up(server: FastAgi, desk: VoiceDesk) -> None:
    desk.change(person=Person())
    asterisk = FakeAsterisk(["", "", ""])
    await asterisk.call(server.port)
    assert asterisk.commands[-1] == "HANGUP"
    assert desk.phrase("voice.goodbye") in asterisk.heard[-1]


async def test_a_hash_after_counted_digits_repeats_nothing(server: FastAgi, desk: VoiceDesk) -> None:
    asterisk = FakeAsterisk(["2", "1234567897", HANG_UP], stray_hash=False)
    original = asterisk._next_key

    def stray() -> int:
        key = original()
        if not asterisk._keys and key == ord("7"):
            asterisk.stray_hash = True
        return key

    asterisk._next_key = stray  # type: ignore[method-assign]
    await asterisk.call(server.port)
    played = [c for c in asterisk.commands if c.startswith("STREAM")]
    assert played[-1].endswith(" 1600"), "the prompt goes on where the stray key had stopped it"
    assert played[-1].split()[2] == played[-2].split()[2]


async def test_hidden_callers_and_a_second_call(server: FastAgi, desk: VoiceDesk) -> None:
    for _ in range(2):
        await FakeAsterisk([*REPORT, HANG_UP], caller_id="unknown").call(server.port)
    await settled(desk)
    requests = await desk.requests()
    assert len({r.draft.address for r in requests}) == 2
    assert all(r.draft.address.id.startswith("call-1790000000.17-") for r in requests)


@pytest.mark.parametrize(
    "environment",
    [["GET / HTTP/1.1", "Host: x"], ["agi_network_script: other"], ["x" * 9000], [f"agi_{n}: 1" for n in range(300)]],
)
async def test_what_is_no_call_of_ours_is_refused(server: FastAgi, desk: VoiceDesk, environment: list[str]) -> None:
    asterisk = FakeAsterisk([], environment=environment)
    await asterisk.call(server.port)
    assert asterisk.commands == []


async def test_more_calls_than_the_limit_are_refused(server: FastAgi, desk: VoiceDesk) -> None:
    desk.change(exchange=Exchange(calls=1))
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    await asyncio.sleep(0.02)
    second = FakeAsterisk(["1"])
    await second.call(server.port)
    assert second.commands == []
    writer.close()
    await asyncio.sleep(0.02)
    third = FakeAsterisk([HANG_UP])
    await third.call(server.port)
    assert third.commands
    assert await reader.read() == b""


@pytest.mark.parametrize(
    ("peer", "listed", "welcome"),
    [
        (("127.0.0.1", 5), (), True),
        (("::1", 5, 0, 0), (), True),
        (("::ffff:127.0.0.1", 5, 0, 0), (), True),
        (("::ffff:10.1.2.3", 5, 0, 0), ("10.1.2.3",), True),
        (("10.1.2.3", 5), (), False),
        (("10.1.2.3", 5), ("10.1.2.3",), True),
        (("10.1.2.3", 5), ("10.1.0.0/16",), True),
        (("10.2.2.3", 5), ("10.1.0.0/16",), False),
        (("127.0.0.1", 5), ("nonsense",), False),
        (None, (), False),
        ("", (), False),
    ],
)
def test_only_this_machine_and_listed_peers_may_connect(peer: object, listed: tuple[str, ...], welcome: bool) -> None:
    assert fastagi._welcome(peer, listed) is welcome


async def test_a_prompt_that_cannot_be_made_ends_one_call_only(
    server: FastAgi, desk: VoiceDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(clips: object) -> Path:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(desk.prompts, "file", fails)
        await FakeAsterisk(["1"]).call(server.port)
    healthy = FakeAsterisk([HANG_UP])
    await healthy.call(server.port)
    assert healthy.heard


async def test_the_server_stops_with_calls_under_way(desk: VoiceDesk, tmp_path: Path) -> None:
    channel = FastAgi(
        desk.gateway,
        desk.files,
        desk.speaker,
        desk.prompts,  # type: ignore[arg-type]
        lambda: desk.voice,
        host="127.0.0.1",
        port=0,
        folder=tmp_path / "shared",
        is_open=lambda: True,
    )
    lifespan = channel.lifespan(web.Application())
    await anext(lifespan)
    reader, writer = await asyncio.open_connection("127.0.0.1", channel.port)
    writer.write(b"agi_network_script: pishkhan\nagi_callerid: 09121234567\n\n")
    assert await reader.readline() == b"ANSWER\n"
    with pytest.raises(StopAsyncIteration):
        await anext(lifespan)
    assert await reader.read() == b""
    writer.close()
    assert (await desk.session(ANN)).seq == 1, "the desk knows that the call is over"


# --- the protocol ---------------------------------------------------------------------------------


def line(answer: bytes) -> Agi:
    """An interface whose other side says this."""
    reader = asyncio.StreamReader(limit=4096)
    reader.feed_data(answer)
    reader.feed_eof()

    class Sink:
        def write(self, data: bytes) -> None: ...

        async def drain(self) -> None: ...

    return Agi(reader, Sink())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "key", "at"),
    [
        (b"200 result=49 endpos=1234\n", "1", 1234),
        (b"200 result=0 endpos=0\n", "", 0),
        (b"200 result=35\n", "#", 0),
        (b"200 result=1 (NOANSWER)\n", "", 0),
    ],
)
async def test_results(answer: bytes, key: str, at: int) -> None:
    result = await line(answer).play("x", "1", 1)
    assert (result.key, result.at) == (key, at)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", HungUp),
        (b"HANGUP\n", HungUp),
        (b"HANGUP\n200 result=-1 endpos=5\n", HungUp),
        (b"200 result=-1\n", HungUp),
        (b"511 Command Not Permitted on a dead channel or intercept routine\n", HungUp),
        (b"510 Invalid or unknown command\n", Refused),
        (b"520-Invalid command syntax.  Proper usage follows:\nUsage: X\n520 End of proper usage.\n", Refused),
        (b"x" * 5000 + b"\n", HungUp),
        (b"nonsense\n" * 200, Refused),
        (b"\xff\xfe\n", HungUp),
    ],
)
async def test_failures(answer: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        await line(answer).digit(1)


async def test_a_bare_hangup_before_a_good_result_is_not_its_answer() -> None:
    assert (await line(b"HANGUP\n200 result=49\n").digit(1)).key == "1"


def test_an_argument_never_ends_itself_or_its_line() -> None:
    assert quoted('a"b\\c\nHANGUP\r\x00') == '"abcHANGUP"'
