"""What was not understood, put together; whose data is not shown; entries that take each other's questions."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.catalogue import Catalogue
from bot.core.requests import Miss, Missed
from bot.nlu.clusters import Cluster, clusters
from bot.nlu.collisions import collisions
from bot.nlu.masking import masked
from bot.nlu.model import EmbeddedNlu
from tests.nlu.small_content import small_catalogue

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def content() -> Catalogue:
    return small_catalogue()


@pytest.fixture(scope="module")
def nlu(content: Catalogue) -> EmbeddedNlu:
    return EmbeddedNlu.train(content)


class Misses(list[Missed]):
    def add(self, text: str, times: int = 1, **more: Any) -> None:
        for _ in range(times):
            number = len(self) + 1
            miss = Miss(text, **{"language": "fa", "channel": "web", "reason": "unknown", **more})
            self.append(Missed(str(number), MONDAY + timedelta(hours=number), miss))

    def meant(self, text: str, chosen: str, times: int = 1) -> None:
        self.add(text, times, reason="meant", chosen=chosen)


def shown(found: list[Cluster]) -> list[tuple[str, int, list[str]]]:
    return [(c.proposal, c.times, [w.text for w in c.wordings]) for c in found]


# --- clusters -----------------------------------------------------------------------------------


def test_one_question_in_many_spellings_is_one_cluster(nlu: EmbeddedNlu) -> None:
    misses = Misses()
    misses.add("ماهی قرمز از کجا بخرم")
    misses.add("ماهي  قرمز از كجا بخرم؟", 2)
    misses.add("ماهی قرمز رو از کجا می‌خرن")
    misses.add("زلزله اومد چیکار کنم")
    fish, quake = clusters(misses, nlu)
    assert fish.times == 4
    assert [(w.text, w.times) for w in fish.wordings] == [
        ("ماهی قرمز از کجا بخرم", 3),
        ("ماهی قرمز رو از کجا می‌خرن", 1),
    ]
    assert fish.proposal == quake.proposal == ""
    assert (fish.id, quake.id) == ("q1", "q5")
    assert [m.id for m in fish.misses] == ["1", "2", "3", "4"]


def test_questions_near_to_one_entry_are_its_variants(nlu: EmbeddedNlu) -> None:
    misses = Misses()
    misses.add("آشغال دم در مونده نمی‌برن", 2)
    misses.add("ساعت بردن زباله‌ها", 3)
    assert {c.proposal for c in clusters(misses, nlu)} <= {"faq/waste_time", ""}


def test_what_citizens_chose_is_proposed(nlu: EmbeddedNlu) -> None:
    misses = Misses()
    misses.add("اون برگه سبزه رو می‌خوام", 3)
    misses.meant("اون برگه سبزه رو می‌خوام", "faq/permit_documents", 2)
    misses.add("پرونده‌ام گیر کرده", 1)
    misses.meant("پرونده‌ام گیر کرده", "intent/track_request")
    first, second = clusters(misses, nlu)
    assert (first.proposal, first.times, first.chosen) == ("faq/permit_documents", 3, 2)
    assert first.score >= 2 / 3
    assert (second.proposal, second.times, second.chosen) == ("intent/track_request", 1, 1)


def test_what_citizens_chose_joins_what_looks_different(nlu: EmbeddedNlu) -> None:
    misses = Misses()
    misses.meant("اون برگه سبزه رو می‌خوام", "faq/permit_documents")
    misses.meant("مجوزه چیا لازم داره", "faq/permit_documents")
    assert [c.times for c in clusters(misses, nlu)] == [2]


def test_an_answer_that_did_not_help_is_a_cluster_of_its_own(nlu: EmbeddedNlu) -> None:
    misses = Misses()
    misses.add("ساعت کاری شهرداری چیست؟", 2, reason="unhelpful", entry="hours")
    misses.add("جمعه باز هستید", reason="unhelpful", entry="hours")
    (cluster,) = clusters(misses, nlu)
    assert cluster.unhelpful == "hours"
    assert cluster.times == 3
    assert cluster.proposal == ""
    misses.meant("جمعه باز هستید", "faq/waste_time", 3)
    assert [c.unhelpful for c in clusters(misses, nlu)] == ["hours", ""]


def test_what_is_answered_by_now_is_in_none(nlu: EmbeddedNlu) -> None:
    misses = Misses()
    misses.add("ساعت جمع آوری زباله")
    assert clusters(misses, nlu) == []
    misses.meant("ساعت جمع‌آوری زباله", "faq/hours")
    assert [c.proposal for c in clusters(misses, nlu)] == ["faq/hours"], "it would be told another answer"


def test_words_without_a_letter_harm_nobody(nlu: EmbeddedNlu) -> None:
    misses = Misses()
    for text in ("؟؟؟", "", "...", "\u200c"):
        misses.add(text)
    assert [c.times for c in clusters(misses, nlu)] == [4]
    assert clusters([], nlu) == []


def test_the_same_misses_give_the_same_clusters_in_any_order(nlu: EmbeddedNlu) -> None:
    misses, chance = Misses(), random.Random(5)
    for text in phrases(chance, 60):
        misses.add(text)
    once = clusters(misses, nlu)
    chance.shuffle(misses)
    assert clusters(misses, nlu) == once
    assert sorted(m.id for c in once for m in c.misses) == sorted(m.id for m in misses)


def test_a_cluster_keeps_its_name_when_more_is_asked(nlu: EmbeddedNlu) -> None:
    misses = Misses()
    misses.add("ماهی قرمز از کجا بخرم")
    before = clusters(misses, nlu)[0].id
    misses.add("ماهی قرمز رو از کجا بخریم", 5)
    assert clusters(misses, nlu)[0].id == before


def phrases(chance: random.Random, count: int) -> Iterator[str]:
    """Made-up sentences that share some words."""
    letters = "ابپتجچخدرزسشعفقکگلمنوهی"
    words = ["".join(chance.choices(letters, k=chance.randint(3, 7))) for _ in range(count)]
    for _ in range(count):
        yield " ".join(chance.choices(words, k=chance.randint(3, 8)))


def test_ten_thousand_misses_take_seconds(nlu: EmbeddedNlu) -> None:
    misses = Misses()
    for text in phrases(random.Random(7), 10_000):
        misses.add(text)
    begun = process_time()
    assert clusters(misses, nlu)
    assert process_time() - begun < 30


# --- whose data is not shown --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("شماره‌ام ۰۹۱۲ ۱۲۳ ۴۵۶۷ است", "شماره‌ام ••• است"),
        ("call +98 912 123 4567 or 02188776655", "call ••• or •••"),
        ("کد ملی من ۰۴۹۹۳۷۰۸۹۹", "کد ملی من •••"),
        ("کارت 6037-9911-2233-4455", "کارت •••"),
        ("به Ali.R@mail.example بفرستید", "به ••• بفرستید"),
        ("متولد ۱۳۶۵/۰۲/۰۳ هستم", "متولد ••• هستم"),
        ("کد 1 2 3 4 5", "کد •••"),
    ],
)
def test_values_that_may_name_somebody_are_hidden(said: str, told: str) -> None:
    assert masked(said) == told
    assert masked(told) == told


@pytest.mark.parametrize("said", ["ماده ۱۰۰ چیست؟", "با ۱۳۷ تماس بگیرم یا ۱۸۸۸", "سال ۱۴۰۵", "فردا ساعت ۱۰ بازید؟", ""])
def test_other_numbers_are_shown(said: str) -> None:
    assert masked(said) == said


@given(st.text(st.sampled_from("0۱٢3 -.ا@a")))
def test_five_digits_are_never_shown(said: str) -> None:
    told = masked(said)
    assert masked(told) == told
    assert not re.search(r"\d{5}", told)
    assert "@" not in told or not re.search(r"\S@\S", told)


# --- collisions ---------------------------------------------------------------------------------


def test_a_wording_in_the_wrong_entry_collides(content: Catalogue) -> None:
    assert collisions(content) == []
    hours = content.faq["hours"]
    strange = replace(hours, variants={**hours.variants, "fa": (*hours.variants["fa"], "ساعت جمع‌آوری زباله‌ها")})
    crossed = replace(content, faq={**content.faq, "hours": strange})
    assert [(c.entry, c.other) for c in collisions(crossed)][:1] == [("faq/hours", "faq/waste_time")]
