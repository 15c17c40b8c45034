"""A small organisation, its service desk, and a clock that goes on when it is told to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.core.catalogue import Catalogue, Hours, Organization, Service, Survey, Unit
from bot.core.messages import Address, Attachment
from bot.core.notices import Notice, Outbox
from bot.core.ports import Contacts
from bot.core.records import Records
from bot.core.requests import Answer, Draft, ServiceRequest, Status, SurveyResponse
from bot.core.tracking import TrackingCode
from bot.desk.service_desk import ServiceDesk
from tests import posted

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # 2 Azar 1405, 09:30 in Tehran
MOBILE = "+989120001234"
HOME = Address("web", "home:1")
STRANGER = Address("telegram", "77")
PLAN = Attachment("ab" * 16, "نقشه.pdf", "application/pdf", 12)


def organization(*weekdays: int, holidays: frozenset[date] = frozenset()) -> Organization:
    return Organization(
        name={"fa": "شهر نمونه"},
        about={},
        address={},
        phone="",
        website="",
        email="",
        hours=tuple(Hours(day, "07:30", "14:30") for day in weekdays),
        units={"front_desk": Unit("front_desk", {"fa": "میز خدمت"}), "streets": Unit("streets", {"fa": "عمران"})},
        front_desk="front_desk",
        categories={},
        audiences={},
        holidays=holidays,
    )


def catalogue() -> Catalogue:
    lamp = Service(
        id="street_light",
        title={"fa": "روشنایی معابر"},
        category="city_care",
        audiences=("citizen",),
        unit="streets",
        officer={"fa": "کارشناس روشنایی", "en": "Lights officer"},
        days=3,
        fee=0,
        fee_note={},
        about={},
        steps={},
        documents={},
        laws={},
        complaint={},
    )
    survey = Survey("main", {}, (), (), after=timedelta())
    return Catalogue(organization(0, 1, 2, 3, 4), {lamp.id: lamp}, {}, {}, {"main": survey}, (), {}, {}, ())


@dataclass
class Office:
    records: Records
    outbox: Outbox
    contacts: Contacts
    sessions: Any  # SessionStore and Transcripts
    now: datetime = MONDAY
    catalogue: Catalogue = field(default_factory=catalogue)
    codes: list[TrackingCode] = field(default_factory=list)  # given out first, then random ones

    def __post_init__(self) -> None:
        self.desk = ServiceDesk(self.records, lambda: self.catalogue, lambda: self.now, self.new_code)
        self.filed = 0

    def new_code(self) -> TrackingCode:
        return self.codes.pop(0) if self.codes else TrackingCode.new()

    def later(self, **more: float) -> None:
        self.now += timedelta(**more)

    async def draft(self, address: Address = HOME, **more: Any) -> Draft:
        draft = Draft(
            form="street_light_report",
            kind="request",
            title="گزارش خرابی چراغ",
            contact=await self.contacts.resolve(address),
            address=address,
            language="fa",
            service="street_light",
            mobile=MOBILE,
            answers=(Answer("fault", "choice", "ایراد", "off", "خاموش"), Answer("count", "number", "تعداد", 2)),
            attachments=(PLAN,),
        )
        return replace(draft, **more)

    async def file(self, key: str = "", **more: Any) -> ServiceRequest:
        self.filed += 1
        return await self.desk.file(await self.draft(**more), key=key or f"filed-{self.filed}")

    async def set(self, request: ServiceRequest, status: Status, **more: Any) -> ServiceRequest:
        return await self.desk.change(request.code, by="officer", status=status, **more)

    async def rate(self, request: ServiceRequest | None, score: int = 5, key: str = "r1", survey: str = "main") -> bool:
        code = request.code if request else None
        return await self.desk.rate(SurveyResponse(survey, code, "c1", "web", score, {"reason": "خوب"}), key=key)

    async def told(self) -> list[str]:
        return [notice.command for notice in await self.due()]

    async def due(self) -> list[Notice]:
        return await posted.due(self.outbox, self.now)
