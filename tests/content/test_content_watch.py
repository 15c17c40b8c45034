"""Edits reach the running bot; broken ones do not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from bot.content import ContentErrors, ContentWatcher
from bot.content import watch as watch_module
from bot.core.catalogue import Catalogue

PATIENCE = 20  # seconds until a test gives up
PHRASES = "phrases/all.yaml"


class Seen:
    """What a watcher has told."""

    def __init__(self) -> None:
        self.catalogues: list[Catalogue] = []
        self.errors: list[ContentErrors] = []
        self.fail_next = False

    async def on_change(self, catalogue: Catalogue) -> None:
        if self.fail_next:
            self.fail_next = False
            raise RuntimeError("the index could not be built")
        self.catalogues.append(catalogue)

    def on_error(self, errors: ContentErrors) -> None:
        self.errors.append(errors)

    def greetings(self) -> list[str]:
        return [c.phrases["menu.greeting"]["en"] for c in self.catalogues]


async def until(happened: Callable[[], object]) -> None:
    """Wait for a condition that another task brings about."""
    async with asyncio.timeout(PATIENCE):
        while not happened():  # noqa: ASYNC110 - watches the listener from outside
            await asyncio.sleep(0.01)


_seconds: Iterator[int] = count(2_000_000_000, 10)


def edit(folder: Path, text: str, name: str = PHRASES) -> None:
    """Write in place. The time of change moves on by seconds, the resolution that polling looks with."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    now = next(_seconds)
    os.utime(path, (now, now))


def move(old: Path, new: Path) -> None:
    old.replace(new)


def greeting(word: str) -> str:
    return f"menu.greeting: {{fa: سلام, en: {word}}}\n"


@asynccontextmanager
async def watching(folder: Path, seen: Seen, *, force_polling: bool | None = None) -> AsyncIterator[asyncio.Task[None]]:
    watcher = ContentWatcher(folder, seen.on_change, seen.on_error, force_polling=force_polling, debounce=50)
    task = asyncio.create_task(watcher.run())
    await asyncio.sleep(0.1)  # the watch is set up in the task's first step
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("force_polling", [None, True])
async def test_an_edit_is_handed_over(folder: Path, force_polling: bool | None) -> None:
    seen = Seen()
    async with watching(folder, seen, force_polling=force_polling):
        edit(folder, greeting("Hi"))
        await until(lambda: seen.greetings()[-1:] == ["Hi"])
        edit(folder, greeting("Welcome"))
        await until(lambda: seen.greetings()[-1:] == ["Welcome"])
    assert seen.errors == []


async def test_a_broken_edit_changes_nothing_and_a_good_one_recovers(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seen = Seen()
    with caplog.at_level(logging.WARNING, "bot.content"):
        async with watching(folder, seen):
            edit(folder, "menu.greeting: {fa: سلام}\nmenu.bye: [\n")
            await until(lambda: seen.errors)
            edit(folder, "menu.greeting: {fa: سلام}\nmenu.bye: {en: Bye}\n")
            await until(lambda: len(seen.errors[-1].problems) == 2)
            assert seen.catalogues == []
            edit(folder, greeting("Back"))
            await until(lambda: seen.greetings()[-1:] == ["Back"])
    problems = seen.errors[-1].problems
    assert [(p.file, p.line) for p in problems] == [(PHRASES, 1), (PHRASES, 2)]
    warned = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert {f"content: {p}" for p in problems} <= set(warned)


async def test_editors_that_replace_the_file_are_followed(folder: Path) -> None:
    seen = Seen()
    async with watching(folder, seen):
        for word in ("First", "Second"):
            edit(folder, greeting(word), "phrases/.all.yaml.tmp")
            move(folder / "phrases/.all.yaml.tmp", folder / PHRASES)
            await until(lambda: word in seen.greetings())  # noqa: B023 - awaited at once
    assert seen.errors == []


async def test_new_and_removed_files_count(folder: Path) -> None:
    seen = Seen()
    async with watching(folder, seen):
        edit(folder, "menu.bye: {fa: بدرود, en: Bye}\n", "phrases/more.yaml")
        await until(lambda: seen.catalogues and "menu.bye" in seen.catalogues[-1].phrases)
        (folder / "phrases/more.yaml").unlink()
        await until(lambda: "menu.bye" not in seen.catalogues[-1].phrases)


async def test_a_failing_listener_does_not_end_the_watch(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    seen = Seen()
    seen.fail_next = True
    async with watching(folder, seen) as task:
        edit(folder, greeting("Lost"))
        await until(lambda: not seen.fail_next)
        edit(folder, greeting("Kept"))
        await until(lambda: seen.greetings()[-1:] == ["Kept"])
        assert not task.done()
    assert any(r.exc_info and "could not be put to use" in r.getMessage() for r in caplog.records)


async def test_a_failing_error_listener_does_not_end_the_watch(folder: Path) -> None:
    seen = Seen()
    told: list[ContentErrors] = []

    def on_error(errors: ContentErrors) -> None:
        told.append(errors)
        raise RuntimeError("nobody listens")

    seen.on_error = on_error  # type: ignore[method-assign]
    async with watching(folder, seen):
        edit(folder, "menu.greeting: {fa: سلام}\n")
        await until(lambda: told)
        edit(folder, greeting("Here"))
        await until(lambda: seen.greetings()[-1:] == ["Here"])


async def test_a_folder_that_comes_later_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "AGAIN_AFTER", 0.05)
    away = folder.with_name("away")
    move(folder, away)
    seen = Seen()
    async with watching(folder, seen):
        move(away, folder)
        await until(lambda: seen.greetings()[-1:] == ["Hello"])
        edit(folder, greeting("Again"))
        await until(lambda: seen.greetings()[-1:] == ["Again"])
