"""What a question is about, as terms: words of one meaning are one term, whatever the form they stand in.

Verbs are known by one of their two stems («پرداخت می‌کنم», «بپردازم»), Persian question words by what they ask for
(«چگونه», «نحوهٔ», «روش»), and the organisation's own words by its list of synonyms. Some words are light: they stand in
questions about anything and say little of what this one is about.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from bot.nlu.normalise import stem, tokens

Words = Sequence[str]
LONGEST = 4  # words in a phrase of the list of synonyms

_VERBS = """
کن کرد نما نمود | شو شد گرد گشت | ده داد | رو رفت | گوی گو گفت | بین دید | گیر گرفت | ای امد | باش بود است هست
خواه خواست | دان دانست | توان توانست | خر خرید | نویس نوشت | پرداز پرداخت | فروش فروخت | دار داشت | زن زد
خور خورد | بر برد | اور اورد | گذار گذاشت | یاب یافت | رس رسید | شناس شناخت | مان ماند | خوان خواند | فرست فرستاد
افت افتاد | پرس پرسید | اموز اموخت | کش کشید | شنو شنید | فهم فهمید | انداز انداخت | بند بست | ریز ریخت | سوز سوخت
شکن شکست | شوی شست | افزا افزود | ترس ترسید | دوز دوخت | چین چید | پذیر پذیرفت | گذر گذشت
"""
_MEANINGS = """
چگونه چطور نحوه طریقه روش راه طرز شیوه راهکار how | چرا علت دلیل دلایل why | چه چی کدام چیز چیزی چیزهایی چیست what which
کجا محل مکان where | چقدر چند قیمت هزینه مبلغ نرخ | کی زمان زمانی موقع وقت هنگام وقتی when | کس کسی فرد شخص افراد
متوقف جلوگیری جلوی | بهترین برترین | تفاوت فرق difference | مفید خوب مناسب | تاثیر اثر اثرات | شروع اغاز start begin
نظر دیدگاه | دنیا جهان | کامپیوتر رایانه | گذرواژه رمز پسورد | ماشین خودرو اتومبیل | گوشی موبایل
"""
_LIGHT = """
از به با در بر برای تا و یا که را این ان اینها انها هم نیز اما ولی اگر پس بی جز هر همه یک خود من تو او ما شما
است نیست بودن شدن کردن باید نباید شاید توانستن داشتن خواستن دادن میخواهم لطفا سلام ممنون
ایا چه کدام کیست کجا چگونه چقدر چرا کی خیلی دیگر مورد مثل بعد قبل روی حال طور صورت ببخشید خسته نباشید
a an the i is are was be do does did can could should would will my me you your it of to in on at for and or this that
what how when where why who which with from have has please hello
"""


def _families(table: str) -> Iterator[list[str]]:
    for line in table.strip().replace("\n", "|").split("|"):
        yield line.split()


_ROOTS = {root: family[0] for family in reversed(list(_families(_VERBS))) for root in family}
_MARK = "~"  # of verbs: a stem like «دار» is a noun too
_ENDING = "م|ی|د|یم|ید|ند|ه|ن|ین"
_VERB = re.compile(f"(ن?می|ن|ب)?({'|'.join(sorted(_ROOTS, key=len, reverse=True))})({_ENDING})?")


@lru_cache(maxsize=16384)
def term(word: str) -> str:
    """A token as the term it stands for."""
    plain = _plain(word)
    return _MEANING.get(plain, plain)


def is_verb(term: str) -> bool:
    return term.startswith(_MARK)


def _plain(word: str) -> str:
    verb = _VERB.fullmatch(word)
    if verb and (verb[1] or verb[3] or len(verb[2]) > 2):
        return _MARK + _ROOTS[verb[2]]
    return stem(word)


_MEANING = {_plain(word): _plain(family[0]) for family in reversed(list(_families(_MEANINGS))) for word in family}
LIGHT = frozenset(term(word) for word in _LIGHT.split())


class Terms:
    """The terms of sentences, by one organisation's list of synonyms."""

    def __init__(self, synonyms: Mapping[str, Sequence[str]]) -> None:
        """`synonyms`: raw word or phrase → others of the same meaning. What stands under two heads is of the first."""
        self.meaning: dict[str, str] = {}
        for head, others in synonyms.items():
            chief = _phrase(tokens(head))
            for said in (head, *others):
                if phrase := _phrase(tokens(said)):
                    self.meaning.setdefault(phrase, chief)
        self.sizes = sorted({phrase.count(" ") + 1 for phrase in self.meaning} - {1})

    def of(self, words: Words) -> Counter[str]:
        """How often each occurs; the meaning of a phrase stands beside its words."""
        return Counter(t for _, _, t in self.placed(words))

    def placed(self, words: Words) -> Iterator[tuple[int, int, str]]:
        """Each term with the first of its words and the one after the last."""
        plain = [term(word) for word in words]
        for i, each in enumerate(plain):
            yield i, i + 1, self.meaning.get(each, each)
        for size in self.sizes:
            for i in range(len(plain) - size + 1):
                if meaning := self.meaning.get(" ".join(plain[i : i + size])):
                    yield i, i + size, meaning


def _phrase(words: Words) -> str:
    return " ".join(term(word) for word in words[:LONGEST])
