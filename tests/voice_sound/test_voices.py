"""The embedded voice, listened to by its phonemes and by sox; and a program in its place."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.channels.voice.clips import plain
from bot.channels.voice.espeak import Espeak
from bot.channels.voice.persian_speech import MONTHS, WEEKDAYS, Persian
from bot.channels.voice.sound import RATE, Sound, to_wav
from bot.channels.voice.synthesis import CannotSpeak, Program, Silent, engine_of
from bot.core.voice_content import Engine, VoiceContent
from tests.voice_sound.conftest import tone
from tests.voice_sound.test_sound import sox_facts


@pytest.fixture(scope="module")
def espeak() -> Espeak:
    return Espeak(Engine())


def bare(phonemes: str) -> str:
    """Without accents, length and the engine's own signs."""
    return "".join(c for c in phonemes if c not in "ˈˌː1ʔ ")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fa", "سلام! به پیشخوانِ شهرداری خوش آمدید."),
        ("fa", "یک"),
        ("en", "Hello, and welcome. Press one."),
    ],
)
def test_it_is_heard(espeak: Espeak, language: str, text: str, tmp_path: Path) -> None:
    sound = espeak.speak(text, language)
    facts = sox_facts(to_wav(sound), tmp_path)
    assert (facts["Sample Rate"], facts["Channels"], facts["Precision"]) == ("8000", "1", "16-bit")
    loudest = max(abs(float(facts["Maximum amplitude"])), abs(float(facts["Minimum amplitude"])))
    assert 0.75 < loudest < 0.85, "loud enough, and far from clipping"
    assert float(facts["RMS     amplitude"]) > 0.04
    assert 0.04 * len(text) < len(sound) / RATE < 0.3 * len(text) + 0.3, "neither hurried nor drawn out"
    assert np.abs(sound[:200]).max() < 0.5 * 32767 * 0.8 or len(sound) < RATE


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (9, "noh"),
        (18, "hedʒdah"),
        (125, "jeksadobistopandʒ"),
        (200, "devist"),
        (500, "pɑnsad"),
        (1405, "hezɑrotʃɑhɑrsadopandʒ"),
        (31, "siojek"),
    ],
)
def test_numbers_are_pronounced_as_people_do(espeak: Espeak, number: int, said: str) -> None:
    assert bare(espeak.phonemes(plain(Persian({}).number(number)), "fa")) == said


def test_months_and_weekdays_are_pronounced_right(espeak: Espeak) -> None:
    months = [bare(espeak.phonemes(month, "fa")) for month in MONTHS]
    assert months == [
        "farvardin", "ordibeheʃt", "xordɑd", "tir", "mordɑd", "ʃahrivar", "mehr", "ɑbɑn", "ɑzar", "dej", "bahman",
        "esfand",
    ]  # fmt: skip
    days = [bare(espeak.phonemes(day, "fa")) for day in WEEKDAYS]
    assert days == ["doʃanbe", "seʃanbe", "tʃɑhɑrʃanbe", "pandʒʃanbe", "dʒome", "ʃanbe", "jekʃanbe"]


def test_the_menu_is_pronounced_right(espeak: Espeak, voice: VoiceContent) -> None:
    said = [bare(espeak.phonemes(entry.label["fa"].split("،")[0], "fa")) for entry in voice.menu]
    assert said == [
        "pejɡiriedarxɑst", "xarɑbietʃerɑqekutʃevaxiɑbɑn", "tʃɑlevaxarɑbiemabar", "darxɑsthɑjediɡar", "ʃekɑjat",
        "sɑatekɑrvaneʃɑni", "xabarhɑvaettelɑijehɑ", "zabɑn",
        "darxɑsthɑjeeman",
    ]  # fmt: skip


def test_a_yes_and_a_nine_are_different_words(espeak: Espeak) -> None:
    assert bare(espeak.phonemes("نه", "fa")) == "na"
    assert bare(espeak.phonemes("نُه", "fa")) == "noh"


def test_many_threads_speak_one_after_the_other(espeak: Espeak) -> None:
    texts = {"سلام": "fa", "good morning to you all": "en"}
    alone = {text: len(espeak.speak(text, language)) for text, language in texts.items()}
    off: list[float] = []

    def speak(text: str) -> None:
        off.extend(abs(len(espeak.speak(text, texts[text])) / alone[text] - 1) for _ in range(10))

    threads = [threading.Thread(target=speak, args=(text,)) for text in [*texts] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(off) == 40
    assert max(off) < 0.05, "nobody's words run into another's"


def test_what_it_can_is_known_without_speaking(espeak: Espeak) -> None:
    assert espeak.speaks("fa")
    assert espeak.speaks("en")
    assert not espeak.speaks("tlh")
    other = Espeak(replace(Engine(), voices={"fa": "no-such-voice"}))
    assert not other.speaks("fa")
    with pytest.raises(CannotSpeak):
        other.speak("سلام", "fa")
    with pytest.raises(CannotSpeak):
        espeak.speak(" ", "fa")


def test_another_rate_is_another_mark() -> None:
    assert Espeak(Engine()).mark != Espeak(replace(Engine(), rate=200)).mark


# --- other engines


def program(folder: Path, code: str) -> tuple[str, ...]:
    file = folder / "speak.py"
    file.write_text(code, "utf-8")
    return (sys.executable, str(file))


ECHO = """
import sys
text = sys.stdin.buffer.read().decode()
assert text == "سلام", text
sys.stdout.buffer.write(open(sys.argv[0].replace("speak.py", "voice.wav"), "rb").read())
"""


def test_a_program_speaks(tmp_path: Path) -> None:
    (tmp_path / "voice.wav").write_bytes(to_wav(tone(peak=4000)))
    engine = engine_of(Engine(name="command", command={"fa": program(tmp_path, ECHO)}))
    sound: Sound = engine.speak("سلام", "fa")
    assert np.abs(sound).max() == pytest.approx(0.8 * 32767, rel=0.01)
    assert engine.speaks("fa")
    assert engine.speaks("en"), "by the embedded one"
    assert engine.speak("good morning", "en").any()


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "print('no sound')", "import time; time.sleep(60)"])
def test_a_program_that_fails(tmp_path: Path, code: str) -> None:
    engine = engine_of(Engine(name="command", command={"fa": program(tmp_path, code)}, timeout=0.5))
    with pytest.raises(CannotSpeak):
        engine.speak("سلام", "fa")


def test_a_program_that_is_not_there() -> None:
    engine = engine_of(Engine(name="command", command={"fa": ("no-such-program-here",)}))
    assert isinstance(engine, Program)
    assert not engine.speaks("fa")
    with pytest.raises(CannotSpeak):
        engine.speak("سلام", "fa")


def test_without_an_engine_only_recordings_speak() -> None:
    engine = engine_of(Engine(name="none"))
    assert isinstance(engine, Silent)
    assert not engine.speaks("fa")
    with pytest.raises(CannotSpeak):
        engine.speak("سلام", "fa")
