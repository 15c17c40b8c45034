"""How often one may guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from bot.core.requests import TooManyAttempts


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures inside the window; the next guess has to wait until the oldest of them has left it."""

    failures: int
    window: timedelta


LOOK_UPS = Limit(10, timedelta(minutes=15))  # codes that there are not, by one address
UNLOCKS_BY_ADDRESS = Limit(5, timedelta(minutes=15))  # second factors, by one address
UNLOCKS_OF_CODE = Limit(10, timedelta(hours=1))  # second factors of one request, by anybody


def refuse_beyond(limit: Limit, failed_at: Sequence[datetime], now: datetime) -> None:
    """Raises TooManyAttempts when the limit is used up. `failed_at`: oldest first."""
    recent = [at for at in failed_at if at > now - limit.window]
    if len(recent) >= limit.failures:
        free_at = recent[-limit.failures] + limit.window
        raise TooManyAttempts(max(1, ceil((free_at - now) / timedelta(minutes=1))))
