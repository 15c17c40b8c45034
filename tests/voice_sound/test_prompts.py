"""Clips become files: recorded ones first, the others spoken once; names that nobody can guess."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.channels.voice.espeak import Espeak
from bot.channels.voice.prompts import FRESH, LIFETIME, PATH, Prompts
from bot.channels.voice.sound import Sound, from_wav, to_wav
from bot.channels.voice.speech import Clip
from bot.channels.voice.synthesis import Program
from bot.core.voice_content import Engine, Recorded, VoiceContent
from tests.voice_sound.conftest import Hummer, MakePrompts, tone

HELLO = Clip("سلام", "fa", "menu.hello")
CODE = (Clip("کدِ شما", "fa", "form.code.1"), Clip("یک", "fa", "number.1", ", "), Clip("دو", "fa", "number.2", ", "))
PRICE = (
    Clip("هزینه", "fa", "form.price.1"),
    Clip("دو", "fa", "number.2", ", "),
    Clip("هزار", "fa", "number.1000", " "),
)
QUOTE = Clip("کوچهٔ سوم", "fa")


def record(folder: Path, clip: Clip, data: bytes | None = None) -> Path:
    path = folder / "prompts" / clip.language / f"{clip.key}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_wav(tone(0.5)) if data is None else data)
    return path


@pytest.fixture
def minute(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets it pass."""
    now = [time.time()]
    monkeypatch.setattr(time, "time", lambda: now[0])

    def pass_by() -> None:
        now[0] += FRESH

    return pass_by


async def test_one_breath_is_spoken_whole(make_prompts: MakePrompts, hummer: Hummer) -> None:
    path = await make_prompts().file([HELLO, Clip("و درود", "fa", "menu.greeting", " "), QUOTE])
    assert hummer.spoken == [("fa", "سلام و درود"), ("fa", QUOTE.text)]
    assert from_wav(path.read_bytes()).any()


async def test_figures_that_are_told_one_by_one_are_spoken_once(make_prompts: MakePrompts, hummer: Hummer) -> None:
    await make_prompts().file([HELLO, *CODE])
    assert hummer.spoken == [("fa", "سلام"), ("fa", "کدِ شما"), ("fa", "یک"), ("fa", "دو")]
    await make_prompts().file([HELLO, *CODE, CODE[1]])
    assert len(hummer.spoken) == 4


async def test_a_number_of_several_words_is_spoken_whole(make_prompts: MakePrompts, hummer: Hummer) -> None:
    await make_prompts().file(PRICE)
    assert hummer.spoken == [("fa", "هزینه"), ("fa", "دو هزار")]


async def test_another_language_has_a_voice_of_its_own(make_prompts: MakePrompts, hummer: Hummer) -> None:
    await make_prompts().file([HELLO, Clip("English", "en", "", ", ")])
    assert hummer.spoken == [("fa", "سلام"), ("en", "English")]


async def test_what_was_spoken_is_kept(make_prompts: MakePrompts, hummer: Hummer) -> None:
    first = await make_prompts().file([HELLO, QUOTE])
    again = await make_prompts().file([HELLO, QUOTE])  # another process with the same folder
    assert first == again
    assert len(hummer.spoken) == 2
    await make_prompts().file([QUOTE, HELLO])
    assert len(hummer.spoken) == 2


async def test_only_the_organisation_s_own_words_are_kept_for_good(
    make_prompts: MakePrompts, hummer: Hummer, tmp_path: Path
) -> None:
    await make_prompts().file([HELLO, QUOTE])
    for path in (tmp_path / "cache").rglob("*.wav"):
        os.utime(path, (time.time() - LIFETIME - 9,) * 2)
    await make_prompts().file([CODE[0]])  # a new process sweeps
    await make_prompts().file([HELLO, QUOTE])
    assert hummer.spoken[3:] == [("fa", QUOTE.text)]


async def test_at_the_same_time_it_is_made_once(make_prompts: MakePrompts, hummer: Hummer) -> None:
    prompts = make_prompts()
    paths = await asyncio.gather(*(prompts.file([QUOTE]) for _ in range(8)))
    assert len(set(paths)) == 1
    assert len(hummer.spoken) == 1


