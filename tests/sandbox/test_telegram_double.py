"""The double of Telegram, before the project's own channel and before python-telegram-bot's client."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from telegram import Bot
from telegram.error import BadRequest, InvalidToken

from tests.sandbox.served import Client, Page, Served, serving, visit

pytestmark = pytest.mark.asyncio(loop_scope="session")  # one desk for all


def buttons(event: dict[str, Any]) -> list[tuple[str, str]]:
    return [(b["text"], b["callback_data"]) for row in event["markup"].get("inline_keyboard", ()) for b in row]


async def test_a_talk_with_the_real_channel(page: Page) -> None:
    await page.post("telegram/messages", text="/start")
    said = await page.until("telegram", mine=True)
    assert said["text"] == "/start"
    seen = await page.until("seen", channel="telegram")
    assert seen["event"] == "start"
    assert seen["ms"] is not None
    menu = None
    while menu is None:
        event = await page.until("telegram", mine=False)
        menu = event if buttons(event) else None
    label, data = buttons(menu)[0]
    assert (await page.post("telegram/messages", message=menu["id"], data=data)).status == 200
    pressed = await page.until("seen", channel="telegram")
    assert (pressed["event"], pressed["heard"]) == ("choice", label)
    assert (await page.post("telegram/messages", message=menu["id"], data="made-up")).status == 409


async def test_contact_place_and_file(page: Page, served: Served) -> None:
    await page.post("telegram/messages", contact=True)
    assert page.hello["number"] in (await page.until("seen"))["heard"]
    await page.post("telegram/messages", location=True)
    assert "35.70000, 51.40000" in (await page.until("seen"))["heard"]
    form = aiohttp.FormData()
    form.add_field("file", b"%PDF-1.4\n" + b"x" * 100, filename="plan.pdf", content_type="application/pdf")
    answer = await page.client.post("/sandbox/telegram/files", data=form, headers=page.headers)
    assert answer.status == 200
    seen = await page.until("seen", event="file")
    assert "plan.pdf" in seen["heard"]


async def test_the_command_menu_reaches_the_page(client: Client, served: Served) -> None:
    page = await visit(client)
    while not page.hello["commands"]:
        page = await visit(client)
    assert page.hello["commands"]["fa"][0]["command"] == "menu"


async def test_two_chats_do_not_mix(client: Client) -> None:
    one, two = await visit(client), await visit(client)
    await asyncio.gather(*(p.post("telegram/messages", text=t) for p, t in ((one, "سلام"), (two, "درود"))))
    assert (await one.until("seen"))["heard"] == "سلام"
    assert (await two.until("seen"))["heard"] == "درود"


@pytest_asyncio.fixture(loop_scope="session")
async def bot(client: Client, served: Served) -> Any:
    """A client of the library, without the channel that polls."""
    async with Bot(
        served.sandbox.telegram_token,
        base_url=f"{served.sandbox.telegram_api_url}/bot",
        base_file_url=f"{served.sandbox.telegram_api_url}/file/bot",
    ) as bot:
        yield bot


async def test_the_library_is_answered_as_by_telegram(bot: Bot, served: Served, page: Page) -> None:
    me = await bot.get_me()
    assert (me.username, me.is_bot, me.id) == (served.sandbox.telegram_username, True, int(bot.token.split(":")[0]))
    chat = page.hello["chat"]
    sent = await bot.send_message(chat, "<b>سلام</b>", parse_mode="HTML")
    assert sent.chat.id == chat
    assert (await page.until("telegram", id=sent.message_id))["html"]
    await bot.edit_message_text("درود", chat, sent.message_id)
    assert (await page.until("telegram_edited", id=sent.message_id))["text"] == "درود"
    await bot.delete_message(chat, sent.message_id)
    assert (await page.until("telegram_edited", id=sent.message_id))["gone"]
    assert await bot.send_chat_action(chat, "typing")
    with pytest.raises(BadRequest, match="Message text is empty"):
        await bot.send_message(chat, " ")
    with pytest.raises(BadRequest, match="Message is too long"):
        await bot.send_message(chat, "ن" * 4097)
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query("1")
    with pytest.raises(BadRequest, match="polled"):
        await bot.set_webhook("https://example.org/hook")
    with pytest.raises(InvalidToken):
        await bot.get_sticker_set("none")


async def test_a_chat_whose_page_is_closed_gets_its_messages_later(client: Client, served: Served, bot: Bot) -> None:
    page = await visit(client)
    served.sandbox._visits._visits.clear()  # as after a restart
    await bot.send_message(page.hello["chat"], "خبری هست.")
    assert (await page.until("telegram", mine=False))["text"] == "خبری هست."


async def test_closing_lets_pollers_and_pages_go(tmp_path: Path) -> None:
    served = Served(tmp_path)
    async with serving(served) as client:
        page = await visit(client)
        url = f"/sandbox/telegram/bot{served.sandbox.telegram_token}/getUpdates?timeout=30"
        polling = asyncio.create_task(client.get(url))
        following = asyncio.create_task(page.until("never"))
        await asyncio.sleep(0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    following.cancel()
    polling.cancel()
