"""The other side of the counter: what was filed from this page, and the officer's buttons for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.core.messages import Address, Phrase
from bot.core.ports import Contacts, Desk, Wording
from bot.core.requests import COURSE, NotAllowed, ServiceRequest, Status
from bot.core.tracking import TrackingCode
from bot.web.problems import Refused
from bot.web.sandbox.visits import Visit

MAX_NOTE = 500  # characters
_HIS = frozenset(Status) - {Status.WITHDRAWN}  # a request is withdrawn by its filer


@dataclass(frozen=True, slots=True)
class Officer:
    """`changed` is called when a notice may lie in the outbox."""

    desk: Desk
    contacts: Contacts
    wording: Wording
    changed: Callable[[], None]

    async def requests(self, visit: Visit, language: str) -> list[dict[str, Any]]:
        """The requests of this page's own addresses, newest first, with the steps that are allowed."""
        return [self._told(request, language) for request in await self._own(visit)]

    async def decide(self, visit: Visit, code: str, status: str, note: str) -> None:
        """Move a request of this page. Raises Refused."""
        request = next((r for r in await self._own(visit) if r.code == TrackingCode.found_in(code)), None)
        if request is None:
            raise Refused(404, "This page has filed no such request.")
        if status not in _HIS:
            raise Refused(400, f"status is one of {', '.join(sorted(_HIS))}.")
        try:
            await self.desk.change(request.code, by="officer", status=Status(status), note=note[:MAX_NOTE])
        except NotAllowed as error:
            raise Refused(409, str(error)) from None
        self.changed()

    async def _own(self, visit: Visit) -> list[ServiceRequest]:
        addresses = [
            Address("sms", visit.number),
            Address("telegram", str(visit.chat)),
            *(Address("web", session) for session in visit.sessions),
        ]
        contacts = dict.fromkeys([await self.contacts.resolve(address) for address in addresses])
        found = {r.code: r for contact in contacts for r in await self.desk.list_of(contact)}
        return sorted(found.values(), key=lambda r: r.filed_at, reverse=True)

    def _told(self, request: ServiceRequest, language: str) -> dict[str, Any]:
        return {
            "code": request.code,
            "title": self.wording.text(request.draft.title, language),
            "status": self._status(request.status, language),
            "next": [
                {"status": s, "label": self._status(s, language)} for s in Status if s in COURSE[request.status] & _HIS
            ],
        }

    def _status(self, status: Status, language: str) -> str:
        return self.wording.text(Phrase(f"status.{status}"), language)
