"""Values in whole sentences: found where they stand, told apart, and none where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ports import Entity, Unreadable
from bot.core.tracking import TrackingCode
from bot.nlu.entities import KINDS, find_entities, parse
from tests.nlu.test_entities import TODAY, persian_digits, reason


def likeliest(text: str) -> list[Entity]:
    """Of alternatives the first."""
    taken: list[Entity] = []
    for each in find_entities(text, TODAY):
        if not any(each.start < other.end and other.start < each.end for other in taken):
            taken.append(each)
    return taken


UTTERANCES = [
    tuple(part.strip() for part in line.split("|"))
    for line in Path(__file__).with_name("utterances.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("text", "expected"), UTTERANCES)
def test_an_utterance_holds(text: str, expected: str) -> None:
    assert "; ".join(f"{each.kind} {each.value}" for each in likeliest(text)) == expected


def test_a_sentence_with_everything_in_it() -> None:
    code = (
        TrackingCode("1000000009")
        if is_code("1000000009")
        else next(TrackingCode(str(n)) for n in range(10**9, 10**9 + 100) if is_code(str(n)))
    )
    text = (
        f"سلام،\u200c کد {code.shown} من، ۰۹۱۲‌۳۴۵ ۶۷۸۹ و کد ملی ۰۰۱۲۳۴۵۶۷۹؛ برای پس‌فردا a.B@C.com، ۲۵۰ متر، پونصد و سه"
    )
    found = {(e.kind, e.value): text[e.start : e.end] for e in likeliest(text)}
    assert found == {
        ("tracking_code", str(code)): code.shown,
        ("mobile", "+989123456789"): "۰۹۱۲‌۳۴۵ ۶۷۸۹",
        ("national_id", "0012345679"): "۰۰۱۲۳۴۵۶۷۹",
        ("date", "2026-11-25"): "پس‌فردا",
        ("email", "a.B@c.com"): "a.B@C.com",
        ("number", 250): "۲۵۰",
        ("number", 503): "پونصد و سه",
    }


def is_code(digits: str) -> bool:
    return TrackingCode.found_in(digits) is not None


@pytest.mark.parametrize("text", ["یک سؤال دارم", "سلام، خوبی؟", "", "👍", "نه", "1403-۱۲۳۴/۵ نامه"])
def test_nothing_is_seen_where_nothing_is(text: str) -> None:
    assert [e for e in find_entities(text, TODAY) if e.kind != "number"] == []
    assert {e.value for e in find_entities(text, TODAY)} <= {1403, 1234}


@given(
    st.integers(10**8, 10**9 - 1),
    st.sampled_from(["{}", "کدم {} است", "{}؟", "code: {}!"]),
    st.sampled_from(["", " ", "-", "\u200c"]),
)
def test_tracking_codes_are_found_in_sentences(body: int, sentence: str, gap: str) -> None:
    code = next(TrackingCode(f"{body}{d}") for d in range(10) if is_code(f"{body}{d}"))
    text = sentence.format(gap.join((code[:5], code[5:])).translate(persian_digits))
    assert parse("tracking_code", text, TODAY) == code
    assert any(e.kind == "tracking_code" and e.value == code for e in find_entities(text, TODAY))
    wrong = code[:9] + str((int(code[9]) + 1) % 10)
    assert reason("tracking_code", wrong) == "tracking_code.check_digit"


def is_read_or_refused(text: str) -> None:
    for entity in find_entities(text, TODAY):
        assert 0 <= entity.start < entity.end <= len(text)
    for kind in KINDS:
        try:
            value = parse(kind, text, TODAY)
        except Unreadable:
            continue
        assert isinstance(value, int) == (kind in ("number", "amount"))
        assert parse(kind, f"{value} ریال" if kind == "amount" else str(value), TODAY) == value


@given(st.text() | st.text(alphabet=st.sampled_from("۰۱۲۳۴۵۶۷۸۹0123456789/-. +@abcفرداشنبهمهروزدیگه\u200cﷲ½²")))
def test_any_text_is_read_or_refused(text: str) -> None:
    is_read_or_refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "1" * 10_000,
        "9 " * 5000,
        "یک و " * 2500,
        "15 آبان " * 1250,
        "1/2/" * 2500,
        "a@" * 5000,
        "(0(9(1" * 1700,
        "\u200c" * 10_000,
    ],
)
def test_long_nonsense_is_no_trouble(text: str) -> None:
    is_read_or_refused(text)
