"""`/api/v1`: requests, services and surveys for officers' tools, legal entities and other agencies.

Whoever holds API_TOKEN acts for the organisation and sees personal content.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

from bot.core.catalogue import Catalogue
from bot.core.ports import Contacts, Desk, Files, Nlu, Wording
from bot.core.requests import Draft, NotAllowed, ServiceRequest, Status
from bot.core.tracking import TrackingCode
from bot.web import models, openapi
from bot.web.bearer import brings
from bot.web.filing import Filing
from bot.web.problems import Refused

PAGE = 50
LARGEST_PAGE = 200
_KEY_SIZE = 200

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Api:
    """`catalogue` and `nlu` are asked at each call: content may be edited meanwhile. `changed` is called when a
    notice may lie in the outbox. An empty `token` closes the API."""

    desk: Desk
    contacts: Contacts
    files: Files
    wording: Wording
    catalogue: Callable[[], Catalogue]
    nlu: Callable[[], Nlu]
    clock: Callable[[], datetime]
    changed: Callable[[], None]
    token: str
    version: str
    public_url: str = ""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/openapi.json", self.document),
            web.get("/api/v1/requests", self._guarded(self.list)),
            web.post("/api/v1/requests", self._guarded(self.file)),
            web.get("/api/v1/requests/{code}", self._guarded(self.show)),
            web.patch("/api/v1/requests/{code}", self._guarded(self.change)),
            web.get("/api/v1/files/{id}", self._guarded(self.attachment)),
            web.get("/api/v1/services", self._guarded(self.services)),
            web.get("/api/v1/forms", self._guarded(self.forms)),
            web.get("/api/v1/surveys/summary", self._guarded(self.surveys)),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self.token:
                raise Refused(403, "The API is closed: this server has no API_TOKEN.")
            if not brings(request, self.token):
                challenge = {"WWW-Authenticate": 'Bearer realm="pishkhan"'}
                raise Refused(401, "Send the header Authorization: Bearer API_TOKEN.", headers=challenge)
            return await handler(request)

        return guarded

    async def document(self, request: web.Request) -> web.Response:
        return _json(openapi.document(self.version, self.public_url))

    # --- requests -----------------------------------------------------------------------------

    async def list(self, request: web.Request) -> web.Response:
        query = request.query
        status = query.get("status", "")
        if status and status not in set(Status):
            raise Refused(400, f"status is one of {', '.join(Status)}.")
        limit = query.get("limit", str(PAGE))
        if not (limit.isascii() and limit.isdigit() and len(limit) <= 3 and 1 <= int(limit) <= LARGEST_PAGE):
            raise Refused(400, f"limit is a number from 1 to {LARGEST_PAGE}.")
        after = TrackingCode.found_in(query.get("after", ""))
        if query.get("after") and (after is None or await self.desk.find(after) is None):
            raise Refused(400, "after is the tracking code of a request, as `next` told it.")
        found = await self.desk.search(
            status=Status(status) if status else None, unit=query.get("unit", ""), after=after or "", limit=int(limit)
        )
        page = models.RequestPage(
            requests=[models.RequestSummary.of(r) for r in found],
            next=found[-1].code if len(found) == int(limit) else None,
        )
        return _json(page)

    async def file(self, request: web.Request) -> web.Response:
        body = await _body(request, models.NewRequest)
        key = _key(request)
        catalogue = self.catalogue()
        now = self.clock().astimezone(ZoneInfo(catalogue.organization.timezone))
        draft = await Filing(body, catalogue, self.nlu(), self.wording, now).draft(self.desk, self.contacts, self.files)
        filed = await self.desk.file(draft, key=key)
        if _gist(filed.draft) != _gist(draft):
            raise Refused(409, "This Idempotency-Key belongs to another request.")
        self.changed()
        return await self._case(filed, status=201, headers={"Location": f"/api/v1/requests/{filed.code}"})

    async def show(self, request: web.Request) -> web.Response:
        found = await self.desk.find(_code(request))
        if found is None:
            raise _no_such_code()
        return await self._case(found)

    async def change(self, request: web.Request) -> web.Response:
        code = _code(request)
        body = await _body(request, models.RequestChange)
        if body.unit and body.unit not in self.catalogue().organization.units:
            error = {"field": "unit", "code": "unknown_unit", "detail": "There is no such unit."}
            raise Refused(422, "Some values cannot be taken; nothing was changed.", errors=[error])
        try:
            changed = await self.desk.change(
                code,
                by="officer",
                status=body.status,
                note=body.note.strip(),
                unit=body.unit,
                officer=body.officer,
                key=_key(request),
            )
        except KeyError:
            raise _no_such_code() from None
        except NotAllowed as error:
            raise Refused(409, str(error)) from None
        self.changed()
        return await self._case(changed)

    async def _case(self, request: ServiceRequest, **more: Any) -> web.Response:
        return _json(models.Request.whole(request, await self.contacts.addresses(request.draft.contact)), **more)

    async def attachment(self, request: web.Request) -> web.Response:
        """The file itself, never shown inside a page: it came from outside."""
        found = await self.files.get(request.match_info["id"])
        if found is None:
            raise Refused(404, "There is no such file.")
        file, data = found
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=data, content_type=file.media_type, headers=headers)

    # --- what there is ------------------------------------------------------------------------

    async def services(self, request: web.Request) -> web.Response:
        catalogue, language = self.catalogue(), self._language(request)
        services = [models.Service.of(s, catalogue, language) for s in catalogue.services.values()]
        return _json(models.ServiceList(services=services))

    async def forms(self, request: web.Request) -> web.Response:
        language = self._language(request)
        return _json(models.FormList(forms=[models.Form.of(f, language) for f in self.catalogue().forms.values()]))

    async def surveys(self, request: web.Request) -> web.Response:
        return _json(models.SurveySummary.model_validate(await self.desk.summary()))

    def _language(self, request: web.Request) -> str:
        languages = self.catalogue().languages
        language = request.query.get("language", languages[0])
        if language not in languages:
            raise Refused(400, f"language is one of {', '.join(languages)}.")
        return language


def _json(
    body: BaseModel | Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    data = body.model_dump(mode="json") if isinstance(body, BaseModel) else body
    return web.Response(status=status, body=orjson.dumps(data), content_type="application/json", headers=headers or {})


async def _body(request: web.Request, model: type[Body]) -> Body:
    try:
        data = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        raise Refused(400, "The body is not JSON.") from None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        errors = [
            {
                "field": ".".join(str(part) for part in e["loc"]),
                "code": e["type"],
                "detail": e["msg"].removeprefix("Value error, "),
            }
            for e in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise Refused(422, "The body does not have the shape of /api/v1/openapi.json.", errors=errors) from None


def _key(request: web.Request) -> str:
    """The caller's idempotency key, or one that nobody will repeat."""
    given = request.headers.get("Idempotency-Key", "").strip()
    if len(given) > _KEY_SIZE:
        raise Refused(400, f"Idempotency-Key has at most {_KEY_SIZE} characters.")
    return f"api:{request.method}:{given or secrets.token_hex(16)}"


def _code(request: web.Request) -> TrackingCode:
    code = TrackingCode.found_in(request.match_info["code"])
    if code is None:
        raise _no_such_code()
    return code


def _no_such_code() -> Refused:
    return Refused(404, "No request has this tracking code.")


def _gist(draft: Draft) -> tuple[Any, ...]:
    """What makes two drafts the same request; stored files have new ids each time."""
    return (
        draft.form,
        draft.mobile,
        draft.service,
        tuple((a.field, a.value) for a in draft.answers if a.kind != "files"),
    )
