"""Our transport: python-telegram-bot's own client works over it, and servers that are not exact do too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram import Bot, Message
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, TelegramError

from bot.channels.telegram.api import AiohttpRequest, Api
from tests.channels.botapi import BotApi


@pytest.fixture
async def server() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@pytest.fixture
async def bot(server: BotApi) -> AsyncIterator[Bot]:
    request = AiohttpRequest()
    async with Bot(server.token, f"{server.url}/bot", f"{server.url}/file/bot", request=request) as bot:
        yield bot


async def test_the_unmodified_client_works_over_the_transport(bot: Bot, server: BotApi) -> None:
    assert bot.username == "counter_bot"
    sent = await bot.send_message(5, "سلام", parse_mode="HTML")
    assert isinstance(sent, Message) and sent.text == "سلام"
    assert server.sent() == [{"chat_id": 5, "text": "سلام", "parse_mode": "HTML"}]
    server.files["f"] = b"content"
    file = await bot.get_file("f")
    assert bytes(await file.download_as_bytearray()) == b"content"
    assert (await bot.get_webhook_info()).url == ""


async def test_errors_have_python_telegram_bots_types(bot: Bot, server: BotApi) -> None:
    server.fail("sendMessage", 403, "Forbidden: bot was blocked by the user")
    with pytest.raises(Forbidden):
        await bot.send_message(5, "x")
    with pytest.raises(BadRequest, match="text is empty"):
        await bot.send_message(5, "")
    async with Api("1:wrong", server.url) as api:
        with pytest.raises(InvalidToken) as error:
            await api.call("sendMessage", {"chat_id": 5, "text": "x"})
        assert "wrong" not in str(error.value)


async def test_no_call_outside_its_life(server: BotApi) -> None:
    with pytest.raises(NetworkError):
        await Api(server.token, server.url).call("getMe", {})


async def test_a_server_that_says_200_to_a_failure_and_one_that_speaks_no_json() -> None:
    answers = {
        "refused": b'{"ok":false,"error_code":400,"description":"Bad Request: no"}',
        "html": b"<html>",
        "list": b"[]",
    }

    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=answers[request.match_info["method"]])

    app = web.Application()
    app.router.add_post("/bot1:t/{method}", handle)
    async with TestServer(app) as server, Api("1:t", str(server.make_url("")).rstrip("/")) as api:
        with pytest.raises(BadRequest):
            await api.call("refused", {})
        for method in ("html", "list"):
            with pytest.raises(TelegramError):
                await api.call(method, {})


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ({"ok": True}, True),
        ({"ok": True, "result": None}, None),
        ({"ok": True, "result": {"message_id": 0}}, {"message_id": 0}),  # all that Bale says of an edited message
        ({"ok": True, "result": {"id": 1, "first_name": "A"}}, {"id": 1, "first_name": "A"}),
        ({"ok": True, "result": [1, "x"]}, [1, "x"]),
    ],
)
def test_what_telegram_like_servers_leave_out(answer: dict[str, Any], result: object) -> None:
    assert AiohttpRequest.parse_json_payload(orjson.dumps(answer))["result"] == result
