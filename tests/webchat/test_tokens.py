from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.channels.webchat.tokens import Seal
from bot.core.messages import Attachment

FILE = Attachment("f1", "نقشهٔ ملک.pdf", "application/pdf", 1234)


def test_a_token_names_its_session_and_no_other() -> None:
    seal = Seal("secret")
    session = seal.new_session()
    assert seal.session(seal.token(session)) == session
    assert seal.new_session() != session


SPOILS: list[Callable[[str], str]] = [
    lambda token: "",
    lambda token: "x" + token,
    lambda token: token[:-1],
    lambda token: token.split(".")[0],
    lambda token: "." + token.split(".")[1],
    lambda token: token + "é",
    lambda token: "\udcff.\udcff",
]


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_forged_token_names_none(spoil: Callable[[str], str]) -> None:
    seal = Seal("secret")
    assert seal.session(spoil(seal.token(seal.new_session()))) is None


def test_another_secret_makes_other_tokens() -> None:
    token = Seal("one").token("abc")
    assert Seal("one").session(token) == "abc"
    assert Seal("two").session(token) is None


def test_an_empty_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="secret"):
        Seal("")


def test_an_upload_belongs_to_its_session() -> None:
    seal = Seal("secret")
    upload = seal.upload("mine", FILE)
    assert seal.attachment("mine", upload) == FILE
    assert seal.attachment("yours", upload) is None
    assert seal.attachment("mine", upload[:-2] + "AA") is None
    assert seal.attachment("mine", seal.token("mine")) is None
