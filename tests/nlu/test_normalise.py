"""What people type in many ways becomes one spelling, and different words stay different."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text import fold
from bot.nlu.colloquial import NOUN_STEMS, VERB_ENDINGS, VERB_STEMS, WORDS
from bot.nlu.normalise import normalise, skeleton, stem, tokens

SAME_FOLD = [
    ("علي كريمي", "علی کریمی"), ("مسئول", "مسؤول"), ("مسؤول", "مسوول"), ("رئیس", "رییس"), ("تأیید", "تایید"),
    ("تائید", "تایید"),
    ("خانۀ ما", "خانه ما"), ("خانهٔ ما", "خانه‌ی ما"), ("خانه ی ما", "خانه ما"), ("آب", "اب"),
    ("إسلام", "اسلام"), ("ﻻﻟﻪ", "لاله"),
    ("ﺳﻼﻡ", "سلام"), ("۱۲۳", "123"), ("١٢٣", "123"), ("سـلام", "سلام"), ("سَلامٌ", "سلام"),
    ("می‌روم", "می روم"), ("می\u200fروم", "میروم"),
    ("شئون", "شوون"), ("جزء", "جز"), ("قرآن", "قران"), ("مؤسسه", "موسسه"), ("دایرة", "دایره"),
    ("سلام؟", "سلام?"), ("۱٬۲۵۰٫۵", "1,250.5"),
    ("ＡＢＣ", "abc"), ("café", "cafe"), ("رحمٰن", "رحمن"),
]  # fmt: skip
SAME = [
    ("می‌خوام", "میخوام"), ("میخوام", "می خواهم"), ("می خواهم", "می‌خواهم"), ("نمی‌تونم", "نمی توانم"),
    ("نمیتونم", "نمی‌توانم"),
    ("می‌شه", "می شود"), ("میشه", "می‌شود"), ("نمیشه", "نمی‌شود"), ("می‌کنه", "می کند"), ("میکنن", "می‌کنند"),
    ("میکنین", "می‌کنید"),
    ("میگه", "می‌گوید"), ("میرم", "می‌روم"), ("میدن", "می‌دهند"), ("میاد", "می‌آید"), ("میدونم", "می‌دانم"),
    ("میذارم", "می‌گذارم"),
    ("بتونم", "بتوانم"), ("بدونم", "بدانم"), ("بشه", "شود"), ("بگم", "بگویم"), ("برم", "بروم"), ("بدین", "بدهید"),
    ("کتاب‌ها", "کتاب ها"), ("کتاب ها", "کتابها"), ("خانه‌ام", "خانه ام"), ("بزرگ‌تر", "بزرگ تر"),
    ("بزرگ تر", "بزرگتر"),
    ("به‌ترین", "بهترین"), ("درخواست‌هایم", "درخواست هایم"), ("سلاااام", "سلام"), ("خیلیییی", "خیلی"),
    ("مرسییی!!", "مرسی"),
    ("چیه", "چیست"), ("چی هست", "چیست"), ("چه است", "چیست"), ("چطوری", "چطور"), ("چه‌طور", "چطور"),
    ("چجوری", "چطور"), ("چه جوری", "چطور"),
    ("چقدره", "چقدر است"), ("چنده", "چند است"), ("کجاس", "کجاست"), ("کجا هست", "کجاست"), ("خرابه", "خراب است"),
    ("خوبه", "خوب است"),
    ("رو", "را"), ("اینو", "این را"), ("اینا", "اینها"), ("اونا", "آن‌ها"), ("درخواستمو", "درخواستم را"),
    ("درخواستمون", "درخواستمان"),
    ("کدتون", "کدتان"), ("ساختمونی", "ساختمانی"), ("خیابون", "خیابان"), ("خونه", "خانه"),
    ("خونمون", "خانه‌مان"), ("تومن", "تومان"),
    ("اگه", "اگر"), ("دیگه", "دیگر"), ("واسه", "برای"), ("آره", "بله"), ("نخیر", "نه"), ("یه", "یک"),
    ("داره", "دارد"), ("چیکار", "چه کار"),
    ("مسأله", "مسئله"), ("هیئت", "هیأت"), ("سئوال", "سوال"), ("پنج‌شنبه", "پنجشنبه"), ("پسفردا", "پس‌فردا"),
    ("۱۲,۵۰۰", "12500"),
    ("«سلام»، خوبی؟", "سلام خوبی"), ("Don't", "dont"), ("don’t", "dont"), ("HELLO", "hello"),
]  # fmt: skip
DIFFERENT = [
    ("کتاب", "کباب"), ("میدان", "می‌دانم"), ("منو", "من را"), ("نه", "نهاد"), ("شیر", "سیر"), ("میز", "می‌زنم"),
    ("پرداخت", "پرداختم"),
    ("قبض", "قبضه"), ("خواهر", "خواهم"), ("۱۲", "۲۱"), ("1.5", "15"), ("می‌خواند", "می‌خواهند"), ("بار", "باز"),
    ("این", "آن"), ("مضمون", "مضمان"),
    ("میوه", "میود"), ("نمونه", "نماند"), ("ساخت", "ساختمان"), ("permit", "permits"),
]  # fmt: skip
FINGLISH = [
    ("salam", "سلام"), ("khiaboon", "خیابان"), ("khiyaban", "خیابان"), ("sakhteman", "ساختمان"),
    ("parvane", "پروانه"), ("parvaneh", "پروانه"),
    ("avarez", "عوارض"), ("nosazi", "نوسازی"), ("peygiri", "پیگیری"), ("pigiri", "پیگیری"),
    ("darkhast", "درخواست"), ("shekayat", "شکایت"),
    ("zobale", "زباله"), ("ghabz", "قبض"), ("qabz", "قبض"), ("mikham", "می‌خواهم"), ("mikhaham", "می‌خواهم"),
    ("mishe", "می‌شود"), ("dige", "دیگر"),
    ("chetor", "چطور"), ("kojast", "کجاست"), ("khahar", "خواهر"), ("pajoohesh", "پژوهش"), ("shanbe", "شنبه"),
    ("tashakkor", "تشکر"),
    ("cheragh", "چراغ"), ("javaz", "جواز"), ("masool", "مسئول"), ("tahvil", "تحویل"),
]  # fmt: skip

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


@pytest.mark.parametrize(("one", "other"), SAME_FOLD)
def test_fold_makes_one_spelling(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_ways_of_writing_are_one(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(("latin", "persian"), FINGLISH)
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
