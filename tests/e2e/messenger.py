"""A citizen on a messenger that speaks the Bot API: what he does becomes updates, what the bot sends is his screen."""

from __future__ import annotations

import asyncio
import html
import itertools
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.channels.baleapi import bale_callback, bale_message
from tests.channels.botapi import BotApi, Json, callback, message
from tests.e2e.process import PATIENCE

Deliver = Callable[[Json], Awaitable[None]]
_ISOLATES = re.compile("[\u2066-\u2069]|</?[a-z]+>")
_numbers = itertools.count(1)  # of updates: one bot has one row of them


class Telegrammer:
    """One private chat. `deliver` brings an update to the bot and returns when the bot is done with it."""

    def __init__(self, api: BotApi, deliver: Deliver, chat: int) -> None:
        self.api, self.deliver, self.chat = api, deliver, chat
        self.last: Json = {}

    def screen(self) -> list[Json]:
        """Every message that the bot sent to this chat."""
        return [m for m in self.api.sent() if m["chat_id"] == self.chat]

    async def does(self, update: Json) -> list[Json]:
        """The messages that came in answer."""
        before = len(self.screen())
        self.last = update
        await self.deliver(update)
        return self.screen()[before:]

    async def writes(self, *texts: str) -> str:
        """Messages one after the other; what the last one was answered."""
        answer: list[Json] = []
        for text in texts:
            answer = await self.does(self.update(text=text))
        return shown(answer)

    async def shares(self, **content: Any) -> str:
        return shown(await self.does(self.update(**content)))

    async def presses(self, label: str) -> str:
        return shown(await self.does(self.press(self.button(label))))

    def update(self, **content: Any) -> Json:
        return message(next(_numbers), chat=self.chat, **content)

    def press(self, data: str) -> Json:
        """A button's update, not delivered yet."""
        return callback(next(_numbers), data, chat=self.chat)

    def button(self, label: str) -> str:
        """What the newest button with this label carries."""
        rows = (row for m in self.screen() for row in m.get("reply_markup", {}).get("inline_keyboard", ()))
        seen = [b["callback_data"] for row in rows for b in row if b["text"].translate(_NO) == label]
        assert seen, f"no button {label!r}"
        return str(seen[-1])

    async def hears(self, words: str, times: int = 1) -> str:
        """Wait until so many messages with these words have come; the newest of them."""
        deadline = time.monotonic() + PATIENCE
        while len(found := [t for m in self.screen() if words in (t := shown([m]))]) < times:
            assert time.monotonic() < deadline, f"{words!r} did not come {times} times"
            await asyncio.sleep(0.02)
        return found[-1]


class Baler(Telegrammer):
    """The same on Bale."""

    def update(self, **content: Any) -> Json:
        return bale_message(next(_numbers), chat=self.chat, **content)

    def press(self, data: str) -> Json:
        return bale_callback(next(_numbers), data, chat=self.chat)


_NO = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))


def shown(messages: list[Json]) -> str:
    """As it is read: without markup, isolates and buttons."""
    return "\n".join(html.unescape(_ISOLATES.sub("", m["text"])) for m in messages)
