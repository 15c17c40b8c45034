"""Every number is spoken, and nobody could take it for another one: the project's own reader takes it back."""

from __future__ import annotations

import re
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.voice import english_speech, persian_speech
from bot.channels.voice.clips import Clip, plain
from bot.channels.voice.english_speech import English
from bot.channels.voice.persian_speech import Persian
from bot.nlu.numbers import find_numbers
from bot.nlu.spans import Folded

PERSIAN, ENGLISH = Persian({}), English()
UNREADABLE = re.compile(r"[^ء-ۓ\u064b-\u0655\u200c ،؛.]")


def read_back(words: str) -> list[int]:
    """As the bot reads what a citizen writes; something is counted, or «نُه» would be a no."""
    return [int(span.value) for span in find_numbers(Folded.of(f"{words} عدد"))]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "صفر"),
        (9, "نُه"),
        (18, "هجده"),
        (21, "بیست و یک"),
        (100, "یکصد"),
        (125, "یکصد و بیست و پنج"),
        (200, "دویست"),
        (500, "پانصد"),
        (1000, "هزار"),
        (1405, "هزار و چهارصد و پنج"),
        (1_000_000, "یک میلیون"),
        (1_001_000, "یک میلیون و یک هزار"),
        (2_300_000, "دو میلیون و سیصد هزار"),
        (-7, "منفی هفت"),
        (123_456_789_012, "یکصد و بیست و سه میلیارد و چهارصد و پنجاه و شش میلیون و هفتصد و هشتاد و نُه هزار و دوازده"),
    ],
)
def test_numbers_in_persian(number: int, words: str) -> None:
    assert plain(PERSIAN.number(number)) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (21, "twenty one"),
        (125, "one hundred and twenty five"),
        (2026, "two thousand and twenty six"),
        (1_200_000, "one million two hundred thousand"),
        (-7, "minus seven"),
    ],
)
def test_numbers_in_english(number: int, words: str) -> None:
    assert plain(ENGLISH.number(number)) == words


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_every_number_is_read_back_from_persian(number: int) -> None:
    words = plain(PERSIAN.number(number))
    assert not UNREADABLE.search(words)
    assert read_back(words) == [number]


@given(st.integers(-(10**12) + 1, 10**12 - 1))
def test_every_number_is_read_back_from_english(number: int) -> None:
    words = plain(ENGLISH.number(number))
    assert re.fullmatch(r"[a-z ]+", words)
    assert [int(span.value) for span in find_numbers(Folded.of(f"{words} عدد"))] == [number]


@given(st.integers(min_value=10**15) | st.integers(max_value=-(10**15)))
def test_a_longer_number_is_read_digit_by_digit(number: int) -> None:
    for grammar in (PERSIAN, ENGLISH):
        said = [c.key for c in grammar.number(number) if c.key]
        assert [k.removeprefix("number.") for k in said] == list(str(abs(number)))


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "اول"), (2, "دوم"), (3, "سوم"), (15, "پانزدهم"), (23, "بیست و سوم"), (30, "سی‌اُم"), (31, "سی و یکم")],
)
def test_ordinals_in_persian(number: int, words: str) -> None:
    assert persian_speech.ordinal(number) == words


def test_ordinals_in_english() -> None:
    said = [english_speech.ordinal(n) for n in (1, 2, 3, 8, 9, 12, 20, 21, 30)]
    assert said == ["first", "second", "third", "eighth", "ninth", "twelfth", "twentieth", "twenty first", "thirtieth"]


def test_dates_and_times() -> None:
    day = date(2026, 11, 23)
    assert plain(PERSIAN.date(day)) == "دوشنبه دوم آذر هزار و چهارصد و پنج"
    assert plain(ENGLISH.date(day)) == "Monday the twenty third of November two thousand and twenty six"
    at = datetime.fromisoformat("2026-11-23T04:00:00+00:00")
    assert plain(PERSIAN.moment(at)) == "دوشنبه دوم آذر هزار و چهارصد و پنج, ساعتِ هفت و نیم"
    assert plain(ENGLISH.moment(at)).endswith(", at seven thirty A M")


@pytest.mark.parametrize(
    ("at", "persian", "english"),
    [
        ("07:30", "هفت و نیم", "seven thirty A M"),
        ("14:00", "چهارده", "two P M"),
        ("21:05", "بیست و یک و پنج دقیقه", "nine oh five P M"),
        ("00:15", "صفر و ربع", "twelve fifteen A M"),
    ],
)
def test_clocks(at: str, persian: str, english: str) -> None:
    assert plain(PERSIAN.clock(time.fromisoformat(at))) == persian
    assert plain(ENGLISH.clock(time.fromisoformat(at))) == english


def test_amounts() -> None:
    assert plain(PERSIAN.rial(1_200_000)) == "یک میلیون و دویست هزار ریال"
    assert plain(ENGLISH.rial(1500)) == "one thousand five hundred rials"


def groups(clips: list[Clip]) -> list[str]:
    """The digits of the clips, a group to each longer pause."""
    said = ""
    for clip in clips:
        said += ("|" if clip.joins == "; " else "") + clip.key.removeprefix("number.")
    return said.split("|")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("09121234567", ["0912", "123", "45", "67"]),
        ("+989121234567", ["0912", "123", "45", "67"]),
        ("021-0000-1000", ["021", "0000", "1000"]),
        ("0013542419", ["001", "354", "2419"]),
        ("۱۲۳۴۵ ۶۷۸۹۰", ["12345", "67890"]),
        ("12345678910", ["123", "4567", "8910"]),
    ],
)
def test_identifiers_come_in_groups(value: str, expected: list[str]) -> None:
    assert groups(PERSIAN.digits(value)) == expected
    assert groups(ENGLISH.digits(value)) == expected


def test_a_short_telephone_number_is_known_as_one() -> None:
    assert plain(PERSIAN.digits("137")) == "یکصد و سی و هفت"
    assert groups(ENGLISH.digits("137")) == ["137"]


def test_an_address_of_mail_is_spelled() -> None:
    assert "اَت" in [c.text for c in PERSIAN.digits("ab@example.org")]
    assert [c.text for c in ENGLISH.digits("ab@c.org")] == ["A", "B", "at", "C", "dot", "O", "R", "G"]
