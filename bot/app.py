"""The only place that builds things: the settings become parts, and the parts one web application."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from importlib.metadata import version
from zoneinfo import ZoneInfo

from aiohttp import web

from bot import content, phrase_keys
from bot.channels.base import Channel
from bot.channels.render import Renderer
from bot.channels.webchat import WebChat
from bot.core.catalogue import Catalogue
from bot.core.messages import Phrase
from bot.core.ports import Nlu
from bot.courier import Courier
from bot.desk.identity import LinkedIdentity
from bot.desk.service_desk import ServiceDesk
from bot.dialogs import registry
from bot.dialogs.engine import Engine
from bot.gateway import Gateway
from bot.nlu.model import LexicalNlu
from bot.settings import Settings, secret_key, webhook_secret
from bot.stores.contacts import SqlContacts
from bot.stores.database import Database
from bot.stores.files import DiskFiles
from bot.stores.migrations import migrate
from bot.stores.records import SqlRecords
from bot.stores.sessions import SqlSessions
from bot.web import health
from bot.web.api import Api
from bot.web.problems import problems

log = logging.getLogger(__name__)

LARGEST_BODY = 28 * 1024 * 1024  # bytes: a file of 20 MiB in base64; routes that are open to anybody take less

COMMANDS = ("menu", "services", "forms", "track", "mine", "news", "human", "language", "cancel")
"""A messenger's command menu; the phrase nav.NAME describes each."""


@dataclass(slots=True)
class Live:
    """The content in use. An edit swaps it whole; a broken edit leaves it and is remembered in `problems`."""

    catalogue: Catalogue
    nlu: Nlu
    problems: tuple[str, ...] = ()

    def now(self) -> datetime:
        """In the organisation's time zone."""
        return datetime.now(ZoneInfo(self.catalogue.organization.timezone))


@dataclass(frozen=True, slots=True)
class Counter:
    """The parts that serve a citizen, whatever brings the words."""

    settings: Settings
    live: Live
    database: Database
    sessions: SqlSessions
    contacts: SqlContacts
    files: DiskFiles
    desk: ServiceDesk
    identity: LinkedIdentity
    renderer: Renderer
    engine: Engine
    gateway: Gateway

    async def edited(self, catalogue: Catalogue) -> None:
        """Put new content to use. Raises ContentErrors when it lacks words that the code says."""
        catalogue = _in_order(catalogue, self.settings)
        nlu, missing = await asyncio.to_thread(_prepared, catalogue)
        if missing:
            raise content.ContentErrors(missing)
        dialogs = registry.build(catalogue, nlu, self.desk, self.identity)
        self.live.catalogue, self.live.nlu, self.live.problems = catalogue, nlu, ()
        self.engine.dialogs = dialogs

    def broken(self, errors: content.ContentErrors) -> None:
        """Remember an edit that could not be taken."""
        self.live.problems = tuple(map(str, errors.problems))


COUNTER = web.AppKey("counter", Counter)
COURIER = web.AppKey("courier", Courier)


def load_content(settings: Settings) -> Catalogue:
    """The folder's content, the preferred language first. Raises ContentErrors. Blocking."""
    return _in_order(content.load(settings.content_dir), settings)


def _in_order(catalogue: Catalogue, settings: Settings) -> Catalogue:
    others = (language for language in catalogue.languages if language != settings.language)
    return replace(catalogue, languages=(settings.language, *others))


def missing_phrases(catalogue: Catalogue) -> tuple[content.Problem, ...]:
    """What the code says and the content has no words for. Blocking."""
    return tuple(content.Problem("phrases", 1, line) for line in phrase_keys.said().missing(catalogue.phrases))


def _prepared(catalogue: Catalogue) -> tuple[Nlu, tuple[content.Problem, ...]]:
    return LexicalNlu.train(catalogue), missing_phrases(catalogue)


