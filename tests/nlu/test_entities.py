"""Values in what people write: every spelling of a value is that value, and what is none is refused with a reason."""

from __future__ import annotations

from datetime import date, timedelta

import jdatetime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ports import Unreadable
from bot.nlu.checks import AREAS, is_legal_id, is_national_id
from bot.nlu.entities import parse
from bot.nlu.number_words import SCALES, UNITS

TODAY = date(2026, 11, 23)  # Monday, 2 Azar 1405
MONTHS = ("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند")

READ: dict[str, list[tuple[str, str | int]]] = {
    "number": [
        ("۲۵۰", 250), ("٢٥٠", 250), ("دویست و پنجاه", 250), ("دویست‌وپنجاه", 250), ("پونصد", 500),
        ("شیشصد", 600), ("۱۲٬۵۰۰", 12500),
        ("12,500 تومان", 12500), ("۱۲.۵۰۰", 12500), ("۱۲۰ متر مربع", 120), ("متراژش ۱۲۰ متره", 120),
        ("هزار و سیصد و چهار", 1304),
        ("۲ میلیون و ۳۰۰ هزار", 2_300_000), ("دو و نیم میلیون", 2_500_000), ("۲.۵ میلیون", 2_500_000),
        ("بیست و یک هزار و پانصد", 21500),
        ("منفی ۵", -5), ("-5", -5), ("نه نفر", 9), ("صد", 100), ("یکصد و بیست", 120), ("میلیون", 1_000_000),
        ("۵ هزار", 5000), ("پنج", 5),
        ("two hundred and fifty", 250), ("twenty-five", 25), ("۳ تا", 3), ("یه دونه", 1), ("+7", 7),
    ],
    "date": [
        ("1404/7/30", "2025-10-22"), ("۱۴۰۴-۰۷-۳۰", "2025-10-22"), ("30/7/1404", "2025-10-22"),
        ("1404.7.30", "2025-10-22"), ("04/7/30", "2025-10-22"),
        ("98/5/12", "2019-08-03"), ("14040730", "2025-10-22"), ("۱۵ آبان", "2026-11-06"),
        ("۱۵ آبان ۱۴۰۴", "2025-11-06"), ("15 آبان ماه ۰۴", "2025-11-06"),
        ("پانزدهم آبان", "2026-11-06"), ("پانزده آبان", "2026-11-06"), ("۱۵ام آبان", "2026-11-06"),
        ("آبان ۱۵", "2026-11-06"), ("بیست و سوم مهر ۱۴۰۳", "2024-10-14"),
        ("سی‌ام آذر", "2026-12-21"), ("اول فروردین", "2027-03-21"), ("۱۵ آبان پارسال", "2025-11-06"),
        ("۱۵ آبان سال بعد", "2027-11-06"),
        ("امروز", "2026-11-23"), ("فردا", "2026-11-24"), ("پس‌فردا", "2026-11-25"), ("پسفردا", "2026-11-25"),
        ("دیروز", "2026-11-22"), ("پریروز", "2026-11-21"),
        ("سه روز دیگه", "2026-11-26"), ("۳ روز پیش", "2026-11-20"), ("یه هفته دیگه", "2026-11-30"),
        ("دو ماه پیش", "2026-09-24"), ("بیست و پنج روز دیگر", "2026-12-18"),
        ("شنبه", "2026-11-28"), ("دوشنبه", "2026-11-30"), ("سه‌شنبه", "2026-11-24"),
        ("شنبه هفته بعد", "2026-11-28"), ("پنجشنبهٔ هفتهٔ آینده", "2026-12-03"),
        ("جمعه گذشته", "2026-11-20"), ("شنبهٔ هفتهٔ گذشته", "2026-11-14"), ("چهارشنبه این هفته", "2026-11-25"),
        ("شنبه ۷ آذر ساعت ۱۰", "2026-11-28"),
        ("لطفاً برای پس‌فردا", "2026-11-25"), ("tomorrow", "2026-11-24"),
        ("the day after tomorrow", "2026-11-25"), ("in 3 days", "2026-11-26"),
        ("two weeks ago", "2026-11-09"), ("next monday", "2026-11-30"), ("thursday next week", "2026-12-03"),
        ("2026-11-23", "2026-11-23"),
        ("15 November 2026", "2026-11-15"), ("Nov 15, 2026", "2026-11-15"), ("۲۳ نوامبر ۲۰۲۶", "2026-11-23"),
        ("15 aban 1404", "2025-11-06"), ("farda", "2026-11-24"),
        ("30 اسفند 1403", "2025-03-20"),
    ],
    "mobile": [
        (text, "+989123456789")
        for text in (
            "09123456789", "۰۹۱۲۳۴۵۶۷۸۹", "٠٩١٢٣٤٥٦٧٨٩", "شماره‌ام ۰۹۱۲ ۳۴۵ ۶۷ ۸۹ است", "+98 912 345 6789",
            "+98 (0) 912-345-6789", "00989123456789",
            "989123456789", "9123456789", "0912.345.6789", "\u200e0912\u200e-345-6789", "(0912) 3456789",
        )
    ],
    "landline": [
        (text, "+982188776655")
        for text in ("02188776655", "۰۲۱-۸۸۷۷۶۶۵۵", "(۰۲۱) ۸۸۷۷۶۶۵۵", "+98 21 8877 6655", "0098 21 88776655",
        "تلفن: 021 88 77 66 55 داخلی ۱۲", "2188776655")
    ],
    "phone": [("۰۲۱۸۸۷۷۶۶۵۵", "+982188776655"), ("۰۹۱۲۳۴۵۶۷۸۹", "+989123456789")],
    "national_id": [(t, "0012345679") for t in ("0012345679", "۰۰۱۲۳۴۵۶۷۹", "001-234567-9",
    "کد ملیم ۰۰۱ ۲۳۴۵۶۷ ۹ هست", "12345679", "012345679")],
    "postal_code": [(t, "1115541815") for t in ("1115541815", "۱۱۱۵۵-۴۱۸۱۵", "۱۱۱۵۵ ۴۱۸۱۵",
    "کد پستی ۱۱۱۵۵۴۱۸۱۵ است")],
    "legal_id": [("14003778990", "14003778990"), ("۱۰۳۸۰۲۸۴۷۹۰", "10380284790"),
    ("شناسه ملی: 1038-028-4790", "10380284790")],
    "email": [("Ali.Test@Example.COM", "Ali.Test@example.com"),
    ("ایمیلم a+b@shahr.gov.ir هست.", "a+b@shahr.gov.ir"), ("info @ gmail.com", "info@gmail.com"),
              ("user۱@mail.com", "user1@mail.com"), ("<x@y.org>", "x@y.org")],
}  # fmt: skip
READ |= {
    "time": [
        ("۱۷:۳۰", "17:30"),
        ("1730", "17:30"),
        ("17*30#", "17:30"),
        ("۸", "08:00"),
        ("5 pm", "17:00"),
        ("5 a.m.", "05:00"),
        ("پنج و نیم", "17:30"),
        ("ساعت هفت و ربع صبح", "07:15"),
        ("یه ربع به هشت", "07:45"),
        ("۱۲ شب", "00:00"),
        ("ساعت ۲۴", "00:00"),
        ("05:00", "05:00"),
        ("بیست و پنج دقیقه مونده به نه شب", "20:35"),
        ("noon", "12:00"),
        ("ساعت پنج بعد از ظهر", "17:00"),
        ("quarter to eight", "07:45"),
        ("۲ بامداد", "02:00"),
        ("ساعت یک", "13:00"),
    ],
    "amount": [
        ("دو میلیون و پانصد هزار تومان", 25_000_000),
        ("۵۰۰ تومن", 5000),
        ("یک و نیم میلیارد ریال", 1_500_000_000),
        ("یه میلیون و نیم تومن", 15_000_000),
        ("نیم میلیون تومان", 5_000_000),
        ("۱۲٬۵۰۰ ریال", 12_500),
        ("2.5m toman", 25_000_000),
        ("صد تومنی", 1000),
        ("هزار تومن", 10_000),
        ("۲۵۰هزارتومان", 2_500_000),
    ],
    "iban": [
        (text, "IR820540102680020817909002")
        for text in (
            "IR820540102680020817909002",
            "ir82 0540 1026 8002 0817 9090 02",
            "۸۲۰۵۴۰۱۰۲۶۸۰۰۲۰۸۱۷۹۰۹۰۰۲",
            "شبا آی آر هشتاد و دو صفر پانصد و چهل صد و دو شصت و هشت صفر صفر بیست هشتاد و یک هفتاد و نه صفر نود صفر دو",
        )
    ],
    "plate": [
        (text, "12ب345-67")
        for text in (
            "۱۲ ب ۳۴۵ ایران ۶۷",
            "12ب34567",
            "۱۲-ب-۳۴۵-۶۷",
            "دوازده ب سیصد و چهل و پنج ایران شصت و هفت",
            "ایران ۶۷ - ۳۴۵ ب ۱۲",
            "12 ب 345 | ایران | 67",
        )
    ],
    "digits": [
        ("۱۲۳۴", "1234"),
        ("یک دو سه چهار", "1234"),
        ("دوازده سی و چهار", "1234"),
        ("1 2 3 4 #", "1234"),
        ("دو تا پنج، صفر یک", "5501"),
    ],
    "tracking_code": [
        (text, "1234567894")
        for text in (
            "1234567894#",
            "دوازده سی و چهار پنجاه و شش هفتاد و هشت نود و چهار",
            "دوازده سی چهار پنجاه شش هفتاد هشت نود چهار",
            "صد و بیست سه چهل و پنج ششصد و هفتاد و هشت نود و چهار",
        )
    ],
}
REFUSED = [
    ("number", "سلام", "number"), ("number", "2.5", "number"), ("number", "۳ یا ۵", "number"),
    ("number", "نه", "number"), ("number", "", "number"), ("number", "یه عالمه", "number"),
    ("number", "یک دو سه چهار", "number"), ("number", "1404/7/30", "number"), ("number", "9" * 16, "number"),
    ("number", "👍", "number"),
    ("date", "۳۱ مهر ۱۴۰۴", "date.no_such_day"), ("date", "1404/7/31", "date.no_such_day"),
    ("date", "۳۱ مهر", "date.no_such_day"),
    ("date", "1404/13/1", "date.no_such_day"), ("date", "30 اسفند 1404", "date.no_such_day"),
    ("date", "2026-02-30", "date.no_such_day"),
    ("date", "شنبه ۳۱ مهر", "date.no_such_day"), ("date", "سلام", "date"), ("date", "مهر", "date"),
    ("date", "1403-۱۲۳۴", "date"), ("date", "فردا یا پس‌فردا", "date"),
    ("date", "12345 67890", "date"), ("date", "", "date"), ("date", "99999/1/1", "date"),
    ("mobile", "02188776655", "mobile"), ("mobile", "091234567", "mobile"),
    ("mobile", "0912 121 23 45 67", "mobile"), ("mobile", "0912345678901", "mobile"), ("mobile", "ندارم", "mobile"),
    ("mobile", "+1 912 345 6789", "mobile"), ("mobile", "09523456789", "mobile"),
    ("landline", "88776655", "landline"), ("landline", "09123456789", "landline"),
    ("landline", "02288776655", "landline"), ("phone", "123", "mobile"),
    ("national_id", "0012345678", "national_id.checksum"),
    ("national_id", "1111111111", "national_id.checksum"), ("national_id", "1234567", "national_id"),
    ("national_id", "00123456790", "national_id"), ("national_id", "ندارم", "national_id"),
    ("postal_code", "0115541815", "postal_code"), ("postal_code", "111554181", "postal_code"),
    ("postal_code", "1111111111", "postal_code"),
    ("legal_id", "10380284791", "legal_id.checksum"), ("legal_id", "1038028479", "legal_id"),
    ("time", "سلام", "time"), ("time", "۲۵:۰۰", "time"), ("time", "از ۸ تا ۱۲ صبح", "time"),
    ("time", "دو و نیم متر", "time"),
    ("amount", "۵۰۰ هزار", "amount.unit"), ("amount", "سلام", "amount"), ("amount", "۲۰۰ تومن یا ۳۰۰ تومن", "amount"),
    ("iban", "IR820540102680020817909003", "iban.checksum"), ("iban", "IR82", "iban"),
    ("plate", "۱۲ ب ۳۴۵", "plate"), ("plate", "12 و 345 67", "plate"), ("plate", "۰۲ ب ۳۴۵ ایران ۶۷", "plate"),
    ("digits", "سلام", "digits"),
    ("email", "a@b", "email"), ("email", "a..b@c.com", "email"), ("email", "@example.com", "email"),
    ("email", "example.com", "email"),
    ("tracking_code", "سلام", "tracking_code"), ("tracking_code", "12345", "tracking_code"),
]  # fmt: skip


