"""`pishkhan prompts` and the telephone's part of `pishkhan check`, as an editor and a narrator use them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bot import content
from bot.__main__ import cli
from bot.channels.voice.sound import to_wav
from bot.channels.voice.speech import Clip
from bot.commands import prompts
from bot.commands import spoken as inventory
from bot.commands.checking import check
from bot.commands.errors import Ended
from bot.core.catalogue import Catalogue
from bot.core.voice_content import VoiceContent
from bot.settings import Settings
from tests.app.serving import settings_of
from tests.conversation import KNOWLEDGE_BASE
from tests.voice_sound.conftest import IVR, tone

FEW = {("fa", "menu.ask"), ("fa", "number.9"), ("en", "menu.ask")}


@dataclass
class Office:
    """A copy of the content that may be edited, and what the commands say of it."""

    settings: Settings

    @property
    def ivr(self) -> Path:
        return self.settings.ivr_dir

    def record(self, name: str = "fa/menu.ask", data: bytes | None = None) -> Path:
        path = self.ivr / "prompts" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_wav(tone(0.4)) if data is None else data)
        return path

    def edit(self, before: str, after: str, name: str = "voice.yaml") -> None:
        path = self.ivr / name
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, after), "utf-8")

    def problems(self) -> list[str]:
        with pytest.raises(Ended) as ended:
            check(self.settings.content_dir)
        return [line.removeprefix(str(self.ivr)) for line in ended.value.lines]


@pytest.fixture
def office(tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The written content does not change here: it is parsed once for all of these tests, and so is our own code."""
    monkeypatch.setattr(content, "load", lambda folder: catalogue)
    shutil.copytree(KNOWLEDGE_BASE, tmp_path / "knowledge_base")
    shutil.copytree(IVR, tmp_path / "ivr")
    return Office(settings_of(tmp_path / "data", content_dir=tmp_path / "knowledge_base"))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three texts instead of all, which would take half a minute."""
    whole = inventory.static_clips

    def some(catalogue: Catalogue, voice: VoiceContent) -> dict[tuple[str, str], Clip]:
        small = replace(
            catalogue, phrases={"menu.ask": catalogue.phrases["menu.ask"]}, forms={}, services={}, faq={}, surveys={}
        )
        return {of: clip for of, clip in whole(small, voice).items() if of in FEW}

    monkeypatch.setattr(prompts, "static_clips", some)


def test_our_own_content_is_sound(office: Office) -> None:
    assert "spoken texts" in check(office.settings.content_dir)


def test_a_folder_without_a_telephone_is_sound_too(office: Office) -> None:
    shutil.rmtree(office.ivr)
    assert "spoken texts" not in check(office.settings.content_dir)


def test_a_mistake_in_ivr_is_named_with_its_line(office: Office) -> None:
    office.edit("command: /hours", "command: /ours", "menu.yaml")
    (problem, count) = office.problems()
    assert problem.startswith("/menu.yaml:")
    assert "`/ours` opens nothing" in problem
    assert count == "1 problem"


def test_without_an_engine_every_text_needs_a_recording(office: Office) -> None:
    office.edit("name: espeak-ng", "name: none")
    lines = office.problems()
    assert len(lines) > 1000
    assert any(line.startswith("/prompts/fa/menu.ask.wav: no sound for") for line in lines)


def test_an_engine_that_is_not_there_is_found(office: Office) -> None:
    office.edit("name: espeak-ng", "name: command\n  command: {fa: [no-such-program-here]}")
    assert any("no-such-program-here" in line for line in office.problems())


@pytest.mark.usefixtures("few")
def test_what_lacks_sound_is_made(office: Office) -> None:
    with pytest.raises(Ended) as lacking:
        prompts.missing(office.settings)
    assert lacking.value.lines[-1] == "3 texts have no sound; pishkhan prompts makes it"
    assert prompts.made(office.settings) == "3 texts: 0 recorded, 3 kept, 0 missing; 3 made now"
    assert prompts.made(office.settings).endswith("0 made now")
    assert prompts.missing(office.settings) == "3 texts: 0 recorded, 3 kept, 0 missing"
    assert "kept      fa  menu.ask  چه کاری برایتان انجام دهیم؟" in prompts.listed(office.settings)


@pytest.mark.usefixtures("few")
def test_a_narrator_gets_a_script_and_records_it(office: Office) -> None:
    script = dict(line.split("\t") for line in prompts.script(office.settings).splitlines())
    path = office.ivr / "prompts/fa/menu.ask.wav"
    assert script[str(path)] == "چه کاری برایتان انجام دهیم؟"
    office.record()
    assert office.problems()[0] == "/prompts/fa/menu.ask.wav:1: its text is not noted yet; run pishkhan prompts"
    assert prompts.made(office.settings) == "3 texts: 1 recorded, 2 kept, 0 missing; 2 made now"
    assert "چه کاری برایتان" in (office.ivr / "prompts/recordings.yaml").read_text("utf-8")
    assert "1 recordings" in check(office.settings.content_dir)
    assert str(path) not in prompts.script(office.settings)


@pytest.mark.usefixtures("few")
def test_an_edited_text_makes_its_recording_stale_until_it_is_recorded_anew(office: Office) -> None:
    office.record()
    prompts.made(office.settings)
    office.edit("\nphrases:\n", "\nphrases:\n  menu.ask: {fa: چه می‌خواهید؟, en: What would you like?}\n")
    assert "its text was edited since it was recorded" in office.problems()[0]
    with pytest.raises(Ended, match="edited since"):
        prompts.made(office.settings)
    office.record(data=to_wav(tone(0.6)))
    assert prompts.made(office.settings).startswith("3 texts: 1 recorded, 2 kept")
    assert "1 recordings" in check(office.settings.content_dir)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("fa/menu.ask", b"no sound", "no PCM WAV file"),
        ("fa/menu.ask", to_wav(np.zeros(800, np.int16)), "the recording is silent"),
        ("fa/menu.aks", None, "nothing says this"),
        ("de/menu.ask", None, "nothing says this"),
    ],
)
def test_a_recording_that_cannot_be_used_is_named(office: Office, name: str, data: bytes | None, why: str) -> None:
    office.record(name, data)
    assert office.problems()[0].startswith(f"/prompts/{name}.wav:1: {why}")
    with pytest.raises(Ended, match=why):
        prompts.made(office.settings)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--list"], 0, "missing   fa  menu.ask"),
        (["--missing"], 1, "3 texts have no sound"),
        (["--script"], 0, "menu.ask.wav\tچه کاری"),
        ([], 0, "3 made now"),
    ],
)
def test_the_command_line(
    office: Office, monkeypatch: pytest.MonkeyPatch, options: list[str], code: int, said: str
) -> None:
    monkeypatch.setattr("bot.__main__._settings", lambda: office.settings)
    done = CliRunner().invoke(cli, ["prompts", *options])
    assert done.exit_code == code
    assert said in done.output