def desk(settings: Settings, catalogue: Callable[[], Catalogue]) -> tuple[Database, ServiceDesk]:
    """The service desk alone, for the officer's commands."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database)

    def now() -> datetime:
        return datetime.now(ZoneInfo(catalogue().organization.timezone))

    return database, ServiceDesk(SqlRecords(database), catalogue, now)


def assemble(settings: Settings) -> Counter:
    """All parts of one process, nothing opened yet. Raises ContentErrors. Blocking: reads the content and trains."""
    catalogue = load_content(settings)
    live = Live(catalogue, LexicalNlu.train(catalogue))
    database, service_desk = desk(settings, lambda: live.catalogue)
    sessions, contacts = SqlSessions(database), SqlContacts(database)
    identity = LinkedIdentity(
        contacts, sessions, SqlRecords(database), live.now, secret=cache(partial(secret_key, settings))
    )
    renderer = Renderer(lambda: live.catalogue.phrases, default_language=settings.language)
    engine = Engine(registry.build(catalogue, live.nlu, service_desk, identity), renderer)
    return Counter(
        settings=settings,
        live=live,
        database=database,
        sessions=sessions,
        contacts=contacts,
        files=DiskFiles(settings.data_dir / "files"),
        desk=service_desk,
        identity=identity,
        renderer=renderer,
        engine=engine,
        gateway=Gateway(sessions, contacts, engine, clock=live.now),
    )


@asynccontextmanager
async def opened(database: Database, settings: Settings) -> AsyncIterator[None]:
    """The database with today's tables; closed at the end."""
    await migrate(settings.database)
    try:
        yield
    finally:
        await database.close()


def build(settings: Settings) -> web.Application:
    """The whole server. Raises ContentErrors. Blocking, so call it before the loop runs or in a thread."""
    counter = assemble(settings)
    live, renderer = counter.live, counter.renderer
    web_chat = _web_chat(counter)
    channels: list[Channel] = [web_chat, *_messengers(counter)]
    courier = Courier(counter.desk, counter.gateway, {c.name: c for c in channels}, live.now)
    api = Api(
        desk=counter.desk,
        contacts=counter.contacts,
        files=counter.files,
        wording=renderer,
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
    app.add_routes(health.routes({"database": counter.database.ping}, lambda: live.problems))
    app.add_routes(api.routes())
    for channel in channels:
        app.add_routes(channel.routes())
    app.cleanup_ctx.append(_storing)
    app.cleanup_ctx.extend(channel.lifespan for channel in channels)
    app.on_shutdown.append(web_chat.close)
    app.cleanup_ctx.extend((_delivering, _watching))
    return app


def _web_chat(counter: Counter) -> WebChat:
    return WebChat(
        counter.gateway,
        counter.sessions,
        counter.files,
        counter.contacts,
        counter.renderer,
        secret=secret_key(counter.settings),
        organization=lambda: counter.live.catalogue.organization,
    )


def _messengers(counter: Counter) -> Iterator[Channel]:
    """Those that are configured; their libraries are heavy and stay out of the others' processes."""
    settings = counter.settings
    if settings.telegram_token:
        from bot.channels.telegram import Telegram

        yield Telegram(
            counter.gateway,
            counter.files,
            counter.contacts,
            counter.renderer,
            token=settings.telegram_token.get_secret_value(),
            webhook_secret=webhook_secret(settings, "telegram"),
            public_url=settings.public_url,
            api_url=settings.telegram_api_url,
            commands=lambda language: [(c, counter.renderer.text(Phrase(f"nav.{c}"), language)) for c in COMMANDS],
        )


async def _storing(app: web.Application) -> AsyncIterator[None]:
    counter = app[COUNTER]
    async with opened(counter.database, counter.settings):
        yield


async def _delivering(app: web.Application) -> AsyncIterator[None]:
    running = asyncio.create_task(app[COURIER].run())
    yield
    await app[COURIER].stop(running)


async def _watching(app: web.Application) -> AsyncIterator[None]:
    counter = app[COUNTER]
    watcher = content.ContentWatcher(counter.settings.content_dir, counter.edited, counter.broken)
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
