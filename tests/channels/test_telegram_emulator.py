"""The channel against somebody else's Bot API: the npm package telegram-test-api, unmodified, in polling mode."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bot.channels.telegram import Telegram
from bot.core.messages import Choice, Event, Expect, Inbound, Kind, Phrase, Reply
from tests.channels.counter import KeptFiles, NotedContacts, ScriptedGateway, echo, renderer

PACKAGE = "telegram-test-api@4.2.1"
CACHE = (
    Path(__file__).parents[2] / ".cache" / "node" / PACKAGE
)  # a folder of its own: npm prunes what it did not put there
TOKEN = "1:emulated"
USER = {"id": 41, "first_name": "Ann", "username": "ann", "is_bot": False}
CHAT = {"id": 41, "title": "Ann", "first_name": "Ann", "username": "ann", "type": "private"}


@pytest.fixture(scope="session")
def package() -> Path:
    """The folder where Node finds the emulator; installed once, kept between runs."""
    npm = shutil.which("npm")
    assert npm, "npm is needed: the Telegram channel is tested against its emulator (apt-get install nodejs npm)"
    installed = CACHE / "node_modules" / "telegram-test-api" / "package.json"
    if not installed.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(CACHE), PACKAGE]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    return CACHE


@pytest.fixture(scope="session")
def emulator(package: Path) -> Iterator[str]:
    """A running emulator's URL."""
    port = unused_port()
    script = f"""
        const TelegramServer = require('telegram-test-api');
        new TelegramServer({{port: {port}, host: '127.0.0.1'}}).start().then(() => console.log('ready'));
    """
    node = shutil.which("node")
    assert node, "node is needed to run the Telegram emulator"
    process = subprocess.Popen([node, "-e", script], cwd=package, stdout=subprocess.PIPE)
    try:
        assert process.stdout and process.stdout.readline() == b"ready\n"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


class Citizen:
    """Acts through the emulator's client side."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session
        self.told = 0

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        async with self.session.post(self.url + path, json=body) as answer:
            assert answer.status == 200, await answer.text()
            return (await answer.json())["result"]

    async def write(self, text: str) -> None:
        await self._post(
            "/sendMessage", {"botToken": TOKEN, "from": USER, "chat": CHAT, "date": 1795400000, "text": text}
        )

    async def command(self, text: str) -> None:
        entities = [{"offset": 0, "length": len(text), "type": "bot_command"}]
        body = {"botToken": TOKEN, "from": USER, "chat": CHAT, "date": 1795400000, "text": text, "entities": entities}
        await self._post("/sendCommand", body)

    async def press(self, data: str) -> None:
        about = {"from": USER, "chat": CHAT}
        await self._post("/sendCallback", {"botToken": TOKEN, "from": USER, "message": about, "data": data})

    async def hear(self) -> dict[str, Any]:
        """The bot's next message."""
        async with asyncio.timeout(15):
            while True:
                history = await self._post("/getUpdatesHistory", {"token": TOKEN})
                messages = [u.get("message", {}) for u in history or ()]
                said = [m for m in messages if m.get("chat_id") == USER["id"]]
                if len(said) > self.told:
                    self.told += 1
                    return dict(said[self.told - 1])
                await asyncio.sleep(0.05)


@pytest.fixture
async def served(emulator: str) -> AsyncIterator[tuple[ScriptedGateway, Citizen]]:
    gateway = ScriptedGateway()
    channel = Telegram(
        gateway,  # type: ignore[arg-type]
        KeptFiles(),
        NotedContacts(),
        renderer(),
        token=TOKEN,
        api_url=emulator,
        commands=lambda language: [("menu", "Menu")],
    )
    app = web.Application()
    app.add_routes(channel.routes())
    app.cleanup_ctx.append(channel.lifespan)
    async with aiohttp.ClientSession() as session, TestServer(app):
        yield gateway, Citizen(emulator, session)


async def test_text_command_and_button(served: tuple[ScriptedGateway, Citizen]) -> None:
    gateway, citizen = served
    asked = Reply(
        Phrase("ask_phone"), (Choice("a1~yes", Phrase("yes")), Choice("a1~no", Phrase("no"))), Expect(Kind.CHOICE)
    )

    def script(heard: Inbound) -> tuple[Reply, ...]:
        return (asked,) if heard.value == "/menu" else echo(heard)

    gateway.script = script
    await citizen.write("سلام")
    assert (await citizen.hear())["text"] == "شنیدم: سلام"
    await citizen.command("/menu")
    question = await citizen.hear()
    buttons = question["reply_markup"]["inline_keyboard"]
    assert buttons == [[{"text": "بله", "callback_data": "a1~yes"}, {"text": "نه", "callback_data": "a1~no"}]]
    await citizen.press(buttons[0][0]["callback_data"])
    assert (await citizen.hear())["text"] == "شنیدم: a1~yes"
    assert [(h.event, h.text or h.value) for h in gateway.changes] == [
        (Event.MESSAGE, "سلام"),
        (Event.CHOICE, "/menu"),
        (Event.CHOICE, "a1~yes"),
    ]
    with suppress(TimeoutError):  # nothing more comes
        async with asyncio.timeout(0.7):
            pytest.fail(f"unasked: {await citizen.hear()}")
