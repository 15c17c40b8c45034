"""Replies → Bale's Markdown: our marks are seen, nobody else's are."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.bale import BALE, MARKDOWN
from bot.channels.render import FSI, LRI, PDI
from bot.channels.telegram.outgoing import Composer, split, units
from bot.core.messages import Arg, Choice, Expect, Kind, Phrase, Reply, Term
from tests.channels.counter import renderer

# Every way in which a reader of Markdown may take a mark, whatever it asks of the signs around it.
_MARKS = re.compile(r"[*_`\[\]]")
_BOLD = re.compile(r"(?<= )\*([^*]+)\*(?= )")
_LINK = re.compile(r"\[([^\[\]]*)\]\(([^()\s]*)\)")
_BACK = str.maketrans({"∗": "*", "ˍ": "_", "ˋ": "`", "［": "[", "］": "]"})


def look(text: str) -> tuple[str, list[str], list[tuple[str, str]]]:
    """What is seen: the words, what of them is bold, and the links with their addresses."""
    bold, links = _BOLD.findall(text), _LINK.findall(text)
    seen = _LINK.sub(r"\1", re.sub(r" \*([^*]+)\* ", r"\1", text))
    return seen, bold, links


def composed(*replies: Reply) -> list[dict[str, Any]]:
    return Composer(renderer(), BALE).messages(replies, "en", keyboard_up=False)


def said(words: Arg) -> str:
    (message,) = composed(Reply(Phrase("echo", {"words": words})))
    assert message.keys() == {"text"}
    return str(message["text"]).removeprefix("Heard: ")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("plain words", "plain words"),
        (Term("code", "1234567897"), f"{LRI} *12345 67897* {PDI}"),
        (Term("digits", "+989121234567"), f"{LRI} *+989121234567* {PDI}"),
        (Term("url", "https://desk.example.org/"), f"{LRI}[desk.example.org](https://desk.example.org/){PDI}"),
        (
            Term("url", "https://desk.example.org/c?join=_a*b(c)" + "x" * 60),
            f"{LRI}[desk.example.org/…](https://desk.example.org/c?join=%5Fa%2Ab%28c%29{'x' * 60}){PDI}",
        ),
        (Term("url", "https://x.org/a_b"), f"{LRI}[x.org/aˍb](https://x.org/a%5Fb){PDI}"),
        (Term("url", "https://[::1]/"), f"{LRI}https://［::1］/{PDI}"),
        (Term("url", "tel:137"), f"{LRI}tel:137{PDI}"),
        (Term("quote", "*free* [prize](https://evil.example)"), f"{FSI}∗free∗ ［prize］(https://evil.example){PDI}"),
        ("ann_lee@example.org", "annˍlee@example.org"),
        ("```[fold]away```", "ˋˋˋ［fold］awayˋˋˋ"),
        (Term("code", "*`_["), f"{LRI} *∗ˋˍ［* {PDI}"),
    ],
)
def test_what_is_written(words: Arg, text: str) -> None:
    assert said(words) == text


def test_a_reply_with_buttons_and_one_that_asks_for_a_number() -> None:
    back = Choice("/back", Phrase("back"), nav=True)
    asked = composed(Reply(Phrase("ask_phone"), (Choice("a~1", "[a] *b*"), back), Expect(Kind.PHONE)))
    assert asked == [
        {
            "text": "Number?",
            "reply_markup": {
                "inline_keyboard": [
                    [{"text": "[a] *b*", "callback_data": "a~1"}],  # labels are no Markdown
                    [{"text": "Back", "callback_data": "/back"}],
                ]
            },
        },
        {
            "text": "or by button",
            "reply_markup": {
                "keyboard": [[{"text": "Send number", "request_contact": True}]],
                "resize_keyboard": True,
                "one_time_keyboard": True,
            },
        },
    ]


_ANY = st.text(st.sampled_from("*_`[]() \n\\ab1آ😀|~#>-") | st.characters(codec="utf-8"), max_size=40)


@given(_ANY)
@example(" *bold* ")
@example("_a_ `b` [c](https://evil.example)")
@example("```[t]d```")
@example("\\*a\\*")
def test_no_words_change_the_look(words: str) -> None:
    for written in (MARKDOWN.plain(words), MARKDOWN.quote(words)):
        assert not _MARKS.search(written)
        assert written.translate(_BACK) == words.translate(_BACK)  # nothing is lost, added or moved


@given(_ANY, _ANY)
def test_words_beside_our_marks_change_nothing(before: str, after: str) -> None:
    parts = (before, Term("code", "1234567897"), after, Term("url", "https://x.org/?t=_A-*_"))
    seen, bold, links = look(said(parts))
    assert bold == ["12345 67897"]
    assert links == [("x.org/?t=ˍA-∗ˍ", "https://x.org/?t=%5FA-%2A%5F")]
    assert unquote(links[0][1]) == "https://x.org/?t=_A-*_"
    assert not _MARKS.search(seen)


@given(st.from_regex(r"https?://[a-z]{1,9}\.example(/[!-~]{0,60})?", fullmatch=True))
def test_every_address_stays_itself(url: str) -> None:
    _, _, links = look(said(Term("url", url)))
    assert len(links) == 1
    assert unquote(links[0][1]) == unquote(url)


@given(
    st.lists(st.sampled_from(["word ", "\n\n", "جمله. ", "😀", "x", MARKDOWN.copy("12 34"), "[a.b](https://a.b/c)"]))
)
def test_no_mark_is_torn_apart(pieces: list[str]) -> None:
    text = "".join(pieces)
    parts = split(text, 40, BALE.whole)
    assert all(units(part) <= 40 for part in parts)
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text)
    for part in parts:
        assert part.count("*") % 2 == 0
        assert part.count("[") == part.count("](https://a.b/c)")
