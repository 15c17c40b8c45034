"""Calls of the Bot API: what a refusal means is what python-telegram-bot takes it for, and inexact servers do too."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.api import Api, result_of
from bot.channels.telegram.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    Unreached,
)
from bot.channels.telegram.refusals import refusal
from tests.channels.botapi import BotApi

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")  # of RetryAfter


@pytest.fixture
async def server() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@pytest.fixture
async def api(server: BotApi) -> AsyncIterator[Api]:
    async with Api(server.token, server.url) as api:
        yield api


async def test_a_message_goes_out_and_a_file_comes_in(api: Api, server: BotApi) -> None:
    assert (await api.call("getMe", {}))["username"] == "counter_bot"
    sent = await api.call("sendMessage", {"chat_id": 5, "text": "سلام", "parse_mode": "HTML"})
    assert sent["text"] == "سلام"
    assert server.sent() == [{"chat_id": 5, "text": "سلام", "parse_mode": "HTML"}]
    server.files["f"] = b"content"
    assert await api.download("f") == b"content"


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, "Bad Request: message text is empty", BadRequest),
        (401, "Unauthorized", InvalidToken),
        (403, "Forbidden: bot was blocked by the user", Forbidden),
        (404, "Not Found", InvalidToken),
        (409, "Conflict: terminated by other getUpdates request", Conflict),
        (500, "Internal Server Error", NetworkError),
        (502, "Bad Gateway", NetworkError),
    ],
)
async def test_a_refusal_has_its_meaning_and_the_servers_words(
    api: Api, server: BotApi, status: int, said: str, kind: type[TelegramError]
) -> None:
    server.fail("sendMessage", status, said)
    with pytest.raises(kind) as refused:
        await api.call("sendMessage", {"chat_id": 5, "text": "x"})
    assert type(refused.value) is kind
    assert refused.value.message.lower() == said.removeprefix("Bad Request: ").lower()


async def test_too_many_calls_say_how_long_to_wait() -> None:
    answer = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 7}}
    limit = await refusal(429, orjson.dumps(answer))
    assert isinstance(limit, RetryAfter)
    assert limit.seconds == 7


_KEYS = st.sampled_from(["ok", "description", "parameters", "retry_after", "migrate_to_chat_id"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(_KEYS, parts),
)


@given(
    st.integers(100, 999).filter(lambda status: not 200 <= status < 300),
    st.binary(max_size=60) | _JSON.map(orjson.dumps),
)
async def test_any_answer_that_is_no_success_is_an_error(status: int, payload: bytes) -> None:
    assert isinstance(await refusal(status, payload), TelegramError)


async def test_the_token_is_in_no_error_and_no_log_line(server: BotApi, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with Api("1:wrong", server.url) as api:
        with pytest.raises(InvalidToken) as error:
            await api.call("sendMessage", {"chat_id": 5, "text": "x"})
    assert "wrong" not in f"{error.value!r} {caplog.text}"


async def test_no_call_outside_its_life(server: BotApi) -> None:
    with pytest.raises(Unreached):
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
    assert result_of(orjson.dumps(answer)) == result