@pytest.mark.parametrize(("engine", "together"), [(Engine(), False), (Engine(command={"fa": ("program",)}), True)])
async def test_programs_alone_speak_at_the_same_time(make_prompts: MakePrompts, engine: Engine, together: bool) -> None:
    others = threading.Barrier(2)
    met = []

    class Waiting(Hummer):
        def speak(self, text: str, language: str) -> Sound:
            with suppress(threading.BrokenBarrierError):
                met.append(others.wait(timeout=5 if together else 0.1))
            return super().speak(text, language)

    prompts = make_prompts(VoiceContent(engine=engine), engine=Waiting())
    await asyncio.gather(prompts.file([QUOTE]), prompts.file([HELLO]))
    assert bool(met) is together


async def test_a_recording_comes_first(make_prompts: MakePrompts, hummer: Hummer, tmp_path: Path) -> None:
    record(tmp_path, CODE[0])
    path = await make_prompts().file([HELLO, *CODE])
    assert hummer.spoken == [("fa", "سلام"), ("fa", "یک"), ("fa", "دو")]
    length = len(from_wav(path.read_bytes())) / 8000
    assert length == pytest.approx(0.04 + 0.4 + 0.5 + 0.2 + 0.02 + 0.2 + 0.02 + 0.2, abs=0.02)


async def test_a_recording_made_anew_is_heard_after_a_minute(
    make_prompts: MakePrompts, tmp_path: Path, minute: Callable[[], None]
) -> None:
    prompts = make_prompts()
    record(tmp_path, HELLO)
    before = await prompts.file([HELLO])
    record(tmp_path, HELLO, to_wav(tone(0.9)))
    assert await prompts.file([HELLO]) == before
    minute()
    after = await prompts.file([HELLO])
    assert len(from_wav(after.read_bytes())) > len(from_wav(before.read_bytes()))


async def test_edited_content_is_heard_at_once(tmp_path: Path, hummer: Hummer) -> None:
    content = [VoiceContent()]
    prompts = Prompts(
        lambda: content[-1], recorded=tmp_path / "prompts", cache=tmp_path, secret="k" * 32, engine=lambda _: hummer
    )
    record(tmp_path, HELLO)
    before = await prompts.file([HELLO])
    content.append(VoiceContent(recordings={("fa", HELLO.key): Recorded("درود", "0" * 64)}))
    assert await prompts.file([HELLO]) != before


@pytest.mark.parametrize("data", [b"no sound", to_wav(np.zeros(800, np.int16)), to_wav(tone())[:30]])
async def test_a_useless_recording_is_not_played(
    make_prompts: MakePrompts, hummer: Hummer, tmp_path: Path, data: bytes
) -> None:
    record(tmp_path, HELLO, data)
    await make_prompts().file([HELLO])
    assert hummer.spoken == [("fa", HELLO.text)]


async def test_a_recording_of_an_edited_text_is_not_played(
    make_prompts: MakePrompts, hummer: Hummer, tmp_path: Path
) -> None:
    record(tmp_path, HELLO)
    noted = {("fa", HELLO.key): Recorded("درود", "0" * 64)}
    await make_prompts(VoiceContent(recordings=noted)).file([HELLO])
    assert hummer.spoken == [("fa", HELLO.text)]


async def test_a_key_cannot_leave_the_folder(make_prompts: MakePrompts, hummer: Hummer, tmp_path: Path) -> None:
    (tmp_path / "secret.wav").write_bytes(to_wav(tone()))
    await make_prompts().file([Clip("سلام", "fa", "../../secret")])
    assert hummer.spoken == [("fa", "سلام")]


async def test_a_long_script_is_several_files(make_prompts: MakePrompts) -> None:
    breath = Clip("سلام و درود " * 12, "fa")
    paths = await make_prompts().url_path([breath] * 5)
    assert len(paths) == 3
    assert len(await make_prompts().url_path([HELLO, *CODE])) == 1
    assert await make_prompts().url_path([]) == ()


async def test_names_cannot_be_guessed(make_prompts: MakePrompts) -> None:
    (ours,) = await make_prompts().url_path([QUOTE])
    (theirs,) = await make_prompts(secret="x" * 32).url_path([QUOTE])
    assert ours != theirs
    assert ours.startswith(PATH)
    assert QUOTE.text not in ours


