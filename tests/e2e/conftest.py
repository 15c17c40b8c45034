"""One running counter for all who only talk to it; a browser in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
from websockets.asyncio.client import connect

from tests.e2e.citizen import Citizen, Poster, Tab
from tests.e2e.process import Counter
from tests.webchat.conftest import axe, browser

__all__ = ["axe", "browser"]  # fixtures that are used here too

OpenTab = Callable[[], Awaitable[Tab]]


@pytest.fixture(scope="session")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """Web chat, API and terminal; at the end it has to stop well, and its log to be clean."""
    counter = Counter(tmp_path_factory.mktemp("counter"))
    try:
        counter.start()
        yield counter
        counter.stop()
        assert counter.faults() == []
    finally:
        counter.end()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def open_tab(counter: Counter, http: aiohttp.ClientSession) -> AsyncIterator[OpenTab]:
    """`await open_tab()`: a socket that has not said hello yet."""
    async with AsyncExitStack() as stack:

        async def begin() -> Tab:
            address = counter.url.replace("http", "ws") + "/channels/web/socket"
            return Tab(counter, http, await stack.enter_async_context(connect(address, max_size=None)))

        yield begin


@pytest.fixture(params=["socket", "posts"])
async def citizen(
    request: pytest.FixtureRequest, counter: Counter, http: aiohttp.ClientSession, open_tab: OpenTab
) -> Citizen:
    """A new conversation, by each of the two ways."""
    if request.param == "posts":
        poster = Poster(counter, http)
        await poster.hello()
        return poster
    tab = await open_tab()
    await tab.hello()
    while (await tab.next())["expect"]["kind"] != "choice":  # the greeting
        pass
    return tab
