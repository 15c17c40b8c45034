"""Content that follows its files while the bot runs."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path

from watchfiles import watch

from bot.content.findings import ContentErrors
from bot.content.loader import load
from bot.core.catalogue import Catalogue

log = logging.getLogger(__name__)

AGAIN_AFTER = 5.0  # seconds until a watch that could not be set up is tried again


class ContentWatcher:
    """Loads the folder anew when a file in it changes.

    A good edit is handed to `on_change`. A broken one is told to `on_error` and the log, and the last good content
    stays, until a later edit is good again. Folders `beside` it are watched too; reading them is the part of
    `on_change`, which may raise ContentErrors. `force_polling` is for file systems without notifications (NFS, some
    container mounts); the environment's WATCHFILES_FORCE_POLLING decides when it is None.
    """

    def __init__(
        self,
        folder: Path,
        on_change: Callable[[Catalogue], Awaitable[None]],
        on_error: Callable[[ContentErrors], None],
        *,
        beside: Sequence[Path] = (),
        force_polling: bool | None = None,
        debounce: int = 400,  # milliseconds that a burst of changes is gathered for
    ) -> None:
        self._folder = folder
        self._watched = (folder, *(other for other in beside if other.is_dir()))
        self._on_change = on_change
        self._on_error = on_error
        self._polling = force_polling
        self._debounce = debounce

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with aclosing(self._changes()) as changes:
                    async for _ in changes:
                        await self._reload()
            except Exception as error:
                # The folder is away for a moment, or the machine gives no more notifications: polling needs none.
                log.warning("content: watching failed (%s); trying again by polling", type(error).__name__)
                self._polling = True
                await asyncio.sleep(AGAIN_AFTER)
                await self._reload()  # what changed meanwhile

    async def _changes(self) -> AsyncGenerator[object, None]:
        """As `watchfiles.awatch`, but for anyio, which nothing else here needs: 30 ms of a start and 2 MB."""
        over = threading.Event()
        changes = watch(
            *self._watched,
            debounce=self._debounce,
            force_polling=self._polling,
            stop_event=over,
            raise_interrupt=False,
        )
        hands = ThreadPoolExecutor(1, "content")
        try:
            while (changed := await asyncio.get_running_loop().run_in_executor(hands, next, changes, None)) is not None:
                yield changed
        finally:
            over.set()
            hands.shutdown(wait=False)

    async def _reload(self) -> None:
        try:
            catalogue = await asyncio.to_thread(load, self._folder)
            await self._on_change(catalogue)
            log.info("content: reloaded")
        except ContentErrors as errors:
            for problem in errors.problems:
                log.warning("content: %s", problem)
            log.warning("content: the last good content stays until this is corrected")
            self._tell(errors)
        except Exception:
            log.exception("content: the new content could not be put to use; the last good content stays")

    def _tell(self, errors: ContentErrors) -> None:
        try:
            self._on_error(errors)
        except Exception:
            log.exception("content: telling of the problems failed")
