"""Sound as the telephone has it, judged by sox, and by what it would sound like."""

from __future__ import annotations

import io
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from bot.channels.voice.sound import (
    RATE,
    NotOurSound,
    Sound,
    from_wav,
    levelled,
    resampled,
    silence,
    to_wav,
    trimmed,
)
from tests.voice_sound.conftest import tone


def sox_facts(data: bytes, folder: Path) -> dict[str, str]:
    """What soxi and sox say of a file."""
    path = folder / "heard.wav"
    path.write_bytes(data)
    said = subprocess.run(["soxi", path], capture_output=True, text=True, check=True).stdout
    said += subprocess.run(["sox", path, "-n", "stat"], capture_output=True, text=True, check=True).stderr
    return {k.strip(): v.strip() for k, _, v in (line.partition(":") for line in said.splitlines()) if v}


def wav(samples: Sound, *, rate: int = RATE, channels: int = 1, width: int = 2) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def spectrum(sound: Sound) -> tuple[float, float]:
    """The strongest frequency in Hz, and the share of the energy that is within 30 Hz of it."""
    power = np.abs(np.fft.rfft(sound.astype(float) * np.hanning(len(sound)))) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    top = float(hertz[power.argmax()])
    return top, float(power[np.abs(hertz - top) < 30].sum() / power.sum())


def test_a_file_is_what_the_telephone_plays(tmp_path: Path) -> None:
    facts = sox_facts(to_wav(tone()), tmp_path)
    assert (facts["Sample Rate"], facts["Channels"], facts["Precision"]) == ("8000", "1", "16-bit")
    assert np.array_equal(from_wav(to_wav(tone())), tone())


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (wav(tone(), rate=16000), "16000 Hz"),
        (wav(tone(), channels=2), "2 channels"),
        (wav(tone(), width=1), "8 bits"),
        (b"RIFFnothing", "no PCM WAV"),
        (b"", "no PCM WAV"),
        (to_wav(tone())[:20], "no PCM WAV"),
    ],
)
def test_other_files_are_refused_with_what_to_change(data: bytes, why: str) -> None:
    with pytest.raises(NotOurSound, match=why):
        from_wav(data)


@pytest.mark.parametrize("rate", [1000, 400_000])
def test_no_rate_but_those_of_speech_is_taken(rate: int) -> None:
    with pytest.raises(NotOurSound, match=f"{rate} Hz"):
        from_wav(wav(tone(), rate=rate), any_rate=True)


@pytest.mark.parametrize("rate", [6000, 7350])
def test_a_slower_sound_gets_no_echo_of_itself(rate: int) -> None:
    at = np.arange(rate) / rate
    sound = resampled((np.sin(2 * np.pi * 2200 * at) * 20_000).astype(np.int16), rate)
    assert len(sound) == RATE
    top, share = spectrum(sound[400:-400])
    assert top == pytest.approx(2200, abs=2)
    assert share > 0.99


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 22051, 44100, 48000, 96_001])
@pytest.mark.parametrize("hertz", [300, 1000, 3000])
def test_what_the_telephone_carries_stays_as_it_is(rate: int, hertz: int) -> None:
    at = np.arange(rate) / rate
    sound = resampled((np.sin(2 * np.pi * hertz * at) * 20_000).astype(np.int16), rate)
    assert abs(len(sound) - RATE) <= 1
    top, share = spectrum(sound[400:-400])
    assert top == pytest.approx(hertz, abs=2)
    assert share > 0.99
    assert np.abs(sound[400:-400]).max() == pytest.approx(20_000, rel=0.08)


@pytest.mark.parametrize("hertz", [4500, 5000, 7000, 10_000])
def test_what_it_cannot_carry_does_not_fold_back(hertz: int) -> None:
    at = np.arange(22050) / 22050
    sound = resampled((np.sin(2 * np.pi * hertz * at) * 20_000).astype(np.int16), 22050)
    assert np.abs(sound[400:-400]).max() < 250  # 38 dB down


def test_silence_at_the_ends_is_cut_and_the_level_is_the_same() -> None:
    quiet = np.concatenate([silence(0.5), tone(0.3, peak=3000), silence(0.7)])
    sound = levelled(trimmed(quiet), 80)
    assert len(sound) / RATE == pytest.approx(0.34, abs=0.02)
    assert np.abs(sound).max() == pytest.approx(0.8 * 32767, rel=0.01)


def test_nothing_is_nothing() -> None:
    assert len(trimmed(silence(1))) == 0
    assert not levelled(silence(1), 80).any()
    assert len(resampled(silence(0), 22050)) == 0


def test_a_program_s_stereo_of_another_rate_and_of_no_known_length_is_taken() -> None:
    data = bytearray(wav(np.repeat(tone(0.5), 2), rate=16000, channels=2))
    data[4:8] = data[40:44] = b"\xff\xff\xff\x7f"
    assert len(from_wav(bytes(data), any_rate=True)) == pytest.approx(0.25 * RATE, abs=2)
