"""The words that numbers are said with, in folded spelling: data for `bot.nlu.numbers` and `bot.nlu.spoken`."""

from __future__ import annotations

from collections.abc import Iterator

UNITS = {
    "صفر": 0, "یک": 1, "یه": 1, "دو": 2, "سه": 3, "چهار": 4, "چار": 4, "پنج": 5, "شش": 6, "شیش": 6, "هفت": 7,
    "هشت": 8, "نه": 9,
    "ده": 10, "یازده": 11, "دوازده": 12, "سیزده": 13, "چهارده": 14, "چارده": 14, "پانزده": 15, "پونزده": 15,
    "شانزده": 16, "شونزده": 16,
    "هفده": 17, "هیفده": 17, "هجده": 18, "هیجده": 18, "هژده": 18, "نوزده": 19,
    "بیست": 20, "سی": 30, "چهل": 40, "پنجاه": 50, "شصت": 60, "شصد": 60, "هفتاد": 70, "هشتاد": 80, "نود": 90,
    "صد": 100, "یکصد": 100, "دویست": 200, "سیصد": 300, "چهارصد": 400, "چارصد": 400, "پانصد": 500, "پونصد": 500,
    "ششصد": 600, "شیشصد": 600, "هفتصد": 700, "هشتصد": 800, "نهصد": 900,
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
SCALES = {
    "هزار": 10**3, "میلیون": 10**6, "ملیون": 10**6, "میلیارد": 10**9, "ملیارد": 10**9, "تریلیون": 10**12,
    "thousand": 10**3, "million": 10**6, "billion": 10**9,
}  # fmt: skip
HUNDRED, HALF = "hundred", "نیم"
ORDINAL = "م"
"""A part that makes an ordinal of the number before it: «پانزدهم»."""
MONEY = ("تومان", "تومن", "تمن", "ریال")
FINGLISH = {
    "sefr": "صفر", "yek": "یک", "do": "دو", "se": "سه", "chahar": "چهار", "char": "چهار", "panj": "پنج", "shesh": "شش",
    "shish": "شش", "haft": "هفت", "hasht": "هشت", "noh": "نه", "dah": "ده", "yazdah": "یازده", "davazdah": "دوازده",
    "sizdah": "سیزده", "chahardah": "چهارده", "panzdah": "پانزده", "poonzdah": "پانزده", "shanzdah": "شانزده",
    "hefdah": "هفده", "hejdah": "هجده", "noozdah": "نوزده", "bist": "بیست", "si": "سی", "chehel": "چهل",
    "panjah": "پنجاه", "shast": "شصت", "haftad": "هفتاد", "hashtad": "هشتاد", "navad": "نود", "sad": "صد",
    "devist": "دویست", "sisad": "سیصد", "chaharsad": "چهارصد", "poonsad": "پانصد", "punsad": "پانصد",
    "pansad": "پانصد", "panjsad": "پانصد", "sheshsad": "ششصد", "haftsad": "هفتصد", "hashtsad": "هشتصد",
    "nohsad": "نهصد", "hezar": "هزار", "milion": "میلیون", "milyoon": "میلیون", "miliard": "میلیارد", "oh": "صفر",
}  # fmt: skip
"""Number words in Latin letters, sure only where digits are dictated, a date or money is: "do" is English too."""

_PERSIAN = {word: value for word, value in UNITS.items() if not word.isascii()}
_UNEVEN = {"دوم": "دو", "سوم": "سه", "سیم": "سی", "چارم": "چهار"}
ORDINALS = {f"{word}م": word for word, value in _PERSIAN.items() if value} | _UNEVEN


def _glued() -> Iterator[tuple[str, tuple[str, ...]]]:
    """«وپنجاه» after a half-space; «صدوبیست», «پنجاههزار», «هزارتومان» with nothing between."""
    scales = [scale for scale in SCALES if not scale.isascii()]
    for word, value in _PERSIAN.items():
        yield f"و{word}", (word,)
        yield from ((f"{word}{scale}", (word, scale)) for scale in scales if value)
        if value >= 20:
            smaller = 100 if value >= 100 else 10
            yield from ((f"{word}و{unit}", (word, unit)) for unit, size in _PERSIAN.items() if 0 < size < smaller)
    for scale in scales:
        yield f"و{scale}", (scale,)
        yield from ((f"{scale}{money}", (scale,)) for money in MONEY)


PARTS: dict[str, tuple[str, ...]] = dict(_glued()) | {w: (w,) for w in (*UNITS, *SCALES, HUNDRED, HALF, f"و{HALF}")}
PARTS[f"و{HALF}"] = (HALF,)
"""A word of a text → the number words in it."""
SAID: dict[str, tuple[str, ...]] = (
    {word: parts for word, parts in PARTS.items() if HALF not in parts}
    | {word: (cardinal, ORDINAL) for word, cardinal in ORDINALS.items()}
    | {word: (persian,) for word, persian in FINGLISH.items()}
    | {f"{ten}و{word}": (ten, cardinal, ORDINAL) for ten in ("بیست", "سی") for word, cardinal in ORDINALS.items()}
)
"""The same for text in which every number is to become digits: with ordinals and Finglish, without halves."""
