"""The engine that speaks what nobody has recorded, and the port that another engine takes its place by."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

RATE = 8000  # samples a second, the telephone's

Sound = npt.NDArray[np.int16]
"""Mono samples at RATE."""


class CannotSpeak(Exception):
    """The engine has no sound for these words."""


class Synthesiser(Protocol):
    @property
    def mark(self) -> str:
        """What makes its sound what it is: engine, voice, rate. Another mark means that kept sound is of no use."""
        ...

    def speaks(self, language: str) -> bool:
        """Whether it can say anything in this language, found out without saying it."""
        ...

    def speak(self, text: str, language: str) -> Sound:
        """Trimmed, at one loudness. Raises CannotSpeak. Blocking; thread-safe."""
        ...
