"""An encoder beside the server, not in it: its crash is a question without a vector, its work stops nobody's turn.

`EncoderProcess` is an `Encoder` again, so that whoever trains may use it too. `AskedVectors` is what a turn asks.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from threading import Lock, Timer
from time import monotonic
from types import TracebackType

import numpy as np

from bot.nlu.semantic import Encoder, EncoderDown, load
from bot.nlu.vectors import Floats

log = logging.getLogger(__name__)

PORTION = 8  # texts handed over at once
PATIENCE = 60.0  # seconds that a portion may take, loading included, before the process is taken for stuck
LONGEST_PAUSE = 60.0  # seconds between two starts of a process that keeps dying
DEADLINE = 0.3  # seconds that a turn waits for a vector
WAITING = 8  # texts: more of them at 30 ms each would all be late
KEPT = 2000  # vectors of 1.5 kB
LONGEST_ASKED = 400  # characters: what takes one core about 0.2 s

_INSIDE = "import sys; from bot.nlu.semantic import serve; serve(sys.argv[1])"


class EncoderProcess:
    """An `Encoder` that works in a process of its own, one portion of texts after the other. Share it between threads.

    The process starts with the first text. When it dies or is stuck, that call raises EncoderDown and so do all others
    for a second, which doubles each time that a new process answers nothing either.
    """

    def __init__(
        self, name: str, *, nice: int = 0, patience: float = PATIENCE, clock: Callable[[], float] = monotonic
    ) -> None:
        """`nice` as in nice(1): training steps back behind what people wait for. Raises NoEncoder."""
        inside = load(name)
        self.name = inside.name
        self.size = inside.size
        self._loads = name
        self._nice = nice
        self._patience = patience
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()
        self._failures = 0
        self._not_before = 0.0
        self._closed = False

    def __enter__(self) -> EncoderProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Of the process, if one was started."""
        return self._process.pid if self._process else None

    def encode(self, texts: Sequence[str]) -> Floats:
        vectors = np.empty((len(texts), self.size), np.float32)
        for start in range(0, len(texts), PORTION):
            vectors[start : start + PORTION] = self._portion(texts[start : start + PORTION])
        return vectors

    def close(self) -> None:
        """End the process at once; who waits for it, or asks later, gets EncoderDown."""
        self._closed = True
        if self._process:
            self._process.kill()
        with self._lock:
            self._end()

    def _portion(self, texts: Sequence[str]) -> Floats:
        size = len(texts) * self.size * 4
        with self._lock:
            process = self._running()
            assert process.stdin
            assert process.stdout
            stuck = Timer(self._patience, process.kill)
            stuck.start()
            answer = b""
            try:
                with suppress(OSError):  # it is gone
                    process.stdin.write(json.dumps(list(texts)).encode() + b"\n")
                    process.stdin.flush()
                    answer = process.stdout.read(size)
            finally:  # also when interrupted: half an answer must not become the beginning of the next
                stuck.cancel()
                down = self._failed() if len(answer) != size else None
            if down:
                raise down
            self._failures = 0
        return np.frombuffer(answer, "<f4").reshape(len(texts), self.size)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process and self._process.poll() is not None:
            self._failed()
        if self._closed or self._clock() < self._not_before:
            raise EncoderDown
        if not self._process:
            command = (sys.executable, "-c", _INSIDE, self._loads)
            found = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
            try:
                self._process = subprocess.Popen(  # noqa: S603  our own interpreter, no shell
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | found
                )
                os.setpriority(os.PRIO_PROCESS, self._process.pid, self._nice)
            except OSError:
                raise self._failed() from None
        return self._process

    def _failed(self) -> EncoderDown:
        code = self._end()
        if not self._closed:
            pause = min(2.0**self._failures, LONGEST_PAUSE)
            self._failures += 1
            self._not_before = self._clock() + pause
            log.warning("the encoder's process ended", extra={"code": code, "pause": pause})
        return EncoderDown()

    def _end(self) -> int | None:
        """Its exit code: negative is the signal that ended it. None if there was no process."""
        process, self._process = self._process, None
        if not process:
            return None
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # what was still to be written has no reader
                if pipe:
                    pipe.close()
        return process.wait()


class AskedVectors:
    """Vectors of what people ask, from an encoder in a thread of its own. Belongs to one event loop, which never waits.

    The latest `kept` are remembered, and a text that several ask for at the same time is encoded once.
    """

    def __init__(
        self, encoder: Encoder, *, deadline: float = DEADLINE, waiting: int = WAITING, kept: int = KEPT
    ) -> None:
        self._encoder = encoder
        self._deadline = deadline
        self._waiting = waiting
        self._kept = kept
        self._thread = ThreadPoolExecutor(1, "encoder")
        self._known: OrderedDict[str, Floats] = OrderedDict()
        self._coming: dict[str, asyncio.Future[Floats | None]] = {}
        self._closed = False

    async def vector(self, text: str) -> Floats | None:
        """(size,) of unit length; None when it is not there within the deadline, or too much is being asked, or the
        encoder is down. What comes late is remembered for who asks again. Of long texts the beginning counts."""
        text = text[:LONGEST_ASKED]
        if text in self._known:
            self._known.move_to_end(text)
            return self._known[text]
        coming = self._coming.get(text) or self._ask(text)
        if coming is None:
            return None
        await asyncio.wait({coming}, timeout=self._deadline)
        return coming.result() if coming.done() and not coming.cancelled() else None

    def start(self) -> None:
        """Load the model now rather than with the first question. Returns at once."""
        self._ask("")

    def close(self) -> None:
        """Who still waits gets None, and so does who asks later. The encoder itself belongs to who made it."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _ask(self, text: str) -> asyncio.Future[Floats | None] | None:
        if self._closed or len(self._coming) >= self._waiting:
            return None
        coming = asyncio.get_running_loop().run_in_executor(self._thread, self._encode, text)
        self._coming[text] = coming
        coming.add_done_callback(lambda done: self._came(text, done))
        return coming

    def _encode(self, text: str) -> Floats | None:
        try:
            vector: Floats = self._encoder.encode([text])[0]
        except EncoderDown:
            return None
        return vector

    def _came(self, text: str, done: asyncio.Future[Floats | None]) -> None:
        del self._coming[text]
        if done.cancelled() or done.exception() or (vector := done.result()) is None:
            return
        self._known[text] = vector
        if len(self._known) > self._kept:
            self._known.popitem(last=False)


@asynccontextmanager
async def asked_vectors(name: str) -> AsyncIterator[AskedVectors]:
    """From the encoder of that name (see `bot.nlu.semantic.load`), while the application runs. Raises NoEncoder."""
    with EncoderProcess(name) as encoder:
        asked = AskedVectors(encoder)
        asked.start()
        try:
            yield asked
        finally:
            asked.close()
