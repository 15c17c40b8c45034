"""An encoder for tests: counts letters, and misbehaves when told to."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from zlib import crc32

import numpy as np

from bot.nlu.vectors import Floats

NAME = "tests.nlu.small_encoder:Small"


class Small:
    name = "small-1"
    size = 16

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Floats:
        vectors = np.zeros((len(texts), self.size), np.float32)
        for row, text in enumerate(texts):
            self.encoded.append(text)
            _obey(text)
            vectors[row, 0] = 1
            for letter in text:
                vectors[row, crc32(letter.encode(errors="replace")) % self.size] += 1
            vectors[row] /= np.linalg.norm(vectors[row])
        return vectors


def _obey(text: str) -> None:
    match text.split():
        case ["!sleep", seconds]:
            time.sleep(float(seconds))
        case ["!exit", code]:
            os._exit(int(code))
        case ["!raise", *_]:
            raise ValueError(text)
        case ["!print", *what]:
            print(what)