def reason(kind: str, text: str) -> str:
    with pytest.raises(Unreadable) as caught:
        parse(kind, text, TODAY)
    return caught.value.reason


@pytest.mark.parametrize(("kind", "text", "value"), [(kind, *row) for kind, rows in READ.items() for row in rows])
def test_reads(kind: str, text: str, value: str | int) -> None:
    assert parse(kind, text, TODAY) == value


@pytest.mark.parametrize(("kind", "text", "why"), REFUSED)
def test_refuses(kind: str, text: str, why: str) -> None:
    assert reason(kind, text) == why


def test_a_kind_that_is_none_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="not a kind"):
        parse("colour", "red", TODAY)


# --- every value of a kind -----------------------------------------------------------------------

persian_digits = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
written_in = st.sampled_from([str, lambda t: t.translate(persian_digits)])
national_ids = st.from_regex(r"\A(?!000)[0-9]{3}(?!000000)[0-9]{6}\Z").map(
    lambda body: next(body + d for d in "0123456789" if _checks(body + d))
)


def _checks(digits: str) -> bool:
    """The civil registration's rule, put in another way: with the check digit the weighted sum is 0 mod 11, but rests
    below two are check digits themselves."""
    rest = sum(int(d) * w for d, w in zip(digits, range(10, 1, -1), strict=False)) % 11
    return int(digits[9]) == rest if rest < 2 else (rest + int(digits[9])) % 11 == 0


