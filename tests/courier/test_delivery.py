"""What becomes of a notice, in every case that a provider makes of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.core.catalogue import QuietHours
from bot.core.messages import Address, Event, Inbound
from bot.core.notices import Notice
from bot.core.ports import Consent, Rate, SendFailed, StoreUnavailable
from bot.courier import Delivery, delivery
from bot.courier.delivery import DELIVERY, LEASE, STUMBLES
from bot.courier.times import BACK_OFF, JITTER
from tests.courier.house import ADA, BEE, MAIL, NOW, TEXT, WEB, House

LONGEST = BACK_OFF[-1] * (1 + JITTER)

# --- it goes well -------------------------------------------------------------------------------


async def test_a_notice_is_a_turn_and_its_replies_are_sent(house: House) -> None:
    house.put("/told a")
    assert await house.courier.round() == 1
    assert house.gateway.heard == [Inbound(id="notice:0", address=ADA, event=Event.NOTICE, value="/told a")]
    assert house.telegram.calls == [(ADA, "/told a", "notice:0")]
    (attempt,) = (await house.record("/told a")).attempts
    assert (attempt.way, attempt.outcome, attempt.message) == (ADA, "sent", "m1")
    assert await house.state("/told a") == ("sent", "")
    assert house.told == [Delivery("telegram", "sent", 0.0, 1)]


async def test_without_a_sender_the_transcript_tells_it_later(house: House) -> None:
    house.put("/told a", to=Address("console", "me"))
    await house.rounds()
    assert await house.state("/told a") == ("delivered", "")
    assert len(house.gateway.heard) == 1
    assert (await house.record("/told a")).attempts == ()


async def test_nothing_to_say_is_done_with(house: House) -> None:
    house.gateway.silent.add("/told a")
    house.put("/told a")
    await house.rounds()
    assert await house.state("/told a") == ("dropped", "nothing to say")
    assert house.telegram.calls == []


async def test_what_is_no_news_any_more_is_dropped_unsaid(house: House) -> None:
    house.put("/told a", "/told b")
    house.stale.add("/told a")
    await house.rounds()
    assert await house.state("/told a") == ("dropped", "stale")
    assert house.telegram.shown == [(ADA, "/told b")]
    assert [heard.value for heard in house.gateway.heard] == ["/told b"]


async def test_what_has_run_out_is_dropped(house: House) -> None:
    house.put("/code 1", to=TEXT, urgent=True, until=NOW + timedelta(minutes=5))
    house.clock.passes(minutes=5, seconds=1)
    await house.rounds()
    assert await house.state("/code 1") == ("dropped", "stale")


async def test_a_one_time_code_is_told_without_a_turn(house: House) -> None:
    house.put("/code 1", to=TEXT, urgent=True)
    await house.rounds()
    assert house.sms.shown == [(TEXT, "/code 1")]
    assert house.gateway.heard == [], "no transcript has it"


# --- it is tried again --------------------------------------------------------------------------


async def test_a_busy_provider_is_tried_again_and_not_before(house: House) -> None:
    house.telegram.failures["/told a"] = SendFailed("busy", retry_in=30)
    house.put("/told a")
    await house.rounds()
    house.clock.passes(29)
    assert await house.courier.round() == 0
    house.telegram.failures.clear()
    house.clock.passes(30 * JITTER + 1)
    await house.rounds()
    assert await house.state("/told a") == ("sent", "")
    assert await house.outcomes("/told a") == [("telegram", "failed"), ("telegram", "sent")]
    assert [h.id for h in house.gateway.heard] == ["notice:0"] * 2  # the gateway replays, the words are the same
    assert house.told[-1].seconds >= 30


async def test_a_provider_that_never_recovers_is_given_up(house: House) -> None:
    house.telegram.failures["/told a"] = SendFailed("timeout", retry_in=1)
    house.put("/told a")
    for _ in range(len(BACK_OFF) + 3):
        await house.rounds()
        house.clock.passes(LONGEST)
    assert len(house.telegram.calls) == len(BACK_OFF) + 1
    assert await house.state("/told a") == ("dead", "timeout")
    assert house.told[-1].outcome == "dead"


async def test_an_address_keeps_its_order_while_others_go_on(house: House) -> None:
    house.telegram.failures["/told a1"] = SendFailed("busy", retry_in=20)
    for command, to in (("/told a1", ADA), ("/told b1", BEE), ("/told a2", ADA), ("/told b2", BEE)):
        house.put(command, to=to)
    await house.rounds()
    assert [command for _, command in house.telegram.shown] == ["/told b1", "/told b2"]
    house.telegram.failures.clear()
    assert await house.courier.round() == 0  # a2 is due, but a1 comes first
    house.clock.passes(20 * (1 + JITTER))
    await house.rounds()
    assert [command for _, command in house.telegram.shown] == ["/told b1", "/told b2", "/told a1", "/told a2"]


async def test_urgent_ones_wait_for_nothing(house: House) -> None:
    house.sms.failures["/told a"] = SendFailed("busy", retry_in=20)
    house.quiet = QuietHours("00:00", "23:59")
    house.sms.rate = Rate(1, 1)
    house.limits.waits = {f"send {TEXT}": [100.0], "send sms": [100.0]}
    house.put("/told a", to=TEXT)
    house.put("/code 1", "/code 2", to=TEXT, urgent=True)
    await house.rounds()
    assert [command for _, command in house.sms.shown] == ["/code 1", "/code 2"]
    assert await house.state("/told a") == ("pending", "")


async def test_our_own_failure_is_tried_again_later_and_not_for_ever(house: House) -> None:
    house.gateway.broken = OSError("out of order")
    house.put("/told a")
    await house.rounds()
    assert await house.state("/told a") == ("pending", "failed on our side")
    house.gateway.broken = None
    house.clock.passes(BACK_OFF[0] * (1 + JITTER))
    await house.rounds()
    assert await house.state("/told a") == ("sent", "")
    house.gateway.broken = OSError("out of order")
    house.put("/told b")
    for _ in range(len(BACK_OFF) + 3):
        await house.rounds()
        house.clock.passes(LONGEST)
    assert await house.state("/told b") == ("dead", "failed on our side")


async def test_what_cannot_even_be_looked_at_is_given_up_and_keeps_none_waiting(house: House) -> None:
    async def fail(notice: Notice) -> bool:
        if notice.command == "/told poison":
            raise ValueError("no entry")
        return True

    house.courier._deliverer.is_news = fail
    house.put("/told poison", "/told b")
    for _ in range(STUMBLES):
        assert house.telegram.shown == []
        await house.rounds()
        house.clock.passes(LONGEST)
    assert await house.state("/told poison") == ("dead", "failed on our side")
    assert house.telegram.shown == [(ADA, "/told b")]
    assert house.told[-1].outcome == "sent" and house.told[-2].outcome == "dead"


async def test_a_store_that_does_not_answer_counts_for_no_try(house: House) -> None:
    house.gateway.broken = StoreUnavailable("away", retry_in=2)
    house.put("/told a")
    await house.courier.round()
    assert await house.state("/told a") == ("pending", "")
    assert (await house.record("/told a")).notice.tries == 0
    assert await house.courier.round() == 0
    house.gateway.broken = None
    house.clock.passes(2)
    await house.rounds()
    assert await house.state("/told a") == ("sent", "")


# --- it is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [SendFailed("blocked", unreachable=True), SendFailed("malformed")])
async def test_a_final_no_is_taken_at_once(house: House, failure: SendFailed) -> None:
    house.telegram.failures["/told a"] = failure
    house.put("/told a", "/told b")
    await house.rounds()
    assert await house.state("/told a") == ("dead", failure.why)
    assert await house.outcomes("/told a") == [("telegram", "refused")]
    assert house.telegram.shown == [(ADA, "/told b")]


async def test_a_final_no_goes_the_citizen_s_next_way(house: House) -> None:
    await house.owns(MAIL, TEXT, ADA)
    house.telegram.failures["/told a"] = SendFailed("blocked", unreachable=True)
    house.sms.failures["/told a"] = SendFailed("no credit")
    house.put("/told a")
    await house.rounds()
    assert await house.outcomes("/told a") == [("telegram", "refused"), ("sms", "refused"), ("mail", "sent")]
    assert [heard.address for heard in house.gateway.heard] == [ADA, TEXT, MAIL], "it is a turn where it is told"
    assert await house.state("/told a") == ("sent", "")


async def test_a_way_that_never_recovers_is_followed_by_the_next(house: House) -> None:
    await house.owns(TEXT, ADA)
    house.telegram.failures["/told a"] = SendFailed("timeout", retry_in=1)
    house.put("/told a")
    for _ in range(len(BACK_OFF) + 3):
        await house.rounds()
        house.clock.passes(LONGEST)
    assert house.sms.shown == [(TEXT, "/told a")]
    assert len(house.telegram.calls) == len(BACK_OFF) + 1


async def test_who_wants_no_news_gets_none(house: House) -> None:
    await house.owns(ADA, TEXT)
    await house.contacts.allow(ADA, Consent.REPLIES)
    house.put("/told a")
    await house.rounds()
    assert house.sms.shown == [(TEXT, "/told a")]
    await house.contacts.allow(TEXT, Consent.NOTHING)
    house.put("/told b")
    house.put("/code 1", to=TEXT, urgent=True)
    await house.rounds()
    assert await house.state("/told b") == ("dropped", "not wanted")
    assert await house.state("/code 1") == ("dropped", "not wanted")
    assert [heard.value for heard in house.gateway.heard] == ["/told a"]
    await house.contacts.allow(TEXT, Consent.REPLIES)
    house.put("/code 2", to=TEXT, urgent=True)
    await house.rounds()
    assert house.sms.shown[1:] == [(TEXT, "/code 2")], "asked for just now"


async def test_news_go_where_the_citizen_wants_them(house: House) -> None:
    await house.owns(WEB, ADA, MAIL)
    await house.contacts.prefer(MAIL)
    house.put("/told a")
    house.put("/told b", to=WEB)
    await house.rounds()
    assert house.mail.shown == [(MAIL, "/told a"), (MAIL, "/told b")]


# --- doubt --------------------------------------------------------------------------------------


async def test_what_may_have_been_sent_is_repeated_where_that_shows_it_once(house: House) -> None:
    house.web.lost.add("/told a")
    house.put("/told a", to=WEB)
    await house.rounds()
    assert await house.state("/told a") == ("pending", "timeout")
    house.web.lost.clear()
    house.clock.passes(BACK_OFF[0] * (1 + JITTER))
    await house.rounds()
    assert await house.state("/told a") == ("sent", "")
    assert await house.outcomes("/told a") == [("web", "doubtful"), ("web", "sent")]
    assert house.web.shown == [(WEB, "/told a")]
    assert house.web.since == [None, NOW], "the provider may be asked for what it took since then"


async def test_what_may_have_been_sent_is_else_left_to_a_human(house: House) -> None:
    await house.owns(TEXT, ADA)
    house.telegram.lost.add("/told a")
    house.put("/told a", "/told b")
    await house.rounds()
    assert await house.state("/told a") == ("dead", "doubtful")
    assert house.telegram.shown == [(ADA, "/told a"), (ADA, "/told b")], "and it keeps nothing waiting"
    assert house.sms.shown == [], "nor is it seen twice elsewhere"


async def test_doubt_goes_no_other_way(house: House) -> None:
    await house.owns(TEXT, MAIL)
    house.mail.lost.add("/told a")
    house.put("/told a", to=MAIL)
    await house.rounds()
    house.mail.failures["/told a"] = SendFailed("mailbox gone")
    house.clock.passes(BACK_OFF[0] * (1 + JITTER))
    await house.rounds()
    assert await house.state("/told a") == ("dead", "doubtful")
    assert house.sms.shown == []


async def test_doubt_stays_where_it_is_though_another_way_was_chosen_meanwhile(house: House) -> None:
    await house.owns(TEXT, MAIL)
    house.mail.lost.add("/told a")
    house.put("/told a", to=MAIL)
    await house.rounds()
    house.mail.lost.clear()
    await house.contacts.prefer(TEXT)
    house.clock.passes(BACK_OFF[0] * (1 + JITTER))
    await house.rounds()
    assert (house.mail.shown, house.sms.shown) == ([(MAIL, "/told a")], [])
    assert await house.state("/told a") == ("sent", "")


async def test_who_said_stop_meanwhile_is_sent_nothing_again(house: House) -> None:
    await house.owns(MAIL)
    house.mail.lost.add("/told a")
    house.put("/told a", to=MAIL)
    await house.rounds()
    await house.contacts.allow(MAIL, Consent.REPLIES)
    house.clock.passes(BACK_OFF[0] * (1 + JITTER))
    await house.rounds()
    assert await house.state("/told a") == ("dropped", "not wanted")
    assert len(house.mail.calls) == 1


async def test_a_provider_that_does_not_answer_in_time_may_have_taken_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "DELIVERY", 0.01)
    house.telegram.hangs.add("/told a")
    house.put("/told a")
    await house.rounds()
    assert await house.state("/told a") == ("dead", "doubtful")


async def test_a_sender_that_breaks_may_have_sent(house: House) -> None:
    house.telegram.failures["/told a"] = KeyError("a mistake of ours")
    house.put("/told a")
    await house.rounds()
    assert await house.state("/told a") == ("dead", "doubtful")


async def test_the_dead_are_sent_again_by_hand(house: House) -> None:
    house.telegram.failures["/told a"] = SendFailed("blocked", unreachable=True)
    house.put("/told a")
    await house.rounds()
    house.telegram.failures.clear()
    assert await house.outbox.resend(None, at=house.clock()) == 1
    await house.rounds()
    assert await house.state("/told a") == ("sent", "")
    assert house.telegram.calls[-1] == (ADA, "/told a", "notice:0")


# --- when and how fast --------------------------------------------------------------------------


async def test_no_telephone_rings_in_the_quiet_hours(house: House) -> None:
    house.quiet = QuietHours("07:00", "09:30")  # it is eight
    house.put("/told a")
    house.put("/told b", to=MAIL)
    await house.rounds()
    assert house.mail.shown == [(MAIL, "/told b")], "a letter wakes nobody"
    assert await house.state("/told a") == ("pending", "")
    assert house.gateway.heard[0].value == "/told b" and len(house.gateway.heard) == 1
    house.put("/told c")
    house.clock.passes(minutes=89)
    assert await house.courier.round() == 0
    house.clock.passes(minutes=1)
    await house.rounds()
    assert [command for _, command in house.telegram.shown] == ["/told a", "/told c"]
    assert (await house.record("/told a")).notice.tries == 1, "waiting counts for no try"
    assert [d.outcome for d in house.told] == ["postponed", "sent", "sent", "sent"]


async def test_providers_are_not_asked_faster_than_they_say(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("bot.courier.pace.asyncio.sleep", sleep)
    house.telegram.rate = Rate(per_second=30, per_address=1)
    house.limits.waits = {f"send {ADA}": [0.7], "send telegram": [0.02, 0.01]}
    house.put("/told a")
    await house.courier.round()
    assert house.telegram.shown == [(ADA, "/told a")]
    assert [wait for wait in slept if wait] == [0.7, 0.02, 0.01]
    assert {(key, rate) for key, rate, _ in house.limits.asked} == {(f"send {ADA}", 1), ("send telegram", 30)}


async def test_a_long_wait_is_waited_for_in_the_outbox(house: House) -> None:
    house.telegram.rate = Rate(per_second=0.01, per_address=0.01)
    house.limits.waits = {"send telegram": [50.0]}
    house.put("/told a")
    await house.rounds()
    assert (await house.record("/told a")).next_at == NOW + timedelta(seconds=50)
    house.clock.passes(50)
    await house.rounds()
    assert house.telegram.shown == [(ADA, "/told a")]
    assert (await house.record("/told a")).notice.tries == 1


def test_whoever_begins_a_delivery_ends_it_while_the_notice_is_held() -> None:
    assert DELIVERY + 30 <= LEASE, "though clocks are half a minute apart"


async def test_nobody_begins_what_another_holds_by_now(house: House) -> None:
    house.put("/told a")
    (notice,) = await house.outbox.take(NOW, NOW + timedelta(seconds=LEASE))
    house.clock.passes(LEASE)
    assert await house.courier.round() == 1
    late = asyncio.create_task(house.courier._deliverer.deliver(notice, lambda: None))
    await late
    assert house.telegram.shown == [(ADA, "/told a")]
