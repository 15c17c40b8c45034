"""The desk's records in the database: `bot.core.records.Records`.

Each method is one unit of work. A request's rows are its own (`requests`), its history (`changes`) and what the filer
is told (`notices`); they are written in one transaction or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bot.core.messages import Address
from bot.core.notices import News
from bot.core.records import Failure, Step
from bot.core.requests import Change, Miss, Missed, ServiceRequest, Status, SurveyResponse
from bot.core.tracking import TrackingCode
from bot.stores.database import Database
from bot.stores.documents import (
    attachments_from_json,
    attachments_to_json,
    draft_from_json,
    draft_to_json,
    miss_from_json,
    miss_to_json,
    rating_to_json,
)
from bot.stores.filing import filing
from bot.stores.outbox import row_of
from bot.stores.tables import addresses, changes, failures, misses, notices, ratings, requests, spent, to_address

# Statements are made once: making one costs as much as running it.
_r, _f = requests.c, failures.c
_BY_CODE = sa.select(requests).where(_r.code == sa.bindparam("of_code"))
_BY_CODE_ALONE = _BY_CODE.with_for_update()
_BY_KEY = sa.select(requests).where(_r.key == sa.bindparam("of_key"))
_OF_CONTACT = (
    sa.select(requests)
    .where(_r.contact == sa.bindparam("of_contact"))
    .order_by(_r.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_HISTORIES = sa.select(changes).where(changes.c.code.in_(sa.bindparam("codes", expanding=True))).order_by(changes.c.id)
_CHANGED = sa.select(changes.c.id).where(changes.c.key == sa.bindparam("of_key"))
_UPDATE = sa.update(requests).where(_r.code == sa.bindparam("of_code"))
_OWNER = sa.select(addresses.c.contact).where(addresses.c.address == sa.bindparam("of_address"))
_ENTRY = sa.insert(changes)
_FAILURE = sa.insert(failures)
_FAILURES = (
    sa.select(failures)
    .where(
        _f.kind == sa.bindparam("of_kind"),
        _f.at > sa.bindparam("since"),
        sa.or_(_f.address == sa.bindparam("by"), _f.code == sa.bindparam("of_code")),
    )
    .order_by(_f.at)
)
_DECIDE = (
    sa.update(misses).where(misses.c.id == sa.bindparam("of_id")).values(state=sa.bindparam("decided", type_=sa.String))
)


class SqlRecords:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._file = filing(db)
        self._insert_notice = db.insert(notices).on_conflict_do_nothing()
        self._insert_miss = db.insert(misses).on_conflict_do_nothing()
        self._insert_rating = db.insert(ratings).on_conflict_do_nothing()
        self._insert_spent = db.insert(spent).on_conflict_do_nothing()

    # --- requests -------------------------------------------------------------------------------

    async def add(self, request: ServiceRequest, *, key: str) -> ServiceRequest | None:
        [opening] = request.history
        entry = {f"entry_{name}": value for name, value in _entry(request.code, opening).items()}
        if await self._file({**_changing(request), **_filed(request), "key": key, **entry}):
            return request
        return await self._db.read(partial(_one, _BY_KEY, {"of_key": key}))

    async def update(self, code: str, rule: Callable[[ServiceRequest], Step], *, key: str = "") -> ServiceRequest:
        return await self._db.write(partial(self._update, code, rule, key))

    def _update(
        self, code: str, rule: Callable[[ServiceRequest], Step], key: str, connection: Connection
    ) -> ServiceRequest:
        request = _one(_BY_CODE_ALONE, {"of_code": code}, connection)
        if request is None:
            raise KeyError(code)
        if key and connection.execute(_CHANGED, {"of_key": key}).first():
            return request
        step = rule(request)
        after = step.request
        connection.execute(_UPDATE, {**_changing(after), "of_code": code})
        connection.execute(_ENTRY, {**_entry(code, after.history[-1]), "key": key or None})
        to, at = after.draft.address, after.updated_at
        for news in step.tell:
            connection.execute(self._insert_notice, row_of(to, news, at))
        return after

    async def find(self, code: str) -> ServiceRequest | None:
        return await self._db.read(partial(_one, _BY_CODE, {"of_code": code}))

    async def of(self, contact: str, limit: int) -> tuple[ServiceRequest, ...]:
        return await self._db.read(partial(_all, _OF_CONTACT, {"of_contact": contact, "most": limit}))

    async def search(self, status: Status | None, unit: str, after: str, limit: int) -> tuple[ServiceRequest, ...]:
        where: list[sa.ColumnElement[bool]] = []
        if status is not None:
            where.append(requests.c.status == status.value)
        if unit:
            where.append(requests.c.unit == unit)
        if after:
            start = sa.select(requests.c.id).where(requests.c.code == after).scalar_subquery()
            where.append(requests.c.id < start)
        query = sa.select(requests).where(*where).order_by(requests.c.id.desc()).limit(limit)
        return await self._db.read(partial(_all, query, {}))

    async def owner(self, address: Address) -> str:
        values = {"of_address": str(address)}
        return await self._db.read(lambda connection: connection.execute(_OWNER, values).scalar(), single=True) or ""

    # --- guesses --------------------------------------------------------------------------------

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
        address = str(by)
        values = {"of_kind": kind, "since": since, "by": address, "of_code": code}

        def work(connection: Connection) -> bool:
            self._db.alone(connection, f"{kind} by {address}", f"{kind} of {code}")
            rows = connection.execute(_FAILURES, values).all()
            right = rule([Failure(row.at, to_address(row.address), row.code) for row in rows])
            if right and rows:
                mine = (_f.kind == kind, _f.address == address, _f.code == code)
                connection.execute(sa.delete(failures).where(*mine))
            elif not right:
                connection.execute(sa.delete(failures).where(_f.kind == kind, _f.at <= since))
                connection.execute(_FAILURE, {"kind": kind, "address": address, "code": code, "at": at})
            return right

        return await self._db.write(work)

    # --- surveys and misses ---------------------------------------------------------------------

    async def rate(self, response: SurveyResponse, *, key: str, at: datetime) -> bool:
        return await self._db.write(partial(self._rate, response, key, at))

    def _rate(self, response: SurveyResponse, key: str, at: datetime, connection: Connection) -> bool:
        code = response.code
        if code and connection.execute(_BY_CODE_ALONE, {"of_code": code}).first() is None:
            raise KeyError(code)
        row = {**rating_to_json(response), "key": key, "rated_at": at}
        if connection.execute(self._insert_rating, row).rowcount == 0:
            more = sa.update(ratings).where(ratings.c.key == key).values(answers=row["answers"], score=row["score"])
            return bool(connection.execute(more).rowcount)
        if code:
            connection.execute(_UPDATE, {"of_code": code, "rated": True})
        return True

    async def scores(self) -> Mapping[str, Mapping[int, int]]:
        query = sa.select(ratings.c.survey, ratings.c.score, sa.func.count()).group_by(
            ratings.c.survey, ratings.c.score
        )
        scores: dict[str, dict[int, int]] = {}
        for survey, score, count in await self._db.read(lambda c: c.execute(query).all(), single=True):
            scores.setdefault(survey, {})[score] = count
        return scores

    async def miss(self, miss: Miss, *, key: str, at: datetime) -> None:
        row = {**miss_to_json(miss), "key": key, "missed_at": at}
        await self._db.write(lambda connection: connection.execute(self._insert_miss, row), single=True)

    async def misses(self, state: str, limit: int) -> tuple[Missed, ...]:
        query = sa.select(misses).where(misses.c.state == state).order_by(misses.c.id.desc()).limit(limit)
        rows = await self._db.read(lambda connection: connection.execute(query).all(), single=True)
        return tuple(Missed(str(row.id), row.missed_at, miss_from_json(row._asdict())) for row in rows)

    async def decide(self, misses: Collection[str], state: str) -> None:
        rows = [{"of_id": int(id), "decided": state} for id in sorted(misses)]
        if rows:
            await self._db.write(lambda connection: connection.execute(_DECIDE, rows))

    async def spend(self, what: str, *, key: str, at: datetime) -> bool:
        row = {"what": what, "key": key, "at": at}
        mine = sa.select(spent.c.what).where(spent.c.what == what, spent.c.key == key)

        def work(connection: Connection) -> bool:
            connection.execute(self._insert_spent, row)
            return connection.execute(mine).first() is not None

        return await self._db.write(work)

    # --- the outbox -----------------------------------------------------------------------------

    async def tell(self, to: Address, news: News, *, at: datetime) -> None:
        row = row_of(to, news, at)
        await self._db.write(lambda connection: connection.execute(self._insert_notice, row), single=True)


# --- rows and values ----------------------------------------------------------------------------


def _filed(request: ServiceRequest) -> dict[str, Any]:
    """The columns that never change."""
    draft = request.draft
    return {
        "code": request.code,
        "contact": draft.contact,
        "kind": draft.kind,
        "form": draft.form,
        "service": draft.service,
        "filed_at": request.filed_at,
        "draft": draft_to_json(draft),
    }


def _changing(request: ServiceRequest) -> dict[str, Any]:
    return {
        "status": request.status.value,
        "unit": request.unit,
        "officer": request.officer,
        "updated_at": request.updated_at,
        "expected_on": request.expected_on,
        "rated": request.rated,
    }


def _entry(code: str, change: Change) -> dict[str, Any]:
    return {
        "code": code,
        "at": change.at,
        "status": change.status.value,
        "note": change.note,
        "unit": change.unit,
        "officer": change.officer,
        "made_by": change.by,
        "attachments": attachments_to_json(change.attachments),
    }


def _one(query: sa.Select[Any], values: Mapping[str, Any], connection: Connection) -> ServiceRequest | None:
    found = _all(query, values, connection)
    return found[0] if found else None


def _all(query: sa.Select[Any], values: Mapping[str, Any], connection: Connection) -> tuple[ServiceRequest, ...]:
    """Requests with their histories."""
    rows = connection.execute(query, values).all()
    histories: dict[str, list[Change]] = {row.code: [] for row in rows}
    for row in connection.execute(_HISTORIES, {"codes": list(histories)}) if rows else ():
        histories[row.code].append(_change(row))
    return tuple(_request(row, histories[row.code]) for row in rows)


def _change(row: Row[Any]) -> Change:
    files = attachments_from_json(row.attachments)
    return Change(row.at, Status(row.status), row.note, row.unit, row.officer, row.made_by, files)


def _request(row: Row[Any], history: Sequence[Change]) -> ServiceRequest:
    return ServiceRequest(
        code=TrackingCode(row.code),
        draft=replace(draft_from_json(row.draft), contact=row.contact),  # who filed it may be linked since
        status=Status(row.status),
        unit=row.unit,
        officer=row.officer,
        filed_at=row.filed_at,
        updated_at=row.updated_at,
        expected_on=row.expected_on,
        history=tuple(history),
        rated=row.rated,
    )
