"""The whole server: the parts, their routes, and what runs beside them."""

from __future__ import annotations

from importlib.metadata import version

from aiohttp import web

from bot.app.actions import parts, token
from bot.app.channels import Channels
from bot.app.counter import assemble
from bot.app.lifespans import COURIER, NOTICES, delivering, equip, new_courier, watching
from bot.app.limiting import limiter
from bot.app.metering import Meter
from bot.app.observing import observe
from bot.rasa.webhook import ActionRoutes
from bot.settings import Settings
from bot.web.api import Api
from bot.web.problems import problems
from bot.web.slow_bodies import hurried

LARGEST_BODY = 28 * 1024 * 1024  # bytes: a file of 20 MiB in base64; routes that are open to anybody take less


def build(settings: Settings) -> web.Application:
    """The whole server. Raises ContentErrors. Blocking, so call it before the loop runs or in a thread."""
    counter = assemble(settings)
    live, relay = counter.live, counter.stores.relay

    def wake() -> None:
        """A notice may lie in the outbox. Who is not told looks by itself, once a second."""
        if courier:
            courier.wake()
        elif relay:
            relay.tell(NOTICES)

    limiting = limiter(counter) if settings.limits == "on" else None
    channels = Channels(counter, wake, newcomer=limiting.newcomer if limiting else None)
    courier = new_courier(counter, channels) if settings.worker == "inside" else None
    api = Api(
        desk=counter.desk,
        contacts=counter.contacts,
        files=counter.files,
        wording=counter.renderer,
        catalogue=lambda: live.catalogue,
        nlu=lambda: live.nlu,
        clock=live.now,
        changed=wake,
        token=settings.api_token.get_secret_value(),
        version=version("pishkhan"),
        public_url=settings.public_url,
    )
    meter = Meter()
    middlewares = [problems(meter.error), hurried(), *([limiting.middleware()] if limiting else ())]
    app = web.Application(middlewares=middlewares, client_max_size=LARGEST_BODY)
    equip(app, counter)
    observe(app, meter, counter, channels, courier)
    if courier:
        app[COURIER] = courier
    app.add_routes(api.routes())
    app.add_routes(ActionRoutes(parts(counter), token(settings)).routes())
    app.add_routes(channels.routes())
    for channel in channels.all:
        app.add_routes(channel.routes())
        app.cleanup_ctx.append(channel.lifespan)
    app.on_shutdown.append(channels.web.close)
    if sandbox := channels.sandbox:
        app.add_routes(sandbox.routes())
        app.cleanup_ctx.append(sandbox.lifespan)
        app.on_shutdown.append(sandbox.close)
    app.cleanup_ctx.append(channels.lifespan)
    app.cleanup_ctx.extend((delivering, watching))
    return app
