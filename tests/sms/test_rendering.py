"""Replies → the text of one message, within its budget; what is cut is told on demand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.render import Renderer
from bot.channels.segments import segments
from bot.channels.sms.rendering import LONGEST, LRM, QUESTION, STATUS, Composer, Cut, Part, budget
from bot.core.messages import NOTHING, Arg, Choice, Expect, Kind, Phrase, Reply, Term
from tests.sms.desk import WORDS, renderer

COMPOSER = Composer(renderer())
BACK = Choice("/back", Phrase("back"), nav=True)
YES, NO = Choice("yes", Phrase("yes")), Choice("no", Phrase("no"))
CHOICE = Expect(Kind.CHOICE)


def words(*args: Arg) -> Phrase:
    return Phrase("lines", {"lines": args})


def parts(*replies: Reply, language: str = "fa") -> list[Part]:
    """All that is told when the citizen goes on each time, as the engine answers it."""
    told: list[Part] = []
    skip = 0
    while not told or told[-1].cut is not Cut.NOWHERE:
        told.append(COMPOSER.part([replace(r, skip=skip) for r in replies], language))
        assert told[-1].told > skip or told[-1].cut is Cut.NOWHERE
        skip = told[-1].told
    return told


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(Phrase("two")), "دومی"),
        (Reply(Phrase("two"), brief=Phrase("yes")), "بله"),
        (Reply(Phrase("two"), (YES, NO, BACK), CHOICE), "دومی\n۱. بله\n۲. نه\nبازگشت"),
        (Reply(Phrase("two"), (YES, BACK), Expect(Kind.TEXT)), "دومی\n- بله\nبازگشت"),
        (Reply(words("با ", Term("code", "1234567897"))), "با \n1234567897"),
        (Reply(words(Term("digits", "+982112345678"))), f"{LRM}+982112345678{LRM}"),
        (Reply(words(Term("digits", "0013542419"))), "0013542419"),
        (Reply(words(Term("url", "https://city.ir/c/"))), "https://city.ir/c/"),
        (Reply(words(Term("quote", "سلام\u2067 (x)"))), "سلام (x)"),
    ],
)
def test_a_reply(reply: Reply, expected: str) -> None:
    assert COMPOSER.part([reply], "fa").text == expected


def test_the_replies_of_a_turn_are_one_message() -> None:
    assert COMPOSER.part([Reply(Phrase("two")), Reply(Phrase("ask_phone"), (YES,), CHOICE)], "en").text == (
        "second\nNumber?\n1. Yes"
    )
    assert COMPOSER.part([], "fa").text == ""


def test_english_stays_in_the_cheap_alphabet() -> None:
    reply = Reply(words(Term("code", "1234567897"), Term("quote", "hello"), Term("digits", "123")), (YES, BACK), CHOICE)
    assert segments(COMPOSER.part([reply], "en").text).encoding == "GSM-7"


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ([Reply(Phrase("two"), brief=Phrase("two"))], STATUS),
        ([Reply(Phrase("two"), (YES,), brief=Phrase("two"))], STATUS),
        ([Reply(Phrase("two"), brief=Phrase("two")), Reply(Phrase("two"), (YES,), CHOICE)], STATUS),
        ([Reply(Phrase("two"), (YES,), CHOICE, brief=Phrase("two"))], QUESTION),
        ([Reply(Phrase("two"), brief=Phrase("two")), Reply(Phrase("two"), (YES,), CHOICE, Phrase("two"))], QUESTION),
        ([Reply(Phrase("two")), Reply(Phrase("two"), (YES,), CHOICE, Phrase("two"))], LONGEST),
        ([Reply(Phrase("two"), (YES,), CHOICE)], LONGEST),
        ([Reply(Phrase("two"), brief=Phrase("two"), skip=7)], LONGEST),
    ],
)
def test_budgets(replies: Sequence[Reply], expected: int) -> None:
    assert budget(replies) == expected


# --- cutting --------------------------------------------------------------------------------------

SENTENCE = "این یک جملهٔ کوتاه است."
LONG = " ".join([SENTENCE] * 20)


def test_a_long_text_is_cut_at_a_sentence_and_goes_on_with_1() -> None:
    first, second = parts(Reply(words(LONG), (BACK,)))
    assert first.cut is Cut.WORDS
    assert first.text.endswith(f"{SENTENCE}\n۱. ادامه")
    assert segments(first.text).parts == LONGEST
    assert second.text.startswith("این یک")


def test_a_long_list_is_cut_at_a_line_goes_on_with_0_and_keeps_its_numbers() -> None:
    choices = tuple(Choice(f"{n}", f"گزینهٔ شمارهٔ {n} از یک فهرست دراز و بلند") for n in range(1, 12))
    first, second = parts(Reply(Phrase("two"), (*choices, BACK), CHOICE))
    assert first.cut is Cut.CHOICES
    assert re.fullmatch(r"دومی\n۱\. .*\n۵\. [^\n]*\n۰\. بقیه، یا نامش را بنویسید", first.text, re.DOTALL)
    assert re.fullmatch(r"۶\. .*\n۱۱\. [^\n]*\nبازگشت", second.text, re.DOTALL)


def test_a_cut_before_any_choice_goes_on_with_1() -> None:
    choices = tuple(Choice(f"{n}", "ش" * 60) for n in range(5))
    first, *_ = parts(Reply(words("م" * 240), choices, CHOICE))
    assert (first.cut, first.text) == (Cut.WORDS, "م" * 240 + "\n۱. ادامه")


@pytest.mark.parametrize(("length", "tail"), [(60, "\n۱. ادامه"), (65, "")])
def test_the_status_is_one_segment_and_never_torn_for_what_follows(length: int, tail: str) -> None:
    status = Reply(words("دراز " * 40), brief=words("و" * length))
    first, rest = parts(status, Reply(Phrase("ask_phone"), (YES, NO), CHOICE))
    assert (first.text, first.cut) == ("و" * length + tail, Cut.WORDS)
    assert rest.text == "شماره؟\n۱. بله\n۲. نه"


def test_navigation_never_costs_a_segment() -> None:
    fits, full = Reply(words("و" * 60), (BACK,)), Reply(words("و" * 64), (BACK,))
    assert COMPOSER.part([fits], "fa").text == "و" * 60 + "\nبازگشت"
    assert COMPOSER.part([full], "fa").text == "و" * 64


def test_a_question_is_two_segments() -> None:
    choices = tuple(Choice(f"{n}", f"گزینهٔ {n}") for n in range(20))
    told = parts(Reply(Phrase("two"), choices, CHOICE, Phrase("ask_phone")))
    assert segments(told[0].text).parts == QUESTION


def test_what_is_told_anew_is_told_with_its_first_part_only() -> None:
    whole = Reply(words(LONG))
    told = COMPOSER.part([whole], "fa").told
    again = COMPOSER.part([Reply(Phrase("two")), replace(whole, skip=told)], "fa")
    assert again == COMPOSER.part([replace(whole, skip=told)], "fa")
    assert COMPOSER.part([replace(whole, skip=10**6)], "fa") == COMPOSER.part([whole], "fa")


@pytest.mark.parametrize(
    ("typed", "cut", "goes_on"),
    [
        ("۱", Cut.WORDS, True),
        ("1.", Cut.WORDS, True),
        ("0", Cut.WORDS, True),
        ("ادامه", Cut.WORDS, True),
        ("۱", Cut.CHOICES, False),
        ("۰", Cut.CHOICES, True),
        ("گزینه های دیگر", Cut.CHOICES, True),
        ("بقیه", Cut.CHOICES, True),
        ("۱", Cut.NOWHERE, False),
        ("۰", Cut.NOWHERE, False),
        ("بله", Cut.WORDS, False),
        ("11", Cut.WORDS, False),
    ],
)
async def test_what_asks_for_more(typed: str, cut: Cut, goes_on: bool) -> None:
    choices = tuple(Choice(f"{n}", "ش" * 30) for n in range(20))
    reply = {
        Cut.WORDS: Reply(words(LONG)),
        Cut.CHOICES: Reply(Phrase("two"), choices, CHOICE),
        Cut.NOWHERE: Reply(Phrase("two")),
    }[cut]

    async def last() -> tuple[str, tuple[Reply, ...]]:
        return "fa", (reply,)

    command = await COMPOSER.more(typed, last)
    assert command == (f"/more/{COMPOSER.part([reply], 'fa').told}" if goes_on else "")


async def test_the_words_for_more_are_those_that_are_said_now() -> None:
    contents = [WORDS, {**WORDS, "sms.more": {"fa": "بیشتر"}}]
    composer = Composer(Renderer(lambda: contents[0]))

    async def last() -> tuple[str, tuple[Reply, ...]]:
        return "fa", (Reply(words(LONG)),)

    assert [bool(await composer.more(typed, last)) for typed in ("ادامه", "بیشتر")] == [True, False]
    del contents[0]
    assert [bool(await composer.more(typed, last)) for typed in ("ادامه", "بیشتر")] == [False, True]


# --- whatever is said -----------------------------------------------------------------------------

PIECES = st.lists(
    st.sampled_from(
        ["سلام ", "جمله. ", "چرا؟ ", "می\u200cشود ", "\n", "\n\n", "word ", "😀", "€", "۱۲۳ ", "x" * 80, "و" * 300]
    ),
    min_size=1,
    max_size=60,
).map("".join)
LABELS = st.lists(st.sampled_from(["بله", "گزینه‌ای دراز " * 3, "yes", "ت" * 400, "😀"]), max_size=30)


@given(
    st.lists(st.tuples(PIECES, st.booleans()), min_size=1, max_size=3),
    LABELS,
    st.sampled_from([Kind.CHOICE, Kind.TEXT, Kind.NOTHING]),
    st.sampled_from(["fa", "en"]),
)
def test_every_part_fits_nothing_is_lost_and_it_ends(
    said: list[tuple[str, bool]], labels: list[str], kind: Kind, language: str
) -> None:
    replies = [Reply(words(text), brief=words(text) if brief else None) for text, brief in said]
    choices = (*(Choice(f"{n}", label) for n, label in enumerate(labels)), BACK)
    replies[-1] = replace(replies[-1], choices=choices, expect=Expect(kind) if kind is not Kind.NOTHING else NOTHING)
    told = parts(*replies, language=language)
    assert segments(told[0].text).parts <= budget(replies)
    assert all(segments(part.text).parts <= LONGEST for part in told)
    whole = "".join(part.text.rpartition("\n")[0] if tail_of(part) else part.text for part in told)
    answers, nav = renderer().styled(COMPOSER._words._style).listed(replies[-1], language)
    expected = "".join([*(text.replace("😀", "") for text, _ in said), *answers])
    assert squeezed(whole).removesuffix(squeezed(nav)) == squeezed(expected).removesuffix(squeezed(nav))


def tail_of(part: Part) -> bool:
    last = part.text.rpartition("\n")[2]
    return part.cut is not Cut.NOWHERE and last in TAILS


TAILS = (
    *("۱. ادامه", "۰. گزینه‌های دیگر", "۰. بقیه، یا نامش را بنویسید"),
    *("1. More", "0. More choices", "0. More, or write its name"),
)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)
