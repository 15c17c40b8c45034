"""Where a notice goes: the citizen's ways in order, without those that are closed to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.messages import Address
from bot.core.notices import Attempt, Notice
from bot.core.ports import Consent, Way
from bot.courier.times import BACK_OFF

SEEN_AT_A_VISIT = "web"  # telling it there reaches nobody who does not come by
LAST = "mail"
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Over:
    """Nothing is to be sent: the state in which the notice ends, and why."""

    state: str
    why: str


def choose(
    notice: Notice,
    known: Sequence[Way],
    tried: Sequence[Attempt],
    senders: Collection[str],
    reached_at: Callable[[Address], Address],
) -> Address | Over:
    """`known`: all ways to the citizen, newest first. `senders`: channels that can tell. An address that none of them
    serves is told by the transcript, at the citizen's next visit."""
    own = reached_at(notice.address)
    if notice.doubt and notice.way:  # elsewhere it might be seen twice
        ways = [_known_as(notice.way, known)]
    else:
        ways = [way for way in _in_order(notice, own, known) if way.address.channel in senders]
    if not ways:
        return own
    allowed = [way for way in ways if _wanted(way, notice)]
    if not allowed:
        return Over("dropped", "not wanted")
    left = [way for way in allowed if notice.doubt or not _closed(way.address, tried)]
    # A provider that refused our own address once is asked once more: there is no other way to know.
    best = next((way for way in left if way.reachable or notice.urgent or notice.doubt), None)
    best = best or next((way for way in left if way.address == own), None)
    return best.address if best else Over("dead", (tried[-1].why or tried[-1].received) if tried else "unreachable")


def _in_order(notice: Notice, own: Address, known: Sequence[Way]) -> list[Way]:
    """The one that was chosen for news, the one that it is about, the others; none but its own for an urgent one."""
    mine = _known_as(own, known)
    if notice.urgent:
        return [mine]
    choices = (way for way in known if way.preferred_at and _wanted(way, notice))
    chosen = max(choices, key=lambda way: way.preferred_at or _NEVER, default=mine)
    others = [way for way in known if way.address.channel != SEEN_AT_A_VISIT]
    others.sort(key=lambda way: way.address.channel == LAST)  # stable
    return list({way.address: way for way in (chosen, mine, *others)}.values())


def _known_as(address: Address, known: Sequence[Way]) -> Way:
    return next((way for way in known if way.address == address), Way(address))


def _wanted(way: Way, notice: Notice) -> bool:
    return way.consent is Consent.EVERYTHING or (notice.urgent and way.consent is not Consent.NOTHING)


def _closed(address: Address, tried: Sequence[Attempt]) -> bool:
    """Whether this way is given up for the notice."""
    here = [attempt for attempt in tried if attempt.way == address]
    refused = any(attempt.outcome == "refused" or attempt.received == "undelivered" for attempt in here)
    return refused or len(here) > len(BACK_OFF)
