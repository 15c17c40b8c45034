"""The scripted counter on a real port; a browser in front of it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, FilePayload, Page, async_playwright, expect

from tests.webchat.script import Counter
from tests.webchat.tab import Tab

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".cache" / "node" / "node_modules" / "axe-core" / "axe.min.js"
SCREENS = ROOT / "tests" / "screens"
QUIET = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 15_000  # ms; two shared cores may be busy

expect.set_options(timeout=PATIENCE)
Client = TestClient[web.Request, web.Application]


def payload(name: str, data: bytes = b"\x89PNG", media_type: str = "image/png") -> FilePayload:
    """A file that the citizen picks."""
    return {"name": name, "mimeType": media_type, "buffer": data}


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
async def client(counter: Counter) -> AsyncIterator[Client]:
    async with TestClient(TestServer(served(counter))) as client:
        yield client


@pytest.fixture
async def tab(client: Client) -> AsyncIterator[Tab]:
    async with client.ws_connect("/channels/web/socket") as ws:
        yield Tab(ws)


def served(counter: Counter, *middlewares: Any) -> web.Application:
    app = web.Application(middlewares=middlewares)
    app.add_routes(counter.chat.routes())
    app.cleanup_ctx.append(counter.chat.lifespan)
    app.on_shutdown.append(counter.chat.close)
    return app


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium; without it the browser tests fail, they are never skipped."""
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need chromium: make test installs it"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core, which `make test` installs."""
    assert AXE.is_file(), "axe-core is missing: make test installs it"
    return AXE.read_text("utf-8")


@dataclass
class Desk:
    """The counter, served; paths that begin with one of `shut` are answered 503, as by a proxy without its server."""

    counter: Counter
    browser: Browser
    shut: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    url: str = ""

    @web.middleware
    async def gate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if any(request.path.startswith(path) for path in self.shut):
            return web.Response(status=503, text="shut")
        return await handler(request)

    async def context(self, width: int = 1280, height: int = 820, **more: Any) -> BrowserContext:
        context = await self.browser.new_context(
            **{"viewport": {"width": width, "height": height}, "locale": "fa-IR", **more}
        )
        context.set_default_timeout(PATIENCE)
        return context

    async def open(self, context: BrowserContext | None = None, path: str = "") -> Page:
        """The page, greeted. Errors of its scripts, and of its policy, end in `faults`."""
        page = await (context or await self.context()).new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._noticed)
        await page.goto(self.url + path)
        await expect(page.locator(".theirs:not(.typing)").first).to_be_visible()
        return page

    def _noticed(self, said: ConsoleMessage) -> None:
        if "Security Policy" in said.text:
            self.faults.append(said.text)

    async def cut(self) -> None:
        """Every open line breaks, and no new one can be had."""
        self.shut.add("/channels")
        await self.counter.chat.close(web.Application())


@pytest_asyncio.fixture(loop_scope="session")
async def desk(counter: Counter, browser: Browser) -> AsyncIterator[Desk]:
    desk = Desk(counter, browser)
    async with TestServer(served(counter, desk.gate)) as server:
        desk.url = str(server.make_url("/"))
        yield desk
        for context in browser.contexts:
            await context.close()
    assert desk.faults == []
