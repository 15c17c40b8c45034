"""Where a notice goes, and when it is tried."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.catalogue import QuietHours
from bot.core.messages import Address
from bot.core.notices import Attempt, Notice
from bot.core.ports import Consent, Way
from bot.courier.times import BACK_OFF, end_of_quiet, pause
from bot.courier.ways import Over, choose
from tests.courier.house import ADA, MAIL, NOW, TEXT, WEB

SENDERS = ("web", "telegram", "sms", "mail")
CALL = Address("voice", TEXT.id)
OFF = Consent.REPLIES


def way_of(to: Address, *known: Way, tried: tuple[Attempt, ...] = (), urgent: bool = False) -> Address | Over:
    notice = Notice("1", to, "/told", NOW, urgent=urgent)

    def reached_at(address: Address) -> Address:
        return Address("sms", address.number) if address.number else address

    return choose(notice, known, tried, SENDERS, reached_at)


def attempt(way: Address, outcome: str, received: str = "") -> Attempt:
    return Attempt(1, way, NOW, outcome, why="because", received=received)


@pytest.mark.parametrize("to", [ADA, WEB, MAIL, TEXT])
def test_it_goes_where_it_is_about(to: Address) -> None:
    assert way_of(to) == to
    assert way_of(to, Way(MAIL), Way(ADA), Way(TEXT), Way(WEB)) == to


def test_a_caller_is_told_by_text() -> None:
    assert way_of(CALL, Way(CALL)) == TEXT


def test_what_was_chosen_last_comes_first() -> None:
    chosen = [Way(MAIL, preferred_at=NOW), Way(WEB, preferred_at=NOW + timedelta(1)), Way(ADA)]
    assert way_of(ADA, *chosen) == WEB
    assert way_of(ADA, *chosen, tried=(attempt(WEB, "refused"),)) == ADA


def test_then_the_newest_and_mail_last_and_never_the_web_unasked() -> None:
    known = [Way(MAIL), Way(WEB), Way(TEXT), Way(ADA)]
    refused: tuple[Attempt, ...] = ()
    gone = []
    for _ in range(4):
        chosen = way_of(Address("telegram", "9"), *known, tried=refused)
        gone.append(chosen)
        refused += (attempt(chosen, "refused"),) if isinstance(chosen, Address) else ()
    assert gone == [Address("telegram", "9"), TEXT, ADA, MAIL]
    assert way_of(Address("telegram", "9"), *known, tried=refused) == Over("dead", "because")


def test_what_was_not_delivered_or_failed_too_often_goes_another_way() -> None:
    known = [Way(TEXT), Way(ADA)]
    assert way_of(TEXT, *known, tried=(attempt(TEXT, "sent", "undelivered"),)) == ADA
    failed = tuple(attempt(TEXT, "failed") for _ in BACK_OFF)
    assert way_of(TEXT, *known, tried=failed) == TEXT
    assert way_of(TEXT, *known, tried=(*failed, attempt(TEXT, "failed"))) == ADA


def test_who_cannot_be_reached_there_is_told_elsewhere_and_else_there_all_the_same() -> None:
    assert way_of(ADA, Way(ADA, reachable=False), Way(TEXT)) == TEXT
    assert way_of(ADA, Way(ADA, reachable=False), Way(TEXT, reachable=False)) == ADA


def test_only_where_it_is_wanted() -> None:
    assert way_of(ADA, Way(ADA, consent=OFF), Way(TEXT)) == TEXT
    assert way_of(ADA, Way(ADA, consent=OFF), Way(TEXT, consent=Consent.NOTHING)) == Over("dropped", "not wanted")
    assert way_of(ADA, Way(ADA, consent=OFF, preferred_at=NOW), Way(TEXT)) == TEXT
    earlier = Way(MAIL, preferred_at=NOW - timedelta(1))
    assert way_of(ADA, Way(TEXT, consent=OFF, preferred_at=NOW), earlier) == MAIL, "the choice before holds again"


def test_an_urgent_one_goes_to_its_address_alone() -> None:
    known = [Way(ADA, preferred_at=NOW), Way(TEXT, reachable=False, consent=OFF)]
    assert way_of(TEXT, *known, urgent=True) == TEXT
    assert way_of(CALL, *known, urgent=True) == TEXT
    refused = (attempt(TEXT, "refused"),)
    assert way_of(TEXT, *known, tried=refused, urgent=True) == Over("dead", "because")
    never = Way(TEXT, consent=Consent.NOTHING)
    assert way_of(TEXT, never, urgent=True) == Over("dropped", "not wanted")


def test_what_nothing_can_tell_stands_in_the_transcript() -> None:
    desk = Address("console", "me")
    assert way_of(desk) == desk
    assert way_of(desk, Way(desk), Way(ADA)) == ADA


# --- when ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "end"),
    [
        ("21:59", None),
        ("22:00", "2026-11-24T07:00"),
        ("23:59", "2026-11-24T07:00"),
        ("00:00", "2026-11-23T07:00"),
        ("06:59", "2026-11-23T07:00"),
        ("07:00", None),
    ],
)
def test_quiet_hours_go_over_midnight(clock: str, end: str | None) -> None:
    now = datetime.fromisoformat(f"2026-11-23T{clock}:30").replace(tzinfo=timezone(timedelta(hours=3.5)))
    over = end_of_quiet(QuietHours("22:00", "07:00"), now)
    assert (over.strftime("%Y-%m-%dT%H:%M") if over else None) == end
    assert over is None or over.utcoffset() == now.utcoffset()


_CLOCKS = st.times().map(lambda t: t.strftime("%H:%M"))


@settings(max_examples=50)
@given(_CLOCKS, _CLOCKS, st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
def test_the_end_of_quiet_is_within_a_day_and_not_quiet_itself(begins: str, ends: str, at: datetime) -> None:
    quiet, now = QuietHours(begins, ends), at.replace(tzinfo=UTC)
    if begins == ends:
        return  # the content refuses it
    end = end_of_quiet(quiet, now)
    if end:
        assert now < end <= now + timedelta(days=1)
        assert end_of_quiet(quiet, end) is None


@given(st.integers(1, len(BACK_OFF)), st.floats(0, 10_000))
def test_a_pause_is_never_shorter_than_was_asked_for(tries: int, retry_in: float) -> None:
    asked = max(retry_in, BACK_OFF[tries - 1])
    assert asked <= pause(tries, retry_in) <= asked * 1.21
