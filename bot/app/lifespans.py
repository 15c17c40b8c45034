"""What begins and ends with the process, whichever of its roles it has."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from aiohttp import web

from bot import content
from bot.app.channels import Channels
from bot.app.counter import Counter, missing_phrases
from bot.courier import Courier
from bot.web.health import Health

log = logging.getLogger(__name__)

NOTICES = "notices"  # what replicas tell the worker of
INSPECTED = 10.0  # seconds after the start

COUNTER = web.AppKey("counter", Counter)
COURIER = web.AppKey("courier", Courier)
HEALTH = web.AppKey("health", Health)


def new_courier(counter: Counter, channels: Channels) -> Courier:
    """In development news come at any time: whoever tries it at night wants to see them."""
    quiet = counter.settings.production
    return Courier(
        counter.outbox,
        counter.gateway,
        channels.senders,
        counter.contacts,
        counter.live.now,
        counter.stores.limits,
        is_news=counter.desk.is_news,
        apart=counter.identity.said_apart,
        quiet_hours=lambda: counter.live.catalogue.organization.quiet_hours if quiet else None,
        reached_at=channels.reached_at,
    )


def equip(app: web.Application, counter: Counter) -> None:
    """What every role has first: its parts, its health, its stores."""
    app[COUNTER] = counter
    app[HEALTH] = Health(counter.stores.checks, lambda: counter.live.problems)
    app[HEALTH].add_to(app)
    app.cleanup_ctx.append(_storing)


async def _storing(app: web.Application) -> AsyncIterator[None]:
    async with app[COUNTER].opened():
        yield


async def delivering(app: web.Application) -> AsyncIterator[None]:
    """Where there is a courier, it delivers."""
    courier = app.get(COURIER)
    running = asyncio.create_task(courier.run()) if courier else None
    yield
    if courier and running:
        await courier.stop(running)


async def watching(app: web.Application) -> AsyncIterator[None]:
    """Edits of the content are taken."""
    counter = app[COUNTER]
    settings = counter.settings
    watcher = content.ContentWatcher(settings.content_dir, counter.edited, counter.broken, beside=(settings.ivr_dir,))
    running = asyncio.gather(watcher.run(), _inspect(counter))
    yield
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def _inspect(counter: Counter) -> None:
    """Look for what the content of the start lacks: 0.3 s of CPU, for which no citizen waits once it is a bit later."""
    await asyncio.sleep(INSPECTED)
    missing = await asyncio.to_thread(missing_phrases, counter.live.catalogue)
    if missing:
        log.error("the content lacks phrases; pishkhan check names them", extra={"count": len(missing)})
        counter.broken(content.ContentErrors(missing))
