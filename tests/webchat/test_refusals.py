"""The protocol over a WebSocket: what is refused, and files."""

from __future__ import annotations

import asyncio
import logging

import pytest
from aiohttp import FormData, WSMsgType

from tests.webchat.conftest import Client
from tests.webchat.script import Counter
from tests.webchat.tab import Tab, texts


@pytest.mark.parametrize("token", ["", "forged", "abc.def", "é.é", "x" * 300])
async def test_a_forged_token_is_told_and_a_fresh_hello_is_welcome(tab: Tab, counter: Counter, token: str) -> None:
    await tab.send(type="hello", session=token, after=0, language="fa")
    error = await tab.next()
    assert (error["type"], error["code"]) == ("error", "bad_session")
    assert counter.script.turns == 0
    assert (await tab.greeted())["type"] == "reply"


async def test_words_before_hello_are_refused(tab: Tab, counter: Counter) -> None:
    await tab.send(type="message", id="a", text="سلام")
    error = await tab.next()
    assert (error["code"], error["id"]) == ("bad_session", "a")
    assert counter.script.turns == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type":"dance"}', '{"type":"message","text":"no id"}', "\ufeff{}"])
async def test_a_malformed_frame_is_told_and_the_line_stays(tab: Tab, text: str) -> None:
    await tab.greeted()
    await tab.ws.send_str(text)
    error = await tab.next()
    assert (error["type"], error["code"]) == ("error", "bad_frame")
    assert error["text"] == "این پیام خوانده نشد. لطفاً دوباره بفرستید."
    assert len(await tab.say("هنوز هستیم")) == 2


async def test_bytes_are_no_frame(tab: Tab) -> None:
    await tab.greeted()
    await tab.ws.send_bytes(b'{"type":"ping"}')
    assert (await tab.next())["code"] == "bad_frame"


async def test_a_text_too_long_is_refused_in_the_citizens_language(tab: Tab, counter: Counter) -> None:
    await tab.hello(language="en")
    await tab.next()
    turns = counter.script.turns
    await tab.send(type="message", id="long", text="a" * 10_000)
    error = await tab.next()
    assert (error["code"], error["id"]) == ("too_long", "long")
    assert "4,000 characters" in error["text"]
    assert counter.script.turns == turns


async def test_a_huge_frame_closes_the_socket(tab: Tab) -> None:
    await tab.greeted()
    await tab.send(type="message", id="huge", text="a" * 70_000)
    message = await asyncio.wait_for(tab.ws.receive(), 5)
    assert (message.type, message.data) == (WSMsgType.CLOSE, 1009)


async def test_who_is_too_quick_is_asked_to_wait(tab: Tab, counter: Counter) -> None:
    await tab.greeted()
    for n in range(25):
        await tab.send(type="message", id=f"m{n}", text="تند")
    frames = [f for f in [await tab.next() for _ in range(2 * 19 + 6)] if f["type"] != "reply"]
    assert [f["type"] for f in frames] == ["ack"] * 19 + ["error"] * 6
    assert {f["code"] for f in frames[19:]} == {"slow_down"}
    assert 0 < frames[-1]["retry_in"] <= 10


async def test_a_store_that_is_away_is_told_and_tried_again(
    tab: Tab, counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    await tab.greeted()
    counter.memory.down = True
    with caplog.at_level(logging.DEBUG):
        await tab.send(type="message", id="m1", text="راز من")
        error = await tab.next()
    assert (error["code"], error["id"], error["retry_in"]) == ("unavailable", "m1", 3)
    assert "OSError" in caplog.text
    assert "راز" not in caplog.text
    counter.memory.down = False
    assert len(await tab.say("راز من", id="m1")) == 2


async def test_a_dialog_that_fails_is_answered_with_an_apology(tab: Tab) -> None:
    await tab.greeted()
    assert texts(await tab.say("crash"))[0].startswith("نشد")


async def test_hello_while_the_store_is_away_leaves_no_half_open_session(tab: Tab, counter: Counter) -> None:
    counter.memory.down = True
    await tab.send(type="hello", session=None, after=0, language="fa")
    assert (await tab.next())["code"] == "unavailable"
    await tab.send(type="message", id="a", text="سلام")
    assert (await tab.next())["code"] == "bad_session"
    counter.memory.down = False
    assert (await tab.greeted())["seq"] == 2


async def test_shutting_down_closes_the_sockets(tab: Tab, client: Client, counter: Counter) -> None:
    await tab.greeted()
    await counter.chat.close(client.app)
    message = await asyncio.wait_for(tab.ws.receive(), 5)
    assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)


# --- files --------------------------------------------------------------------------------------


async def upload(client: Client, token: str, data: bytes = b"\x89PNG...", name: str = "عکس.png") -> str:
    form = FormData(quote_fields=False)
    form.add_field("file", data, filename=name, content_type="image/png")
    response = await client.post("/channels/web/files", data=form, headers={"X-Session": token})
    assert response.status == 200
    answer = await response.json()
    assert (answer["name"], answer["size"], answer["media_type"]) == (name, len(data), "image/png")
    return str(answer["upload"])


async def test_a_file_is_uploaded_and_handed_in(tab: Tab, client: Client) -> None:
    await tab.greeted()
    await tab.send(type="file", id="f", upload=await upload(client, tab.token))
    assert "عکس.png" in texts(await tab.until("ack"))[0]


async def test_an_upload_of_another_session_is_unknown(tab: Tab, client: Client, counter: Counter) -> None:
    await tab.greeted()
    async with client.ws_connect("/channels/web/socket") as ws:
        other = Tab(ws)
        await other.greeted()
        theirs = await upload(client, other.token)
    turns = counter.script.turns
    for wrong in (theirs, "f1", "x.y"):
        await tab.send(type="file", id="f", upload=wrong)
        error = await tab.next()
        assert (error["code"], error["id"]) == ("unknown_upload", "f")
    assert counter.script.turns == turns