async def test_files_are_for_the_server_s_eyes_alone(make_prompts: MakePrompts) -> None:
    path = await make_prompts().file([QUOTE])
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for each in path.parent.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600
        assert each.suffix == ".wav", "no half-written file is left"


async def test_what_is_said_again_soon_is_not_looked_for(make_prompts: MakePrompts, minute: Callable[[], None]) -> None:
    prompts = make_prompts()
    (path,) = await prompts.url_path([HELLO])
    file = await prompts.file([HELLO])
    file.unlink()
    assert await prompts.url_path([HELLO]) == (path,)
    assert not file.exists()
    minute()
    assert await prompts.url_path([HELLO]) == (path,)
    assert file.exists()


async def test_when_the_clock_was_set_files_are_looked_for(
    make_prompts: MakePrompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = make_prompts()
    file = await prompts.file([HELLO])
    file.unlink()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 3600)
    await prompts.file([HELLO])
    assert file.exists()


async def test_only_so_many_are_remembered(make_prompts: MakePrompts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.voice.prompts.REMEMBERED", 2)
    prompts = make_prompts()
    file = await prompts.file([HELLO])
    file.unlink()
    for code in CODE:
        await prompts.file([code])
    await prompts.file([HELLO])
    assert file.exists()


async def test_what_nobody_asks_for_goes_away(make_prompts: MakePrompts, minute: Callable[[], None]) -> None:
    prompts = make_prompts()
    old, used = await prompts.file([QUOTE]), await prompts.file([HELLO])
    for path in (old, used):
        os.utime(path, (time.time() - LIFETIME - 9,) * 2)
    minute()
    await prompts.file([HELLO])
    await make_prompts().file([*CODE])  # a new process sweeps
    assert not old.exists()
    assert used.exists()


# --- when the voice fails


async def test_without_a_voice_there_is_a_short_silence(
    make_prompts: MakePrompts, hummer: Hummer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hummer.broken = True
    record(tmp_path, HELLO)
    path = await make_prompts().file([HELLO, QUOTE])
    assert from_wav(path.read_bytes()).any(), "the recording is heard all the same"
    assert QUOTE.text not in caplog.text


async def test_when_it_is_well_again_it_is_heard_again(make_prompts: MakePrompts, hummer: Hummer) -> None:
    hummer.broken = True
    silent = await make_prompts().file([QUOTE])
    hummer.broken = False
    assert await make_prompts().file([QUOTE]) != silent
    assert hummer.spoken == [("fa", QUOTE.text)]


async def test_the_embedded_voice_stands_in_for_a_program(make_prompts: MakePrompts) -> None:
    engine = Engine(name="command", command={"fa": ("no-such-program-here",)})
    prompts = make_prompts(VoiceContent(engine=engine), engine=Program(engine, Espeak(engine)))
    path = await prompts.file([HELLO])
    assert from_wav(path.read_bytes()).any()


# --- over HTTP


@pytest.fixture
async def client(make_prompts: MakePrompts) -> AsyncIterator[tuple[Prompts, TestClient[web.Request, web.Application]]]:
    prompts = make_prompts()
    app = web.Application()
    app.add_routes(prompts.routes())
    async with TestClient(TestServer(app)) as client:
        yield prompts, client


async def test_who_knows_the_name_hears_it(
    client: tuple[Prompts, TestClient[web.Request, web.Application]], make_prompts: MakePrompts
) -> None:
    _, http = client
    (path,) = await make_prompts().url_path([HELLO])  # made by another process
    answer = await http.get(path)
    assert answer.status == 200
    assert answer.content_type == "audio/wav"
    assert "private" in answer.headers["Cache-Control"]
    assert "max-age" in answer.headers["Cache-Control"]
    assert from_wav(await answer.read()).any()
    part = await http.get(path, headers={"Range": "bytes=0-43"})
    assert (part.status, len(await part.read())) == (206, 44)


@pytest.mark.parametrize("name", ["0" * 64, "1234", "..%2f..%2fsecret_key", "A" * 64])
async def test_anybody_else_hears_nothing(
    client: tuple[Prompts, TestClient[web.Request, web.Application]], name: str
) -> None:
    assert (await client[1].get(f"{PATH}/{name}.wav")).status == 404
