"""How often one may guess."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from bot.core.messages import Address
from bot.core.records import Failure
from bot.core.requests import TooManyAttempts

Rule = Callable[[Sequence[Failure]], bool]


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures inside the window; the next guess has to wait until the oldest of them has left it."""

    failures: int
    window: timedelta


LOOK_UPS = Limit(10, timedelta(minutes=15))  # codes that there are not, by one address
UNLOCKS_BY_ADDRESS = Limit(5, timedelta(minutes=15))  # second factors, by one address
UNLOCKS_OF_CODE = Limit(10, timedelta(hours=1))  # second factors of one request, by anybody
CODES_BY_ADDRESS = Limit(5, timedelta(minutes=15))  # wrong one-time codes, by one address
CODES_OF_NUMBER = Limit(10, timedelta(hours=1))  # wrong one-time codes for one number, by anybody
SENT_BY_ADDRESS = Limit(3, timedelta(minutes=15))  # one-time codes that one address has sent
SENT_TO_NUMBER = Limit(5, timedelta(hours=1))  # one-time codes that one number gets
TEXTS_TO_NUMBER = Limit(5, timedelta(hours=1))  # texts that nobody but a caller asked for


def counted(by: Address, code: str, limits: tuple[Limit, Limit], now: datetime, right: bool) -> Rule:
    """A rule for `Records.guess`: the first limit holds for this address, the second for this code."""
    of_address, of_code = limits

    def rule(failures: Sequence[Failure]) -> bool:
        refuse_beyond(of_address, [f.at for f in failures if f.address == by], now)
        refuse_beyond(of_code, [f.at for f in failures if f.code == code], now)
        return right

    return rule


def refuse_beyond(limit: Limit, failed_at: Sequence[datetime], now: datetime) -> None:
    """Raises TooManyAttempts when the limit is used up. `failed_at`: oldest first."""
    recent = [at for at in failed_at if at > now - limit.window]
    if len(recent) >= limit.failures:
        free_at = recent[-limit.failures] + limit.window
        raise TooManyAttempts(max(1, ceil((free_at - now) / timedelta(minutes=1))))
