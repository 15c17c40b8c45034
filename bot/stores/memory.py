"""Stores that forget, for tests and the terminal. Everything goes through JSON text, so that they hide nothing that a
database would show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import orjson

from bot.core.messages import Address, Line
from bot.core.ports import Failure, Opened, Step
from bot.core.requests import Miss, Notice, ServiceRequest, Status, SurveyResponse
from bot.core.sessions import Session
from bot.stores.contacts import new_contact
from bot.stores.documents import (
    miss_from_json,
    miss_to_json,
    rating_to_json,
    request_from_json,
    request_to_json,
)
from bot.stores.tables import to_address
from bot.stores.waiting import Turnstile


class MemorySessions:
    """`SessionStore` and `Transcripts`. It is the only process, so no session is ever stale."""

    def __init__(self) -> None:
        self._turnstile = Turnstile()
        self._states: dict[str, bytes] = {}
        self._lines: dict[str, list[bytes]] = {}

    @asynccontextmanager
    async def open(self, contact: str) -> AsyncIterator[Opened]:
        async with self._turnstile.pass_through(contact):
            state = self._states.get(contact)
            session = Session.from_json(orjson.loads(state)) if state else Session(contact)
            opened = Opened(session)
            yield opened
            if opened.session is not session:
                data = {**opened.session.to_json(), "version": session.version + 1}
                said = [_line_to_json(line) for line in opened.lines]
                self._states[contact] = orjson.dumps(data)
                self._lines.setdefault(contact, []).extend(said)

    async def lines(self, contact: str, after: int, limit: int = 200) -> tuple[Line, ...]:
        said = [_line_from_json(data) for data in self._lines.get(contact, ())]
        return tuple([line for line in said if line.seq > after][-limit:])


class MemoryContacts:
    """`Contacts`."""

    def __init__(self, *, new_id: Callable[[], str] = new_contact) -> None:
        self._new_id = new_id
        self._contacts: dict[str, str] = {}
        self._phones: dict[str, dict[str, None]] = {}
        self._unreachable: set[str] = set()

    async def resolve(self, address: Address) -> str:
        return self._contacts.get(str(address)) or self._contacts.setdefault(str(address), self._new_id())

    async def verify(self, contact: str, phone: str) -> None:
        self._phones.setdefault(contact, {})[phone] = None

    async def reach(self, address: Address, reachable: bool) -> None:
        (self._unreachable.discard if reachable else self._unreachable.add)(str(address))

    async def phones(self, contact: str) -> tuple[str, ...]:
        return tuple(self._phones.get(contact, ()))

    async def reachable(self, address: Address) -> bool:
        return str(address) not in self._unreachable

    def owner(self, address: Address) -> str:
        return self._contacts.get(str(address), "")


class MemoryRecords:
    """`Records`. No method gives way to another task, so each is one transaction."""

    def __init__(self, contacts: MemoryContacts | None = None) -> None:
        self._contacts = contacts or MemoryContacts()
        self._requests: dict[str, bytes] = {}  # by code, in order of filing
        self._filed: dict[str, str] = {}  # key → code
        self._changed: set[str] = set()  # keys
        self._ratings: dict[str, bytes] = {}  # by key
        self._misses: dict[str, bytes] = {}  # by key
        self._notices: list[dict[str, Any]] = []
        self._failures: list[tuple[str, Failure]] = []

    async def add(self, request: ServiceRequest, *, key: str) -> ServiceRequest | None:
        if key in self._filed:
            return await self.find(self._filed[key])
        if request.code in self._requests:
            return None
        self._filed[key] = str(request.code)
        return self._keep(request)

    async def update(self, code: str, rule: Callable[[ServiceRequest], Step], *, key: str = "") -> ServiceRequest:
        request = _request(self._requests[code])
        if key in self._changed:
            return request
        step = rule(request)
        if key:
            self._changed.add(key)
        told = {notice["command"] for notice in self._notices}
        for command in (*step.tell, *(c for c in step.once if c not in told)):
            self._notices.append(
                {
                    "address": str(request.draft.address),
                    "command": command,
                    "state": "pending",
                    "next_at": step.request.updated_at,
                    "tries": 0,
                    "why": "",
                }
            )
        return self._keep(step.request)

    async def find(self, code: str) -> ServiceRequest | None:
        return _request(self._requests[code]) if code in self._requests else None

    async def of(self, contact: str, limit: int) -> tuple[ServiceRequest, ...]:
        return tuple([r for r in self._newest() if r.draft.contact == contact][:limit])

    async def search(self, status: Status | None, unit: str, after: str, limit: int) -> tuple[ServiceRequest, ...]:
        codes = list(reversed(self._requests))
        behind = set(codes[codes.index(after) + 1 :] if after in codes else () if after else codes)
        found = [r for r in self._newest() if r.code in behind and status in (None, r.status) and unit in ("", r.unit)]
        return tuple(found[:limit])

    async def owner(self, address: Address) -> str:
        return self._contacts.owner(address)

    async def guess(
        self,
        kind: str,
        by: Address,
        code: str,
        *,
        at: datetime,
        since: datetime,
        rule: Callable[[Sequence[Failure]], bool],
    ) -> bool:
        earlier = [f for k, f in self._failures if k == kind and f.at > since and (f.address == by or f.code == code)]
        right = rule(earlier)
        if right:
            self._failures = [
                (k, f) for k, f in self._failures if not (k == kind and f.address == by and f.code == code)
            ]
        else:
            self._failures.append((kind, Failure(at, by, code)))
        return right

    async def rate(self, response: SurveyResponse, *, key: str, at: datetime) -> bool:
        if key in self._ratings:
            return True
        if response.code:
            request = request_to_json(_request(self._requests[response.code]))
            if request["rated"]:
                return False
            self._requests[response.code] = orjson.dumps({**request, "rated": True})
        self._ratings[key] = orjson.dumps(rating_to_json(response))
        return True

    async def scores(self) -> Mapping[str, Mapping[int, int]]:
        scores: dict[str, dict[int, int]] = {}
        for rating in map(orjson.loads, self._ratings.values()):
            of_survey = scores.setdefault(rating["survey"], {})
            of_survey[rating["score"]] = of_survey.get(rating["score"], 0) + 1
        return scores

    async def miss(self, miss: Miss, *, key: str, at: datetime) -> None:
        self._misses.setdefault(key, orjson.dumps(miss_to_json(miss)))

    async def misses(self, limit: int) -> tuple[Miss, ...]:
        return tuple(miss_from_json(orjson.loads(m)) for m in list(reversed(self._misses.values()))[:limit])

    async def due(self, at: datetime, limit: int) -> tuple[Notice, ...]:
        due = [
            Notice(str(number), to_address(n["address"]), n["command"], n["tries"])
            for number, n in enumerate(self._notices)
            if n["state"] == "pending" and n["next_at"] <= at
        ]
        return tuple(due[:limit])

    async def settle(self, notice: str, state: str, next_at: datetime, why: str) -> None:
        row = self._notices[int(notice)]
        if row["state"] == "pending":
            row.update(state=state, next_at=next_at, why=why, tries=row["tries"] + 1)

    def _keep(self, request: ServiceRequest) -> ServiceRequest:
        self._requests[str(request.code)] = orjson.dumps(request_to_json(request))
        return request

    def _newest(self) -> list[ServiceRequest]:
        return [_request(data) for data in reversed(self._requests.values())]


def _request(data: bytes) -> ServiceRequest:
    return request_from_json(orjson.loads(data))


def _line_to_json(line: Line) -> bytes:
    at = line.said_at.isoformat()
    return orjson.dumps([line.seq, str(line.address), line.inbound, at, line.direction, line.content])


def _line_from_json(data: bytes) -> Line:
    seq, address, inbound, at, direction, content = orjson.loads(data)
    return Line(seq, to_address(address), inbound, datetime.fromisoformat(at), direction, content)
