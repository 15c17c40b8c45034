"""The fold: one spelling for what people type in many, used for comparing only, never for showing.

It is the small, certain part of Persian normalisation: letters, digits, marks and invisible characters.
What needs judgement (colloquial endings, Finglish, stems) lives in `bot.nlu.normalise`.
"""

from __future__ import annotations

import re
import unicodedata

LETTERS = str.maketrans(
    {
        "ي": "ی", "ى": "ی", "ې": "ی", "ۍ": "ی", "ێ": "ی", "ے": "ی",
        "ك": "ک", "ڪ": "ک", "ګ": "گ",
        "ة": "ه", "ە": "ه", "ہ": "ه", "ھ": "ه", "ۃ": "ه",
        "ٱ": "ا", "ۆ": "و", "ۇ": "و", "ۈ": "و",
        "ء": "", "ٴ": "", "ـ": "",
        "٫": ".", "٬": ",", "،": ",", "؛": ";", "؟": "?", "٪": "%", "۔": ".",
        "\u200c": " ",
    }
    | {c: str(n) for digits in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩") for n, c in enumerate(digits)}
)  # fmt: skip
"""One character to one spelling, after NFKD has taken hamza, madda and harakat off their letters."""

INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200d-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
_MARKS = re.compile(
    "[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"
)
_HAMZA_ON_CHAIR = re.compile("(?:ئ|[یيى]\u0654)(?=[وؤ])")  # مسئول: written مسؤول and مسوول too
_SILENT_YE = re.compile("ه[\u200c\\s]+[یيى](?=[\u200c\\s.,;:!?()«»،؛؟]|$)")  # خانه‌ی ما = خانهٔ ما = خانۀ ما
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_SPACE = re.compile(r"\s+")


def fold_digits(text: str) -> str:
    """Every decimal digit of every script as ASCII; all else untouched, so offsets stay."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() and c > "\x7f" else c for c in text)


def fold(text: str) -> str:
    """The spelling for comparing: compatibility forms, Persian letters, ASCII digits, no marks, half-spaces as
    spaces, single spaces, lower case. Idempotent."""
    if not text.isascii():
        text = INVISIBLE.sub("", text)
        text = unicodedata.normalize("NFKD", _HAMZA_ON_CHAIR.sub("و", unicodedata.normalize("NFKC", text)))
        text = _SILENT_YE.sub("ه", _MARKS.sub("", text).translate(LETTERS))
        if _OTHER_DIGIT.search(text):
            text = fold_digits(text)
    return _SPACE.sub(" ", text).strip().lower()
