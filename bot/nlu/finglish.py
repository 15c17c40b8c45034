"""Finglish read against the words that we know: a Latin word with the skeleton of a Persian one becomes that one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from bot.nlu.normalise import bones, is_persian, tokens

_ENGLISH = """
a about after all also am an and any are as at be because been before but by call can cannot come could day
days did do does doing done dont for from get getting give go good had has have he hello her here hi him his
how i id if im in into is isnt it its just know let like long make many may me more most much must my name
near need never new no not now number of off ok on one only or other our out over pay people please put same
say see send she should so some street take tell thank thanks that the their them then there these they thing
think this time to today tomorrow too two until up us use very want was way we well went were what when where
which while who whom whose why will with without won work would yes yesterday you your
"""
ENGLISH = frozenset(_ENGLISH.split())
"""Words so common that they are English whatever skeleton they have."""


class Vocabulary:
    """The words of many texts. A Latin word found in one of them is English; the others may be Finglish."""

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        """From the tokens of texts."""
        counts = Counter(chain.from_iterable(texts))
        self.english = ENGLISH.union(word for word in counts if word.isascii() and word.isalpha())
        self.persian: dict[str, str] = {}
        for word, _ in counts.most_common():
            if is_persian(word):
                self.persian.setdefault(bones(word), word)

    def read(self, text: str) -> list[str]:
        """The tokens of a text, its Finglish words turned into Persian. It is Finglish when at least half of its Latin
        words are like Persian ones and one of them shares three consonants with its like."""
        words = tokens(text)
        strange = {w for w in words if w.isascii() and w.isalpha() and w not in self.english}
        if not strange:
            return words
        latin = [w for w in words if w.isascii() and w.isalpha()]
        found = {w: self.persian[b] for w in latin if (b := bones(w)) in self.persian and b != "a"}
        alike = [w for w in latin if w in strange and w in found]
        if 2 * len(alike) < len(latin) or all(len(bones(w)) < 3 for w in alike):
            return words
        return [found.get(w, w) for w in words]
