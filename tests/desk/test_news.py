"""`Outbox`, surveys and misses."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.messages import Address
from bot.core.notices import News
from bot.core.requests import Miss, Status
from bot.core.tracking import TrackingCode
from bot.desk.service_desk import ServiceDesk
from tests.desk.office import HOME, PLAN, STRANGER, Office

# --- what the filer is told ---------------------------------------------------------------------


async def test_the_filer_is_told_what_an_officer_does(office: Office) -> None:
    request = await office.file()
    assert await office.told() == []
    await office.set(request, Status.IN_REVIEW)
    (notice,) = await office.due()
    assert (notice.address, notice.command, notice.tries) == (HOME, f"/told {request.code} 1", 0)
    assert not notice.urgent


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


async def test_a_survey_comes_as_long_after_the_closing_as_the_content_says(office: Office) -> None:
    surveys = {"main": replace(office.catalogue.surveys["main"], after=timedelta(days=1))}
    office.catalogue = replace(office.catalogue, surveys=surveys)
    request = await office.file()
    await office.set(request, Status.CLOSED)
    assert await office.told() == [f"/told {request.code} 1"]
    office.later(days=1)
    assert await office.told() == [f"/told {request.code} 1", f"/survey {request.code}"]


async def test_without_a_survey_for_it_nothing_is_asked(office: Office) -> None:
    only = {"main": replace(office.catalogue.surveys["main"], kinds=("complaint",))}
    office.catalogue = replace(office.catalogue, surveys=only)
    request = await office.file()
    await office.set(request, Status.CLOSED)
    assert await office.told() == [f"/told {request.code} 1"]


async def test_a_rated_request_asks_for_no_survey(office: Office) -> None:
    request = await office.file()
    await office.rate(request)
    await office.set(request, Status.CLOSED)
    assert await office.told() == [f"/told {request.code} 1"]


async def test_information_that_is_waited_for_is_asked_for_again_twice(office: Office) -> None:
    request = await office.file()
    await office.set(request, Status.NEEDS_INFORMATION, note="کد پستی؟")
    await office.desk.change(request.code, by="officer", note="هنوز منتظریم")
    reminder = f"/remind {request.code} 1"
    counts = []
    for _ in range(12):
        counts.append((await office.told()).count(reminder))
        office.later(days=1)
    assert counts == [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2]


async def test_where_the_organisation_wants_no_reminders_there_are_none(office: Office) -> None:
    quiet = replace(office.catalogue.organization, remind_after=timedelta())
    office.catalogue = replace(office.catalogue, organization=quiet)
    request = await office.file()
    await office.set(request, Status.NEEDS_INFORMATION)
    office.later(days=30)
    assert await office.told() == [f"/told {request.code} 1"]


async def test_an_address_comes_back_whole(office: Office) -> None:
    odd = Address("web", "a:b:ج")
    await office.set(await office.file(address=odd), Status.IN_REVIEW)
    assert [notice.address for notice in await office.due()] == [odd]


# --- until when it is news ----------------------------------------------------------------------


async def still_news(office: Office) -> list[str]:
    return [notice.command for notice in await office.due() if await office.desk.is_news(notice)]


async def test_a_status_that_was_followed_by_another_is_no_news(office: Office) -> None:
    request = await office.file()
    for status in (Status.IN_REVIEW, Status.REFERRED, Status.RESOLVED):
        await office.set(request, status)
    assert await still_news(office) == [f"/told {request.code} 3"]


async def test_an_officer_s_words_and_files_are_told_whatever_came_after_them(office: Office) -> None:
    request = await office.file()
    await office.set(request, Status.IN_REVIEW, note="بررسی آغاز شد")
    await office.set(request, Status.REFERRED, attachments=(PLAN,))
    await office.set(request, Status.RESOLVED)
    assert await still_news(office) == [f"/told {request.code} {n}" for n in (1, 2, 3)]


async def test_a_status_stays_news_when_what_follows_is_not_told(office: Office) -> None:
    request = await office.file()
    await office.set(request, Status.NEEDS_INFORMATION)
    await office.desk.change(request.code, by="citizen", note="این هم کد پستی")
    assert await still_news(office) == [f"/told {request.code} 1"]
    await office.desk.change(request.code, by="system", status=Status.CLOSED)
    assert await still_news(office) == [f"/told {request.code} 1"]


async def test_a_survey_is_not_asked_for_of_what_was_rated_or_opened_again(office: Office) -> None:
    rated, reopened, closed = [await office.file() for _ in range(3)]
    for request in (rated, reopened, closed):
        await office.set(request, Status.CLOSED)
    await office.rate(rated)
    await office.set(reopened, Status.IN_REVIEW)
    surveys = [command for command in await still_news(office) if command.startswith("/survey")]
    assert surveys == [f"/survey {closed.code}"]


async def test_a_survey_that_was_not_told_is_asked_for_at_the_next_closing(office: Office) -> None:
    request = await office.file()
    await office.set(request, Status.CLOSED)
    await office.set(request, Status.IN_REVIEW)
    (survey,) = [notice for notice in await office.due() if notice.command.startswith("/survey")]
    await office.outbox.settle(survey, "dropped", at=office.now, why="stale")
    await office.set(request, Status.CLOSED)
    assert f"/survey {request.code}" in await office.told()


async def test_a_reminder_is_of_no_use_when_nothing_is_waited_for_any_more(office: Office) -> None:
    request = await office.file()
    await office.set(request, Status.NEEDS_INFORMATION)
    office.later(days=3)
    assert f"/remind {request.code} 1" in await still_news(office)
    await office.desk.change(request.code, by="citizen", note="این هم کد پستی")
    assert f"/remind {request.code} 1" not in await still_news(office)
    await office.set(request, Status.NEEDS_INFORMATION)
    office.later(days=3)
    reminders = [command for command in await still_news(office) if command.startswith("/remind")]
    assert reminders == [f"/remind {request.code} 3"], "only of what is waited for now"


async def test_what_is_about_no_request_is_news_and_what_is_about_none_that_there_is_is_not(office: Office) -> None:
    gone = TrackingCode.new()
    for command in ("/kept", "/continue", f"/told {gone} 1", f"/survey {gone}"):
        await office.records.tell(HOME, News(command), at=office.now)
    assert await still_news(office) == ["/kept", "/continue"]


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
