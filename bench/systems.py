"""What is measured: how each system is started, and how one talks to it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench import conversation, talks
from bench.botapi import TOKEN, BotApi
from bench.process import ROOT, Server, free_port, running
from bench.talks import WEBHOOK_SECRET, Talk

FIRST_CHAT = 1_000_001


@dataclass(frozen=True, slots=True)
class System:
    """`start` needs the Bot API server and an empty folder; `talk` makes the user with this number."""

    id: str
    name: str
    start: Callable[[BotApi, Path], AbstractAsyncContextManager[Server]]
    talk: Callable[[int, int, BotApi], Talk]  # port, user


@asynccontextmanager
async def _bare(api: BotApi, folder: Path) -> AsyncIterator[Server]:
    port = free_port()
    async with running("bench.servers.bare", [str(port)], port, folder, {}) as server:
        yield server


@asynccontextmanager
async def _aiogram(api: BotApi, folder: Path) -> AsyncIterator[Server]:
    port = free_port()
    async with running("bench.servers.aiogram_form", [str(port), api.url], port, folder, {}) as server:
        yield server


@asynccontextmanager
async def _pishkhan(api: BotApi, folder: Path) -> AsyncIterator[Server]:
    """`pishkhan serve` as everybody runs it: our whole content and one more form, SQLite on disk."""
    port = free_port()
    content = folder / "knowledge_base"
    shutil.copytree(ROOT / "knowledge_base", content)
    unit = yaml.safe_load((content / "organization.yaml").read_text("utf-8"))["front_desk"]
    (content / "forms" / "bench.yaml").write_text(conversation.form_file(unit), "utf-8")
    settings = {
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CONTENT_DIR": str(content),
        "DATA_DIR": str(folder / "data"),
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "TELEGRAM_API_URL": api.url,
    }
    async with running("bot", ["serve"], port, folder, settings) as server:
        yield server


def _telegram(path: str) -> Callable[[int, int, BotApi], Talk]:
    def talk(port: int, user: int, api: BotApi) -> Talk:
        chat = FIRST_CHAT + user
        return talks.Telegram(port, chat, path, api.chats[chat])

    return talk


SYSTEMS = (
    System("bare", "bare aiohttp POST", _bare, lambda port, user, _: talks.BarePost(port, user)),
    System("aiogram", "aiogram 3, Telegram webhook, memory", _aiogram, _telegram("/webhook")),
    System("telegram", "Pishkhan, Telegram webhook", _pishkhan, _telegram("/channels/telegram")),
    System("post", "Pishkhan, web chat by POST", _pishkhan, lambda port, user, _: talks.WebPost(port, user)),
    System("echo", "bare aiohttp WebSocket echo", _bare, lambda port, user, _: talks.Echo(port, user)),
    System("socket", "Pishkhan, web chat by WebSocket", _pishkhan, lambda port, user, _: talks.WebSocket(port, user)),
)
