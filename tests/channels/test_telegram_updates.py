"""Recorded payloads of the Bot API → what they mean to us."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.updates import Heard, Reach, Upload, chat_of, read
from bot.core.messages import Address, Event, Inbound, Location
from tests.channels.botapi import callback, message

ANN = Address("telegram", "5")
UNSUPPORTED = {"event": Event.MESSAGE, "problem": "message.unsupported"}
SIZES = [
    {"file_id": "small", "file_unique_id": "1", "width": 90, "height": 67, "file_size": 1253},
    {"file_id": "large", "file_unique_id": "3", "width": 1280, "height": 960, "file_size": 151253},
    {"file_id": "medium", "file_unique_id": "2", "width": 320, "height": 240, "file_size": 21253},
]
GIF = {"file_id": "gif", "file_name": "a.mp4", "mime_type": "video/mp4", "file_size": 9}


def inbound(event: Event = Event.MESSAGE, language: str = "fa", **content: Any) -> Inbound:
    return Inbound("77", ANN, event, language=language, **content)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"text": "سلام"}, {"event": Event.MESSAGE, "text": "سلام"}),
        ({"text": "👍🏽"}, {"event": Event.MESSAGE, "text": "👍🏽"}),
        ({"text": "كد ي ۱۲۳"}, {"event": Event.MESSAGE, "text": "كد ي ۱۲۳"}),  # as written
        ({"text": "x" * 4096}, {"event": Event.MESSAGE, "text": "x" * 4096}),
        ({"text": "/start"}, {"event": Event.START}),
        ({"text": "/start@counter_bot"}, {"event": Event.START}),
        ({"text": "/start campaign_7"}, {"event": Event.START}),
        ({"text": "/start 1234567897"}, {"event": Event.CHOICE, "value": "/track 1234567897"}),
        ({"text": "/start 12345"}, {"event": Event.START}),
        ({"text": "/start aB3-_xyz4567890Q"}, {"event": Event.CHOICE, "value": "/join aB3-_xyz4567890Q"}),
        ({"text": f"/start {'x' * 64}"}, {"event": Event.CHOICE, "value": f"/join {'x' * 64}"}),
        ({"text": "/start 1234567897abcdef"}, {"event": Event.CHOICE, "value": "/join 1234567897abcdef"}),  # no code
        ({"text": "/start 1-2-3-4-5-6-7-8-9-7"}, {"event": Event.CHOICE, "value": "/track 1234567897"}),
        ({"text": f"/start {'x' * 65}"}, {"event": Event.START}),
        ({"text": f"/start {'x' * 15}"}, {"event": Event.START}),
        ({"text": "/start not_a ticket_at_all"}, {"event": Event.START}),
        ({"text": "/join aB3-_xyz4567890Q"}, {"event": Event.MESSAGE, "text": "/join aB3-_xyz4567890Q"}),
        ({"text": "/menu"}, {"event": Event.CHOICE, "value": "/menu"}),
        ({"text": "/Help@Counter_Bot"}, {"event": Event.CHOICE, "value": "/help"}),
        ({"text": "/back"}, {"event": Event.CHOICE, "value": "/back"}),
        ({"text": "/back now"}, {"event": Event.MESSAGE, "text": "/back now"}),  # for the engine to read,
        ({"text": "/cancel"}, {"event": Event.CHOICE, "value": "/cancel"}),
        ({"text": "/human"}, {"event": Event.CHOICE, "value": "/human"}),
        ({"text": "/language"}, {"event": Event.CHOICE, "value": "/language"}),
        ({"text": "/requests"}, {"event": Event.CHOICE, "value": "/requests"}),
        ({"text": "/track"}, {"event": Event.CHOICE, "value": "/track"}),
        ({"text": "/track ۱۲۳۴۵ ۶۷۸۹۷"}, {"event": Event.CHOICE, "value": "/track 1234567897"}),
        ({"text": "/whatever_else"}, {"event": Event.CHOICE, "value": "/whatever_else"}),
        ({"text": "/نه"}, {"event": Event.MESSAGE, "text": "/نه"}),
        ({"text": "/ 5"}, {"event": Event.MESSAGE, "text": "/ 5"}),
        (
            {"contact": {"phone_number": "989121234567", "first_name": "Ann", "user_id": 5}},
            {"event": Event.MESSAGE, "text": "+989121234567", "phone": "+989121234567"},
        ),
        (
            {"contact": {"phone_number": "+98 912 123 4567", "first_name": "Ann", "user_id": 5}},
            {"event": Event.MESSAGE, "text": "+989121234567", "phone": "+989121234567"},
        ),
        (
            {"contact": {"phone_number": "+989120000000", "first_name": "Bob", "user_id": 6}},
            {"event": Event.MESSAGE, "text": "+989120000000"},
        ),
        (
            {"contact": {"phone_number": "+989120000000", "first_name": "Bob"}},
            {"event": Event.MESSAGE, "text": "+989120000000"},
        ),
        (
            {"location": {"latitude": 35.7, "longitude": 51, "horizontal_accuracy": 10}},
            {"event": Event.MESSAGE, "location": Location(35.7, 51.0)},
        ),
        (
            {"venue": {"title": "پارک", "address": "x"}, "location": {"latitude": 35.7, "longitude": 51.4}},
            {"event": Event.MESSAGE, "location": Location(35.7, 51.4)},
        ),
        ({"sticker": {"file_id": "s", "emoji": "👍", "width": 512, "height": 512}}, UNSUPPORTED),
        ({"animation": GIF, "document": GIF}, UNSUPPORTED),
        ({"poll": {"id": "1", "question": "?"}}, UNSUPPORTED),
        ({"dice": {"emoji": "🎲", "value": 3}}, UNSUPPORTED),
    ],
)
def test_messages(content: dict[str, Any], expected: dict[str, Any]) -> None:
    assert read(message(77, **content), "telegram") == Heard(inbound(**expected))


@pytest.mark.parametrize(
    ("content", "upload"),
    [
        (
            {"document": {"file_id": "d", "file_name": "نقشه.pdf", "mime_type": "application/pdf", "file_size": 95}},
            Upload("d", "نقشه.pdf", 95),
        ),
        ({"document": {"file_id": "d"}}, Upload("d", "document", 0)),
        ({"photo": SIZES}, Upload("large", "photo.jpg", 151253)),
        ({"voice": {"file_id": "v", "duration": 3, "mime_type": "audio/ogg"}}, Upload("v", "voice.ogg", 0)),
        ({"audio": {"file_id": "a", "file_name": "song.mp3", "file_size": 7}}, Upload("a", "song.mp3", 7)),
        ({"video": {"file_id": "m", "file_size": 70_000_000}}, Upload("m", "video.mp4", 70_000_000)),
        ({"video_note": {"file_id": "n", "length": 240, "file_size": 8}}, Upload("n", "video.mp4", 8)),
    ],
)
def test_files(content: dict[str, Any], upload: Upload) -> None:
    assert read(message(77, **content), "telegram") == Heard(inbound(Event.FILE), upload)
    captioned = message(77, caption="پلان", media_group_id="g1", **content)
    assert read(captioned, "telegram") == Heard(inbound(Event.FILE, text="پلان"), upload)


def test_a_pressed_button() -> None:
    heard = read(callback(77, "a1b2c3~yes"), "telegram")
    assert heard == Heard(inbound(Event.CHOICE, value="a1b2c3~yes"), callback="q77")


def test_a_button_under_a_message_that_telegram_no_longer_has() -> None:
    update = callback(77, "yes")
    update["callback_query"]["message"] = {"chat": {"id": 5, "type": "private"}, "message_id": 1, "date": 0}
    assert isinstance(read(update, "telegram"), Heard)


@pytest.mark.parametrize(("status", "reachable"), [("kicked", False), ("member", True)])
def test_blocked_and_back(status: str, reachable: bool) -> None:
    member = {"status": status, "user": {"id": 123456, "is_bot": True, "first_name": "Counter"}}
    update = {"update_id": 77, "my_chat_member": {"chat": {"id": 5, "type": "private"}, "new_chat_member": member}}
    assert read(update, "telegram") == Reach(ANN, reachable)


GROUP = {"id": -100, "type": "supergroup", "title": "همسایه‌ها"}


@pytest.mark.parametrize(
    "update",
    [
        {"update_id": 77},
        {"update_id": 77, "edited_message": message(77, text="سلام")["message"]},
        {"update_id": 77, "channel_post": {"chat": {"id": 1, "type": "channel"}, "text": "x"}},
        {"update_id": 77, "inline_query": {"id": "1", "query": "x"}},
        {"update_id": 77, "from_the_future": {"anything": 1}},
        {"update_id": 77, "message": {**message(77, text="سلام")["message"], "chat": GROUP}},
        {"update_id": 77, "my_chat_member": {"chat": GROUP, "new_chat_member": {"status": "kicked"}}},
        {"update_id": 77, "callback_query": {**callback(77, "x")["callback_query"], "message": {"chat": GROUP}}},
        message(77, pinned_message={"message_id": 3}),
        message(77, message_auto_delete_timer_changed={"message_auto_delete_time": 60}),
        {"update_id": 77, "message": "not an object"},
        {"update_id": 77, "message": {"text": "no chat"}},
        message(77, contact={"first_name": "no number"}),
        message(77, location={"latitude": "north"}),
    ],
)
def test_what_is_not_for_us_is_ignored(update: dict[str, Any]) -> None:
    assert read(update, "telegram") is None


def test_the_language_is_a_hint_and_the_channel_has_a_name() -> None:
    heard = read(message(77, text="hi", language="en-GB"), "bale")
    assert heard == Heard(Inbound("77", Address("bale", "5"), Event.MESSAGE, "hi", language="en-GB"))


def test_an_update_of_a_server_that_leaves_things_out() -> None:
    heard = read({"update_id": 77, "message": {"chat": {"id": 5}, "text": "سلام", "date": 1795400000123}}, "telegram")
    assert heard == Heard(inbound(language="", text="سلام"))


@pytest.mark.parametrize(
    ("update", "chat"),
    [
        (message(1, chat=9, text="x"), "9"),
        (callback(1, "x", chat=9), "9"),
        ({"update_id": 1, "my_chat_member": {"chat": {"id": 9}}}, "9"),
        ({"update_id": 1, "poll": {"id": "3"}}, ""),
        ({"update_id": 1, "message": {"chat": "9"}}, ""),
    ],
)
def test_whose_order_an_update_belongs_to(update: dict[str, Any], chat: str) -> None:
    assert chat_of(update) == chat


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["chat", "from", "text", "photo", "document", "contact", "location", "id", "type", "message"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["message", "callback_query", "my_chat_member", "poll"]), _JSON))
def test_no_shape_raises(update: dict[str, Any]) -> None:
    read({"update_id": 1, **update}, "telegram")
    chat_of({"update_id": 1, **update})
