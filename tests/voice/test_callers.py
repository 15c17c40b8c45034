"""Numbers in any spelling are one caller; hidden ones are nobody's."""

from __future__ import annotations

import pytest

from bot.channels.voice.callers import address_of, number_of, takes_texts
from bot.core.messages import Address


@pytest.mark.parametrize(
    "given",
    [
        "+989121234567",
        "+98 912 123 4567",
        "00989121234567",
        "989121234567",
        "09121234567",
        "9121234567",
        "+9809121234567",
        "۰۹۱۲۱۲۳۴۵۶۷",
        "0912-123-4567",
        "(0912) 123.4567",
        "sip:09121234567@10.0.0.1",
        '"Ann Example" <09121234567>',
        "tel:+989121234567",
    ],
)
def test_one_number_in_many_spellings(given: str) -> None:
    assert number_of(given) == "+989121234567"
    assert address_of(given, "c1") == Address("voice", "+989121234567")


@pytest.mark.parametrize(("given", "number"), [("02122334455", "+982122334455"), ("+12025550123", "+12025550123")])
def test_landlines_and_other_countries(given: str, number: str) -> None:
    assert number_of(given) == number


@pytest.mark.parametrize(
    "given", ["", "anonymous", "unknown", "Restricted", "+266696687", "204", "<>", "+", "0", "۱۲۳abc"]
)
def test_a_hidden_caller_is_known_by_the_call(given: str) -> None:
    assert number_of(given) == ""
    assert address_of(given, "c1") == Address("voice", "call-c1")
    assert address_of(given, "c1").number == ""


def test_landlines_of_iran_take_no_texts() -> None:
    assert takes_texts("+989121234567")
    assert takes_texts("+12025550123")
    assert not takes_texts("+982122334455")
