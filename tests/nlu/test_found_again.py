"""Whatever a value looks like and wherever it stands, it is found, and its offsets point at it."""

from __future__ import annotations

from datetime import date

import jdatetime
from hypothesis import given
from hypothesis import strategies as st

from bot.core.tracking import TrackingCode
from bot.nlu import checks
from bot.nlu.entities import find_entities, parse
from tests.nlu.test_entities import MONTHS, TODAY, in_words, national_ids

SCRIPTS = ("0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９")
SEPARATORS = ("", " ", "-", "\u200c", " - ", "\u200f", "–", ".", "\u00a0", "/")
SENTENCES = ("{}", "سلام، {} هست", "میشه {} رو ببینید؟", "مـیـشه لطفاً… «{}»", "hello {} !", "﷽ {}", "(خانهٔ ما)\n{}\n")

scripts = st.sampled_from([str.maketrans(SCRIPTS[0], script) for script in SCRIPTS])
separators = st.sampled_from(SEPARATORS)
sentences = st.sampled_from(SENTENCES)
codes = st.integers(0, 10**9).map(lambda n: TrackingCode.new(lambda below: n % below))
legal_ids = st.from_regex(r"\A1[0-9]{9}\Z").flatmap(
    lambda body: st.sampled_from([body + d for d in "0123456789" if checks.is_legal_id(body + d)] or ["14003778990"])
)
ibans = st.from_regex(r"\A[0-9]{22}\Z").map(lambda body: f"{98 - int(body + '182700') % 97:02}{body}")
mobiles = st.builds("{}{:07}".format, st.sampled_from(["0912", "0935", "0990", "0901"]), st.integers(0, 9_999_999))
landlines = st.builds("0{}{}".format, st.sampled_from(sorted(checks.AREAS)), st.integers(20_000_000, 89_999_999))
sizes = st.lists(st.integers(2, 5), min_size=12, max_size=12)


def in_groups(digits: str, sizes: list[int], separator: str) -> str:
    """In groups of so many digits; what is left over goes to the last one."""
    groups: list[str] = []
    for size in sizes:
        if digits:
            groups.append(digits[:size])
            digits = digits[size:]
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-2:] = [groups[-2] + groups[-1]]
    return separator.join(groups)


def is_found(kind: str, value: str | int, shown: str, sentence: str) -> None:
    text = sentence.format(shown)
    found = {(each.kind, each.value): text[each.start : each.end] for each in find_entities(text, TODAY)}
    assert found.get((kind, value)) == shown


@given(st.data(), scripts, separators, sentences, sizes)
def test_identifiers_in_groups(data, script, separator, sentence, sizes) -> None:  # type: ignore[no-untyped-def]
    kind, digits = data.draw(
        st.one_of(
            st.tuples(st.just("tracking_code"), codes),
            st.tuples(st.just("national_id"), national_ids.filter(checks.is_national_id)),
            st.tuples(st.just("legal_id"), legal_ids),
            st.tuples(st.just("iban"), ibans),
            st.tuples(st.just("mobile"), mobiles),
            st.tuples(st.just("landline"), landlines),
        )
    )
    shown = in_groups(digits, sizes, separator).translate(script)
    value = {"iban": "IR" + digits, "mobile": "+98" + digits[1:], "landline": "+98" + digits[1:]}.get(kind, str(digits))
    is_found(kind, value, shown, sentence)
    assert parse(kind, shown, TODAY) == value


@given(codes | mobiles, sizes, st.sampled_from([" ", " و ", "، "]), sentences)
def test_digits_are_dictated_in_groups(digits: str, sizes: list[int], pause: str, sentence: str) -> None:
    """Two or three digits at once, zeros by themselves: «صفر نهصد و دوازده …»."""
    groups: list[str] = []
    rest = str(digits)
    for size in sizes:
        if rest:
            groups.append(rest[:1] if rest[0] == "0" else rest[: min(size, 3)])
            rest = rest[len(groups[-1]) :]
    if pause != "، " and any(len(group) > 1 and group[-1] == "0" for group in groups):
        return  # «سیصد» and «چهل و پنج» melt into one
    kind, value = ("mobile", "+98" + digits[1:]) if digits[0] == "0" else ("tracking_code", digits)
    is_found(kind, value, pause.join(in_words(int(group)) for group in groups), sentence)


@given(
    st.from_regex(r"\A[1-9][0-9][بجدسصطقلمنهی][0-9]{3}[1-9][0-9]\Z"), scripts, st.sampled_from(["", " ", "-", "\u200c"])
)
def test_plates(plain: str, script: dict[int, int], gap: str) -> None:
    two, letter, three, place = plain[:2], plain[2], plain[3:6], plain[6:]
    value = f"{two}{letter}{three}-{place}"
    for shown in (gap.join((two, letter, three, "ایران", place)), gap.join((two, letter, three)) + " - " + place):
        is_found("plate", value, shown.translate(script), "پلاکم {} است")
    assert parse("plate", value, TODAY) == value


@given(st.dates(date(2011, 3, 21), date(2032, 3, 19)), scripts, sentences, st.sampled_from("/-."))
def test_days(day: date, script: dict[int, int], sentence: str, separator: str) -> None:
    jalali = jdatetime.date.fromgregorian(date=day)
    is_found("date", day.isoformat(), jalali.strftime(f"%Y{separator}%m{separator}%d").translate(script), sentence)
    is_found(
        "date", day.isoformat(), f"{jalali.day} {MONTHS[jalali.month - 1]} {jalali.year}".translate(script), sentence
    )


@given(st.integers(0, 23), st.integers(0, 59), scripts, sentences)
def test_times(hour: int, minute: int, script: dict[int, int], sentence: str) -> None:
    value = f"{hour:02}:{minute:02}"
    is_found("time", value, value.translate(script), sentence)
    part, said = ("صبح", hour) if 0 < hour < 12 else ("بعد از ظهر", hour - 12 or 12) if hour else ("بامداد", 12)
    is_found("time", value, f"ساعت {in_words(said)} و {in_words(minute)} دقیقه {part}", sentence) if minute else None
    assert parse("time", f"{hour:02}{minute:02}#", TODAY) == value


@given(st.integers(1, 999_999), st.sampled_from([("تومان", 10), ("تومن", 10), ("ریال", 1)]), scripts, sentences)
def test_amounts(thousands: int, unit: tuple[str, int], script: dict[int, int], sentence: str) -> None:
    name, size = unit
    value = thousands * 1000 * size
    for shown in (f"{thousands * 1000:,} {name}", f"{thousands} هزار {name}", f"{in_words(thousands * 1000)} {name}"):
        is_found("amount", value, shown.translate(script), sentence)
