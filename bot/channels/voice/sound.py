"""Sound as the telephone has it: 8,000 samples of 16 bits a second, one channel."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

RATE = 8000  # samples a second
Sound = npt.NDArray[np.int16]

_QUIET = 10 ** (-40 / 20) * 32767  # what is below it at the ends is silence
_MARGIN = 0.02  # seconds of it that stay, so that nothing is clipped off
_PASS = 3600.0  # Hz; the telephone carries 300 to 3,400
_TAPS = 160  # of the filter, to each side
_LOUDEST = 32767


class CannotSpeak(Exception):
    """The engine has no sound for these words."""


class NotOurSound(Exception):
    """The file is no WAV, or not one that the telephone plays; the message says what to change."""


def from_wav(data: bytes, *, any_rate: bool = False) -> Sound:
    """The samples of a WAV file. Raises NotOurSound unless it is 8 kHz, mono, 16 bits; with `any_rate` only the 16
    bits matter."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            if width != 2 or not (any_rate or (channels == 1 and rate == RATE)):
                raise NotOurSound(f"{rate} Hz, {channels} channels, {8 * width} bits; make it 8000 Hz, mono, 16 bits")
            # A program that writes to a pipe does not know the length beforehand: read what is there.
            frames = file.readframes(min(file.getnframes(), len(data)))
    except (wave.Error, EOFError) as error:
        raise NotOurSound(f"no PCM WAV file ({error})") from error
    samples = np.frombuffer(frames[: len(frames) // (2 * channels) * (2 * channels)], dtype="<i2")
    if channels > 1:
        samples = samples.reshape(-1, channels).mean(axis=1).astype(np.int16)
    return resampled(samples, rate)


def to_wav(sound: Sound) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(sound.astype("<i2", copy=False).tobytes())
    return file.getvalue()


def resampled(samples: Sound, rate: int) -> Sound:
    """At RATE. Frequencies that RATE cannot hold are filtered out first (windowed sinc), or they would fold back as
    noise."""
    if rate == RATE or not len(samples):
        return samples.astype(np.int16)
    filtered = samples.astype(np.float64)
    if rate > RATE:
        size = 1 << (len(samples) + 2 * _TAPS).bit_length()  # convolving by FFT: long sentences cost no more each
        kernel = _low_pass(rate)
        filtered = np.fft.irfft(np.fft.rfft(filtered, size) * np.fft.rfft(kernel, size), size)
        filtered = filtered[_TAPS : _TAPS + len(samples)]
    places = np.arange(int(len(samples) * RATE / rate), dtype=np.float64) * (rate / RATE)
    return _whole(_between(np.asarray(filtered, dtype=np.float64), np.asarray(places, dtype=np.float64)))


def _between(samples: npt.NDArray[np.float64], places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Values between samples, by Catmull-Rom splines: a straight line would dull what is left above 2 kHz."""
    at = places.astype(np.int64)
    t = places - at
    padded = np.concatenate((samples[:1], samples, samples[-1:], samples[-1:]))
    a, b, c, d = padded[at], padded[at + 1], padded[at + 2], padded[at + 3]
    spline: npt.NDArray[np.float64] = b + 0.5 * t * (
        c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))
    )
    return spline


@lru_cache(maxsize=8)
def _low_pass(rate: int) -> npt.NDArray[np.float64]:
    n = np.arange(-_TAPS, _TAPS + 1)
    kernel = np.sinc(2 * _PASS / rate * n) * np.blackman(2 * _TAPS + 1)
    return np.asarray(kernel / kernel.sum(), dtype=np.float64)


def trimmed(sound: Sound) -> Sound:
    """Without the silence at its ends."""
    loud = np.flatnonzero(np.abs(sound.astype(np.int32)) > _QUIET)
    if not len(loud):
        return sound[:0]
    margin = int(_MARGIN * RATE)
    return sound[max(0, int(loud[0]) - margin) : int(loud[-1]) + margin]


def levelled(sound: Sound, percent: int) -> Sound:
    """Its loudest moment at this share of full scale."""
    peak = int(np.abs(sound.astype(np.int32)).max(initial=0))
    return _whole(sound.astype(np.float64) * (percent / 100 * _LOUDEST / peak)) if peak else sound


def silence(seconds: float) -> Sound:
    return np.zeros(int(seconds * RATE), dtype=np.int16)


def joined(sounds: Sequence[Sound]) -> Sound:
    return np.concatenate(sounds) if sounds else silence(0)


def _whole(samples: npt.NDArray[np.float64]) -> Sound:
    return np.clip(np.rint(samples), -_LOUDEST, _LOUDEST).astype(np.int16)
