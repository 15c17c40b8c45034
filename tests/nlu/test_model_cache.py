"""A trained model kept on the disk is the same model, and nothing else is ever taken for it."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from bot.nlu.model import EmbeddedNlu, Trained, trained
from bot.nlu.model_cache import ModelCache, fingerprint
from tests.nlu.small_content import small_catalogue


@pytest.fixture(scope="module")
def model() -> Trained:
    return trained(small_catalogue())


@pytest.fixture
def cache(tmp_path: Path) -> ModelCache:
    return ModelCache(tmp_path / "models", lambda: "key")


def only_file(cache: ModelCache) -> Path:
    (file,) = cache.folder.iterdir()
    return file


def test_what_was_kept_understands_the_same(cache: ModelCache, model: Trained) -> None:
    catalogue = small_catalogue()
    assert cache.kept(catalogue, "") is None
    cache.keep(catalogue, "", model)
    again = ModelCache(cache.folder, lambda: "key").kept(catalogue, "")
    assert again
    for text in ("مدارک جواز", "می‌خوام درخواست ثبت کنم", "zobale ro key mibaran", "hello"):
        assert EmbeddedNlu(again).reading(text, "fa") == EmbeddedNlu(model).reading(text, "fa")
        assert EmbeddedNlu(again).matches(text, "fa") == EmbeddedNlu(model).matches(text, "fa")


def test_it_is_of_this_content_encoder_and_key_alone(cache: ModelCache, model: Trained) -> None:
    catalogue = small_catalogue()
    cache.keep(catalogue, "", model)
    assert cache.kept(replace(catalogue, unrelated=()), "") is None
    assert cache.kept(catalogue, "some encoder") is None
    assert ModelCache(cache.folder, lambda: "another key").kept(catalogue, "") is None
    assert fingerprint(catalogue, "") == fingerprint(small_catalogue(), "")


class Trap:
    def __reduce__(self) -> tuple[object, ...]:
        return (pytest.fail, ("something foreign was unpickled",))


@pytest.mark.parametrize("foreign", [b"", b"short", bytes(32) + pickle.dumps(Trap()), pickle.dumps(Trap())])
def test_a_foreign_file_is_never_opened(cache: ModelCache, model: Trained, foreign: bytes) -> None:
    cache.keep(small_catalogue(), "", model)
    only_file(cache).write_bytes(foreign)
    assert cache.kept(small_catalogue(), "") is None


def test_a_damaged_file_is_not_taken(cache: ModelCache, model: Trained) -> None:
    cache.keep(small_catalogue(), "", model)
    data = bytearray(only_file(cache).read_bytes())
    data[len(data) // 2] ^= 1
    only_file(cache).write_bytes(data)
    assert cache.kept(small_catalogue(), "") is None


def test_a_folder_that_cannot_be_written_is_no_error(
    tmp_path: Path, model: Trained, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models").write_text("a file")
    ModelCache(tmp_path / "models", lambda: "key").keep(small_catalogue(), "", model)
    assert "could not be kept" in caplog.text
