"""Phrases and values as text: golden, and never an exception."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.render import FSI, LRI, PDI, PLAIN, Renderer, Style
from bot.channels.telegram.dialects import HTML
from bot.core.catalogue import Text
from bot.core.messages import Arg, Choice, Expect, Kind, Phrase, Reply, Term

PHRASES: dict[str, Text] = {
    "filed": {
        "fa": "درخواست «{title}» ثبت شد.\nکد پیگیری: {code}\nپاسخ تا {day}؛ هزینه: {fee}",
        "en": "“{title}” was filed.\nTracking code: {code}\nAnswer by {day}; fee: {fee}",
    },
    "plain": {"fa": "سلام", "en": "Hello"},
    "only_fa": {"fa": "فقط فارسی"},
    "only_de": {"de": "nur deutsch"},
    "braces": {"fa": "{ } {{words}} {Not} {1} {words!r}", "en": "-"},
    "words": {"fa": "گفتید: {words}", "en": "You said: {words}"},
    "markup": {"fa": "الف < ب & {words}", "en": "a < b & {words}"},
}
FILED = Phrase(
    "filed",
    {
        "title": "روشنایی معابر",
        "code": Term("code", "1234567890"),
        "day": Term("date", "2026-12-07"),
        "fee": Term("rial", "150000"),
    },
)


def said(arg: Arg, language: str = "fa", style: Style = PLAIN) -> str:
    return Renderer(lambda: PHRASES, style).text(arg, language)


GOLDEN: list[tuple[Arg, str, str]] = [
    ("هر چه هست <b>", "fa", "هر چه هست <b>"),
    (1200000, "fa", "۱٬۲۰۰٬۰۰۰"),
    (1200000, "en", "1,200,000"),
    (("یک", 2, Phrase("plain")), "fa", "یک\n۲\nسلام"),
    ((), "fa", ""),
    (Phrase("plain"), "en", "Hello"),
    (Phrase("only_fa"), "en", "فقط فارسی"),
    (Phrase("only_de"), "en", "nur deutsch"),
    (Phrase("words", {"words": Phrase("words", {"words": 7})}), "en", "You said: You said: 7"),
    (Phrase("braces", {"words": "x"}), "fa", "{ } {x} {Not} {1} {words!r}"),
    (Term("code", "1234567890"), "fa", f"{LRI}12345 67890{PDI}"),
    (Term("code", "۱۲۳۴۵۶۷۸۹۰"), "fa", f"{LRI}12345 67890{PDI}"),
    (Term("digits", "۰۹۱۲۳۴۵۶۷۸۹"), "fa", f"{LRI}09123456789{PDI}"),
    (Term("url", "https://example.org/a?b=1&c"), "fa", f"{LRI}https://example.org/a?b=1&c{PDI}"),
    (Term("date", "2026-11-23"), "fa", "دوشنبه ۲ آذر ۱۴۰۵"),
    (Term("date", "2026-11-23"), "en", "Mon 23 Nov 2026"),
    (Term("moment", "2026-11-23T11:00:00+00:00"), "fa", "دوشنبه ۲ آذر ۱۴۰۵ ساعت ۱۴:۳۰"),
    (Term("rial", "1200000"), "fa", "۱٬۲۰۰٬۰۰۰ ریال"),
    (Term("quote", "abc\u202e\u2066 x\r"), "fa", f"{FSI}abc x{PDI}"),
    (Term("quote", "یک\nدو"), "fa", f"{FSI}یک{PDI}\n{FSI}دو{PDI}"),
    (
        FILED,
        "fa",
        f"درخواست «روشنایی معابر» ثبت شد.\nکد پیگیری: {LRI}12345 67890{PDI}\n"
        "پاسخ تا دوشنبه ۱۶ آذر ۱۴۰۵؛ هزینه: ۱۵۰٬۰۰۰ ریال",
    ),
    (
        FILED,
        "en",
        f"“روشنایی معابر” was filed.\nTracking code: {LRI}12345 67890{PDI}\n"
        "Answer by Mon 7 Dec 2026; fee: 150,000 rials",
    ),
]


@pytest.mark.parametrize(("arg", "language", "text"), GOLDEN)
def test_plain_text(arg: Arg, language: str, text: str) -> None:
    assert said(arg, language) == text


@pytest.mark.parametrize(
    ("arg", "text"),
    [
        (Term("code", "1234567890"), f"{LRI}<code>12345 67890</code>{PDI}"),
        (Term("digits", "0912"), f"{LRI}<code>0912</code>{PDI}"),
        (
            Term("url", "https://example.org/?a=1&b"),
            f'{LRI}<a href="https://example.org/?a=1&amp;b">https://example.org/?a=1&amp;b</a>{PDI}',
        ),
        (Term("quote", "<b>&"), f"{FSI}&lt;b&gt;&amp;{PDI}"),
        (Phrase("markup", {"words": "<i>"}), "الف &lt; ب &amp; &lt;i&gt;"),
        (Phrase("nowhere<b>"), "[nowhere&lt;b&gt;]"),
        (Term("date", "<b>"), "&lt;b&gt;"),
    ],
)
def test_markup_is_ours_alone(arg: Arg, text: str) -> None:
    assert said(arg, style=HTML) == text


def test_numbered_choices() -> None:
    choices = (*(Choice(f"v{n}", Phrase("plain")) for n in range(2)), Choice("/back", "بازگشت", nav=True))
    renderer = Renderer(lambda: PHRASES)
    asked = Reply(Phrase("plain"), choices, Expect(Kind.CHOICE))
    assert renderer.listed(asked, "fa") == (["۱. سلام", "۲. سلام"], "بازگشت")
    assert renderer.listed(asked, "en") == (["1. Hello", "2. Hello"], "بازگشت")
    beside_a_text = Reply(Phrase("plain"), choices, Expect(Kind.TEXT))
    assert renderer.listed(beside_a_text, "en") == (["• Hello", "• Hello"], "بازگشت")
    scale = Reply(Phrase("plain"), (Choice("1", "۱ – بد"), Choice("2", "۲ – خوب")), Expect(Kind.CHOICE))
    assert renderer.listed(scale, "fa")[0] == ["۱ – بد", "۲ – خوب"], "a scale is not numbered twice"
    assert renderer.listed(Reply(Phrase("plain")), "fa") == ([], "")


@pytest.mark.parametrize(
    ("arg", "text", "told"),
    [
        (Phrase("nowhere"), "[nowhere]", "no phrase nowhere"),
        (Phrase("words"), "گفتید: [words]", "phrase words has no value for the gap words"),
        (Term("date", "yesterday"), "yesterday", "malformed value of kind date"),
        (Term("rial", "much"), "much", "malformed value of kind rial"),
        (Term("colour", "red"), "red", "no way to say the kind colour"),
    ],
)
def test_what_is_wrong_shows_and_is_logged_once(
    arg: Arg, text: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    renderer = Renderer(lambda: PHRASES)
    with caplog.at_level(logging.ERROR):
        assert [renderer.text(arg, "fa") for _ in range(3)] == [text] * 3
    assert [r.getMessage() for r in caplog.records] == [told]


def test_edited_phrases_show_at_once() -> None:
    phrases: list[Mapping[str, Text]] = [{"a": {"fa": "پیش"}}, {"a": {"fa": "پس"}}]
    renderer = Renderer(lambda: phrases[0])
    assert renderer.text(Phrase("a"), "fa") == "پیش"
    del phrases[0]
    assert renderer.text(Phrase("a"), "fa") == "پس"


@given(st.text())
def test_a_citizens_words_cannot_turn_the_sentence(words: str) -> None:
    shown = said(Phrase("words", {"words": Term("quote", words)}), "en")
    for line in shown.removeprefix("You said: ").split("\n"):
        assert line.startswith(FSI) and line.endswith(PDI)
        assert not any(
            c in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" for c in line[1:-1]
        )
    shown.encode()  # no half characters


_LEAVES = st.one_of(
    st.text(),
    st.integers(),
    st.builds(Term, st.sampled_from(["code", "date", "moment", "rial", "digits", "url", "quote", "?"]), st.text()),
)
_ARGS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.builds(Phrase, st.sampled_from([*PHRASES, "?"]), st.dictionaries(st.just("words"), inner, max_size=1)),
    ),
    max_leaves=6,
)


@given(_ARGS, st.sampled_from(["fa", "en", "ar"]), st.sampled_from([PLAIN, HTML]))
def test_nothing_raises(arg: Arg, language: str, style: Style) -> None:
    assert isinstance(said(arg, language, style), str)
