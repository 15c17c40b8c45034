"""Vectors kept on the disk: what is encoded again, and what becomes of a damaged file."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bot.nlu import vector_cache
from bot.nlu.encoder_process import EncoderProcess
from bot.nlu.semantic import EncoderDown
from bot.nlu.vector_cache import FILE, VectorCache
from tests.nlu.small_encoder import NAME, Small

ROOT = Path(__file__).parents[2]
TEXTS = ["سلام", "چطور پروانه بگیرم", "", "سلام", "۱۲۳ 🙏"]


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
from tests.nlu.test_vector_cache import trained
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
