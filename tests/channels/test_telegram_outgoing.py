"""Replies → exactly what goes to the Bot API."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.render import LRI, PDI
from bot.channels.telegram.dialects import TELEGRAM, Dialect
from bot.channels.telegram.outgoing import MAX_TEXT, Composer, split, units, unmarked
from bot.core.messages import Choice, Expect, Kind, Phrase, Reply, Term
from tests.channels.counter import renderer

BACK = Choice("/back", Phrase("back"), nav=True)
CANCEL = Choice("/cancel", "Cancel", nav=True)
PHONE_KEYBOARD = {
    "keyboard": [[{"text": "Send number", "request_contact": True}]],
    "resize_keyboard": True,
    "one_time_keyboard": True,
}


def button(text: str, data: str) -> dict[str, str]:
    return {"text": text, "callback_data": data}


def message(text: str, **markup: Any) -> dict[str, Any]:
    return {"text": text, "parse_mode": "HTML", **({"reply_markup": markup} if markup else {})}


def composed(*replies: Reply, keyboard_up: bool = False, dialect: Dialect = TELEGRAM) -> list[dict[str, Any]]:
    return Composer(renderer(), dialect).messages(replies, "en", keyboard_up=keyboard_up)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(Phrase("two")), [message("second")]),
        (
            Reply(Phrase("code", {"code": Term("code", "1234567897")})),
            [message(f"Your code is {LRI}<code>12345 67897</code>{PDI}.")],
        ),
        (
            Reply(Phrase("echo", {"words": "<b>&"}), (Choice("v", "a < b"),)),
            [message("Heard: &lt;b&gt;&amp;", inline_keyboard=[[button("a < b", "v")]])],
        ),
        (
            Reply(
                Phrase("two"),
                (
                    Choice("1", "short"),
                    Choice("2", "short too"),
                    Choice("3", "short three"),
                    BACK,
                    Choice("4", "a label that is too long for half a row"),
                    Choice("5", "short"),
                    CANCEL,
                ),
                Expect(Kind.CHOICE),
            ),
            [
                message(
                    "second",
                    inline_keyboard=[
                        [button("short", "1"), button("short too", "2")],
                        [button("short three", "3")],
                        [button("a label that is too long for half a row", "4")],
                        [button("short", "5")],
                        [button("Back", "/back"), button("Cancel", "/cancel")],
                    ],
                )
            ],
        ),
        (Reply(Phrase("ask_phone"), expect=Expect(Kind.PHONE)), [message("Number?", **PHONE_KEYBOARD)]),
        (
            Reply(Phrase("ask_phone"), (BACK,), Expect(Kind.PHONE)),
            [
                message("Number?", inline_keyboard=[[button("Back", "/back")]]),
                message("or by button", **PHONE_KEYBOARD),
            ],
        ),
        (
            Reply(Phrase("two"), expect=Expect(Kind.LOCATION)),
            [
                message(
                    "second",
                    keyboard=[[{"text": "Send place", "request_location": True}]],
                    resize_keyboard=True,
                    one_time_keyboard=True,
                )
            ],
        ),
    ],
)
def test_a_reply(reply: Reply, expected: list[dict[str, Any]]) -> None:
    assert composed(reply) == expected


def test_the_sharing_button_goes_with_the_first_message_that_has_no_buttons() -> None:
    plain, asking = Reply(Phrase("two")), Reply(Phrase("two"), (BACK,))
    buttons = {"inline_keyboard": [[button("Back", "/back")]]}
    assert composed(plain, asking, keyboard_up=True) == [
        message("second", remove_keyboard=True),
        message("second", **buttons),
    ]
    assert composed(asking, keyboard_up=True) == [
        message("All right.", remove_keyboard=True),
        message("second", **buttons),
    ]


def test_a_new_sharing_button_takes_the_place_of_the_old_one() -> None:
    asked_again = Reply(Phrase("ask_phone"), expect=Expect(Kind.PHONE))
    assert composed(Reply(Phrase("two")), asked_again, keyboard_up=True) == [
        message("second"),
        message("Number?", **PHONE_KEYBOARD),
    ]


def test_nothing_to_say_sends_nothing() -> None:
    assert composed() == composed(keyboard_up=True) == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "https://desk.example.org/a?b=1&c=_x_",
            '<a href="https://desk.example.org/a?b=1&amp;c=_x_">https://desk.example.org/a?b=1&amp;c=_x_</a>',
        ),
        (
            "https://desk.example.org/chat?join=" + "A-_9" * 16,
            f'<a href="https://desk.example.org/chat?join={"A-_9" * 16}">desk.example.org/…</a>',
        ),
        ('https://x.org/"><b>', '<a href="https://x.org/&quot;&gt;&lt;b&gt;">https://x.org/"&gt;&lt;b&gt;</a>'),
        ("tel:137", "tel:137"),
        ("javascript:<x>", "javascript:&lt;x&gt;"),
        ("https://", "https://"),
    ],
)
def test_an_address_can_be_pressed(url: str, shown: str) -> None:
    (sent,) = composed(Reply(Phrase("echo", {"words": Term("url", url)})))
    assert sent == message(f"Heard: {LRI}{shown}{PDI}")


def test_without_markup() -> None:
    sent = message("a &lt;b&gt; <code>12 34</code> &amp;amp;", remove_keyboard=True)
    assert unmarked(sent) == {"text": "a <b> 12 34 &amp;", "reply_markup": {"remove_keyboard": True}}
    link = message('see <a href="https://x.org/a?b=1&amp;c=2">x.org/…</a>')
    assert unmarked(link) == {"text": "see https://x.org/a?b=1&c=2"}


# --- long texts -----------------------------------------------------------------------------------


def test_long_text_is_cut_at_paragraphs_and_the_buttons_are_under_the_last_part() -> None:
    paragraphs = [f"{n} " + "ب" * 1500 for n in range(6)]
    parts = composed(Reply(Phrase("echo", {"words": "\n\n".join(paragraphs)}), (BACK,)))
    assert [p["text"][:2] for p in parts] == ["He", "2 ", "4 "]
    assert ["reply_markup" in p for p in parts] == [False, False, True]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("short", ["short"]),
        ("", [""]),
        ("first one\n\nsecond", ["first one", "second"]),
        ("first one\nsecond", ["first one", "second"]),
        ("one two. three", ["one two.", "three"]),
        ("aaaaaa bbb cccc", ["aaaaaa bbb", "cccc"]),
        ("چه شد؟ نمی‌دانم", ["چه شد؟", "نمی‌دانم"]),
        ("aaaa bbbb cccc", ["aaaa bbbb", "cccc"]),
        ("abcdefghijklmno", ["abcdefghij", "klmno"]),
        ("😀😀😀😀😀😀", ["😀😀😀😀😀", "😀"]),
        ("abcdefgh&amp;i", ["abcdefgh", "&amp;i"]),
    ],
)
def test_where_it_is_cut(text: str, parts: list[str]) -> None:
    assert split(text, 10) == parts


def test_markup_is_never_torn_apart() -> None:
    text = "x" * 4090 + f" {LRI}<code>12345 67890</code>{PDI} after"
    assert split(text) == ["x" * 4090, f"{LRI}<code>12345 67890</code>{PDI} after"]


@given(
    st.lists(st.sampled_from(["word ", "\n\n", "\n", "جمله. ", "😀", "<code>12 34</code>", "&amp;", "x"]), max_size=80)
)
def test_every_part_fits_and_nothing_is_lost(pieces: list[str]) -> None:
    text = "".join(pieces)
    parts = split(text, 40)
    assert all(units(p) <= 40 for p in parts)
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text)
    for part in parts:
        assert part.count("<code>") == part.count("</code>")
        assert "&" not in re.sub("&amp;", "", part)
        html.unescape(part).encode()


def test_units_are_utf_16() -> None:
    assert (units("abc"), units("سلام"), units("😀")) == (3, 4, 2)
    assert MAX_TEXT == 4096
