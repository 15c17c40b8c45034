"""`Outbox`, surveys and misses."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.core.messages import Address
from bot.core.requests import Miss, Status
from bot.core.tracking import TrackingCode
from bot.desk.service_desk import ServiceDesk
from tests.desk.office import HOME, STRANGER, Office

# --- what the filer is told ---------------------------------------------------------------------


async def test_the_filer_is_told_what_an_officer_does(office: Office) -> None:
    request = await office.file()
    assert await office.told() == []
    await office.set(request, Status.IN_REVIEW)
    (notice,) = await office.desk.due()
    assert (notice.address, notice.command, notice.tries) == (HOME, f"/told {request.code} 1", 0)


async def test_nobody_is_told_what_the_citizen_or_the_system_did(office: Office) -> None:
    request = await office.file()
    await office.desk.change(request.code, by="citizen", note="زودتر")
    await office.desk.change(request.code, by="system", status=Status.CLOSED)
    assert await office.told() == []


async def test_closing_asks_for_a_survey_once_ever(office: Office) -> None:
    request = await office.file()
    told, survey = [f"/told {request.code} {entry}" for entry in (1, 2, 3)], f"/survey {request.code}"
    await office.set(request, Status.CLOSED)
    assert await office.told() == [told[0], survey]
    await office.set(request, Status.IN_REVIEW)
    await office.set(request, Status.CLOSED)
    assert await office.told() == [told[0], survey, told[1], told[2]]


async def test_a_rated_request_asks_for_no_survey(office: Office) -> None:
    request = await office.file()
    await office.rate(request)
    await office.set(request, Status.CLOSED)
    assert await office.told() == [f"/told {request.code} 1"]


async def test_notices_are_due_oldest_first_and_not_before_their_time(office: Office) -> None:
    requests = [await office.file() for _ in range(3)]
    for request in requests:
        await office.set(request, Status.IN_REVIEW)
    first, second, third = await office.desk.due()
    assert [n.command for n in (first, second, third)] == [f"/told {r.code} 1" for r in requests]
    assert await office.desk.due(limit=2) == (first, second)
    await office.desk.settle(first, delivered=False, retry_in=60, why="timeout")
    assert [n.id for n in await office.desk.due()] == [second.id, third.id]
    office.later(seconds=60)
    again, *_ = await office.desk.due()
    assert (again.id, again.tries) == (first.id, 1)


async def test_what_is_settled_is_not_due_again(office: Office) -> None:
    request = await office.file()
    for status in (Status.IN_REVIEW, Status.REFERRED, Status.RESOLVED):
        await office.set(request, status)
    delivered, dead, waiting = await office.desk.due()
    await office.desk.settle(delivered, delivered=True)
    await office.desk.settle(dead, delivered=False, why="blocked")
    for settled in (delivered, dead):
        await office.desk.settle(settled, delivered=False, retry_in=0)
    office.later(days=365)
    assert await office.desk.due() == (waiting,)


async def test_a_notice_that_is_held_is_nobody_else_s_until_the_lease_is_over(office: Office) -> None:
    request = await office.file()
    await office.set(request, Status.IN_REVIEW)
    (held,) = await office.desk.due(lease=60)
    assert held.command == f"/told {request.code} 1"
    assert await office.desk.due() == await office.desk.due(lease=60) == ()
    office.later(seconds=59)
    assert await office.desk.due(lease=60) == ()
    office.later(seconds=1)
    assert await office.desk.due(lease=60) == (held,)


async def test_what_is_held_is_settled_as_ever(office: Office) -> None:
    request = await office.file()
    for status in (Status.IN_REVIEW, Status.REFERRED, Status.RESOLVED):
        await office.set(request, status)
    delivered, dead, waiting = await office.desk.due(lease=60)
    await office.desk.settle(delivered, delivered=True)
    await office.desk.settle(dead, delivered=False, why="blocked")
    await office.desk.settle(waiting, delivered=False, retry_in=5)
    office.later(seconds=5)
    assert await office.desk.due(lease=60) == (replace(waiting, tries=1),)


async def test_an_address_with_a_notice_that_is_held_or_waits_gets_no_later_one(office: Office) -> None:
    here, there = await office.file(), await office.file(address=STRANGER)
    await office.set(here, Status.IN_REVIEW)
    await office.set(there, Status.IN_REVIEW)
    first, other = await office.desk.due(lease=60)
    await office.set(here, Status.REFERRED)
    await office.set(there, Status.REFERRED)
    assert await office.desk.due(lease=60) == (), "both are held"
    await office.desk.settle(first, delivered=False, retry_in=20)
    await office.desk.settle(other, delivered=True)
    assert [n.address for n in await office.desk.due(lease=60)] == [STRANGER]
    office.later(seconds=20)
    assert [n.command for n in await office.desk.due(lease=60)] == [f"/told {here.code} 1", f"/told {here.code} 2"]


async def test_of_couriers_that_ask_at_the_same_time_each_holds_others(office: Office) -> None:
    for n in range(12):
        await office.set(await office.file(address=Address("web", str(n % 4))), Status.IN_REVIEW)
    held = await asyncio.gather(*(office.desk.due(2, lease=60) for _ in range(8)))
    ids = [notice.id for notices in held for notice in notices]
    assert len(ids) == len(set(ids))
    owner: dict[Address, int] = {}
    for courier, notices in enumerate(held):
        for notice in notices:
            assert owner.setdefault(notice.address, courier) == courier, "an address is of one courier"


async def test_an_address_comes_back_whole(office: Office) -> None:
    odd = Address("web", "a:b:ج")
    await office.set(await office.file(address=odd), Status.IN_REVIEW)
    assert [notice.address for notice in await office.desk.due()] == [odd]


# --- surveys ------------------------------------------------------------------------------------


async def test_a_request_is_rated_once(office: Office) -> None:
    request = await office.file()
    assert await office.rate(request, 4, key="r1")
    assert await office.rate(request, 5, key="r1")  # the citizen went back and thought better of it
    assert not await office.rate(request, 1, key="r2")
    found = await office.desk.find(request.code)
    assert found is not None
    assert found.rated
    assert (await office.desk.summary())["scores"] == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 1}


async def test_of_ratings_at_the_same_time_one_counts(office: Office) -> None:
    request = await office.file()
    results = await asyncio.gather(*(office.rate(request, key=f"r{n}") for n in range(10)))
    assert sum(results) == 1
    assert (await office.desk.summary())["count"] == 1


async def test_what_does_not_exist_is_not_rated(office: Office) -> None:
    with pytest.raises(KeyError):
        await office.rate(replace(await office.file(), code=TrackingCode.new()))
    assert (await office.desk.summary())["count"] == 0


async def test_the_summary_of_surveys(office: Office) -> None:
    nothing = {"count": 0, "mean": None, "satisfied": None, "scores": {str(n): 0 for n in range(1, 6)}}
    assert await office.desk.summary() == {**nothing, "by_survey": {}}
    for n, score in enumerate((5, 4, 2)):
        await office.rate(await office.file(), score, key=f"r{n}")
    await office.rate(None, 1, key="r8", survey="complaints")
    await office.rate(None, 1, key="r9", survey="complaints")
    assert await office.desk.summary() == {
        "count": 5,
        "mean": 13 / 5,
        "satisfied": 2 / 5,
        "scores": {"1": 2, "2": 1, "3": 0, "4": 1, "5": 1},
        "by_survey": {
            "main": {
                "count": 3,
                "mean": 11 / 3,
                "satisfied": 2 / 3,
                "scores": {"1": 0, "2": 1, "3": 0, "4": 1, "5": 1},
            },
            "complaints": {"count": 2, "mean": 1, "satisfied": 0, "scores": {"1": 2, "2": 0, "3": 0, "4": 0, "5": 0}},
        },
    }


# --- misses -------------------------------------------------------------------------------------


async def test_misses_are_kept_for_the_editors_newest_first(office: Office) -> None:
    first = Miss("پارکینگ کجاست؟", "fa", "web", "unknown", nearest=("faq/parking", "faq/streets"))
    second = Miss("why", "en", STRANGER.channel, "meant", nearest=("faq/fees", "intent/track"), chosen="intent/track")
    for _ in range(2):
        await office.desk.miss(first, key="web:1")
    await office.desk.miss(second, key="web:2")
    newest, oldest = await office.desk.misses()
    assert (newest.miss, oldest.miss) == (second, first)
    assert newest.at == office.now
    assert str(newest.at.tzinfo) == "Asia/Tehran"
    assert await office.desk.misses(limit=1) == (newest,)


async def test_a_question_is_kept_without_anybodys_data(office: Office) -> None:
    desk = ServiceDesk(office.records, lambda: office.catalogue, lambda: office.now, masked=lambda _: "…")
    await desk.miss(Miss("شماره‌ام ۰۹۱۲۱۲۳۴۵۶۷ است", "fa", "web", "unknown"), key="web:1")
    (missed,) = await desk.misses()
    assert missed.miss.text == "…"


async def test_what_the_editors_decided_is_remembered(office: Office) -> None:
    for number in range(3):
        await office.desk.miss(Miss(f"پرسش {number}", "fa", "web", "unknown"), key=f"web:{number}")
    last, middle, first = await office.desk.misses()
    for _ in range(2):
        await office.desk.decide([first.id, last.id], "accepted")
    await office.desk.decide([], "dismissed")
    assert await office.desk.misses() == (middle,)
    assert await office.desk.misses("accepted") == (last, first)
    assert await office.desk.misses("dismissed") == ()
