"""What is measured: how each system is started, and how one talks to it."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench import conversation, talks
from bench.botapi import SMS_PATH, BotApi
from bench.conversation import TOKEN, WEBHOOK_SECRET
from bench.process import PEERS, ROOT, Server, free_port, running
from bench.provider_talks import ACCOUNT, NUMBER, PUBLIC_URL, TWILIO_TOKEN, KannelSms, TwilioSms, TwilioVoice
from bench.talks import Talk
from bench.web_talks import Echo, WebPost, WebSocket
from tests.stores import postgres, valkey

DATABASES = 64  # of Valkey
_NUMBERS = itertools.count(1)  # 0 is the peers'
SECRET_KEY = "of the bench, which keeps nothing worth a secret"


class Around:
    """What the servers need: where answers go, the stores of those that are distributed, and in `learnt` our content
    beside a data folder in which it was learnt."""

    def __init__(self, api: BotApi, redis: valkey.Server, learnt: Path) -> None:
        self.api = api
        self.valkey = redis
        self.learnt = learnt
        self._postgres: postgres.Server | None = None

    @property
    def postgres(self) -> postgres.Server:
        """Made when it is first needed."""
        if self._postgres is None:
            settings = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on", "shared_buffers": "128MB"}
            self._postgres = postgres.Server(**settings)
            self._postgres.start()
        return self._postgres

    def close(self) -> None:
        self.valkey.remove()
        if self._postgres is not None:
            self._postgres.remove()


@asynccontextmanager
async def around(folder: Path) -> AsyncIterator[Around]:
    """PostgreSQL and Valkey as they come, each on the core of the load."""
    async with BotApi() as api:
        needs = Around(api, valkey.Server(appendfsync="everysec", databases=str(DATABASES)), folder)
        try:
            needs.valkey.start()
            async with serving(folder, {"CONTENT_DIR": str(content(folder))}) as server:
                await server.accepting()
            yield needs
        finally:
            needs.close()


Start = Callable[[Around, Path], AbstractAsyncContextManager[Server]]


@dataclass(frozen=True, slots=True)
class System:
    """One way to talk to one server: `talk` makes the user with this number. `server` names the server, which several
    systems may share; `start` starts it in an empty folder."""

    id: str
    name: str
    server: str
    start: Start
    talk: Callable[[int, int, BotApi], Talk]  # port, user


@asynccontextmanager
async def _bare(needs: Around, folder: Path) -> AsyncIterator[Server]:
    port = free_port()
    async with running("bench.servers.bare", [str(port)], port, folder, {}) as server:
        yield server


def _peer(module: str, *more: Callable[[Around], str]) -> Start:
    @asynccontextmanager
    async def start(needs: Around, folder: Path) -> AsyncIterator[Server]:
        port = free_port()
        arguments = [str(port), *(of(needs) for of in more)]
        async with running(f"bench.servers.{module}", arguments, port, folder, {}, python=PEERS) as server:
            yield server

    return start


def content(folder: Path, tree: Path = ROOT) -> Path:
    """Our whole content and the forms of the bench, the keyed one behind the telephone's key 2."""
    shutil.copytree(tree / "ivr", folder / "ivr")
    menu = folder / "ivr" / "menu.yaml"
    menu.write_text(menu.read_text("utf-8").replace("/form/street_light_report", "/form/bench_calls"), "utf-8")
    base = folder / "knowledge_base"
    shutil.copytree(tree / "knowledge_base", base)
    unit = yaml.safe_load((base / "organization.yaml").read_text("utf-8"))["front_desk"]
    (base / "forms" / "bench.yaml").write_text(conversation.form_file(unit), "utf-8")
    (base / "forms" / "bench_calls.yaml").write_text(conversation.keyed_form_file(unit), "utf-8")
    return base


def telegram(needs: Around) -> dict[str, str]:
    return {
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "TELEGRAM_API_URL": needs.api.url,
    }


def _twilio(needs: Around) -> dict[str, str]:
    return {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
        "TWILIO_FROM": NUMBER,
        "TWILIO_API_URL": needs.api.url,
    }


def _kannel(needs: Around) -> dict[str, str]:
    return {"SMS_HTTP_SEND_URL": f"{needs.api.url}{SMS_PATH}?user=bench", "SMS_WEBHOOK_SECRET": WEBHOOK_SECRET}


Channel = Callable[[Around], Mapping[str, str]]


