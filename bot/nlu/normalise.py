"""Persian as people type it → one spelling for comparing; its stems; and a consonant skeleton shared with Finglish.

`normalise` keeps the words of a sentence and removes the freedom of writing them: spaces inside a word, stretched
letters, spoken forms. `stem` goes further and takes endings off. `skeleton` leaves hardly more than consonants, so that
«خیابان», «خیابون», "khiaban" and "khiyaboon" are one string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from bot.core.text import INVISIBLE, SILENT_YE, fold
from bot.nlu.colloquial import (
    COUNTED,
    NOT_POSSESSIVE,
    NOT_VERBS,
    NOUN_STEMS,
    PAST_ENDINGS,
    PAST_STEMS,
    REGULAR_STEMS,
    VERB_ENDINGS,
    VERB_STEMS,
    WORDS,
)
from bot.nlu.spans import Folded, Span

Places = list[tuple[int, int]]

_INVISIBLE = f"{INVISIBLE.pattern}*"
_HAMZA_ON_CHAIR = re.compile(f"(?:[ئﺉﺊﺋﺌ]|[یيىﯼﯽﯾﯿﻱﻲﻳﻴﻯﻰ]{_INVISIBLE}\u0654)(?={_INVISIBLE}[وؤﻭﻮﺅﺆ])")
_TOKEN = re.compile("[0-9]+(?:[.,/:][0-9]+)*|[^\\W\\d_]+|[\u2600-\u27bf\U0001f300-\U0001faff]")
_APOSTROPHE = re.compile("['’]")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}|ا(?=ا)")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_PERSIAN = re.compile("[؀-ۿ]")
_PREFIXES = frozenset(("می", "نمی"))
_SUFFIX_WORDS = """
ها های هایی هایم هایت هایش هایمان هایتان هایشان هامون هاتون هاشون هام هات هاش هاست تر ترین تری ام ات اش ای ایم
اید اند مان تان شان مون تون شون
"""
_CLITICS = frozenset("متش")
_SUFFIXES = frozenset(_SUFFIX_WORDS.split())
_VERB = re.compile(f"(ن?می)({'|'.join(sorted(VERB_STEMS, key=len, reverse=True))})({'|'.join(VERB_ENDINGS)})")
_SUBJUNCTIVE = re.compile(
    f"(ب)({'|'.join(r for r in VERB_STEMS if len(r) > 2 and r != 'خوا')})({'|'.join(VERB_ENDINGS)})"
)
_NOUN = re.compile(f"({'|'.join(NOUN_STEMS)})(.*)")
_VERB_ENDING = re.compile("(ن?می..+?)(ین|ه|ن)")
_POSSESSIVE = re.compile("(..{1,})([متش])ون")
_PAST = re.compile(f"(ن?می|ن|)({'|'.join(PAST_STEMS)})({'|'.join(PAST_ENDINGS)})")
_REGULAR = re.compile(f"([بن](?:{'|'.join(sorted(REGULAR_STEMS))}))(ه|ین|ن)")
_POINTED = re.compile(f"({'|'.join(sorted(COUNTED, key=len, reverse=True))})(?:(و)|ه?ا(ی|[متش](?:ون|ان)?)?(رو|و)?)")
_OBJECT = re.compile("(..{2,}م)و")


def tokens(text: str) -> list[str]:
    """Words, numbers and emoji in one spelling, punctuation gone."""
    text = _STRETCHED.sub(r"\1", _APOSTROPHE.sub("", fold(text)))
    return _settled([_plain(token) for token in _TOKEN.findall(text)])


def words_with_places(text: str) -> list[Span]:
    """The same tokens with the place in the raw text that each was read from. Words that one word of the text stands
    for, «اینو» for «این را», share its place."""
    folded = Folded.of(_HAMZA_ON_CHAIR.sub(lambda found: "و" + "\u200d" * (len(found.group()) - 1), text))
    for pattern, letter in ((SILENT_YE, "ه"), (_APOSTROPHE, ""), (_STRETCHED, None)):
        changes = [(m.start(), m.end(), m[1] or "" if letter is None else letter) for m in pattern.finditer(folded)]
        folded = folded.replaced(changes) if changes else folded
    found = list(_TOKEN.finditer(folded))
    places = [folded.raw(*each.span()) for each in found]
    words = _settled([_plain(each.group()) for each in found], places)
    return [Span(word, *place) for word, place in zip(words, places, strict=True)]


def normalise(text: str) -> str:
    """The tokens in one line. Idempotent."""
    return " ".join(tokens(text))


def is_persian(token: str) -> bool:
    return _PERSIAN.match(token) is not None


def _plain(token: str) -> str:
    return token.replace(",", "") if _GROUPED.fullmatch(token) else token


def _settled(words: list[str], places: Places | None = None) -> list[str]:
    """Joined and written until nothing changes; `places` is kept in step."""
    while (better := _written(_joined(words, places), places)) != words:
        words = better
    return words


def _joined(parts: list[str], places: Places | None) -> list[str]:
    """«می خواهم» and «کتاب ها» as one word each, as they stand with a half-space or with nothing between."""
    words: list[str] = []
    attach = False
    for part in parts:
        if part == "ی" and words and words[-1][-1] == "ه":
            _merge(places, len(words) - 1)
            continue  # «خانه‌ی» is «خانه»; `fold` drops it where nothing stands between
        if part in _CLITICS and words and words[-1][-1] == "ه" and len(words[-1]) > 3:
            part = f"ا{part}"  # «هزینه‌ش» is «هزینه‌اش»
        if (attach and _PERSIAN.match(part)) or (part in _SUFFIXES and words and _takes(words[-1], part)):
            words[-1] += part[1:] if part[0] == words[-1][-1] == "ا" else part
            _merge(places, len(words) - 1)
        else:
            words.append(part)
        attach = part in _PREFIXES
    return words


def _merge(places: Places | None, first: int, count: int = 2, into: int = 1) -> None:
    """So many places from the first on become one, told for each word that stands for them."""
    if places is not None:
        places[first : first + count] = [(places[first][0], places[first + count - 1][1])] * into


def _takes(word: str, suffix: str) -> bool:
    if not _PERSIAN.match(word) or word in _PREFIXES or len(word) < 2:
        return False
    if suffix == "ای":  # also a word of its own, unless a silent «ه» stands before it
        return word.endswith("ه") and len(word) > 3
    return len(word) > 2 or suffix.startswith(("ها", "تر"))


def _written(words: list[str], places: Places | None) -> list[str]:
    """Spoken words and verb forms as they are written."""
    out: list[str] = []
    i = 0
    while i < len(words):
        for size in _SIZES.get(words[i], ()):
            said = tuple(words[i : i + size])
            if written := WORDS.get(said):
                _merge(places, len(out), len(said), len(written))
                out += written
                i += size
                break
        else:
            written = _formal(words[i])
            if len(written) != 1:
                _merge(places, len(out), 1, len(written))
            out += written
            i += 1
    return out


_SIZES: dict[str, tuple[int, ...]] = {}
for _said in sorted(WORDS, key=len):
    _SIZES[_said[0]] = (len(_said), *(n for n in _SIZES.get(_said[0], ()) if n != len(_said)))


@lru_cache(maxsize=8192)
def _formal(word: str) -> tuple[str, ...]:
    if not _PERSIAN.match(word) or word in NOT_VERBS:
        return (word,)
    if noun := _NOUN.fullmatch(word):
        return (NOUN_STEMS[noun[1]] + noun[2],)
    if (verb := _VERB.fullmatch(word) or _SUBJUNCTIVE.fullmatch(word)) and verb[2] + verb[3] != "خواند":
        prefix, root, ending = verb.groups()
        return (prefix + VERB_STEMS[root] + VERB_ENDINGS[ending],)
    if past := _PAST.fullmatch(word):
        prefix, root, ending = past.groups()
        return (prefix + PAST_STEMS[root] + ("ن" if ending == "ن" and not prefix else PAST_ENDINGS[ending]),)
    if regular := _REGULAR.fullmatch(word):
        return (regular[1] + VERB_ENDINGS[regular[2]],)
    if pointed := _POINTED.fullmatch(word):
        thing, it, owner, them = pointed.groups()
        written = (
            thing
            if it
            else f"{thing}ها" + ("" if not owner else "ی" if owner == "ی" else "ی" + owner.replace("ون", "ان"))
        )
        return (written, "را") if it or them else (written,)
    if verb := _VERB_ENDING.fullmatch(word):
        return (verb[1] + VERB_ENDINGS[verb[2]],)
    if word not in NOT_POSSESSIVE and (owned := _POSSESSIVE.fullmatch(word)):
        return (f"{owned[1]}{'ی' if owned[1].endswith('ها') else ''}{owned[2]}ان",)
    if mine := _OBJECT.fullmatch(word):
        return (mine[1], "را")
    return (word,)


# --- stems --------------------------------------------------------------------------------------

_ENDINGS = re.compile("(?:هایی|های|ها|ترین|تر|مان|تان|شان|یم|ید|ند|ام|ات|اش|ای|ش|م|ی)$")
_ENGLISH = re.compile("(?:ing|ed|es|s|e)$")


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A token without the endings of number, possession, comparison and person; three letters always stay."""
    ending = _ENDINGS if _PERSIAN.match(word) else _ENGLISH
    while (shorter := ending.sub("", word)) != word and len(shorter) >= 3:
        word = shorter
    return word


