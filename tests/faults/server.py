"""The real server in a process of its own, with a fuse and a clock that can be turned: `python -m tests.faults.server
[POINT N]`, its settings in the environment.

Tests fork it from a process that has loaded code and content already (`nursery`), for they start hundreds.
"""

from __future__ import annotations

import gc
import importlib
import mmap
import os
import struct
import sys
import time
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from bot import app, content, settings
from bot.app import lifespans, understanding
from bot.channels.telegram.api import Api
from bot.commands import serving
from bot.core.messages import Inbound
from bot.core.requests import ServiceRequest
from bot.core.sessions import Session
from bot.courier import delivery
from bot.dialogs import desk_news
from bot.dialogs.engine import Engine
from bot.stores import sqlite
from bot.stores.database import open_database
from bot.stores.redis import RedisSessions
from tests.faults.fuse import Fuse

SOONER = {"lease": 1.0, "sweep": 0.5, "overdue": 2}  # seconds: what a dead process held is taken over sooner
PATIENCE = 2.0  # seconds that Telegram is waited for
BUSY = 1.0  # seconds that a locked SQLite file is waited for
LEFT_ALONE = 1.5  # seconds that an attempt of the dead is taken for one under way, which no wall clock shortens
POISON = "☠"
ROOT = Path(__file__).parents[2]


def warm() -> None:
    """Load what every server would load anew: the content, the model that is trained from it, the drivers."""
    catalogue = content.load(ROOT / "knowledge_base")
    voice = content.load_voice(ROOT / "ivr", catalogue)
    model = understanding.trained(catalogue)
    content.load = lambda *_: catalogue
    content.load_voice = lambda *_: voice
    understanding.ModelCache.kept = lambda *_: model
    lifespans.missing_phrases = lambda _: ()
    open_database("postgresql://nobody@127.0.0.1/nothing")
    importlib.import_module("twilio.rest.api.v2010.account.message")
    gc.collect()
    gc.freeze()


def run(environment: Mapping[str, str], log: str, point: str, passages: int, clock: str) -> None:
    """Serve until SIGTERM. `clock`: a file with the seconds (a double) that the wall clock is ahead."""
    os.environ.clear()
    os.environ.update(environment)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(out, stream)
    if clock:
        turn(clock)
    serve(point, passages)


def poison() -> None:
    """Words that no dialog bears, and a note that cannot be told."""
    advance, told = Engine.advance, desk_news.told

    async def stumbles(engine: Engine, before: Session, heard: Inbound, now: datetime) -> object:
        if POISON in heard.text:
            raise ZeroDivisionError
        return await advance(engine, before, heard, now)

    def stutters(request: ServiceRequest, entry: int, *given: object, **named: object) -> object:
        if POISON in request.history[min(entry, len(request.history) - 1)].note:
            raise ZeroDivisionError
        return told(request, entry, *given, **named)  # type: ignore[arg-type]

    Engine.advance, desk_news.told = stumbles, stutters  # type: ignore[method-assign, assignment]


def serve(point: str, passages: int) -> None:
    RedisSessions.__init__.__kwdefaults__.update(SOONER)
    Api.call.__kwdefaults__["patience"] = PATIENCE
    sqlite.BUSY, delivery.LEFT_ALONE = BUSY, LEFT_ALONE
    fuse = Fuse(point, passages)
    fuse.lay()
    poison()
    build = app.build

    def fused(given: settings.Settings) -> object:
        built = build(given)
        built.middlewares.insert(0, fuse.around_webhooks)
        return built

    app.build = fused  # type: ignore[assignment]
    serving.serve(settings.read(None))


def turn(clock: str) -> None:
    """Whoever asks for the time from now on is told the file's."""
    with Path(clock).open("rb") as file:
        ahead = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)

    def seconds() -> float:
        return float(struct.unpack("d", ahead[:8])[0])

    class Turned(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=seconds())

    told = time.time
    time.time = lambda: told() + seconds()
    for name, module in list(sys.modules.items()):
        if name.startswith("bot.") and getattr(module, "datetime", None) is datetime:
            module.datetime = Turned  # type: ignore[attr-defined]


if __name__ == "__main__":
    serve(sys.argv[1] if sys.argv[1:] else "", int(sys.argv[2]) if sys.argv[2:] else 1)
