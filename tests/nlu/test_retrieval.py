"""The retriever alone, on entries of a few words."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

import numpy as np
import pytest

from bot.core.ports import Match
from bot.nlu import retrieval
from bot.nlu.belief import Belief, Rehearsal
from bot.nlu.normalise import tokens
from bot.nlu.retrieval import Passage, Retriever
from bot.nlu.spelling import Spelling
from bot.nlu.terms import Terms, term
from bot.nlu.vectors import Floats

SYNONYMS = {"پروانه ساختمانی": ["جواز ساخت", "building permit"], "هزینه": ["بها"], "زباله": ["آشغال", "پسماند"]}
ENTRIES = {
    "permit_how": ("permit", "برای پروانه ساختمانی چه کنم؟", "how to get a building permit", "مراحل گرفتن پروانه"),
    "permit_fee": ("permit", "هزینه پروانه ساختمانی چقدر است؟", "building permit fee", "مبلغ صدور پروانه"),
    "permit_time": ("permit", "صدور پروانه ساختمانی چند روز طول می‌کشد؟", "how long does it take", "زمان بررسی نقشه"),
    "waste_time": ("waste", "زباله را چه ساعتی ببریم بیرون؟", "when is rubbish collected", "ساعت جمع‌آوری زباله"),
    "waste_fee": ("waste", "هزینه جمع‌آوری زباله چقدر است؟", "waste fee", "قبض بهای خدمات زباله"),
    "light": ("light", "چراغ خیابان خاموش است", "street light is out", "خرابی روشنایی معابر"),
    "hours": ("", "ساعت کار شهرداری چیست؟", "opening hours", "شهرداری تا کی باز است"),
}
BODIES = {
    "waste_time": "هر شب ساعت نه در کیسهٔ بسته کنار در بگذارید؛ خودرو پیش از نیمه‌شب از همهٔ محله‌ها می‌گذرد.",
    "light": "نشانی و شمارهٔ تیر را بنویسید تا اکیپ برق برای تعویض لامپ اعزام شود.",
}
UNRELATED = [tokens(text) for text in ("فردا هوا چطور است", "یک جوک بگو", "بازی دیشب را دیدی", "tell me a joke")]


def entries() -> list[Passage]:
    return [
        Passage(id, tuple(tokens(line) for line in lines), tokens(BODIES.get(id, "")), service=service)
        for id, (service, *lines) in ENTRIES.items()
    ]


@pytest.fixture(scope="module")
def retriever() -> Retriever:
    return Retriever(entries(), SYNONYMS, UNRELATED)


def first(retriever: Retriever, text: str, service: str = "") -> str:
    return retriever.ask(tokens(text), service=service)[0].id


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("چجوری پروانه ساختمان بگیرم", "permit_how"),
        ("بهای پروانهٔ ساختمان", "permit_fee"),
        ("چند وقت طول میکشه پروانه صادر بشه", "permit_time"),
        ("آشغالا رو کی میبرن", "waste_time"),
        ("لامپ تیر برق کوچه سوخته", "light"),
        ("ساعت کاری", "hours"),
        ("fee of waste", "waste_fee"),
    ],
)
def test_other_words_find_an_entry(retriever: Retriever, text: str, id: str) -> None:
    assert first(retriever, text) == id


@pytest.mark.parametrize(
    ("typed", "id"),
    [
        ("هزنیه پروانه ساختمانی", "permit_fee"),  # neighbours changed places
        ("هزیه پروانه ساختمانی", "permit_fee"),  # a letter left out
        ("هزینه پرووانه ساختمانی", "permit_fee"),  # one too many
        ("چراق خیابان", "light"),  # another of the same sound
        ("خاموشس خیابان چزاغ", "light"),
        ("ساعت کار شهردتری", "hours"),
    ],
)
def test_mistyped_words_find_an_entry(retriever: Retriever, typed: str, id: str) -> None:
    assert first(retriever, typed) == id


def test_only_words_that_nobody_knows_are_mended() -> None:
    spelling = Spelling([tokens("تخفیف عوارض نوسازی مدارک")], [tokens("این مدارس خوب است")])
    assert spelling.mend(tokens("تخقیف عوارظ نوسازی")) == tokens("تخفیف عوارض نوسازی")
    assert spelling.mend(["مدارس", "یک", "qqqq", "عوارض"]) == ["مدارس", "یک", "qqqq", "عوارض"]


@pytest.mark.parametrize(
    ("one", "other"), [("می‌پردازم", "پرداختن"), ("بنویسم", "نوشته"), ("روشِ", "چگونه"), ("برود", "رفت")]
)
def test_forms_of_one_word_are_one_term(one: str, other: str) -> None:
    assert {term(word) for word in tokens(one)} == {term(word) for word in tokens(other)}


def test_phrases_of_one_meaning_share_a_term_both_ways() -> None:
    terms = Terms(SYNONYMS)
    of_head, of_other, of_english = (
        set(terms.of(tokens(text))) for text in ("پروانه ساختمانی", "جواز ساخت می‌خواهم", "a building permit")
    )
    assert of_head & of_other & of_english
    assert not of_head & set(terms.of(tokens("کلید خانه")))


def test_an_answer_alone_is_found_by_what_it_says() -> None:
    found = Retriever([Passage(id, (), tokens(text)) for id, text in BODIES.items()])
    assert found.ask(tokens("لامپ را کی تعویض می‌کند"))[0].id == "light"
    assert found.ask(tokens("خودرو چه ساعت از محله می‌گذرد"))[0].id == "waste_time"


def test_long_lines_are_read_as_answers() -> None:
    texts = {"a": " ".join(["متن"] * 50) + " کبوتر", "b": " ".join(["نوشته"] * 50) + " گربه"}
    found = Retriever([Passage(id, (tokens(text),)) for id, text in texts.items()])
    assert [found.ask(tokens(word))[0].id for word in ("کبوتر", "گربه")] == ["a", "b"]


# --- a service that is talked about -----------------------------------------------------------------


def test_its_entries_come_first_when_they_are_near_at_all(retriever: Retriever) -> None:
    assert [first(retriever, "هزینه چقدر است", service) for service in ("permit", "waste")] == [
        "permit_fee",
        "waste_fee",
    ]


def test_an_evidently_better_entry_of_another_service_still_wins(retriever: Retriever) -> None:
    assert first(retriever, "چراغ خیابان خاموش است", "waste") == "light"
    assert first(retriever, "چراغ خیابون خاموشه", "permit") == "light"
    assert first(retriever, "ساعت کار شهرداری چیست", "waste") == "hours"


# --- how sure to be ---------------------------------------------------------------------------------


def test_its_own_words_are_told_and_strange_ones_are_not(retriever: Retriever) -> None:
    for id, (_, *lines) in ENTRIES.items():
        for line in lines:
            best = retriever.ask(tokens(line))[0]
            assert (best.id, best.sure) == (id, True)
    for words in UNRELATED:
        assert not any(match.sure for match in retriever.ask(words))


def test_chances_fall_and_only_the_first_is_sure(retriever: Retriever) -> None:
    for text in ("پروانه", "هزینه", "زباله را چه کنم", "building permit"):
        matches = retriever.ask(tokens(text), limit=7)
        assert [m.score for m in matches] == sorted((m.score for m in matches), reverse=True)
        assert not any(match.sure for match in matches[1:])


def test_belief_learns_only_from_both_kinds_and_never_against_a_sign() -> None:
    belief = Belief((0.0, 1.0), (0.1, 0.1))
    right = [Rehearsal((1.0, x), True) for x in (0.7, 0.8, 0.9)]
    wrong = [Rehearsal((1.0, x), False) for x in (0.0, 0.1, 0.2)]
    assert belief.after(right) is belief
    assert belief.after(right + wrong).weights[1] > 1
    assert belief.after([Rehearsal(r.signs, not r.right) for r in (*right, *wrong)]).weights[1] == 0


def test_a_line_left_out_scores_as_if_it_had_never_been_written() -> None:
    whole = Retriever(entries(), SYNONYMS)
    line = next(i for i, words in enumerate(whole.line_words) if words == tokens("مراحل گرفتن پروانه"))
    rest = [
        Passage(p.id, tuple(words for words in p.lines if words != whole.line_words[line]), p.body, service=p.service)
        for p in entries()
    ]
    without = Retriever(rest, SYNONYMS).scores(whole.line_words[line]).total
    assert int(whole.without_line(line).total.argmax()) == int(without.argmax())
    assert whole.without_line(line).total[0] < whole.scores(whole.line_words[line]).total[0]


# --- why --------------------------------------------------------------------------------------------


def test_it_tells_which_words_spoke_for_an_entry(retriever: Retriever) -> None:
    words = tokens("سلام لطفا بگویید هزینه جواز ساخت چقدره")
    spoke = retriever.explain(words, "permit_fee")
    assert set(spoke) <= set(words)
    assert "هزینه" in spoke
    assert {"جواز", "ساخت"} <= set(spoke)
    assert "سلام" not in spoke
    assert retriever.explain(words, "nobody") == retriever.explain([], "hours") == ()
    assert retriever.explain(tokens("چراقها"), "light") == tuple(tokens("چراقها"))


# --- meaning ----------------------------------------------------------------------------------------

TOPICS = ("پروانه جواز permit مهندس", "زباله waste rubbish تمیز", "چراغ light لامپ تاریک", "ساعت hours کی")


def encode(texts: Sequence[str]) -> Floats:
    """What a text is about, of four topics."""
    vectors = np.full((len(texts), len(TOPICS)), 0.2, np.float32)
    for row, text in enumerate(texts):
        for column, topic in enumerate(TOPICS):
            vectors[row, column] += sum(word in topic.split() for word in text.split())
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_meaning_finds_what_words_do_not() -> None:
    fused = Retriever(entries(), SYNONYMS, UNRELATED, encode)
    question = tokens("کوچه تاریک شده")
    assert fused.ask(question, encode([" ".join(question)])[0])[0].id == "light"


def test_without_a_vector_an_encoder_changes_nothing(retriever: Retriever) -> None:
    fused = Retriever(entries(), SYNONYMS, UNRELATED, encode)
    for text in ("هزینه پروانه", "آشغال", "joke"):
        assert fused.ask(tokens(text)) == retriever.ask(tokens(text))


# --- many, none and again ---------------------------------------------------------------------------


def test_among_very_many_the_best_by_terms_are_compared(monkeypatch: pytest.MonkeyPatch, retriever: Retriever) -> None:
    asked = [tokens(text) for text in ("هزنیه پروانه", "زباله", "ساعت کار", "چراغ")]
    before = [retriever.ask(words) for words in asked]
    monkeypatch.setattr(retrieval, "CROWD", 3)
    monkeypatch.setattr(retrieval, "CHOSEN", 6)
    assert [[m.id for m in retriever.ask(words)][:1] for words in asked] == [
        [m.id for m in found][:1] for found in before
    ]


def test_nothing_is_found_in_nothing() -> None:
    assert Retriever([]).ask(["سلام"]) == ()
    assert Retriever(entries()).ask([]) == ()
    assert Retriever([Passage("empty", ())]).ask(["سلام"]) == ()


def test_one_entry_is_found() -> None:
    alone = Retriever(entries()[:1])
    assert alone.ask(tokens("برای پروانه ساختمانی چه کنم؟")) == (
        Match("permit_how", alone.ask(alone.line_words[0])[0].score, True),
    )


def test_the_same_content_gives_the_same_answers_also_after_a_journey(retriever: Retriever) -> None:
    again = Retriever(entries(), SYNONYMS, UNRELATED)
    sent = pickle.loads(pickle.dumps(retriever))
    for text in ("هزینه پروانه", "زباله رو کی میبرن", "xyz"):
        assert retriever.ask(tokens(text)) == again.ask(tokens(text)) == sent.ask(tokens(text))
