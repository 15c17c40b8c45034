"""When a notice is tried: again, and not in the quiet hours."""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta

from bot.core.catalogue import QuietHours

BACK_OFF = (5, 15, 60, 300, 900, 3600, 3600)  # seconds before the second, third… try of a way; then it is given up
JITTER = 0.2  # of the pause: those that failed together do not come again together


def pause(tries: int, retry_in: float) -> float:
    """Seconds after so many failed tries; never less than the provider asked for."""
    return max(retry_in, BACK_OFF[tries - 1]) * random.uniform(1, 1 + JITTER)  # noqa: S311 - to be apart, not secret


def end_of_quiet(quiet: QuietHours | None, now: datetime) -> datetime | None:
    """When the quiet hours that are now will be over; None while there are none. `now` in the organisation's zone."""
    if quiet is None:
        return None
    begins, ends = time.fromisoformat(quiet.begins), time.fromisoformat(quiet.ends)
    clock = now.time()
    inside = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
    if not inside:
        return None
    end = now.replace(hour=ends.hour, minute=ends.minute, second=0, microsecond=0)
    return end if clock < ends else end + timedelta(days=1)
