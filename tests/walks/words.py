"""What citizens write: right answers with a mark that is found again, and whatever else comes to their minds."""

from __future__ import annotations

import random

ODD = (
    "", " ", "۱", "2", "٣", "99", "😀", "؟", "\u200f\u202e", "x" * 5000, "بله", "نه", "رد شدن", "تأیید",
    "همین‌ها کافی است", "بازگشت", "لغو", "منو", "راهنما", "تکرار", "کارشناس", "زبان", "سلام", "ممنون",
    "کد رهگیری چیست؟", "چراغ کوچه خاموشه", "پروانه ساختمان چقدر طول می‌کشه", "قرمه‌سبزی", "شکایت دارم", "۳۱ مهر ۱۴۰۴",
    "فردا", "1234567890", "09121234567", "0013542419", "/start", "/menu", "/track", "/mine", "/forms", "/services",
    "/news", "/hours", "/resume", "/keep", "/survey", "/unknown", "/form/none", "how do I report a street light?",
    "/continue", "/language/en", "/language/fa", "/more/40", "/more/x", "/front/none", "/join/none", "درخواست‌های من",
    "ادامه", "گزینه‌های دیگر", "۰", "پیگیری", "a\nb", "<b>&amp;", "*bold* _x_ [a](http://b)", "/help", "/human",
)  # fmt: skip
STOPPING = ("لغو", "توقف", "STOP", "توقف همه", "لغو پیامک", "شروع", "START", "cancel")
DAYS = ("فردا", "امروز", "دیروز", "۱۴۰۵/۸/۱", "۱۵ دی", "شنبه", "2026-12-01", "۳۱ مهر ۱۴۰۴")
NATIONAL_IDS = ("0013542419", "۰۰۱۳۵۴۲۴۱۹", "1619735744", "12345678910", "۱۲۳۴۵")
_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def in_any_digits(text: str, dice: random.Random) -> str:
    return text.translate(dice.choice((_PERSIAN, _ARABIC, {})))


def mark(dice: random.Random) -> str:
    """Six Persian digits, which no id, code or figure of the house is written in (an example has ۹۱۲۱۲۳)."""
    return str(dice.randrange(700_000, 900_000)).translate(_PERSIAN)


def sentence(mark: str, dice: random.Random) -> str:
    return dice.choice(
        (
            f"خیابان بهار، کوچهٔ سوم، پلاک {mark}",
            f"شمارهٔ {mark} روی تیر چراغ",
            f"توضیحی که به اندازهٔ کافی بلند است و چیزی را روشن می‌کند، با نشانی {mark}.",
            f"house {mark} street",
            f"پلاک {mark}",
        )
    )


def mobile(dice: random.Random) -> str:
    return f"0913{dice.randrange(10**6, 10**7)}"
