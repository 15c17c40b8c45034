"""The terminal while the desk works."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from bot import app
from bot.channels.console import Console
from bot.commands import chatting
from bot.core.messages import Address
from bot.core.requests import Draft, Status
from bot.courier import Courier
from tests.app.serving import settings_of, until


@pytest.mark.parametrize("by_a_server", [False, True])
async def test_what_an_officer_does_is_shown_at_once_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_a_server: bool
) -> None:
    """Whether a server's courier was there before, or only the terminal is."""
    monkeypatch.setattr(chatting, "NEWS_EVERY", 0.01)
    counter = await asyncio.to_thread(app.assemble, settings_of(tmp_path))
    output = io.StringIO()
    console = Console(counter.gateway, counter.renderer, counter.files, channel="web", address="ann", output=output)
    async with counter.opened():
        await console.start()
        news = asyncio.create_task(chatting._news(counter, console))
        contact = await counter.contacts.resolve(console.address)
        filed = await counter.desk.file(
            Draft("letter", "request", "نامه", contact, console.address, "fa", mobile="+989121234567"), key="k"
        )
        elsewhere = Draft("letter", "request", "نامه", "bo", Address("telegram", "5"), "fa")
        other = await counter.desk.file(elsewhere, key="o")
        await counter.desk.change(other.code, by="officer", status=Status.IN_REVIEW)
        if by_a_server:
            servers = Courier(
                counter.outbox, counter.gateway, {}, counter.contacts, counter.live.now, counter.stores.limits
            )
            await counter.desk.change(filed.code, by="officer", status=Status.CLOSED, note="انجام شد")
            while await servers.round(only=console.address):
                pass
        else:
            await counter.desk.change(filed.code, by="officer", status=Status.CLOSED, note="انجام شد")

        async def shown() -> bool:
            asked = output.getvalue().split("انجام شد")[-1]
            return "انجام شد" in output.getvalue() and "۵)" in asked  # the news, and the survey's buttons

        await until(shown)
        news.cancel()
        assert output.getvalue().count("انجام شد") == 1
        assert [r.notice.address.channel for r in await counter.outbox.told(state="pending")] == [
            "telegram"
        ]  # the others' are not ours
        await console.type("۵")  # the survey's buttons are pressed by their numbers
        async with counter.sessions.open(contact) as opened:
            top = opened.session.top
        assert top is not None
        assert (top.dialog, top.answers["score"]) == ("survey/satisfaction", 5)
