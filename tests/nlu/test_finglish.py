"""Persian in Latin letters is read as the Persian words that a vocabulary has; English stays English."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.finglish import Vocabulary
from bot.nlu.normalise import tokens
from bot.nlu.sounds import distance

PAIRS = [
    tuple(line.split(" | "))
    for line in Path(__file__).with_name("finglish.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
VOCABULARY = Vocabulary([*(tokens(persian) for _, persian in PAIRS), tokens("I want a permit for my house")])


@pytest.mark.parametrize(("latin", "persian"), PAIRS)
def test_words_are_read(latin: str, persian: str) -> None:
    assert VOCABULARY.like(latin) == tokens(persian)[0]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("salam, zobale mahalle ro nabordan", "سلام زباله محله ro nabordan"),
        ("chera ghabz nayoomad", "چرا قبض nayoomad"),
        ("I want a permit for the machine", "i want a permit for the machine"),
        ("hello, how do I pay?", "hello how do i pay"),
        ("کد مالیات tax", "کد مالیات tax"),
    ],
)
def test_sentences(text: str, read: str) -> None:
    vocabulary = Vocabulary([*(tokens(persian) for _, persian in PAIRS), tokens("چرا permit")])
    assert " ".join(vocabulary.read(text)) == read


def test_of_words_that_sound_alike_the_nearer_is_meant() -> None:
    vocabulary = Vocabulary([tokens("شکایت شکایات محل محله هفت هفته خون خانه")])
    assert [vocabulary.like(w) for w in ("shekayat", "shekayaat", "mahal", "mahale", "haft", "hafte", "khoone")] == [
        "شکایت", "شکایات", "محل", "محله", "هفت", "هفته", "خانه",
    ]  # fmt: skip


def test_the_spoken_word_is_its_written_one() -> None:
    vocabulary = Vocabulary([tokens("می‌خواهم می‌شود خیابان تمام نمی‌توانم")])
    assert [vocabulary.like(w) for w in ("mikham", "mishe", "khiaboon", "tamoom", "nemitoonam")] == tokens(
        "می‌خواهم می‌شود خیابان تمام نمی‌توانم"
    )


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12))
def test_any_latin_word_is_read_or_left(word: str) -> None:
    like = VOCABULARY.like(word)
    assert not like or distance(word, like) < 2


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What are the opening hours?", "en"),
        ("how do I pay my waste bill", "en"),
        ("saat kari shahrdari chie", "fa"),
        ("هزینهٔ پروانه چقدر است", "fa"),
        ("سایت my.city چیه", "fa"),
        ("ok", ""),
        ("hello there", ""),
        ("John Smith Avenue 12", ""),
        ("12345 67890", ""),
        ("", ""),
    ],
)
def test_words_tell_their_language(text: str, language: str) -> None:
    words = ["ساعت", "کاری", "شهرداری", "چیست", "opening", "hours", "pay", "waste", "bill"]
    assert Vocabulary([words]).language(text) == language
