"""Updates by webhook: 200 only when the replies are out, each chat in order. What holds for every channel is in
`tests/contract`."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.channels.telegram import channel as telegram_channel
from bot.core.messages import Address, Choice, Event, Expect, Inbound, Kind, Phrase, Reply
from tests.channels.botapi import callback, message
from tests.channels.conftest import SECRET, Counter, Start
from tests.channels.counter import echo

ANN = Address("telegram", "5")


def texts(counter: Counter) -> list[str]:
    return [m["text"] for m in counter.api.sent()]


async def test_the_webhook_and_the_command_menu_are_set_at_start(start: Start) -> None:
    counter = await start()
    (webhook,) = await counter.api.wait_for("setWebhook")
    assert webhook == {
        "url": f"{counter.url}/channels/telegram",
        "secret_token": SECRET,
        "allowed_updates": ["message", "callback_query", "my_chat_member"],
        "max_connections": 100,
    }
    menus = await counter.api.wait_for("setMyCommands", 3)
    assert menus == [
        {"commands": [{"command": "menu", "description": "فهرست"}]},
        {"commands": [{"command": "menu", "description": "فهرست"}], "language_code": "fa"},
        {"commands": [{"command": "menu", "description": "Menu"}], "language_code": "en"},
    ]
    assert not counter.api.sent("getUpdates")


async def test_the_door_opens_when_the_name_is_known(start: Start) -> None:
    counter = await start(webhook=False)
    counter.api.fail("getMe", 502)
    assert counter.channel.door("ticket") == ""
    await counter.api.wait_for("getUpdates")
    assert counter.channel.door("ticket") == "https://t.me/counter_bot?start=ticket"


async def test_a_turn(start: Start) -> None:
    counter = await start()
    await counter.api.wait_for("setWebhook")
    assert await counter.api.push(message(1, text="سلام"), counter.session) == 200
    assert counter.gateway.changes == [Inbound("1", ANN, Event.MESSAGE, "سلام", language="fa")]
    assert counter.api.sent() == [{"chat_id": 5, "text": "شنیدم: سلام", "parse_mode": "HTML"}]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'"x"', 400),
        (b"\xff\xfe", 400),
        (b" " * (1 << 20) + b"{}", 413),
    ],
)
async def test_malformed_bodies(start: Start, body: bytes, status: int) -> None:
    counter = await start()
    assert await counter.post(None, data=body) == status
    assert not counter.gateway.heard


async def test_a_button_is_answered(start: Start) -> None:
    counter = await start()
    assert await counter.post(callback(1, "v~yes")) == 200
    assert counter.gateway.changes[0].value == "v~yes"
    assert counter.api.sent("answerCallbackQuery") == [{"callback_query_id": "q1"}]


async def test_a_button_is_answered_when_the_turn_fails_and_the_update_comes_again(start: Start) -> None:
    counter = await start()
    counter.gateway.error = RuntimeError("the store is away")
    assert await counter.post(callback(1, "yes")) == 500
    assert len(counter.api.sent("answerCallbackQuery")) == 1
    counter.api.fail("answerCallbackQuery", 400, "Bad Request: query is too old")
    assert await counter.post(callback(1, "yes")) == 200
    assert len(counter.gateway.changes) == 1 and texts(counter) == ["شنیدم: yes"]


async def test_the_sharing_button_comes_and_goes(start: Start) -> None:
    counter = await start()
    asking = Reply(Phrase("ask_phone"), (Choice("/back", Phrase("back"), nav=True),), Expect(Kind.PHONE))
    counter.gateway.script = lambda heard: (asking,) if heard.text == "form" else echo(heard)
    await counter.post(message(1, text="form"))
    await counter.post(message(2, contact={"phone_number": "989121234567", "first_name": "Ann", "user_id": 5}))
    await counter.post(message(3, text="سلام"))
    assert counter.gateway.changes[1].phone == "+989121234567"
    assert [sorted(m.get("reply_markup", ())) for m in counter.api.sent()] == [
        ["inline_keyboard"],
        ["keyboard", "one_time_keyboard", "resize_keyboard"],
        ["remove_keyboard"],
        [],
    ]


# --- files ----------------------------------------------------------------------------------------


async def test_a_document_is_stored(start: Start) -> None:
    counter = await start()
    counter.api.files["doc/نقشه 1.pdf"] = b"%PDF-1.7"
    document = {"file_id": "doc/نقشه 1.pdf", "file_name": "نقشه.pdf", "file_size": 8}
    assert await counter.post(message(1, document=document, caption="پلان")) == 200
    (heard,) = counter.gateway.changes
    assert (heard.event, heard.text, heard.problem) == (Event.FILE, "پلان", "")
    stored, data, contact = counter.files.kept[heard.files[0].id]
    assert (stored.name, data, contact) == ("نقشه.pdf", b"%PDF-1.7", "contact of telegram:5")


async def test_an_album_is_as_many_turns_in_their_order(start: Start) -> None:
    counter = await start()
    for n in range(3):
        counter.api.files[f"p{n}"] = b"x" * (3 - n) * 1000
    updates = [message(n, media_group_id="g", photo=[{"file_id": f"p{n}", "width": 1, "height": 1}]) for n in range(3)]
    assert await asyncio.gather(*map(counter.post, updates)) == [200] * 3
    assert sorted(h.id for h in counter.gateway.changes) == ["0", "1", "2"]
    assert all(len(h.files) == 1 for h in counter.gateway.changes)
    assert counter.gateway.overlaps == 0


@pytest.mark.parametrize(
    ("size", "told", "problem"),
    [
        (60_000_000, 60_000_000, "file.too_large"),  # said before anything is fetched
        ((20 << 20) + 1, 0, "file.too_large"),  # said by the server
        (None, 5, "telegram.file_lost"),
    ],
)
async def test_a_file_that_does_not_come(start: Start, size: int | None, told: int, problem: str) -> None:
    counter = await start()
    if size is not None and size < 60_000_000:
        counter.api.files["d"] = bytes(size)
    assert await counter.post(message(1, document={"file_id": "d", "file_size": told})) == 200
    (heard,) = counter.gateway.changes
    assert (heard.event, heard.files, heard.problem) == (Event.FILE, (), problem)
    assert bool(counter.api.sent("getFile")) == (told < 60_000_000)


async def test_a_refused_file(start: Start) -> None:
    counter = await start()
    counter.api.files["d"] = b"MZ"
    counter.files.refuse = "file.not_what_it_says"
    assert await counter.post(message(1, document={"file_id": "d", "file_name": "a.pdf"})) == 200
    assert counter.gateway.changes[0].problem == "file.not_what_it_says"


# --- order ----------------------------------------------------------------------------------------


async def test_a_chat_keeps_its_order_and_chats_do_not_wait_for_each_other(start: Start) -> None:
    counter = await start()
    counter.gateway.seconds = 0.02
    counter.gateway.script = lambda heard: (*echo(heard), Reply(Phrase("two")))
    updates = [message(n, chat=chat, text=f"{n}") for n in range(4) for chat in (5, 6, 7)]
    calls = []
    for update in updates:
        calls.append(asyncio.create_task(counter.post(update)))
        await asyncio.sleep(0.003)
    assert await asyncio.gather(*calls) == [200] * len(updates)
    assert counter.gateway.overlaps == 0
    assert counter.gateway.most_at_once > 1
    for chat in (5, 6, 7):
        said = [m["text"] for m in counter.api.sent() if m["chat_id"] == chat]
        assert said == [t for n in range(4) for t in (f"شنیدم: {n}", "دومی")]


async def test_no_secret_and_nobodys_words_in_the_log(
    start: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_channel, "pause", lambda failures: 0.001)
    with caplog.at_level(logging.INFO):
        counter = await start()
        await counter.api.wait_for("setMyCommands", 3)
        counter.api.fail("sendMessage", 500, times=3)
        counter.api.fail("getFile", 401)
        await counter.post(message(1, text="راز من"))
        await counter.post(message(2, document={"file_id": "d"}))
        await counter.post({"update_id": 3, "message": "راز من"})
    everything = "\n".join(f"{r.getMessage()} {vars(r)}" for r in caplog.records)
    assert caplog.records
    assert counter.api.token not in everything and SECRET not in everything and "راز" not in everything
