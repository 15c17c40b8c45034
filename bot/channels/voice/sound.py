"""Sound as the telephone has it: 8,000 samples of 16 bits a second, one channel."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

RATE = 8000  # samples a second
Sound = npt.NDArray[np.int16]

_QUIET = 10 ** (-40 / 20) * 32767  # what is below it at the ends is silence
_MARGIN = 0.02  # seconds of it that stay, so that nothing is clipped off
_PASS = 3600.0  # Hz; the telephone carries 300 to 3,400
_TAPS = 160  # of the filter, to each side
_HIGHEST = 0.45  # of the rate: what a slower sound can hold
_BLOCK = 100  # samples that are made at once, at least
_FINEST = 320  # of them, where the rates have no simpler ratio
_RATES = range(4000, 192_001)
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
            if width != 2 or not (rate in _RATES if any_rate else (channels, rate) == (1, RATE)):
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
    """At RATE. Frequencies that RATE cannot hold are filtered out, or they would fold back as noise. So many samples at
    once become so many others by one product of matrices: a sixteenth of the time of a filter by FFT."""
    if rate == RATE or not len(samples):
        return samples.astype(np.int16)
    taken, weights = _filter(rate)
    padded = np.zeros(-(-len(samples) // taken) * taken + 2 * _TAPS, np.float32)
    padded[_TAPS : _TAPS + len(samples)] = samples
    blocks = np.lib.stride_tricks.sliding_window_view(padded, len(weights))[::taken]
    made: npt.NDArray[np.float32] = np.ascontiguousarray(blocks) @ weights
    return _whole(made.ravel()[: int(len(samples) * RATE / rate)])


@lru_cache(maxsize=4)
def _filter(rate: int) -> tuple[int, npt.NDArray[np.float32]]:
    """A low pass (windowed sinc) at each of the places where a block of new samples lies: how many old samples they
    take the place of, and the weights of these with _TAPS more to each side, for each new one."""
    step = Fraction(rate, RATE).limit_denominator(_FINEST)
    times = -(-_BLOCK // step.denominator)
    taken, made = step.numerator * times, step.denominator * times
    away = np.arange(made) * float(step) - (np.arange(taken + 2 * _TAPS)[:, np.newaxis] - _TAPS)
    near = np.pi * np.clip(away / _TAPS, -1, 1)
    window = 0.42 + 0.5 * np.cos(near) + 0.08 * np.cos(2 * near)  # Blackman's
    weights = np.sinc(2 * min(_PASS / rate, _HIGHEST) * away) * window
    return taken, np.asarray(weights / weights.sum(axis=0), dtype=np.float32)


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


def _whole(samples: npt.NDArray[np.float32] | npt.NDArray[np.float64]) -> Sound:
    return np.clip(np.rint(samples), -_LOUDEST, _LOUDEST).astype(np.int16)