def _weighed(digits: str) -> int:
    return sum(int(d) * w for d, w in zip(digits, range(10, 1, -1), strict=False)) % 11


@given(national_ids, written_in)
def test_every_national_id_is_read(digits: str, written) -> None:  # type: ignore[no-untyped-def]
    if len(set(digits)) > 1:
        assert parse("national_id", written(digits), TODAY) == digits


@given(national_ids, st.integers(0, 9), st.integers(1, 9))
def test_a_wrong_digit_in_a_national_id_is_refused(digits: str, place: int, shift: int) -> None:
    wrong = digits[:place] + str((int(digits[place]) + shift) % 10) + digits[place + 1 :]
    if {_weighed(digits), _weighed(wrong)} == {1, 10}:
        return  # the one blind spot of the rule: both rests have the check digit 1
    assert not is_national_id(wrong)


@given(st.from_regex(r"\A[1-9][0-9]{9}\Z"))
def test_a_legal_id_has_one_check_digit(body: str) -> None:
    right = [body + d for d in "0123456789" if is_legal_id(body + d)]
    assert len(right) <= 1
    for digits in right:
        assert parse("legal_id", digits, TODAY) == digits


@given(
    st.integers(0, 99_999_999),
    st.sampled_from(["0912", "0935", "0990", "0901", "0921"]),
    written_in,
    st.sampled_from(["", " ", "-"]),
)
def test_every_mobile_is_read(rest: int, prefix: str, written, gap: str) -> None:  # type: ignore[no-untyped-def]
    digits = f"{prefix}{rest % 10_000_000:07}"
    assert parse("mobile", written(gap.join((digits[:4], digits[4:7], digits[7:]))), TODAY) == "+98" + digits[1:]


