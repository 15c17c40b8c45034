"""Stores that forget, for tests and the terminal. Everything goes through JSON text, so that they hide nothing that a
database would show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import orjson

from bot.core.messages import Address, Line
from bot.core.notices import News
from bot.core.ports import Consent, Opened, StaleSession, Way
from bot.core.records import Failure, Step
from bot.core.requests import Miss, Missed, ServiceRequest, Status, SurveyResponse
from bot.core.sessions import Session
from bot.core.turnstile import Turnstile
from bot.stores.contacts import new_contact, siblings
from bot.stores.documents import (
    miss_from_json,
    miss_to_json,
    rating_to_json,
    request_from_json,
    request_to_json,
)
from bot.stores.memory_outbox import MemoryOutbox
from bot.stores.tables import to_address


class MemorySessions:
    """`SessionStore` and `Transcripts`. It is the only process, so no session is ever stale."""

    def __init__(self, contacts: MemoryContacts | None = None) -> None:
        """`contacts`: those whose links move the transcripts."""
        self._turnstile = Turnstile()
        self._states: dict[str, bytes] = {}
        self._lines: dict[str, list[bytes]] = {}
        if contacts:
            contacts.linked.append(self._link)

    @asynccontextmanager
    async def open(self, contact: str) -> AsyncIterator[Opened]:
        async with self._turnstile.pass_through(contact):
            state, session = self._states.get(contact), self._session(contact)
            opened = Opened(session)
            yield opened
            if opened.session is not session:
                if self._states.get(contact) != state:
                    raise StaleSession("absorbed meanwhile")
                data = {**opened.session.to_json(), "version": session.version + 1}
                said = [_line_to_json(line) for line in opened.lines]
                self._states[contact] = orjson.dumps(data)
                self._lines.setdefault(contact, []).extend(said)

    async def lines(self, contact: str, after: int, limit: int = 200) -> tuple[Line, ...]:
        said = [_line_from_json(data) for data in self._lines.get(contact, ())]
        return tuple([line for line in said if line.seq > after][-limit:])

    async def absorb(self, contact: str, into: str) -> Session:
        session, other = self._session(contact), self._session(into)
        if other.merged_into or session.merged_into not in ("", into):
            raise StaleSession("the two were merged in another way meanwhile")
        if not session.merged_into:
            moved = replace(session, merged_into=into, version=session.version + 1)
            self._states[contact] = orjson.dumps(moved.to_json())
        return replace(session, merged_into="")

    def _session(self, contact: str) -> Session:
        state = self._states.get(contact)
        return Session.from_json(orjson.loads(state)) if state else Session(contact)

    def _link(self, contact: str, into: str) -> None:
        coming = [_line_from_json(data) for data in self._lines.pop(contact, ())]
        if coming:
            mine = [_line_from_json(data) for data in self._lines.get(into, ())]
            shift = min(1, *(line.seq for line in mine), 1) - 1 - coming[-1].seq
            moved = [replace(line, seq=line.seq + shift) for line in coming]
            self._lines[into] = [_line_to_json(line) for line in (*moved, *mine)]


class MemoryContacts:
    """`Contacts`."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = new_contact,
    ) -> None:
        self._clock = clock
        self._new_id = new_id
        self._contacts: dict[str, str] = {}
        self._phones: dict[str, dict[str, None]] = {}
        self._unreachable: set[str] = set()
        self._consents: dict[str, Consent] = {}
        self._preferred: dict[str, datetime] = {}
        self.linked: list[Callable[[str, str], None]] = []  # told: contact, into
        self.unlinked: list[Callable[[Sequence[Address], str, str], None]] = []  # told: addresses, old, new

    async def resolve(self, address: Address, *, fresh: bool = False) -> str:
        known = (self._contacts[str(a)] for a in siblings(address) if str(a) in self._contacts)
        return self._contacts.setdefault(str(address), next(known, None) or self._new_id())

    async def verify(self, contact: str, phone: str) -> None:
        self._phones.setdefault(contact, {})[phone] = None

    async def reach(self, address: Address, reachable: bool) -> None:
        (self._unreachable.discard if reachable else self._unreachable.add)(str(address))

    async def phones(self, contact: str) -> tuple[str, ...]:
        return tuple(self._phones.get(contact, ()))

    async def reachable(self, address: Address) -> bool:
        return str(address) not in self._unreachable

    async def addresses(self, contact: str) -> tuple[Address, ...]:
        return tuple(to_address(a) for a, c in self._contacts.items() if c == contact)

    async def ways(self, address: Address) -> tuple[Way, ...]:
        found = [one for one, contact in self._contacts.items() if contact == self.owner(address)]
        return tuple([await self._way(to_address(one)) for one in reversed(found)])

    async def _way(self, address: Address) -> Way:
        preferred_at = self._preferred.get(str(address))
        return Way(address, await self.reachable(address), await self.consent(address), preferred_at)

    async def prefer(self, address: Address) -> None:
        await self.resolve(address)
        self._preferred[str(address)] = self._clock()

    async def consent(self, address: Address) -> Consent:
        return self._consents.get(str(address), Consent.EVERYTHING)

    async def allow(self, address: Address, consent: Consent) -> bool:
        await self.resolve(address)
        before = await self.consent(address)
        self._consents[str(address)] = consent
        return before is not consent

    async def link(self, contact: str, into: str) -> None:
        for address, known in self._contacts.items():
            if known == contact:
                self._contacts[address] = into
        self._phones.setdefault(into, {}).update(self._phones.pop(contact, {}))
        for tell in self.linked:
            tell(contact, into)

    async def unlink(self, address: Address) -> str:
        new, going = self._new_id(), siblings(address)
        old = next((self._contacts[str(one)] for one in going if str(one) in self._contacts), None)
        if old is None:
            return new
        for one in going:
            if str(one) in self._contacts:
                self._contacts[str(one)] = new
            self._phones.get(old, {}).pop(one.number, None)
        for tell in self.unlinked:
            tell(going, old, new)
        return new

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
        self.outbox = MemoryOutbox()
        self._failures: list[tuple[str, Failure]] = []
        self._spent: dict[str, str] = {}
        self._contacts.linked.append(self._link)
        self._contacts.unlinked.append(self._unlink)

    def _link(self, contact: str, into: str) -> None:
        for request in self._newest():
            if request.draft.contact == contact:
                self._give(request, into)

    def _unlink(self, going: Sequence[Address], old: str, new: str) -> None:
        for request in self._newest():
            if request.draft.contact == old and request.draft.address in going:
                self._give(request, new)

    def _give(self, request: ServiceRequest, contact: str) -> None:
        self._keep(replace(request, draft=replace(request.draft, contact=contact)))

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
        for news in step.tell:
            self.outbox.put(step.request.draft.address, news, step.request.updated_at)
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
            self._ratings[key] = orjson.dumps(rating_to_json(response))
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
        row = {**miss_to_json(miss), "id": str(len(self._misses)), "missed_at": at, "state": "open"}
        self._misses.setdefault(key, orjson.dumps(row))

    async def misses(self, state: str, limit: int) -> tuple[Missed, ...]:
        rows = [row for row in map(orjson.loads, reversed(self._misses.values())) if row["state"] == state]
        return tuple(
            Missed(row["id"], datetime.fromisoformat(row["missed_at"]), miss_from_json(row)) for row in rows[:limit]
        )

    async def decide(self, misses: Collection[str], state: str) -> None:
        for key, row in [(key, orjson.loads(miss)) for key, miss in self._misses.items()]:
            if row["id"] in misses:
                self._misses[key] = orjson.dumps({**row, "state": state})

    async def tell(self, to: Address, news: News, *, at: datetime) -> None:
        self.outbox.put(to, news, at)

    async def spend(self, what: str, *, key: str, at: datetime) -> bool:
        return self._spent.setdefault(what, key) == key

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
