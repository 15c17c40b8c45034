"""Content that follows its files while the bot runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from watchfiles import awatch

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
                async for _ in awatch(*self._watched, debounce=self._debounce, force_polling=self._polling):
                    await self._reload()
                return  # the process was interrupted
            except Exception as error:
                # The folder is away for a moment, or the machine gives no more notifications: polling needs none.
                log.warning("content: watching failed (%s); trying again by polling", type(error).__name__)
                self._polling = True
                await asyncio.sleep(AGAIN_AFTER)
                await self._reload()  # what changed meanwhile

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