@given(st.sampled_from(sorted(AREAS)), st.integers(20_000_000, 89_999_999))
def test_every_landline_is_read(area: str, number: int) -> None:
    assert parse("landline", f"0{area}-{number}", TODAY) == f"+98{area}{number}"


@given(st.dates(date(2011, 3, 21), date(2032, 3, 19)))  # 1390 to 1410
def test_a_jalali_day_is_read_in_every_form(day: date) -> None:
    jalali = jdatetime.date.fromgregorian(date=day)
    name = MONTHS[jalali.month - 1]
    spoken = in_words(jalali.day)
    forms = [
        f"{jalali.year}/{jalali.month}/{jalali.day}",
        f"{jalali.year}-{jalali.month:02}-{jalali.day:02}".translate(persian_digits),
        f"{jalali.day}/{jalali.month}/{jalali.year}",
        f"{jalali.day} {name} {jalali.year}".translate(persian_digits),
        f"{spoken} {name} ماه {jalali.year}",
        f"{spoken}م {name} {in_words(jalali.year)}",
        f"{jalali.year % 100:02}/{jalali.month:02}/{jalali.day:02}",
    ]
    assert {parse("date", form, TODAY) for form in forms} == {day.isoformat()}


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_a_gregorian_day_is_read(day: date) -> None:
    assert parse("date", day.isoformat(), TODAY) == day.isoformat()


