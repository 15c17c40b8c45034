"""The tracking code: random, checked, and read from whatever people write around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.tracking import TrackingCode, check_digit, looks_like_code

codes = st.integers(0, 9 * 10**8 - 1).map(lambda n: TrackingCode.new(lambda _: n))
DIGITS = {"fa": "۰۱۲۳۴۵۶۷۸۹", "ar": "٠١٢٣٤٥٦٧٨٩", "en": "0123456789", "full": "０１２３４５６７８９"}
SEPARATORS = ["", " ", "-", "\u200c", "\u00a0", " - ", "–", "."]


def in_digits(code: str, script: str) -> str:
    return code.translate(str.maketrans("0123456789", DIGITS[script]))


@given(codes)
def test_a_new_code_is_ten_digits_and_valid(code: TrackingCode) -> None:
    assert len(code) == 10
    assert code[0] != "0"
    assert TrackingCode(str(code)) == code


@given(codes, st.integers(0, 9), st.integers(1, 9))
def test_any_single_wrong_digit_is_noticed(code: TrackingCode, place: int, shift: int) -> None:
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]
    with pytest.raises(ValueError, match="digit"):
        TrackingCode(wrong)


@given(codes, st.integers(0, 8))
def test_any_swap_of_neighbours_is_noticed(code: TrackingCode, place: int) -> None:
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if swapped == code:
        return
    with pytest.raises(ValueError, match="digit"):
        TrackingCode(swapped)


@given(
    codes,
    st.sampled_from(sorted(DIGITS)),
    st.lists(st.sampled_from(SEPARATORS), min_size=9, max_size=9),
    st.sampled_from(["", "کد من ", "پیگیری: ", "my code is (", "لطفاً «"]),
    st.sampled_from(["", " است", "؟", ")", "»."]),
)
def test_a_code_is_found_in_any_digits_with_any_separators(
    code: TrackingCode, script: str, gaps: list[str], before: str, after: str
) -> None:
    written = "".join(d + g for d, g in zip(in_digits(code, script), [*gaps, ""], strict=True))
    assert TrackingCode.found_in(before + written + after) == code


@given(st.text(max_size=60))
def test_reading_any_text_never_fails_and_finds_only_valid_codes(text: str) -> None:
    found = TrackingCode.found_in(text)
    assert found is None or check_digit(found) == "0"


@pytest.mark.parametrize(
    "text",
    ["09123456789", "۰۹۱۲۳۴۵۶۷۸۹", "123456789", "12345678901", "1403-1234", "IR120170000000123456789012", ""],
)
def test_other_numbers_are_not_codes(text: str) -> None:
    assert TrackingCode.found_in(text) is None


def test_ten_digits_with_a_wrong_check_digit_look_like_a_code() -> None:
    code = TrackingCode.new()
    wrong = code[:9] + str((int(code[9]) + 1) % 10)
    assert TrackingCode.found_in(wrong) is None
    assert looks_like_code(f"کد {wrong}")


def test_the_second_of_two_candidates_may_be_the_code() -> None:
    code = TrackingCode.new()
    wrong = code[:9] + str((int(code[9]) + 1) % 10)
    assert TrackingCode.found_in(f"{wrong}، نه، {code}") == code


def test_a_code_is_shown_in_two_groups() -> None:
    code = TrackingCode.new(lambda _: 234567890)
    assert code.shown == f"{code[:5]} {code[5:]}"


def test_codes_are_not_sequential() -> None:
    fresh = [int(TrackingCode.new()) for _ in range(100)]
    assert len(set(fresh)) == 100
    assert fresh != sorted(fresh)
