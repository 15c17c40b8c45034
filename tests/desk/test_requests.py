"""`Desk`: filing, finding and changing requests."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.requests import COURSE, NotAllowed, Status
from bot.core.tracking import TrackingCode
from bot.desk.course import Wish, step
from bot.stores.memory import MemoryContacts, MemoryRecords, MemorySessions
from tests.desk.office import HOME, MONDAY, PLAN, STRANGER, Office, catalogue

TEHRAN = ZoneInfo("Asia/Tehran")


# --- filing -------------------------------------------------------------------------------------


async def test_a_filed_request_is_all_that_was_handed_in(office: Office) -> None:
    draft = await office.draft()
    request = await office.desk.file(draft, key="k1")
    assert request.draft == draft
    assert (request.status, request.unit, request.officer) == (Status.SUBMITTED, "streets", "کارشناس روشنایی")
    assert request.filed_at == request.updated_at == MONDAY
    assert request.expected_on == date(2026, 11, 28)  # Tuesday, Wednesday, Saturday
    assert [(c.at, c.status, c.by, c.unit) for c in request.history] == [
        (MONDAY, Status.SUBMITTED, "citizen", "streets")
    ]
    assert not request.rated
    assert await office.desk.find(request.code) == request


async def test_moments_are_told_in_the_organisations_time(office: Office) -> None:
    request = await office.file()
    found = await office.desk.find(request.code)
    assert found is not None
    for moment in (request.filed_at, found.filed_at, found.updated_at, found.history[0].at):
        assert moment.utcoffset() == MONDAY.astimezone(TEHRAN).utcoffset()


async def test_the_same_key_files_once(office: Office) -> None:
    first = await office.file(key="k1")
    office.later(hours=1)
    assert await office.file(key="k1", title="another") == first
    assert await office.desk.list_of(first.draft.contact) == (first,)


async def test_the_same_key_at_the_same_time_files_once(office: Office) -> None:
    filed = await asyncio.gather(*(office.file(key=f"k{n % 3}") for n in range(30)))
    assert len({request.code for request in filed}) == 3
    assert len(await office.desk.search()) == 3


async def test_a_taken_code_is_not_given_twice(office: Office) -> None:
    first = await office.file()
    free = TrackingCode.new()
    office.codes = [first.code, first.code, free]
    assert (await office.file()).code == free
    office.codes = [first.code] * 100
    with pytest.raises(RuntimeError):
        await office.file()


@pytest.mark.parametrize(
    ("more", "unit", "officer"),
    [
        ({}, "streets", "کارشناس روشنایی"),
        ({"language": "en"}, "streets", "Lights officer"),
        ({"unit": "inspection"}, "inspection", ""),
        ({"unit": "streets", "officer": "رئیس"}, "streets", "رئیس"),
        ({"service": ""}, "front_desk", ""),
        ({"service": "gone"}, "front_desk", ""),
    ],
)
async def test_whose_it_is(office: Office, more: dict[str, str], unit: str, officer: str) -> None:
    request = await office.file(**more)
    assert (request.unit, request.officer) == (unit, officer)


async def test_days_are_the_drafts_else_the_services_else_none_are_promised(office: Office) -> None:
    assert (await office.file(days=1)).expected_on == date(2026, 11, 24)
    assert (await office.file(service="")).expected_on is None


async def test_the_day_of_filing_is_the_organisations(office: Office) -> None:
    office.now = MONDAY.replace(hour=21)  # already Tuesday in Tehran
    assert (await office.file(days=1)).expected_on == date(2026, 11, 25)


# --- finding ------------------------------------------------------------------------------------


async def test_a_contacts_own_requests_newest_first(office: Office) -> None:
    mine = [await office.file() for _ in range(3)]
    other = await office.file(address=STRANGER)
    contact = mine[0].draft.contact
    assert await office.desk.list_of(contact) == tuple(reversed(mine))
    assert await office.desk.list_of(contact, limit=1) == (mine[2],)
    assert await office.desk.list_of(other.draft.contact) == (other,)
    assert await office.desk.list_of("nobody") == ()


async def test_searching_by_status_and_unit_page_by_page(office: Office) -> None:
    requests = [await office.file(unit=unit) for unit in ("streets", "parks", "streets", "parks", "streets")]
    requests[2] = await office.set(requests[2], Status.IN_REVIEW)
    newest = tuple(reversed(requests))
    assert await office.desk.search() == newest
    assert await office.desk.search(unit="parks") == (newest[1], newest[3])
    assert await office.desk.search(status=Status.IN_REVIEW) == (requests[2],)
    assert await office.desk.search(status=Status.SUBMITTED, unit="streets") == (newest[0], newest[4])
    assert await office.desk.search(limit=2) == newest[:2]
    assert await office.desk.search(after=newest[1].code, limit=2) == newest[2:4]
    assert await office.desk.search(after=newest[4].code) == ()
    assert await office.desk.search(after="no such code") == ()


async def test_what_is_not_there_is_not_found(office: Office) -> None:
    assert await office.desk.find(TrackingCode.new()) is None
    with pytest.raises(KeyError):
        await office.desk.change(TrackingCode.new(), by="officer", note="?")


# --- changing -----------------------------------------------------------------------------------


async def test_a_change_is_in_the_history_with_its_note_and_files(office: Office) -> None:
    request = await office.file()
    office.later(hours=2)
    changed = await office.set(request, Status.REFERRED, note="به واحد دیگر", unit="parks", attachments=(PLAN,))
    assert (changed.status, changed.unit, changed.updated_at) == (Status.REFERRED, "parks", office.now)
    entry = changed.history[-1]
    assert (entry.at, entry.status, entry.note, entry.unit, entry.by, entry.attachments) == (
        office.now, Status.REFERRED, "به واحد دیگر", "parks", "officer", (PLAN,),
    )  # fmt: skip
    assert changed.history[:-1] == request.history
    assert changed.draft == request.draft
    assert await office.desk.find(request.code) == changed


async def test_the_officer_stays_behind_when_the_unit_changes(office: Office) -> None:
    request = await office.file()
    assert (await office.desk.change(request.code, by="officer", unit="streets")).officer == "کارشناس روشنایی"
    assert (await office.desk.change(request.code, by="officer", unit="parks")).officer == ""
    assert (await office.desk.change(request.code, by="officer", officer="باغبان")).officer == "باغبان"


async def test_the_same_key_changes_once(office: Office) -> None:
    request = await office.file()
    await asyncio.gather(*(office.set(request, Status.IN_REVIEW, key="c1") for _ in range(5)))
    changed = await office.set(request, Status.IN_REVIEW, key="c1")
    assert len(changed.history) == 2
    assert await office.told() == [f"/told {request.code} 1"]


async def test_two_changes_at_once_lose_neither(office: Office) -> None:
    request = await office.file()
    await asyncio.gather(*(office.desk.change(request.code, by="officer", note=str(n)) for n in range(10)))
    found = await office.desk.find(request.code)
    assert found is not None
    assert sorted(c.note for c in found.history[1:]) == [str(n) for n in range(10)]


@pytest.mark.parametrize("start", list(Status))
@pytest.mark.parametrize("end", list(Status))
async def test_the_course_of_a_request_is_kept(start: Status, end: Status) -> None:
    contacts = MemoryContacts()
    records = MemoryRecords(contacts)
    office = Office(records, records.outbox, contacts, MemorySessions(contacts))
    request = await office.file()
    if start is not Status.SUBMITTED:
        request = await office.set(request, start)
    if end in COURSE[start]:
        assert (await office.set(request, end)).status is end
    else:
        with pytest.raises(NotAllowed):
            await office.set(request, end)
        assert await office.desk.find(request.code) == request


async def test_a_refused_change_leaves_nothing(office: Office) -> None:
    request = await office.set(await office.file(), Status.WITHDRAWN)
    told = await office.told()
    for status in Status:
        with pytest.raises(NotAllowed):
            await office.set(request, status, note="نه")
    with pytest.raises(NotAllowed):
        await office.desk.change(request.code, by="officer")
    assert await office.desk.find(request.code) == request
    assert await office.told() == told


async def test_a_closed_request_may_be_opened_again(office: Office) -> None:
    request = await office.set(await office.file(), Status.CLOSED)
    assert (await office.set(request, Status.IN_REVIEW)).status is Status.IN_REVIEW


# --- what citizens do ---------------------------------------------------------------------------


@pytest.mark.parametrize("what", [{"note": "پلاک ۱۲"}, {"attachments": (PLAN,)}])
async def test_what_was_asked_for_brings_the_request_back_to_review(office: Office, what: dict[str, object]) -> None:
    request = await office.set(await office.file(), Status.NEEDS_INFORMATION)
    changed = await office.desk.change(request.code, by="citizen", **what)  # type: ignore[arg-type]
    assert changed.status is changed.history[-1].status is Status.IN_REVIEW
    assert changed.history[-1].by == "citizen"


async def test_otherwise_a_note_does_not_move_a_request(office: Office) -> None:
    request = await office.file()
    assert (await office.desk.change(request.code, by="citizen", note="زودتر")).status is Status.SUBMITTED
    await office.set(request, Status.NEEDS_INFORMATION)
    noted = await office.desk.change(request.code, by="officer", note="منتظریم")
    assert noted.status is Status.NEEDS_INFORMATION


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.SUBMITTED])
async def test_a_citizen_may_withdraw_what_is_still_open(office: Office, status: Status) -> None:
    request = await office.set(await office.file(), status)
    if status in (Status.IN_REVIEW, Status.NEEDS_INFORMATION, Status.REFERRED):
        assert (await office.desk.change(request.code, by="citizen", status=Status.WITHDRAWN)).status.final
    else:
        with pytest.raises(NotAllowed):
            await office.desk.change(request.code, by="citizen", status=Status.WITHDRAWN)


async def test_a_citizen_decides_nothing_else(office: Office) -> None:
    request = await office.file()
    for status in set(Status) - {Status.WITHDRAWN}:
        with pytest.raises(NotAllowed):
            await office.desk.change(request.code, by="citizen", status=status)
    with pytest.raises(NotAllowed):
        await office.desk.change(request.code, by="citizen", unit="parks")


# --- random lives -------------------------------------------------------------------------------

WISHES = st.builds(
    Wish,
    at=st.just(MONDAY),
    by=st.sampled_from(["citizen", "officer", "system"]),
    status=st.none() | st.sampled_from(list(Status)),
    note=st.sampled_from(["", "یادداشت"]),
    unit=st.sampled_from(["", "parks", "streets"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(WISHES, max_size=25))
async def test_in_every_life_the_history_tells_how_it_came(wishes: list[Wish]) -> None:
    contacts = MemoryContacts()
    records = MemoryRecords(contacts)
    request = await Office(records, records.outbox, contacts, MemorySessions(contacts)).file()
    surveys = 0
    for n, wish in enumerate(wishes):
        try:
            after = step(replace(wish, at=MONDAY + timedelta(minutes=n)), catalogue(), request)
        except NotAllowed:
            continue
        surveys += sum(news.command == f"/survey {request.code}" for news in after.tell)
        assert bool(after.tell) == (wish.by == "officer")
        assert after.request.history[:-1] == request.history
        assert after.request.history[-1].status is after.request.status
        request = after.request
    passed = [change.status for change in request.history]
    assert passed[0] is Status.SUBMITTED
    assert all(b is a or b in COURSE[a] for a, b in pairwise(passed))
    assert request.updated_at == request.history[-1].at
    closings = [b for a, b in pairwise(request.history) if b.status is Status.CLOSED is not a.status]
    assert surveys == sum(change.by == "officer" for change in closings)
    assert request.draft.address == HOME
