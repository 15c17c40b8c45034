"""Content small enough to read and large enough to learn from."""

from __future__ import annotations

from bot.core.catalogue import Catalogue, Example, FaqEntry, Organization, Service

EXAMPLES = {
    "greet": ("سلام", "درود", "وقت بخیر", "سلام خسته نباشید", "hello", "hi there", "good morning"),
    "thanks": ("ممنون", "مرسی", "خیلی ممنونم", "دستتون درد نکنه", "متشکرم", "thank you", "thanks a lot"),
    "track_request": (
        "درخواستم به کجا رسید", "می‌خوام درخواستم رو پیگیری کنم", "وضعیت پرونده من چیه", "پیگیری درخواست",
        "پیگیری نامه",
        "track my request", "where is my request", "status of my case",
    ),
    "file_request": (
        "می‌خوام درخواست ثبت کنم", "ثبت درخواست", "یه فرم می‌خوام پر کنم", "چطور درخواست بدم", "نامه بفرستم",
        "file a request", "I want to submit a form",
    ),
    "complain": (
        "شکایت دارم", "می‌خوام شکایت کنم", "ثبت شکایت", "از کارمندتون شاکی‌ام", "به رفتار مأمور اعتراض دارم",
        "I want to complain", "file a complaint",
    ),
    "human": ("با کارشناس حرف بزنم", "وصل کن به اپراتور", "یه آدم جواب بده", "ارتباط با کارشناس",
    "talk to a person", "human agent"),
}  # fmt: skip
UNRELATED = (
    "فردا هوا بارونیه", "طرز تهیه قورمه سبزی", "بازی پرسپولیس چند چند شد", "یه جوک بگو", "قیمت دلار امروز",
    "بلیت قطار مشهد", "فیلم خوب معرفی کن",
    "پایتخت فرانسه کجاست", "گوشیم هنگ کرده", "معنی این کلمه انگلیسی", "recipe for pancakes",
    "who won the match", "tell me a joke", "weather in Paris",
    "best laptop to buy", "چند کیلو لاغر بشم", "آهنگ جدید دانلود", "تعبیر خواب مار", "حل مسئله ریاضی",
    "شعر حافظ بخون",
)  # fmt: skip
FAQ = {
    "permit_documents": (
        "permit", "برای پروانه ساختمان چه مدارکی لازم است؟", "Which documents do I need for a building permit?",
        ("مدارک پروانه ساختمان", "واسه جواز ساخت چی باید بیارم", "مدارک لازم برای صدور پروانه"),
        ("documents for a permit",),
        "سند مالکیت، نقشه و شناسنامه لازم است.",
    ),
    "permit_fee": (
        "permit", "هزینه پروانه ساختمان چقدر است؟", "How much is a building permit?",
        ("پروانه ساختمان چند درمیاد", "قیمت جواز ساخت", "عوارض صدور پروانه چقدره"), ("price of a building permit",),
        "هزینه به زیربنا و منطقه بستگی دارد.",
    ),
    "waste_time": (
        "waste", "زباله چه ساعتی جمع می‌شود؟", "When is the rubbish collected?",
        ("آشغالا رو کی می‌برن", "ساعت جمع‌آوری زباله", "ماشین زباله کی میاد"), ("rubbish collection time",),
        "هر شب پس از ساعت ۲۱ زباله را بیرون بگذارید.",
    ),
    "light_out": (
        "light", "چراغ کوچه خاموش است؛ چه کنم؟", "The street light is out. What do I do?",
        ("لامپ کوچمون سوخته", "گزارش خاموشی چراغ معبر", "تیر برق خیابون روشن نمیشه"), ("street lamp broken",),
        "خرابی را از همین‌جا گزارش کنید.",
    ),
    "hours": (
        "", "ساعت کاری شهرداری چیست؟", "What are your opening hours?",
        ("شهرداری تا چه ساعتی بازه", "کی باز هستید", "پنجشنبه‌ها هم هستین؟"), ("when are you open",),
        "شنبه تا چهارشنبه ۷:۳۰ تا ۱۴:۳۰.",
    ),
    "tax_pay": (
        "tax", "عوارض نوسازی را چطور پرداخت کنم؟", "How do I pay the renovation tax?",
        ("پرداخت عوارض نوسازی", "قبض نوسازی رو کجا پول بدم", "پرداخت اینترنتی عوارض"), ("pay the tax online",),
        "با کد نوسازی در درگاه پرداخت شهرداری.",
    ),
}  # fmt: skip
SERVICES = {
    "permit": ("پروانه ساختمانی", "Building permit", ("جواز ساخت",)),
    "waste": ("جمع‌آوری زباله", "Waste collection", ("پسماند",)),
    "light": ("روشنایی معابر", "Street lights", ("چراغ برق",)),
    "tax": ("عوارض نوسازی", "Renovation tax", ("قبض نوسازی",)),
}


SYNONYMS = {
    "پروانه": ("جواز", "مجوز", "permit"),
    "هزینه": ("قیمت", "مبلغ", "پول", "price"),
    "زباله": ("آشغال", "rubbish"),
}


def small_catalogue(*, unrelated: tuple[str, ...] = UNRELATED, faq: bool = True, examples: bool = True) -> Catalogue:
    """All of it, or some of it left out."""
    taught = tuple(Example(intent, text) for intent, texts in EXAMPLES.items() for text in texts)
    return Catalogue(
        organization=Organization({}, {}, {}, "", "", "", (), {}, "desk", {}, {}, frozenset()),
        services={id: _service(id) for id in SERVICES} if faq else {},
        faq={id: _entry(id) for id in FAQ} if faq else {},
        forms={},
        surveys={},
        announcements=(),
        phrases={},
        words={},
        examples=taught if examples else (),
        synonyms=SYNONYMS,
        unrelated=unrelated,
    )


def _service(id: str) -> Service:
    fa, en, keywords = SERVICES[id]
    return Service(
        id=id,
        title={"fa": fa, "en": en},
        category="city",
        audiences=("citizen",),
        unit="desk",
        officer={},
        days=3,
        fee=None,
        fee_note={},
        about={"fa": f"خدمت {fa}", "en": en},
        steps={},
        documents={},
        laws={},
        complaint={},
        keywords=keywords,
    )


def _entry(id: str) -> FaqEntry:
    service, fa, en, variants, english, answer = FAQ[id]
    return FaqEntry(id, {"fa": fa, "en": en}, {"fa": variants, "en": english}, {"fa": answer}, service)
