"""Bale: the same rows as Telegram's, by another door and in another markup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.channels.bale import bale
from bot.channels.telegram import Telegram
from tests.channels.baleapi import bale_callback, bale_message
from tests.contract.bench import Parts
from tests.contract.case import PUBLIC_URL, Call, Case, Failure
from tests.contract.channels.telegram import (
    SECRET,
    TICKET,
    TOKEN,
    failures,
    hearings,
    hurry,
    refusal,
    sayings,
    sent,
    unheard,
    usual,
)

PATH = "/channels/bale"


def _call(update: Any) -> Call:
    return Call(f"{PATH}/{SECRET}", json=update)


def _build(parts: Parts) -> Telegram:
    return bale(
        parts.gateway,
        parts.files,
        parts.contacts,
        parts.renderer,
        token=TOKEN,
        webhook_secret=SECRET,
        public_url=parts.public_url,
        api_url=parts.provider_url,
        commands=lambda language: [("menu", language)],
    )


def _at(path: str) -> Callable[[Call], Call]:
    return lambda call: replace(call, path=path)


BALE = Case(
    "bale",
    _build,
    hearings("bale", bale_message, bale_callback, _call, ""),
    sayings(
        " *12345 67894* ",
        "[desk.example.org/…]({safe})",
        "<b> & ∗a∗ ˍbˍ ˋcˋ ［d］(e)",
    ),
    unheard(bale_message, _call),
    forgings={
        "a wrong secret": _at(f"{PATH}/wrong"),
        "a longer secret": _at(f"{PATH}/{SECRET}x"),
        "a shorter secret": _at(f"{PATH}/{SECRET[:-1]}"),
        "another case": _at(f"{PATH}/{SECRET.upper()}"),
        "a secret that is no ASCII": _at(f"{PATH}/سرّ"),
        "a header as Telegram's": lambda call: replace(
            call, path=f"{PATH}/x", headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}
        ),
    },
    failures=(
        *failures(),
        Failure(
            "knows nobody of that number",
            refusal(404, "Not Found: no such group or user"),
            retry=False,
            unreachable=True,
            turn=200,
        ),
    ),
    startup=(sent("getMe"), sent("setWebhook", url=f"{PUBLIC_URL}{PATH}/{SECRET}")),
    provider=usual,
    authentic=_call,
    secrets=(TOKEN, SECRET, TICKET),
    hurry=hurry,
)
