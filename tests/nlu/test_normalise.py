"""What people type in many ways becomes one spelling, and different words stay different."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text import fold
from bot.nlu.colloquial import NOUN_STEMS, VERB_ENDINGS, VERB_STEMS, WORDS
from bot.nlu.normalise import normalise, skeleton, stem, tokens, words_with_places


def _sections() -> dict[str, list[tuple[str, str]]]:
    sections: dict[str, list[tuple[str, str]]] = {}
    for line in Path(__file__).with_name("spellings.txt").read_text("utf-8").splitlines():
        if line.startswith("## "):
            rows = sections.setdefault(line[3:].split(",")[0], [])
        elif line and not line.startswith("# "):
            one, other = line.split(" | ")
            rows.append((one.strip(), other.strip()))
    return sections


SPELLINGS = _sections()

LETTERS = "اآأإبپتثجچحخدذرزژسشصضطظعغفقکكگلمنوؤهةۀیيئءﻻﺎﻟﷲaAbZ"
typed = st.text(alphabet=st.sampled_from(LETTERS + "\u200c\u200e\u200f\u0654\u064e ـ۰۱٣4?؟،.()'"))
words = st.sampled_from(sorted({w for pair in WORDS.items() for side in pair for w in side} | set(NOUN_STEMS)))
verbs = st.builds(
    "{}{}{}".format,
    st.sampled_from(["می", "می ", "نمی\u200c", "ب"]),
    st.sampled_from(sorted({*VERB_STEMS, *VERB_STEMS.values()})),
    st.sampled_from(sorted({*VERB_ENDINGS, *VERB_ENDINGS.values()})),
)
said = st.lists(words | verbs | typed | st.sampled_from(["ها", "های", "تر", "ام", "ای", "مون", "می"]), max_size=6).map(
    " ".join
)


@pytest.mark.parametrize(("one", "other"), SPELLINGS["equal when folded"])
def test_fold_makes_one_spelling(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), SPELLINGS["equal when normalised"])
def test_ways_of_writing_are_one(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), SPELLINGS["different"])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(("text", "kept"), SPELLINGS["keeps"])
def test_what_means_something_is_kept(text: str, kept: str) -> None:
    assert normalise(text) == kept


@pytest.mark.parametrize(("latin", "persian"), SPELLINGS["finglish"])
def test_finglish_and_persian_share_a_skeleton(latin: str, persian: str) -> None:
    assert skeleton(latin) == skeleton(persian)


@pytest.mark.parametrize(
    ("one", "other"),
    [("درخواست", "درخواست‌هایم"), ("ساختمان", "ساختمانی"), ("مدرک", "مدرکی"), ("شهر", "شهرهای"),
    ("permit", "permits"), ("bill", "bills")],
)  # fmt: skip
def test_stems_are_one(one: str, other: str) -> None:
    assert stem(tokens(one)[0]) == stem(tokens(other)[0])


def test_emoji_are_words_and_punctuation_is_not() -> None:
    assert tokens("👍 عالی!!! (ممنون)") == ["👍", "عالی", "ممنون"]
    assert tokens(" \u200c ،.؟ ") == []


@given(st.text() | typed | said)
def test_folding_and_normalising_again_change_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert normalise(normalise(text)) == normalise(text)
    assert normalise(fold(text)) == normalise(text)
    assert all(tokens(text))


@given(st.text() | said)
def test_a_skeleton_has_one_word_for_each_token(text: str) -> None:
    assert len(skeleton(text).split(" ")) == max(len(tokens(text)), 1)


@given(said)
def test_a_stem_has_no_stem_of_its_own(text: str) -> None:
    for token in tokens(text):
        assert stem(stem(token)) == stem(token)


@given(st.text() | typed | said)
def test_places_are_of_the_same_words(text: str) -> None:
    words = words_with_places(text)
    assert [word.value for word in words] == tokens(text)
    assert all(0 <= word.start < word.end <= len(text) for word in words)
    assert all(one.start <= other.start and one.end <= other.end for one, other in pairwise(words))


def test_a_place_points_at_what_was_written() -> None:
    text = "سلاااام، نمی خوام خونهٔ مسئولِ «اینو» ببینم؛ کتابها را ۱۲٬۵۰۰ بده 👍"
    assert [(word.value, text[word.start : word.end]) for word in words_with_places(text)] == [
        ("سلام", "سلاااام"), ("نمیخواهم", "نمی خوام"), ("خانه", "خونهٔ"[:4]), ("مسوول", "مسئول"), ("این", "اینو"),
        ("را", "اینو"), ("ببینم", "ببینم"), ("کتابها", "کتابها"), ("را", "را"), ("12500", "۱۲٬۵۰۰"),
        ("بده", "بده"), ("👍", "👍"),
    ]  # fmt: skip
