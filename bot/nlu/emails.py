"""E-mail addresses, also as people spell them: «ali ات gmail دات com»."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from bot.core.ports import Unreadable
from bot.core.text import INVISIBLE, fold_digits
from bot.nlu.spans import Folded, Span

_LOCAL = r"(?<![\w.+\-@])([a-z0-9](?:[\w.+\-%]*[\w+\-%])?)"
_EMAIL = re.compile(
    rf"{_LOCAL}\s?@\s?((?:[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?\.)+[a-z]{{2,24}})(?![\w\-@])",
    re.ASCII,
)
AT_WORDS = frozenset(("ات", "at", "ادساین"))
_DOT = r"\s?(?:\.|دات|نقطه|dot)\s?"
_PROVIDERS = {"جیمیل": "gmail", "جی میل": "gmail", "یاهو": "yahoo", "هاتمیل": "hotmail", "هات میل": "hotmail"}
_ENDINGS = {"کام": "com", "ای ار": "ir", "نت": "net", "com": "com", "ir": "ir", "org": "org", "net": "net"}
_SPELT = re.compile(
    rf"{_LOCAL}\s(?:{'|'.join(sorted(AT_WORDS))})\s(?P<host>(?-i:[a-z0-9\-]+)|{'|'.join(_PROVIDERS)})"
    rf"{_DOT}(?P<ending>{'|'.join(_ENDINGS)})(?!\w)"
)


def find_emails(text: Folded, raw: str) -> Iterator[Span]:
    """The case of what stands before the @ is kept: it is the owner's to spell."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            local, domain = _as_written(text, raw, *match.span(1)), match[2]
            if ".." not in local and len(local) <= 64 and len(domain) <= 253:
                yield Span(f"{local}@{domain}", match.start(), match.end())
    elif not text.words.isdisjoint(AT_WORDS):
        for match in _SPELT.finditer(text):
            host = _PROVIDERS.get(match["host"], match["host"])
            local = _as_written(text, raw, *match.span(1))
            yield Span(f"{local}@{host}.{_ENDINGS[match['ending']]}", match.start(), match.end(), 0.8)


def _as_written(text: Folded, raw: str, start: int, end: int) -> str:
    first, last = text.raw(start, end)
    written = fold_digits(unicodedata.normalize("NFKC", INVISIBLE.sub("", raw[first:last])))
    return written if written.lower() == text[start:end] else text[start:end]


def read_email(text: str) -> str:
    for span in find_emails(Folded.of(text), text):
        return str(span.value)
    raise Unreadable("email")
