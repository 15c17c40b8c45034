"""The service desk: how requests are filed, followed, changed, closed and rated.

The rules are pure functions of a stored request; `Records` runs them inside its transactions.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.catalogue import Catalogue, pick
from bot.core.messages import Address, Attachment
from bot.core.notices import Notice
from bot.core.records import Failure, Records
from bot.core.requests import Change, Draft, Miss, Missed, ServiceRequest, Status, SurveyResponse
from bot.core.text import fold_digits
from bot.core.tracking import TrackingCode
from bot.desk import news
from bot.desk.course import Wish, step
from bot.desk.limits import (
    LOOK_UPS,
    UNLOCKS_BY_ADDRESS,
    UNLOCKS_OF_CODE,
    counted,
    refuse_beyond,
)
from bot.desk.working_days import after_working_days

CODE_TRIES = 20  # a taken code among nine hundred million is rare, twenty in a row are a broken source of chance


class ServiceDesk:
    """`Desk`. Moments are told in the organisation's time zone."""

    def __init__(
        self,
        records: Records,
        catalogue: Callable[[], Catalogue],
        clock: Callable[[], datetime],
        new_code: Callable[[], TrackingCode] = TrackingCode.new,
        *,
        masked: Callable[[str], str] = str,
    ) -> None:
        """`masked`: a text without anybody's data, for what is kept of questions."""
        self._records = records
        self._catalogue = catalogue
        self._clock = clock
        self._new_code = new_code
        self._masked = masked

    # --- filing and finding ---------------------------------------------------------------------

    async def file(self, draft: Draft, *, key: str) -> ServiceRequest:
        for _ in range(CODE_TRIES):
            filed = await self._records.add(self._opened(draft, self._new_code()), key=key)
            if filed is not None:
                return self._local(filed)
        raise RuntimeError("no tracking code is free")

    def _opened(self, draft: Draft, code: TrackingCode) -> ServiceRequest:
        """The request that a draft becomes by the catalogue of this day."""
        catalogue = self._catalogue()
        organization = catalogue.organization
        service = catalogue.services.get(draft.service)
        unit = draft.unit or (service.unit if service else "") or organization.front_desk
        officer = draft.officer
        if service and not officer and unit == service.unit:
            officer = pick(service.officer, draft.language)
        days = draft.days or (service.days if service else 0)
        now = self._now()
        return ServiceRequest(
            code=code,
            draft=draft,
            status=Status.SUBMITTED,
            unit=unit,
            officer=officer,
            filed_at=now,
            updated_at=now,
            expected_on=after_working_days(now.date(), days, organization) if days else None,
            history=(Change(now, Status.SUBMITTED, unit=unit, officer=officer, by="citizen"),),
        )

    async def find(self, code: TrackingCode) -> ServiceRequest | None:
        request = await self._records.find(code)
        return self._local(request) if request else None

    async def list_of(self, contact: str, limit: int = 20) -> tuple[ServiceRequest, ...]:
        return tuple(map(self._local, await self._records.of(contact, limit)))

    async def search(
        self, *, status: Status | None = None, unit: str = "", after: str = "", limit: int = 50
    ) -> tuple[ServiceRequest, ...]:
        return tuple(map(self._local, await self._records.search(status, unit, after, limit)))

    # --- guarded look-ups -----------------------------------------------------------------------

    async def look_up(self, code: str, by: Address) -> ServiceRequest | None:
        """`code` in any digits and spacing; what is no code at all is no guess either. The filer's own look-ups are
        not limited. A hit does not take back the misses before it: else one known code would buy any number."""
        found = TrackingCode.found_in(code)
        if found is None:
            return None
        request = await self._records.find(found)
        if request and await self._filed_by(request, by):
            return self._local(request)
        now = self._now()
        rule = partial(_look, by, now, request is not None)
        await self._records.guess("look_up", by, found, at=now, since=now - LOOK_UPS.window, rule=rule)
        return self._local(request) if request else None

    async def unlock(self, code: TrackingCode, digits: str, by: Address) -> bool:
        """A right answer takes back the address's wrong ones for this code, and only these."""
        request = await self._records.find(code)
        mobile = request.draft.mobile if request else ""
        right = hmac.compare_digest(fold_digits(digits).encode(), mobile[-4:].encode()) and len(mobile) >= 4
        now = self._now()
        since = now - max(UNLOCKS_BY_ADDRESS.window, UNLOCKS_OF_CODE.window)
        rule = counted(by, code, (UNLOCKS_BY_ADDRESS, UNLOCKS_OF_CODE), now, right)
        return await self._records.guess("unlock", by, code, at=now, since=since, rule=rule)

    async def _filed_by(self, request: ServiceRequest, by: Address) -> bool:
        return by == request.draft.address or await self._records.owner(by) == request.draft.contact

    # --- changing -------------------------------------------------------------------------------

    async def change(
        self,
        code: TrackingCode,
        *,
        by: str,
        status: Status | None = None,
        note: str = "",
        unit: str = "",
        officer: str = "",
        attachments: Sequence[Attachment] = (),
        key: str = "",
    ) -> ServiceRequest:
        wish = Wish(self._now(), by, status, note, unit, officer, tuple(attachments))
        return self._local(await self._records.update(code, partial(step, wish, self._catalogue()), key=key))

    # --- surveys and misses ---------------------------------------------------------------------

    async def rate(self, response: SurveyResponse, *, key: str) -> bool:
        return await self._records.rate(response, key=key, at=self._now())

    async def summary(self) -> Mapping[str, Any]:
        by_survey = await self._records.scores()
        total: dict[int, int] = {}
        for scores in by_survey.values():
            for score, count in scores.items():
                total[score] = total.get(score, 0) + count
        return {**_tally(total), "by_survey": {survey: _tally(scores) for survey, scores in by_survey.items()}}

    async def miss(self, miss: Miss, *, key: str) -> None:
        await self._records.miss(replace(miss, text=self._masked(miss.text)), key=key, at=self._now())

    async def misses(self, state: str = "open", limit: int = 100) -> tuple[Missed, ...]:
        """For the editors, newest first."""
        zone = self._zone()
        found = await self._records.misses(state, limit)
        return tuple(replace(missed, at=missed.at.astimezone(zone)) for missed in found)

    async def decide(self, misses: Collection[str], state: str) -> None:
        """What the editors did about them: "accepted" | "dismissed"."""
        await self._records.decide(misses, state)

    async def is_news(self, notice: Notice) -> bool:
        """Whether a notice is still worth telling: what it is about has not moved on meanwhile."""
        code = news.about(notice.command)
        if code is None:
            return True
        request = await self._records.find(code)
        return request is not None and news.holds(notice.command, request)

    # --- time -----------------------------------------------------------------------------------

    def _now(self) -> datetime:
        return self._clock().astimezone(self._zone())

    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self._catalogue().organization.timezone)

    def _local(self, request: ServiceRequest) -> ServiceRequest:
        zone = self._zone()
        return replace(
            request,
            filed_at=request.filed_at.astimezone(zone),
            updated_at=request.updated_at.astimezone(zone),
            history=tuple(replace(change, at=change.at.astimezone(zone)) for change in request.history),
        )


def _look(by: Address, now: datetime, right: bool, failures: Sequence[Failure]) -> bool:
    refuse_beyond(LOOK_UPS, [f.at for f in failures if f.address == by], now)
    return right


def _tally(scores: Mapping[int, int]) -> dict[str, Any]:
    """Without a single answer there is no mean and no share: None."""
    count = sum(scores.values())
    return {
        "count": count,
        "mean": sum(score * n for score, n in scores.items()) / count if count else None,
        "satisfied": sum(n for score, n in scores.items() if score >= 4) / count if count else None,
        "scores": {str(score): scores.get(score, 0) for score in range(1, 6)},
    }
