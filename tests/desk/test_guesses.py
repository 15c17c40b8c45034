"""`Desk.look_up` and `Desk.unlock`: how often one may guess."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.core.messages import Address
from bot.core.requests import TooManyAttempts
from bot.core.tracking import TrackingCode
from bot.desk.limits import Limit, refuse_beyond
from tests.desk.office import HOME, MONDAY, STRANGER, Office

RIGHT, WRONG = "1234", "4321"


def address(number: int) -> Address:
    return Address("web", f"guest{number}")


async def guess_codes(office: Office, count: int, by: Address = STRANGER) -> None:
    for _ in range(count):
        assert await office.desk.look_up(TrackingCode.new(), by) is None


async def test_a_code_is_found_however_it_was_typed(office: Office) -> None:
    request = await office.file()
    persian = request.code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    for typed in (request.code, request.code.shown, persian, f"کد من {persian} است"):
        assert await office.desk.look_up(typed, STRANGER) == request


async def test_after_ten_codes_that_are_none_one_has_to_wait(office: Office) -> None:
    request = await office.file()
    await guess_codes(office, 10)
    for code in (TrackingCode.new(), request.code):
        with pytest.raises(TooManyAttempts) as refused:
            await office.desk.look_up(code, STRANGER)
        assert refused.value.minutes == 15
    assert await office.desk.look_up(request.code, address(1)) == request
    office.later(minutes=14, seconds=30)
    with pytest.raises(TooManyAttempts) as refused:
        await office.desk.look_up(request.code, STRANGER)
    assert refused.value.minutes == 1
    office.later(seconds=30)
    assert await office.desk.look_up(request.code, STRANGER) == request


async def test_a_known_code_buys_no_more_guesses(office: Office) -> None:
    request = await office.file()
    await guess_codes(office, 9)
    assert await office.desk.look_up(request.code, STRANGER) == request
    await guess_codes(office, 1)
    with pytest.raises(TooManyAttempts):
        await guess_codes(office, 1)


async def test_what_is_no_code_is_no_guess(office: Office) -> None:
    for _ in range(20):
        assert await office.desk.look_up("سلام 12345", STRANGER) is None
    await guess_codes(office, 10)


async def test_the_filers_own_look_ups_are_never_refused(office: Office) -> None:
    request = await office.file()
    await guess_codes(office, 10, by=HOME)
    for _ in range(3):
        assert await office.desk.look_up(request.code, HOME) == request
    with pytest.raises(TooManyAttempts):
        await guess_codes(office, 1, by=HOME)


async def test_all_guesses_at_once_are_counted(office: Office) -> None:
    guesses = [office.desk.look_up(TrackingCode.new(), STRANGER) for _ in range(40)]
    results = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(result is None for result in results) == 10
    assert sum(isinstance(result, TooManyAttempts) for result in results) == 30


# --- the second factor --------------------------------------------------------------------------


async def test_the_last_four_digits_unlock_in_any_digits(office: Office) -> None:
    code = (await office.file()).code
    assert await office.desk.unlock(code, RIGHT, STRANGER)
    assert await office.desk.unlock(code, "۱۲۳۴", STRANGER)
    for digits in (WRONG, "", "234", "01234", "+989120001234", "abcd", "آآآآ"):
        assert not await office.desk.unlock(code, digits, address(len(digits)))


async def test_without_a_number_nothing_unlocks(office: Office) -> None:
    code = (await office.file(mobile="")).code
    for digits in ("", "0000"):
        assert not await office.desk.unlock(code, digits, STRANGER)
    assert not await office.desk.unlock(TrackingCode.new(), "", STRANGER)


async def test_after_five_wrong_ones_the_address_has_to_wait(office: Office) -> None:
    code, other = (await office.file()).code, (await office.file()).code
    for n in range(5):
        assert not await office.desk.unlock((code, other)[n % 2], WRONG, STRANGER)
    for each in (code, other):
        with pytest.raises(TooManyAttempts):
            await office.desk.unlock(each, RIGHT, STRANGER)
    assert await office.desk.unlock(code, RIGHT, address(1))
    office.later(minutes=15)
    assert await office.desk.unlock(code, RIGHT, STRANGER)


async def test_after_ten_wrong_ones_by_anybody_the_code_has_to_wait(office: Office) -> None:
    code, other = (await office.file()).code, (await office.file()).code
    for n in range(10):
        assert not await office.desk.unlock(code, WRONG, address(n))
    with pytest.raises(TooManyAttempts) as refused:
        await office.desk.unlock(code, RIGHT, STRANGER)
    assert refused.value.minutes == 60
    assert await office.desk.unlock(other, RIGHT, STRANGER)
    office.later(hours=1)
    assert await office.desk.unlock(code, RIGHT, STRANGER)


async def test_a_right_one_forgets_the_wrong_ones_before(office: Office) -> None:
    code = (await office.file()).code
    for _ in range(4):
        for _ in range(4):
            assert not await office.desk.unlock(code, WRONG, STRANGER)
        assert await office.desk.unlock(code, RIGHT, STRANGER)


async def test_ones_own_request_buys_no_guesses_at_anothers(office: Office) -> None:
    own, anothers = (await office.file()).code, (await office.file()).code
    for _ in range(4):
        assert not await office.desk.unlock(anothers, WRONG, STRANGER)
    assert await office.desk.unlock(own, RIGHT, STRANGER)
    assert not await office.desk.unlock(anothers, WRONG, STRANGER)
    with pytest.raises(TooManyAttempts):
        await office.desk.unlock(anothers, WRONG, STRANGER)


async def test_look_ups_and_second_factors_are_counted_apart(office: Office) -> None:
    code = (await office.file()).code
    await guess_codes(office, 10)
    assert await office.desk.unlock(code, RIGHT, STRANGER)


@pytest.mark.parametrize(
    ("minutes_ago", "wait"),
    [((9, 5, 1), 1), ((9.5, 5, 1), 1), ((8.5, 5, 1), 2), ((9, 5, 1, 0), 5), ((0, 0, 0), 10)],
)
def test_one_waits_until_the_oldest_failure_that_counts_is_forgotten(minutes_ago: list[float], wait: int) -> None:
    with pytest.raises(TooManyAttempts) as refused:
        refuse_beyond(Limit(3, timedelta(minutes=10)), [MONDAY - timedelta(minutes=m) for m in minutes_ago], MONDAY)
    assert refused.value.minutes == wait


@pytest.mark.parametrize("minutes_ago", [(), (5, 1), (10, 5, 1), (90, 60, 30, 9, 8)])
def test_failures_outside_the_window_do_not_count(minutes_ago: list[float]) -> None:
    refuse_beyond(Limit(3, timedelta(minutes=10)), [MONDAY - timedelta(minutes=m) for m in minutes_ago], MONDAY)