# --- the skeleton -------------------------------------------------------------------------------

PERSIAN_SOUNDS = str.maketrans(
    {"ط": "ت", "ث": "س", "ص": "س", "ح": "ه", "ذ": "ز", "ض": "ز", "ظ": "ز", "ژ": "ج", "غ": "ق", "ع": "ا"}
)
_PERSIAN_LETTERS = str.maketrans("بپتسجچهخدرزشقفکگلمنوی", "bptsjChxdrzSqfkglmnvy", "ا")
_PAIRS = (
    ("kh", "x"),
    ("gh", "q"),
    ("sh", "S"),
    ("ch", "C"),
    ("zh", "j"),
    ("ph", "f"),
    ("ck", "k"),
    ("w", "v"),
    ("c", "k"),
)
_VOWEL_V = re.compile("(?<!^)v(?!a)")
_LATIN_VOWELS = re.compile("[aeiou]")
_GLIDE = re.compile("(?<!^)y")
_DOUBLE = re.compile(r"(.)\1+")


def skeleton(text: str) -> str:
    """What Persian and Finglish spellings of a text have in common, word by word: consonants by their sound, one letter
    each (C چ, S ش, x خ, q غ ق, j ج ژ); no vowels, no doubled letters, no final h."""
    return " ".join(bones(t) for t in tokens(text))


