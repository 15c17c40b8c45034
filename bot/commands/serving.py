"""`pishkhan serve`, `pishkhan work` and `pishkhan migrate`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from aiohttp import web

from bot import app, logs
from bot.commands.errors import Ended
from bot.settings import Settings
from bot.stores.migrations import migrate as migrate_database

log = logging.getLogger(__name__)

GRACE = 25.0  # seconds that what is under way gets, once nothing new is taken
ANSWERING = 15.0  # seconds of them for requests
SPEECHLESS = 75.0  # seconds that a connection may be idle or its headers take; a proxy closes its own after 60
GC_THRESHOLD = (50_000, 20, 20)  # fewer collections of the young; the content was frozen out of the old


def serve(settings: Settings) -> None:
    """Until SIGINT or SIGTERM. Raises Ended, ContentErrors."""
    _run(settings, app.build, f"Pishkhan is open at {_address(settings)} — Ctrl-C closes it.")


def work(settings: Settings) -> None:
    """Until SIGINT or SIGTERM. Raises Ended, ContentErrors."""
    if settings.worker != "separate":
        raise Ended(
            "`pishkhan work` needs WORKER=separate, here and where `pishkhan serve` runs: else that delivers too"
        )
    _run(settings, app.build_worker, f"Pishkhan's worker delivers; its health is at port {settings.port}.")


def migrate(settings: Settings) -> None:
    """Bring the database to today's tables; nothing happens to one that has them."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    asyncio.run(migrate_database(settings.database))


def _run(settings: Settings, build: Callable[[Settings], web.Application], greeting: str) -> None:
    logs.set_up(settings.log_level, settings.log_style)
    process = _Process(build(settings), settings, greeting)
    try:
        with asyncio.Runner(loop_factory=_event_loop) as runner:
            runner.run(process.run())
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass
    except Exception as error:
        if process.open:
            raise
        log.exception("not started")
        raise Ended(_why_not(error, settings)) from error


class _Process:
    """From open to closed. The first signal begins the drain, a second one ends at once: whatever that breaks off is
    as safe as from a power cut."""

    def __init__(self, application: web.Application, settings: Settings, greeting: str) -> None:
        self._app = application
        self._settings = settings
        self._greeting = greeting
        self._told = asyncio.Event()
        self.open = False

    async def run(self) -> None:
        loop, ours = asyncio.get_running_loop(), asyncio.current_task()
        assert ours is not None

        def told() -> None:
            if self._told.is_set():
                _end_hard("told twice")
            self._told.set()
            if not self.open:
                ours.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C cancels us
                loop.add_signal_handler(number, told)
        # An access log's lines would hold addresses, and secrets of paths.
        runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=ANSWERING, keepalive_timeout=SPEECHLESS)
        try:
            await runner.setup()
            await web.TCPSite(runner, self._settings.host, self._settings.port).start()
            self._say_open()
            await self._told.wait()
            await self._drain()
        finally:
            await self._close(runner)

    def _say_open(self) -> None:
        self.open = True
        _settle_memory()
        log.info("open", extra={"host": self._settings.host, "port": self._settings.port})
        sys.stdout.write(f"{self._greeting}\n")
        sys.stdout.flush()

    async def _drain(self) -> None:
        """Serve on, while whoever balances the load learns that we are about to end."""
        log.info("draining", extra={"seconds": self._settings.drains_for})
        self._app[app.HEALTH].ending = True
        await asyncio.sleep(self._settings.drains_for)

    async def _close(self, runner: web.AppRunner) -> None:
        """The doors first; then what is under way ends, and what the application holds is given back."""
        try:
            async with asyncio.timeout(GRACE):
                await runner.cleanup()
        except TimeoutError:
            _end_hard("something does not end")
        log.info("closed")


def _end_hard(why: str) -> NoReturn:
    log.error("ended hard", extra={"why": why})
    logging.shutdown()
    os._exit(1)


def _settle_memory() -> None:
    """What was made at the start stays: the collector need not look at it again (p99 80 ms → 20 ms at load), and not
    before either: 75 ms for next to no garbage."""
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    gc.enable()


def _event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.public_url or f"http://{host}:{settings.port}/"


def _why_not(error: Exception, settings: Settings) -> str:
    if isinstance(error, OSError) and "address already in use" in str(error):
        return f"port {settings.port} is taken; choose another one: PORT={settings.port + 1}"
    return f"could not start: {type(error).__name__}: {logs.masked(str(error))}"
