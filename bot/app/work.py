"""The worker: notices are delivered, lines moved and edits of the content taken, and nobody is served."""

from __future__ import annotations

from aiohttp import web

from bot.app.channels import Channels
from bot.app.counter import assemble
from bot.app.lifespans import COURIER, NOTICES, delivering, equip, new_courier, watching
from bot.app.metering import Meter
from bot.app.observing import observe
from bot.settings import Settings
from bot.web.problems import problems


def build_worker(settings: Settings) -> web.Application:
    """Beside `build` with WORKER=separate; any number of them. Its routes are for the operator alone. Raises
    ContentErrors. Blocking."""
    counter = assemble(settings)
    channels = Channels(counter, lambda: courier.wake(), calls=False)
    courier = new_courier(counter, channels)
    if relay := counter.stores.relay:

        async def told(_: str) -> None:
            courier.wake()

        relay.listen(NOTICES, told)
    meter = Meter()
    app = web.Application(middlewares=[problems(meter.error)])
    equip(app, counter)
    observe(app, meter, counter, channels, courier)
    app[COURIER] = courier
    for channel in channels.all:
        app.cleanup_ctx.append(channel.lifespan)
    app.cleanup_ctx.extend((delivering, watching))
    return app
