"""`pishkhan chat`: the terminal as one more channel of the same counter."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator

from bot import app, logs
from bot.app import Counter
from bot.channels.console import Console
from bot.channels.console import chat as talk
from bot.channels.voice.speech import Speaker
from bot.core.messages import Reply
from bot.courier import Courier
from bot.settings import Settings

NEWS_EVERY = 1.0  # seconds between two looks for what the desk has told meanwhile


def chat(settings: Settings, channel: str, address: str) -> None:
    """Until `:quit`, the end of the input or Ctrl-C."""
    logs.set_up("ERROR")
    counter = app.assemble(settings)
    counter.engine.pacing = None  # a file may be piped in
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_chat(counter, channel, address))


async def _chat(counter: Counter, channel: str, address: str) -> None:
    settings = counter.settings
    console = Console(
        counter.gateway,
        counter.renderer,
        counter.files,
        channel=channel,
        address=address,
        output=sys.stdout,
        voice=lambda: counter.live.voice,
        speaker=Speaker(lambda: counter.live.catalogue.phrases, lambda: counter.live.voice, settings.language),
    )
    async with counter.opened():
        news = asyncio.create_task(_news(counter, console))
        try:
            await talk(console, _typed())
        finally:
            news.cancel()


async def _news(counter: Counter, console: Console) -> None:
    """Tell what an officer does while the citizen sits at the terminal, whether a server runs or not: the notice is
    put into the transcript by whoever comes first, and shown from there."""
    live, limits = counter.live, counter.stores.limits
    courier = Courier(
        counter.outbox, counter.gateway, {}, counter.contacts, live.now, limits, is_news=counter.desk.is_news
    )
    contact = await counter.contacts.resolve(console.address)
    notices = f"{console.address.channel}:notice:"
    seen = max((line.seq for line in await counter.sessions.lines(contact, 0, 1)), default=0)
    while True:
        await asyncio.sleep(NEWS_EVERY)
        await courier.round(only=console.address)
        lines = await counter.sessions.lines(contact, seen)
        seen = max((line.seq for line in lines), default=seen)
        news = [line for line in lines if line.direction == "out" and line.inbound.startswith(notices)]
        if news:
            console.tell([Reply.from_json(line.content) for line in news])


async def _typed() -> AsyncIterator[str]:
    """The lines of standard input. Not read by a thread: one that waits for a line would keep Ctrl-C waiting too."""
    loop, pieces = asyncio.get_running_loop(), asyncio.Queue[bytes]()
    file = sys.stdin.fileno()
    try:
        loop.add_reader(file, lambda: pieces.put_nowait(os.read(file, 65536)))
    except PermissionError:  # a regular file: it never keeps anybody waiting
        for line in sys.stdin:
            yield line
        return
    try:
        rest = b""
        while piece := await pieces.get():
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield line.decode("utf-8", "replace")
        if rest:
            yield rest.decode("utf-8", "replace")
    finally:
        loop.remove_reader(file)
