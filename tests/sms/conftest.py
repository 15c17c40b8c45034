"""A running SMS channel between a provider and a scripted gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from bot.channels.sms.driver import Driver
from tests.sms.desk import Counter, Provider

Start = Callable[..., Any]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """`await start(driver_of_url)` → Counter; parts of a Counter may be given."""
    async with AsyncExitStack() as stack:

        async def begin(driver: Callable[[str], Driver], **parts: Any) -> Counter:
            provider = await stack.enter_async_context(Provider())
            session = await stack.enter_async_context(aiohttp.ClientSession())
            counter = Counter(provider, session, driver(provider.url), **parts)
            server = await counter.open()
            stack.push_async_callback(server.close)
            return counter

        yield begin
