"""The whole application in this process, on a free port, with its own data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, unused_port
from pydantic import SecretStr

from bot import app
from bot.settings import Settings
from tests.conversation import KNOWLEDGE_BASE

API_TOKEN = "the-token-of-the-office"
PATIENCE = 60.0  # seconds for what happens in the background
Client = TestClient[web.Request, web.Application]


def settings_of(data: Path, **given: Any) -> Settings:
    """Settings of a test: nothing but what is given, with the API open."""
    return Settings(
        _env_file=None, **{"data_dir": data, "content_dir": KNOWLEDGE_BASE, "api_token": SecretStr(API_TOKEN)} | given
    )


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Client]:
    """A client of the running application; `client.app[app.COUNTER]` holds its parts."""
    settings = settings.model_copy(update={"port": unused_port()})  # the sandbox's own channels call this server
    application = await asyncio.to_thread(app.build, settings)
    async with TestClient(TestServer(application, port=settings.port)) as client:
        yield client


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what a background task will bring about; TimeoutError when it does not."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110 - it is another task's doing, and that one tells nobody
            await asyncio.sleep(0.02)