@given(
    st.dates(date(2020, 1, 1), date(2032, 1, 1)),
    st.sampled_from(["شنبه", "یکشنبه", "دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه"]),
)
def test_weekdays_lie_where_they_are_said_to(today: date, name: str) -> None:
    saturday = today - timedelta((today.weekday() + 2) % 7)
    coming = date.fromisoformat(str(parse("date", name, today)))
    assert 1 <= (coming - today).days <= 7
    next_week = date.fromisoformat(str(parse("date", f"{name} هفتهٔ بعد", today)))
    assert saturday + timedelta(7) <= next_week < saturday + timedelta(14)
    last = date.fromisoformat(str(parse("date", f"{name} گذشته", today)))
    assert 1 <= (today - last).days <= 7
    assert coming.weekday() == next_week.weekday() == last.weekday()


@given(st.integers(0, 999_999_999))
def test_every_number_is_read_in_words(number: int) -> None:
    assert parse("number", in_words(number), TODAY) == number
    assert parse("number", f"{number:,}".translate(persian_digits), TODAY) == number


def in_words(number: int) -> str:
    if not number:
        return "صفر"
    by_value = {value: word for word, value in reversed(UNITS.items()) if not word.isascii()}
    parts = []
    for scale in ("میلیون", "هزار", ""):
        size = SCALES.get(scale, 1)
        group, number = divmod(number, size)
        names = [
            by_value[n]
            for n in (
                group // 100 * 100,
                group % 100 if group % 100 < 20 else group % 100 // 10 * 10,
                group % 10 if group % 100 >= 20 else 0,
            )
            if n
        ]
        if names:
            parts.append(f"{' و '.join(names)} {scale}".strip())
    return " و ".join(parts)
