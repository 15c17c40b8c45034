"""`pishkhan chat`: the terminal as one more channel of the same counter."""

from __future__ import annotations

import asyncio
import contextlib
import sys

from bot import app, logs
from bot.channels import console
from bot.settings import Settings


def chat(settings: Settings, channel: str, address: str) -> None:
    """Until `:quit`, the end of the input or Ctrl-C."""
    logs.set_up("WARNING")
    counter = app.assemble(settings)

    async def run() -> None:
        async with app.opened(counter.database, settings):
            await console.chat(
                counter.gateway,
                counter.renderer,
                counter.files,
                channel=channel,
                address=address,
                input=sys.stdin,
                output=sys.stdout,
            )

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())