@lru_cache(maxsize=8192)
def bones(token: str) -> str:
    """The skeleton of one token; never empty."""
    if token[0].isdigit():
        return token
    if _PERSIAN.match(token):
        return _persian_bones(token)
    raw = latin_bones(token)
    return _SPOKEN_BONES.get(raw, raw)


def _persian_bones(word: str) -> str:
    sounds = word.translate(PERSIAN_SOUNDS)
    return _bare(sounds.replace("خوا", "خا").replace("وا", "va").translate(_PERSIAN_LETTERS)) or "a"


def latin_bones(word: str) -> str:
    """The bones of a word in Latin letters as it sounds, spoken forms not made written ones."""
    for pair, sound in _PAIRS:
        word = word.replace(pair, sound)
    return _bare(word) or "a"


def _bare(word: str) -> str:
    word = _GLIDE.sub("", _LATIN_VOWELS.sub("", _VOWEL_V.sub("", word)))
    word = _DOUBLE.sub(r"\1", word).replace("nb", "mb")
    return word[:-1] if len(word) > 1 and word[-1] == "h" else word


def _spoken() -> Iterator[tuple[str, str]]:
    """Single words as they are said and as they are written."""
    yield from NOUN_STEMS.items()
    yield from ((said[0], written[0]) for said, written in WORDS.items() if len(said) == len(written) == 1)
    for root, formal in VERB_STEMS.items():
        for ending, formal_ending in VERB_ENDINGS.items():
            yield from ((f"{p}{root}{ending}", f"{p}{formal}{formal_ending}") for p in ("می", "نمی"))


SPOKEN: dict[str, str] = {}
_SPOKEN_BONES: dict[str, str] = {}
"""Finglish writes the spoken word; its bones become those of the written one."""
for _said_word, _written_word in _spoken():
    SPOKEN.setdefault(_said_word, _written_word)
    if len(_bare_word := _persian_bones(_said_word)) > 1:
        _SPOKEN_BONES.setdefault(_bare_word, _persian_bones(_written_word))