@asynccontextmanager
async def serving(folder: Path, settings: Mapping[str, str], *, tree: Path = ROOT) -> AsyncIterator[Server]:
    """`pishkhan serve` in production, with these settings."""
    port = free_port()
    common = {
        "ENVIRONMENT": "production",
        "PORT": str(port),
        "PUBLIC_URL": PUBLIC_URL,
        "SECRET_KEY": SECRET_KEY,
        "DATA_DIR": str(folder / "data"),
    }
    async with running("bot", ["serve"], port, folder, {**common, **settings}, tree=tree) as server:
        yield server


def ready(needs: Around, folder: Path, tree: Path = ROOT) -> dict[str, str]:
    """The settings of a server whose data folder, in `folder`, knows the content already; not that of other trees."""
    if tree != ROOT:
        return {"CONTENT_DIR": str(content(folder, tree))}
    shutil.copytree(needs.learnt / "data" / "models", folder / "data" / "models")
    return {"CONTENT_DIR": str(needs.learnt / "knowledge_base")}


def embedded(channel: Channel, tree: Path = ROOT) -> Start:
    """On one machine, with SQLite on disk."""

    @asynccontextmanager
    async def start(needs: Around, folder: Path) -> AsyncIterator[Server]:
        async with serving(folder, {**ready(needs, folder, tree), **channel(needs)}, tree=tree) as server:
            yield server

    return start


@asynccontextmanager
async def stores(needs: Around) -> AsyncIterator[dict[str, str]]:
    """The settings of a database of its own in PostgreSQL, and of one in Valkey."""
    database = await needs.postgres.new()
    try:
        yield {"DATABASE_URL": needs.postgres.url(database), "REDIS_URL": f"{needs.valkey.url}/{next(_NUMBERS)}"}
    finally:
        await needs.postgres.drop(database)


def distributed(channel: Channel, tree: Path = ROOT) -> Start:
    @asynccontextmanager
    async def start(needs: Around, folder: Path) -> AsyncIterator[Server]:
        settings = {**ready(needs, folder, tree), **channel(needs)}
        async with stores(needs) as kept, serving(folder, settings | kept, tree=tree) as server:
            yield server

    return start


def by_telegram(path: str) -> Callable[[int, int, BotApi], Talk]:
    return lambda port, user, api: talks.Telegram(port, user, api, path)


def _every_channel(needs: Around) -> dict[str, str]:
    return telegram(needs) | _twilio(needs)


_OURS: tuple[tuple[str, str, str, Channel, Callable[[int, int, BotApi], Talk]], ...] = (
    ("telegram", "Telegram, answers by calls", "counter", _every_channel, by_telegram("/channels/telegram")),
    ("sms", "SMS by Twilio, in the response", "counter", _every_channel, lambda p, u, _: TwilioSms(p, u)),
    ("voice", "telephone by Twilio, in the response", "counter", _every_channel, lambda p, u, _: TwilioVoice(p, u)),
    ("post", "web chat by POST", "counter", _every_channel, lambda p, u, _: WebPost(p, u)),
    ("socket", "web chat by WebSocket", "counter", _every_channel, lambda p, u, _: WebSocket(p, u)),
    ("kannel", "SMS by Kannel, answers by calls", "kannel", _kannel, KannelSms),
)
_STORES = (("", "SQLite", embedded), ("_distributed", "PostgreSQL + Valkey", distributed))


def ours(tree: Path, more: str = "") -> tuple[System, ...]:
    """Every channel, both ways of storing, of this working tree; `more` is the end of all ids."""
    return tuple(
        System(f"{id}{end}{more}", f"Pishkhan, {kind}: {name}", f"{server}{end}{more}", start(channel, tree), talk)
        for end, kind, start in _STORES
        for id, name, server, channel, talk in _OURS
    )


_BOT_API: Callable[[Around], str] = lambda needs: needs.api.url  # noqa: E731
SYSTEMS = (
    System("bare", "bare aiohttp POST", "bare", _bare, lambda port, user, _: talks.BarePost(port, user)),
    System("echo", "bare aiohttp WebSocket echo", "bare", _bare, lambda port, user, _: Echo(port, user)),
    System(
        "aiogram",
        "aiogram 3, RedisStorage, answers by calls",
        "aiogram",
        _peer("aiogram_form", _BOT_API, lambda needs: needs.valkey.url),
        by_telegram("/webhook"),
    ),
    System(
        "ptb",
        "python-telegram-bot, ConversationHandler in memory",
        "ptb",
        _peer("ptb_form", _BOT_API),
        by_telegram("/webhook"),
    ),
    System("botbuilder", "botbuilder on aiohttp, memory", "botbuilder", _peer("botbuilder_form"), talks.Activities),
    *ours(ROOT),
)
BY_ID: Mapping[str, System] = {system.id: system for system in SYSTEMS}
