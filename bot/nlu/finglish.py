"""Finglish read against the words that we know: a Latin word with the skeleton of a Persian one becomes that one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from math import inf, log2
from operator import itemgetter

from bot.nlu.normalise import SPOKEN, bones, is_persian, latin_bones, tokens
from bot.nlu.sounds import distance

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


_TELLING = 3  # words that tell a language
_REMEMBERED = 4096  # Latin words
_NEAR = 0.3  # distance by sound for each consonant below which a word may be meant
_TYPO = 0.7  # at most so much, and where the consonants differ too
_LEAST = 4  # consonants of a word that may be mistyped
_FREQUENT = 0.03  # what twice as frequent a word is nearer


class Vocabulary:
    """The words of many texts. A Latin word found in one of them is English; the others may be Finglish."""

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        """From the tokens of texts."""
        counts = Counter(chain.from_iterable(texts))
        self.english = ENGLISH.union(word for word in counts if word.isascii() and word.isalpha())
        self._sounding: dict[str, list[tuple[str, str, float]]] = defaultdict(list)
        for word, count in counts.most_common():
            if is_persian(word):
                self._add(word, word, count)
        for said, written in SPOKEN.items():
            if written in counts and said not in counts and len(said) > 1 and is_persian(said):
                self._add(said, written, counts[written])
        self._slips: dict[str, list[str]] = defaultdict(list)
        for bare in self._sounding:
            for slip in _shorter(bare):
                self._slips[slip].append(bare)
        self._known: dict[str, str] = {}

    def _add(self, said: str, written: str, count: int) -> None:
        self._sounding[_loose(bones(said))].append((said, written, _FREQUENT * log2(count)))

    def read(self, text: str) -> list[str]:
        """The tokens of a text, its Finglish words turned into Persian."""
        return self.heard(tokens(text))

    def heard(self, words: list[str]) -> list[str]:
        """The same of tokens. It is Finglish when at least half of its Latin words are like Persian ones and one of
        them shares three consonants with its like, or several are and there are no others."""
        strange = {w for w in words if w.isascii() and w.isalpha() and w not in self.english}
        if not strange:
            return words
        latin = [w for w in words if w.isascii() and w.isalpha()]
        found = {w: like for w in latin if (like := self.like(w))}
        alike = [w for w in latin if w in strange and w in found]
        telling = any(len(latin_bones(w)) >= 3 for w in alike) or len(alike) == len(latin) >= _TELLING
        if 2 * len(alike) < len(latin) or not telling:
            return words
        return [found.get(w, w) for w in words]

    def language(self, text: str) -> str:
        """ "fa" or "en"; "" when the words are too few to tell, or a name."""
        words = tokens(text)
        if any(is_persian(word) for word in words) or self.read(text) != words:
            return "fa" if len(words) >= _TELLING else ""
        known = sum(word in self.english for word in words)
        common = not ENGLISH.isdisjoint(words)
        return "en" if len(words) >= _TELLING and common and 3 * known >= 2 * len(words) else ""

    def like(self, latin: str) -> str:
        """The Persian word that sounds like this one, of two that do the more frequent; "" when none does."""
        if latin not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[latin] = self._like(latin)
        return self._known[latin]

    def _like(self, latin: str) -> str:
        spellings = [latin, latin.replace("x", "ks")] if "x" in latin else [latin]
        sounding = {_loose(latin_bones(spelling)): spelling for spelling in spellings}
        if "a" in sounding:
            return ""
        near, word = min((self._nearest(spelling, (bare,)) for bare, spelling in sounding.items()), key=itemgetter(0))
        if near <= min(_NEAR * len(min(sounding, key=len)), _TYPO):
            return word
        slips = {slip for bare in sounding if len(bare) >= _LEAST for slip in (bare, *_shorter(bare))}
        near, word = self._nearest(latin, sorted(slips.union(*(self._slips.get(slip, ()) for slip in slips))))
        return word if near <= _TYPO else ""

    def _nearest(self, latin: str, bares: Iterable[str]) -> tuple[float, str]:
        """Distance and word; the first of equals."""
        some = (each for bare in bares for each in self._sounding.get(bare, ()))
        near = ((distance(latin, said) - frequent, written) for said, written, frequent in some)
        return min(near, key=itemgetter(0), default=(inf, ""))


def _loose(bare: str) -> str:
    """Without any «و» but the first letter: Latin writes it in «avval», Persian does not tell it from a vowel."""
    return bare[0] + bare[1:].replace("v", "")


def _shorter(bare: str) -> Iterator[str]:
    """All ways to leave one letter out, for words that are long enough."""
    if len(bare) >= _LEAST:
        for i in range(len(bare)):
            yield bare[:i] + bare[i + 1 :]
