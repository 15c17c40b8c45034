"""The whole server: the parts, their routes, and what runs beside them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from importlib.metadata import version

from aiohttp import web

from bot import content
from bot.app.actions import parts, token
from bot.app.channels import Channels
from bot.app.counter import Counter, assemble, missing_phrases
from bot.courier import Courier
from bot.rasa.webhook import ActionRoutes
from bot.settings import Settings
from bot.web import health
from bot.web.api import Api
from bot.web.problems import problems

log = logging.getLogger(__name__)

LARGEST_BODY = 28 * 1024 * 1024  # bytes: a file of 20 MiB in base64; routes that are open to anybody take less

COUNTER = web.AppKey("counter", Counter)
COURIER = web.AppKey("courier", Courier)


def build(settings: Settings) -> web.Application:
    """The whole server. Raises ContentErrors. Blocking, so call it before the loop runs or in a thread."""
    counter = assemble(settings)
    live = counter.live
    channels = Channels(counter, lambda: courier.wake())
    courier = Courier(counter.desk, counter.gateway, channels.senders, live.now, reached_at=channels.reached_at)
    api = Api(
        desk=counter.desk,
        contacts=counter.contacts,
        files=counter.files,
        wording=counter.renderer,
        catalogue=lambda: live.catalogue,
        nlu=lambda: live.nlu,
        clock=live.now,
        changed=courier.wake,
        token=settings.api_token.get_secret_value(),
        version=version("pishkhan"),
        public_url=settings.public_url,
    )
    app = web.Application(middlewares=[problems()], client_max_size=LARGEST_BODY)
    app[COUNTER], app[COURIER] = counter, courier
    app.add_routes(health.routes(counter.stores.checks, lambda: live.problems))
    app.add_routes(api.routes())
    app.add_routes(ActionRoutes(parts(counter), token(settings)).routes())
    app.add_routes(channels.routes())
    app.cleanup_ctx.append(_storing)
    for channel in channels.all:
        app.add_routes(channel.routes())
        app.cleanup_ctx.append(channel.lifespan)
    app.on_shutdown.append(channels.web.close)
    if sandbox := channels.sandbox:
        app.add_routes(sandbox.routes())
        app.cleanup_ctx.append(sandbox.lifespan)
        app.on_shutdown.append(sandbox.close)
    app.cleanup_ctx.append(channels.lifespan)
    app.cleanup_ctx.extend((_delivering, _watching))
    return app


async def _storing(app: web.Application) -> AsyncIterator[None]:
    async with app[COUNTER].opened():
        yield


async def _delivering(app: web.Application) -> AsyncIterator[None]:
    running = asyncio.create_task(app[COURIER].run())
    yield
    await app[COURIER].stop(running)
    await app[COUNTER].identity.idle()


async def _watching(app: web.Application) -> AsyncIterator[None]:
    counter = app[COUNTER]
    settings = counter.settings
    watcher = content.ContentWatcher(settings.content_dir, counter.edited, counter.broken, beside=(settings.ivr_dir,))
    running = asyncio.gather(watcher.run(), _inspect(counter))
    yield
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def _inspect(counter: Counter) -> None:
    """Look for what the content of the start lacks; before the start it would only cost time."""
    missing = await asyncio.to_thread(missing_phrases, counter.live.catalogue)
    if missing:
        log.error("the content lacks phrases; pishkhan check names them", extra={"count": len(missing)})
        counter.broken(content.ContentErrors(missing))
