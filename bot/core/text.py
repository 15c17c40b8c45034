"""The fold: one spelling for what people type in many, used for comparing only, never for showing.

It is the small, certain part of Persian normalisation: letters, digits, marks and invisible characters.
What needs judgement (colloquial endings, Finglish, stems) lives in `bot.nlu.normalise`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

ONE_TURN = 64  # texts whose fold is kept: a turn asks for that of its own several times

LETTERS = str.maketrans(
    {
        "ي": "ی", "ى": "ی", "ې": "ی", "ۍ": "ی", "ێ": "ی", "ے": "ی", "ؠ": "ی", "ؽ": "ی", "ؾ": "ی", "ؿ": "ی",
        "ك": "ک", "ڪ": "ک", "ػ": "ک", "ؼ": "ک", "ڬ": "ک", "ڭ": "ک", "ڮ": "ک", "ګ": "گ",
        "ة": "ه", "ە": "ه", "ہ": "ه", "ھ": "ه", "ۃ": "ه", "ۿ": "ه",
        "ٱ": "ا", "ٲ": "ا", "ٳ": "ا", "ٵ": "ا",
        "ۆ": "و", "ۇ": "و", "ۈ": "و", "ۅ": "و", "ۉ": "و", "ۊ": "و", "ۋ": "و", "ۏ": "و",
        "ں": "ن", "ڵ": "ل", "ٹ": "ت", "ڈ": "د", "ڑ": "ر", "ڕ": "ر",
        "ء": "", "ٴ": "", "ـ": "",
        "٫": ".", "٬": ",", "،": ",", "؛": ";", "؟": "?", "٪": "%", "۔": ".",
        "\u2044": "/", "\u200c": " ", "\ufdfd": "بسم الله الرحمن الرحیم",
    }
    | {c: str(n) for digits in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩") for n, c in enumerate(digits)}
)  # fmt: skip
"""One character to one spelling, after NFKD has taken hamza, madda and harakat off their letters."""

INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200d-\u200f\u202a-\u202e\u2060-\u206f\u20e3\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U0001f3fb-\U0001f3ff]"
)
_MARKS = re.compile(
    "[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"
)
_MAY_CARRY_HAMZA = re.compile("[ئ\u0654\ufbea-\ufbfb\ufe89-\ufe8c]")
HAMZA_ON_CHAIR = re.compile("(?:ئ|[یيى]\u0654)(?=[وؤ])")  # مسئول: written مسؤول and مسوول too
SILENT_YE = re.compile("ه\\s+ی(?=[\\s.,;:!?()«»]|$)")  # خانه‌ی ما = خانهٔ ما = خانۀ ما


class _Plain(dict[int, str]):
    """A character (its code point) → its folded spelling: nothing for marks, several letters for ligatures."""

    def __missing__(self, point: int) -> str:
        letters = HAMZA_ON_CHAIR.sub("و", unicodedata.normalize("NFKC", INVISIBLE.sub("", chr(point))))
        letters = unicodedata.normalize("NFKD", letters)
        plain = fold_digits(_MARKS.sub("", letters).translate(LETTERS)).lower()
        self[point] = plain
        if len(plain) != 1:
            UNEVEN.add(chr(point))
        return plain


UNEVEN: set[str] = set()
"""The characters in `PLAIN` whose spelling is none or several letters."""
PLAIN = _Plain()  # grows to the characters that were ever seen: bounded by Unicode, in practice by a few hundred


def fold_digits(text: str) -> str:
    """Every decimal digit of every script as ASCII; all else untouched, so offsets stay."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() and c > "\x7f" else c for c in text)


@lru_cache(maxsize=ONE_TURN)
def fold(text: str) -> str:
    """The spelling for comparing: compatibility forms, Persian letters, ASCII digits, no marks, half-spaces as
    spaces, single spaces, lower case. Idempotent."""
    if text.isascii():
        return " ".join(text.split()).lower()
    if _MAY_CARRY_HAMZA.search(text):
        text = HAMZA_ON_CHAIR.sub("و", unicodedata.normalize("NFKC", INVISIBLE.sub("", text)))
    text = text.translate(PLAIN)
    if "ه" in text:
        text = SILENT_YE.sub("ه", text)
    return " ".join(text.split())
