"""The served desk, its pages, and a browser before it."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, async_playwright, expect
from playwright.async_api import Page as BrowserPage

from tests.sandbox.served import Client, Page, Served, serving, visit


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """One desk for all of these tests: every page is a visitor of its own."""
    return Served(tmp_path_factory.mktemp("sandbox"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(served: Served) -> AsyncIterator[Client]:
    async with serving(served) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def page(client: Client) -> Page:
    return await visit(client)


# --- a browser ------------------------------------------------------------------------------------------

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".cache" / "node" / "node_modules" / "axe-core" / "axe.min.js"
SCREENS = ROOT / "tests" / "screens"
PATIENCE = 15_000  # ms; two shared cores may be busy
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
]
expect.set_options(timeout=PATIENCE)


@dataclass
class Shown:
    """The sandbox, served for all the browser's tests; each opens pages of its own."""

    served: Served
    browser: Browser
    faults: list[str] = field(default_factory=list)

    async def open(
        self, path: str = "/sandbox", *, microphone: bool = True, web: bool = False, **more: Any
    ) -> BrowserPage:
        """A new visitor's page, on line; `web`: with the web chat in its frame, which takes time of its own. Errors of
        its scripts, and of its policy, end in `faults`."""
        allowed = {"permissions": ["microphone"]} if microphone else {}
        size = {"width": 1440, "height": 900}
        context = await self.browser.new_context(**{"viewport": size, "locale": "fa-IR", **allowed, **more})
        context.set_default_timeout(PATIENCE)
        if not web:
            await context.route(re.compile(r"^http://[^/]*/(\?.*)?$"), lambda route: route.fulfill(body=""))
        page = await context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._noticed)
        await page.goto(self.served.url + path)
        await expect(page.locator("body[data-line=online]")).to_have_count(1)
        await expect(page.locator(".number bdi")).to_have_text(re.compile(r"^\+98 912 000 \d{4}$"))
        return page

    async def number(self, page: BrowserPage) -> str:
        return (await page.locator(".number bdi").inner_text()).replace(" ", "")

    def _noticed(self, said: ConsoleMessage) -> None:
        if "Security Policy" in said.text:
            self.faults.append(said.text)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shown(served: Served, client: Client) -> AsyncIterator[Shown]:
    """Debian's Chromium with a microphone that beeps; without Chromium the tests fail, they are never skipped."""
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need chromium: make test installs it"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield Shown(served, browser)
        await browser.close()


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def tidy(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """After a test in the browser: its pages are closed, and nothing went wrong in them."""
    yield
    if "shown" not in request.fixturenames:
        return
    shown: Shown = request.getfixturevalue("shown")
    for context in shown.browser.contexts:
        await context.close()
    faults, shown.faults = shown.faults, []
    assert faults == []


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core, which `make test` installs."""
    assert AXE.is_file(), "axe-core is missing: make test installs it"
    return AXE.read_text("utf-8")
