"""The parts that serve a citizen, whatever brings the words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from zoneinfo import ZoneInfo

from bot import content, phrase_keys
from bot.app.stores import Sessions, Stores
from bot.app.understanding import Understanding
from bot.channels.render import Renderer
from bot.core.catalogue import Catalogue
from bot.core.ports import Nlu
from bot.core.voice_content import VoiceContent
from bot.desk.identity import LinkedIdentity
from bot.desk.service_desk import ServiceDesk
from bot.dialogs import desk_news, registry
from bot.dialogs.engine import Engine
from bot.dialogs.pace import Pacing
from bot.gateway import Gateway
from bot.nlu.masking import masked
from bot.settings import Settings, secret_key
from bot.stores.contacts import SqlContacts
from bot.stores.files import DiskFiles
from bot.stores.outbox import SqlOutbox
from bot.stores.records import SqlRecords


@dataclass(slots=True)
class Live:
    """The content in use. An edit swaps it whole; a broken edit leaves it and is remembered in `problems`."""

    catalogue: Catalogue
    nlu: Nlu
    voice: VoiceContent = field(default_factory=VoiceContent)
    problems: tuple[str, ...] = ()

    def is_open(self) -> bool:
        """Whether the offices are, at this moment."""
        return desk_news.is_open(self.catalogue, self.now())

    def is_holiday(self) -> bool:
        return desk_news.is_holiday(self.catalogue, self.now())

    def now(self) -> datetime:
        """In the organisation's time zone."""
        return datetime.now(ZoneInfo(self.catalogue.organization.timezone))


@dataclass(frozen=True, slots=True)
class Counter:
    """The parts that serve a citizen, whatever brings the words."""

    settings: Settings
    live: Live
    understanding: Understanding
    stores: Stores
    sessions: Sessions
    contacts: SqlContacts
    files: DiskFiles
    desk: ServiceDesk
    outbox: SqlOutbox
    identity: LinkedIdentity
    renderer: Renderer
    engine: Engine
    gateway: Gateway

    async def edited(self, catalogue: Catalogue) -> None:
        """Put new content to use. Raises ContentErrors when it lacks words that the code says."""
        catalogue = _in_order(catalogue, self.settings)
        voice = await asyncio.to_thread(load_voice, self.settings, catalogue)
        missing = await asyncio.to_thread(missing_phrases, catalogue)
        if missing:
            raise content.ContentErrors(missing)
        nlu = await asyncio.to_thread(self.understanding.of, catalogue)
        self.live.catalogue, self.live.voice, self.live.problems = catalogue, voice, ()
        self.understands(nlu)
        self.understanding.edited()

    def understands(self, nlu: Nlu) -> None:
        """Put an understanding of the content in use to use."""
        self.live.nlu = nlu
        self.engine.dialogs = registry.build(
            self.live.catalogue, self.understanding.watched(nlu), self.desk, self.identity
        )

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """The stores and the understanding, while they are used."""
        understood = self.understanding.running(lambda: self.live.catalogue, self.understands)
        async with self.stores.opened(), understood:
            yield

    def broken(self, errors: content.ContentErrors) -> None:
        """Remember an edit that could not be taken."""
        self.live.problems = tuple(map(str, errors.problems))


def load_content(settings: Settings) -> Catalogue:
    """The folder's content, the preferred language first. Raises ContentErrors. Blocking."""
    return _in_order(content.load(settings.content_dir), settings)


def load_voice(settings: Settings, catalogue: Catalogue) -> VoiceContent:
    """What the telephone says, beside the content. Raises ContentErrors. Blocking."""
    return content.load_voice(settings.ivr_dir, catalogue)


def _in_order(catalogue: Catalogue, settings: Settings) -> Catalogue:
    others = (language for language in catalogue.languages if language != settings.language)
    return replace(catalogue, languages=(settings.language, *others))


def missing_phrases(catalogue: Catalogue) -> tuple[content.Problem, ...]:
    """What the code says and the content has no words for. Blocking."""
    return tuple(content.Problem("phrases", 1, line) for line in phrase_keys.said().missing(catalogue.phrases))


def desk(settings: Settings, catalogue: Callable[[], Catalogue]) -> tuple[Stores, ServiceDesk]:
    """The service desk alone, for the officer's commands."""
    stores = Stores(settings)

    def now() -> datetime:
        return datetime.now(ZoneInfo(catalogue().organization.timezone))

    return stores, ServiceDesk(SqlRecords(stores.database), catalogue, now, masked=masked)


def assemble(settings: Settings) -> Counter:
    """All parts of one process, nothing opened yet. Raises ContentErrors. Blocking: reads the content and trains."""
    catalogue = load_content(settings)
    understanding = Understanding(settings)
    live = Live(catalogue, understanding.of(catalogue), load_voice(settings, catalogue))
    stores, service_desk = desk(settings, lambda: live.catalogue)
    sessions, contacts = stores.sessions, SqlContacts(stores.database)
    identity = LinkedIdentity(
        contacts, sessions, SqlRecords(stores.database), live.now, secret=cache(partial(secret_key, settings))
    )
    renderer = Renderer(lambda: live.catalogue.phrases, default_language=settings.language)
    pacing = Pacing() if settings.limits == "on" else None
    dialogs = registry.build(catalogue, understanding.watched(live.nlu), service_desk, identity)
    engine = Engine(dialogs, renderer, pacing=pacing)
    return Counter(
        settings=settings,
        live=live,
        understanding=understanding,
        stores=stores,
        sessions=sessions,
        contacts=contacts,
        files=DiskFiles(settings.data_dir / "files"),
        desk=service_desk,
        outbox=SqlOutbox(stores.database),
        identity=identity,
        renderer=renderer,
        engine=engine,
        gateway=Gateway(sessions, contacts, engine, clock=live.now),
    )
