"""A citizen on a messenger before the real gateway, engine and session store: a form from first question to code."""

from __future__ import annotations

import itertools
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.channels.render import Renderer
from bot.content import load
from bot.dialogs.engine import Engine
from bot.dialogs.registry import build
from bot.gateway import Gateway
from bot.stores.memory import MemoryContacts, MemorySessions
from tests.channels.baleapi import bale_callback, bale_message
from tests.channels.botapi import callback, message
from tests.channels.conftest import Counter, Start
from tests.dialogs.small_desk import NOW, SMALL, PaperDesk, PlainNlu


class Ann:
    """Does what a person does in a messenger: writes, presses what she sees, shares."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        telegram = counter.channel.name == "telegram"
        self.message = partial(message, language="en") if telegram else bale_message
        self.callback = callback if telegram else bale_callback
        self.numbers = itertools.count(1)
        self.last: dict[str, Any] = {}

    async def does(self, update: dict[str, Any]) -> list[dict[str, Any]]:
        """The messages that came in answer."""
        before = len(self.counter.api.sent())
        self.last = update
        assert await self.counter.post(update) == 200
        return self.counter.api.sent()[before:]

    async def writes(self, text: str) -> list[dict[str, Any]]:
        return await self.does(self.message(next(self.numbers), text=text))

    async def shares(self, **content: Any) -> list[dict[str, Any]]:
        return await self.does(self.message(next(self.numbers), **content))

    async def presses(self, label: str) -> list[dict[str, Any]]:
        seen = [
            b["callback_data"]
            for m in self.counter.api.sent()
            for row in m.get("reply_markup", {}).get("inline_keyboard", ())
            for b in row
            if b["text"] == label
        ]
        assert seen, f"no button {label!r}"
        return await self.does(self.callback(next(self.numbers), seen[-1]))


def said(messages: list[dict[str, Any]]) -> str:
    return "\n".join(m["text"] for m in messages)


@pytest.mark.parametrize(
    ("messenger", "written", "code"),
    [
        ("telegram", "It is &lt;dark&gt; &amp; *cold*", "<code>{}</code>"),
        ("bale", "It is <dark> & ∗cold∗", " *{}* "),
    ],
)
async def test_a_form(start: Start, messenger: str, written: str, code: str) -> None:
    phrases = load(Path(__file__).parents[2] / "knowledge_base").phrases
    renderer = Renderer(lambda: phrases, default_language="en")
    desk, contacts = PaperDesk(), MemoryContacts()
    engine = Engine(build(SMALL, PlainNlu(), desk), renderer)
    gateway = Gateway(MemorySessions(), contacts, engine, clock=lambda: NOW)
    counter = await start(messenger=messenger, gateway=gateway, contacts=contacts, renderer=renderer)
    counter.api.files["p"] = b"a photo"
    ann = Ann(counter)

    assert (await ann.writes("/start"))[-1]["reply_markup"]["inline_keyboard"]
    assert "What?" in said(await ann.writes("/form/lamp"))
    assert "Describe." in said(await ann.presses("Off"))
    await ann.writes("It is <dark> & *cold*")
    await ann.writes("۳")
    await ann.shares(photo=[{"file_id": "p", "width": 9, "height": 9}])
    assert [data for _, data, _ in counter.files.kept.values()] == [b"a photo"]
    asked = await ann.writes("done")
    assert "Your number?" in said(asked)
    assert asked[-1]["reply_markup"]["keyboard"][0][0]["request_contact"] is True
    review = await ann.shares(contact={"phone_number": "989123456789", "first_name": "Ann", "user_id": 5})
    assert written in said(review)
    assert any("remove_keyboard" in m.get("reply_markup", ()) for m in review)
    confirm = review[-1]["reply_markup"]["inline_keyboard"][0][0]["text"]
    filed = await ann.presses(confirm)
    (request,) = desk.requests
    assert code.format(request.code.shown) in said(filed)
    assert [a.value for a in request.draft.answers if a.field == "count"] == [3]
    assert request.draft.mobile == "+989123456789"

    again = await ann.does(ann.last)  # the webhook is delivered twice
    assert said(again) == said(filed) and len(desk.requests) == 1
    assert request.code.shown in said(await ann.writes(f"/start {request.code}"))  # the link of a notice
