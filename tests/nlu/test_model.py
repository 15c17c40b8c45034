"""The trained model behind the port, on small content and on our own."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content import load
from bot.core.catalogue import Catalogue
from bot.core.ports import Nlu, Unreadable
from bot.dialogs.router import CERTAIN
from bot.nlu.evaluation.intents import own_intents
from bot.nlu.evaluation.questions import own_faq
from bot.nlu.model import EmbeddedNlu
from tests.nlu.small_content import EXAMPLES, FAQ, UNRELATED, small_catalogue

TODAY = date(2026, 11, 23)
OWN = Path(__file__).parents[2] / "knowledge_base"


@pytest.fixture(scope="module")
def nlu() -> EmbeddedNlu:
    return EmbeddedNlu.train(small_catalogue(), today=lambda: TODAY)


@pytest.fixture(scope="module")
def own() -> Iterator[Catalogue]:
    yield load(OWN)


# --- intents --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("intent", "text"), [(intent, text) for intent, texts in EXAMPLES.items() for text in texts])
def test_what_was_taught_is_known(nlu: EmbeddedNlu, intent: str, text: str) -> None:
    reading = nlu.reading(text, "fa")
    assert reading.intent == intent
    assert reading.guesses[0] == (intent, reading.confidence)
    assert sum(chance for _, chance in reading.guesses) <= 1 + 1e-6


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        ("file_request", "میخواهم یک درخواست ثبت کنم"), ("file_request", "ميخوام درخواست ثبت كنم"),
        ("file_request", "mikham darkhast sabt konam"),
        ("track_request", "درخواستمو پیگیری کنم"), ("track_request", "وضعیت درخواست من چی شد"),
        ("track_request", "peygiri darkhast"),
        ("track_request", "what is the status of my request"), ("complain", "می خواهم شکایتی ثبت کنم"),
        ("complain", "shekayat daram"),
        ("greet", "سلاااام"), ("greet", "salam"), ("thanks", "خیلییی ممنون 🙏"),
        ("human", "میشه با یه کارشناس صحبت کنم"),
    ],
)  # fmt: skip
def test_other_words_for_it_are_understood(nlu: EmbeddedNlu, intent: str, text: str) -> None:
    assert nlu.reading(text, "fa").intent == intent


@pytest.mark.parametrize("text", ["", "   ", "؟!…", "qwrtzx", "\u200c\u200e"])
def test_what_has_no_known_part_is_none(nlu: EmbeddedNlu, text: str) -> None:
    assert nlu.reading(text, "fa").intent == "none"
    assert nlu.matches(text, "fa") == ()


@pytest.mark.parametrize(
    "text", ["هوای امروز بارونیه؟", "یه جوک خنده‌دار بگو", "tell me a good joke", "قیمت دلار چنده امروز"]
)
def test_what_is_no_business_of_ours_is_no_wish(nlu: EmbeddedNlu, text: str) -> None:
    reading = nlu.reading(text, "fa")
    assert reading.intent == "none" or reading.confidence < CERTAIN


def test_entities_come_with_raw_offsets(nlu: EmbeddedNlu) -> None:
    text = "سلام، ۰۹۱۲ ۳۴۵ ۶۷۸۹ برای فردا"
    found = {e.kind: (e.value, text[e.start : e.end]) for e in nlu.reading(text, "fa").entities}
    assert found == {"mobile": ("+989123456789", "۰۹۱۲ ۳۴۵ ۶۷۸۹"), "date": ("2026-11-24", "فردا")}


def test_training_has_no_chance_in_it(nlu: EmbeddedNlu) -> None:
    with ThreadPoolExecutor() as pool:
        again = pool.submit(EmbeddedNlu.train, small_catalogue(), today=lambda: TODAY).result()
    for text in ("مدارک جواز", "می‌خوام شکایت کنم", "hello"):
        assert nlu.reading(text, "fa") == again.reading(text, "fa")
    assert nlu.matches("مدارک جواز", "fa") == again.matches("مدارک جواز", "fa")


# --- answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "text"),
    [(id, text) for id, (_, fa, en, variants, english, _) in FAQ.items() for text in (fa, en, *variants, *english)],
)
def test_its_own_ways_of_asking_find_an_entry(nlu: EmbeddedNlu, entry: str, text: str) -> None:
    best = nlu.matches(text, "fa")[0]
    assert best.id == f"faq/{entry}"
    assert best.sure


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("faq/permit_documents", "مدارك پروانه‌ی ساختمون چیه"),
        ("faq/permit_documents", "madarek parvane sakhteman"), ("faq/permit_fee", "مبلغ مجوز ساخت چقدره؟"),
        ("faq/permit_fee", "building permit price"), ("faq/waste_time", "آشغال‌ها رو چه ساعتی می‌برند"),
        ("faq/waste_time", "zobale ro key mibaran"),
        ("faq/light_out", "چراغ خیابونمون خاموشه"), ("faq/hours", "ساعت کاری"),
        ("faq/tax_pay", "avarez nosazi ro chetor pardakht konam"),
        ("service/permit", "پروانه ساختمانی"), ("service/light", "روشنایی معابر"),
    ],
)  # fmt: skip
def test_other_words_find_the_answer(nlu: EmbeddedNlu, entry: str, text: str) -> None:
    assert nlu.matches(text, "fa")[0].id == entry


@pytest.mark.parametrize("text", UNRELATED)
def test_nothing_unrelated_is_told_as_an_answer(nlu: EmbeddedNlu, text: str) -> None:
    assert not any(match.sure for match in nlu.matches(text, "fa"))


def test_matches_are_ordered_limited_and_only_the_first_may_be_sure(nlu: EmbeddedNlu) -> None:
    for text in ("پروانه ساختمان", "هزینه", "زباله", "what do I need"):
        matches = nlu.matches(text, "fa", limit=3)
        assert len(matches) <= 3
        assert [m.score for m in matches] == sorted((m.score for m in matches), reverse=True)
        assert all(0 <= m.score <= 1 for m in matches)
        assert not any(m.sure for m in matches[1:])


def test_the_service_talked_about_comes_first(nlu: EmbeddedNlu) -> None:
    def first(service: str) -> str:
        return nlu.matches("چه ساعتی؟ چقدر؟", "fa", service=service)[0].id

    assert first("waste") == "faq/waste_time"
    assert first("permit") == "faq/permit_fee"


def test_parse_is_the_ports(nlu: Nlu) -> None:
    assert nlu.parse("date", "پس‌فردا", today=TODAY) == "2026-11-25"
    with pytest.raises(Unreadable):
        nlu.parse("number", "سلام", today=TODAY)


@pytest.mark.parametrize(
    "left_out",
    [{"faq": False}, {"examples": False}, {"unrelated": ()}, {"faq": False, "examples": False, "unrelated": ()}],
)
def test_poor_content_still_makes_a_model(left_out: dict[str, object]) -> None:
    model = EmbeddedNlu.train(small_catalogue(**left_out))  # type: ignore[arg-type]
    for text in ("سلام", "پروانه", "hello", ""):
        assert 0 <= model.reading(text, "fa").confidence <= 1
        assert len(model.matches(text, "fa")) <= 4


def test_one_entry_alone_answers_its_question() -> None:
    catalogue = small_catalogue()
    catalogue = replace(catalogue, faq={"hours": catalogue.faq["hours"]}, services={})
    assert EmbeddedNlu.train(catalogue).matches("ساعت کاری شهرداری چیست؟", "fa")[0].sure


def test_a_model_can_be_sent_to_another_process(nlu: EmbeddedNlu) -> None:
    assert pickle.loads(pickle.dumps(nlu.intents)).guess(["سلام"]) == nlu.intents.guess(["سلام"])


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    model = _model()
    assert 0 <= model.reading(text, "fa").confidence <= 1
    assert all(0 <= match.score <= 1 for match in model.matches(text, "fa", service="permit"))


_made: list[EmbeddedNlu] = []


def _model() -> EmbeddedNlu:
    if not _made:
        _made.append(EmbeddedNlu.train(small_catalogue()))
    return _made[0]


# --- our own content ------------------------------------------------------------------------------


def test_our_own_questions_find_their_entries_without_themselves(own: Catalogue) -> None:
    scores = own_faq(own).scores
    assert scores.n > 400
    assert scores.recall_at_1 >= 0.75
    assert scores.recall_at_3 >= 0.9
    assert scores.told >= 0.3
    assert scores.told_wrong <= 0.03


def test_our_own_intents_are_told_apart(own: Catalogue) -> None:
    scores = own_intents(own).scores
    assert scores.accuracy >= 0.6
    assert scores.out_of_scope_auroc is not None
    assert scores.out_of_scope_auroc >= 0.85
