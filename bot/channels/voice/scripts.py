"""Which voice speaks which stretch of a text that is written in two scripts: none ever reads the other's letters."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ARABIC, _LATIN = re.compile(r"[ء-يپ-ۓ]"), re.compile(r"[A-Za-z]")
_PERSIAN_RUN = re.compile(r"[ء-يپ-ۓ](?:[^A-Za-z]*[ء-يپ-ۓ])?[\u064b-\u0655.!؟?]*")
_LATIN_RUN = re.compile(r"[A-Za-z](?:[^ء-يپ-ۓ]*[A-Za-z])?[.!?]*")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")
_ADDRESS = re.compile(r"@|://|\bwww\.", re.IGNORECASE)
_BOUND = re.compile(r"[\s«»“”\"]*([.،,:؛;!?؟()\n–—/|]|$)")
_SENTENCE = 3  # words; so many are English, fewer are names inside a Persian sentence
_WORD = 4  # letters; shorter ones are abbreviations


def runs_of(text: str, language: str, known: Mapping[str, str]) -> list[tuple[str, str]]:
    """The text in stretches, each with the language of its voice. `known`: Latin words that a Persian voice says.

    Persian words in an English text are spoken by the Persian voice. Latin words in a Persian text are English when
    they make a sentence or stand by themselves; names and abbreviations inside a sentence are left to the Persian
    voice, which spells them.
    """
    if language == "fa":
        return _split(text, [m for m in _LATIN_RUN.finditer(text) if _is_english(m, known)], "en", language)
    return _split(text, list(_PERSIAN_RUN.finditer(text)), "fa", language)


def _split(text: str, others: list[re.Match[str]], other: str, language: str) -> list[tuple[str, str]]:
    runs, at = [], 0
    for match in others:
        runs += [(text[at : match.start()], language), (match[0], other)]
        at = match.end()
    return [*runs, (text[at:], language)]


def _is_english(run: re.Match[str], known: Mapping[str, str]) -> bool:
    words = _LATIN_WORD.findall(run[0])
    if _ADDRESS.search(run[0]) or all(word.casefold() in known for word in words):
        return False
    if len(words) >= _SENTENCE:
        return True
    alone = _BOUND.match(run.string, run.end()) and _BOUND.match(run.string[: run.start()][::-1])
    return bool(alone) and any(len(word) >= _WORD and not word.isupper() for word in words)
