"""`/api/v1` as an agency's program meets it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from openapi_spec_validator import validate

from bot.channels.render import Renderer
from bot.core.catalogue import Catalogue, Field
from bot.core.messages import Address
from bot.core.requests import SurveyResponse
from bot.core.tracking import TrackingCode
from bot.desk.service_desk import ServiceDesk
from bot.stores.files import DiskFiles
from bot.stores.memory import MemoryContacts, MemoryRecords
from bot.web.api import Api
from bot.web.problems import problems
from tests import posted
from tests.conversation import KNOWLEDGE_BASE, content

TOKEN = "a-token-of-the-test"
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
MOBILE = "09121234567"
SAMPLES: dict[str, Any] = {
    "text": "خیابان نمونه",
    "long_text": "یک متن نمونه که به اندازهٔ کافی بلند است.",
    "yes_no": True,
    "number": 5,
    "date": "2026-11-23",
    "mobile": MOBILE,
    "landline": "021 66712345",
    "national_id": "0013542419",
    "postal_code": "1619735744",
    "legal_id": "14003778990",
    "email": "desk@example.org",
    "location": {"latitude": 35.7, "longitude": 51.4},
    "files": [{"name": "plan.pdf", "content": base64.b64encode(PDF).decode()}],
    "service": "waste_collection",
}


def sample(field: Field) -> Any:
    if field.type == "choice":
        return field.options[0].id
    if field.type == "number":
        return max(field.min or 1, 1)
    return SAMPLES[field.type]


@dataclass
class Office:
    """The API over the desk in memory, and a client that holds the token."""

    client: TestClient[web.Request, web.Application]
    records: MemoryRecords
    desk: ServiceDesk
    contacts: MemoryContacts
    catalogue: Catalogue = field(repr=False)
    woken: list[None] = field(default_factory=list)

    async def call(self, method: str, path: str, status: int, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}", **more.pop("headers", {})}
        async with self.client.request(method, f"/api/v1/{path}", headers=headers, **more) as answer:
            body = await answer.json(content_type=None)
            assert answer.status == status, body
            kind = "application/json" if status < 400 else "application/problem+json"
            assert answer.content_type == kind
            return body

    def body(self, form: str = "bulky_waste_pickup", **answers: Any) -> dict[str, Any]:
        given = {f.id: sample(f) for f in self.catalogue.forms[form].fields if f.type != "mobile"}
        return {"form": form, "answers": {**given, **answers}, "applicant": {"mobile": MOBILE}}

    async def filed(self, **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await self.call("POST", "requests", 201, json=self.body(), **more)
        return answer


def api_of(desk: ServiceDesk, contacts: MemoryContacts, files: Path, woken: list[None], token: str = TOKEN) -> Api:
    catalogue, nlu = content()
    return Api(
        desk=desk,
        contacts=contacts,
        files=DiskFiles(files),
        wording=Renderer(lambda: catalogue.phrases),
        catalogue=lambda: catalogue,
        nlu=lambda: nlu,
        clock=lambda: NOW,
        changed=lambda: woken.append(None),
        token=token,
        version="1.2.3",
    )


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    catalogue, _ = content()
    records = MemoryRecords()
    desk = ServiceDesk(records, lambda: catalogue, lambda: NOW)
    contacts, woken = MemoryContacts(), []
    app = web.Application(middlewares=[problems()])
    app.add_routes(api_of(desk, contacts, tmp_path, woken).routes())
    async with TestClient(TestServer(app)) as client:
        yield Office(client, records, desk, contacts, catalogue, woken)


# --- who may ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ۱"])
async def test_without_the_token_nothing_is_told(office: Office, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    for method, path in [("GET", "requests"), ("POST", "requests"), ("GET", "services"), ("PATCH", "requests/1")]:
        async with office.client.request(method, f"/api/v1/{path}", headers=headers) as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.content_type == "application/problem+json"


async def test_without_a_token_in_the_settings_the_api_is_closed_and_says_so(office: Office, tmp_path: Path) -> None:
    app = web.Application(middlewares=[problems()])
    app.add_routes(api_of(office.desk, office.contacts, tmp_path, [], token="").routes())
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/api/v1/requests", headers={"Authorization": "Bearer "})
        assert answer.status == 403
        assert "API_TOKEN" in (await answer.json(content_type=None))["detail"]


async def test_the_document_is_a_valid_openapi_document_of_exactly_these_routes(office: Office) -> None:
    document = await office.call("GET", "openapi.json", 200)
    validate(document)
    assert document["openapi"].startswith("3.1")
    served = {
        (route.resource.canonical, route.method.lower())
        for route in office.client.app.router.routes()
        if route.resource and route.method != "HEAD"
    }
    told = {
        (path, method)
        for path, item in document["paths"].items()
        for method in item
        if method in ("get", "post", "patch")
    }
    assert served - {("/api/v1/openapi.json", "get")} == told


# --- filing -----------------------------------------------------------------------------------------


async def test_a_request_is_filed_with_a_code_a_unit_and_an_expected_day(office: Office) -> None:
    filed = await office.filed()
    assert TrackingCode(filed["code"])
    assert (filed["status"], filed["service"], filed["channel"]) == ("submitted", "bulky_waste", "api")
    assert filed["unit"] == office.catalogue.services["bulky_waste"].unit
    assert filed["mobile"] == "+989121234567"
    assert filed["expected_on"]
    assert await office.call("GET", f"requests/{filed['code']}", 200) == filed


async def test_the_citizen_follows_it_with_the_second_factor(office: Office) -> None:
    code = TrackingCode((await office.filed())["code"])
    assert await office.desk.unlock(code, "4567", Address("web", "somebody"))


@pytest.mark.parametrize("form", sorted(f.stem for f in (KNOWLEDGE_BASE / "forms").glob("*.yaml")))
async def test_every_form_can_be_filed(office: Office, form: str) -> None:
    filed = await office.call("POST", "requests", 201, json=office.body(form))
    fields = {f.id: f for f in office.catalogue.forms[form].fields}
    assert {a["field"] for a in filed["answers"]} == set(fields)
    files = [f for f in fields.values() if f.type == "files"]
    assert [a["name"] for a in filed["attachments"]] == ["plan.pdf"] * len(files)


async def test_optional_fields_may_be_absent(office: Office) -> None:
    body = office.body()
    del body["answers"]["photo"]
    filed = await office.call("POST", "requests", 201, json=body)
    assert "photo" not in {a["field"] for a in filed["answers"]}


async def test_an_officer_fetches_the_file_of_a_request(office: Office) -> None:
    (file,) = (await office.filed())["attachments"]
    path = f"/api/v1/files/{file['id']}"
    async with office.client.get(path, headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
        assert await answer.read() == PDF
        assert answer.content_type == "application/pdf"
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''plan.pdf"
    async with office.client.get(path) as answer:
        assert answer.status == 401
    await office.call("GET", "files/unknown", 404)
    await office.call("GET", "files/..%2f..%2fsecret_key", 404)


async def test_the_same_key_files_once(office: Office) -> None:
    headers = {"Idempotency-Key": "agency-7"}
    first = await office.filed(headers=headers)
    again = await office.filed(headers=headers)
    assert again["code"] == first["code"]
    assert len((await office.call("GET", "requests", 200))["requests"]) == 1


async def test_a_key_that_belongs_to_another_request_is_refused(office: Office) -> None:
    headers = {"Idempotency-Key": "agency-7"}
    await office.filed(headers=headers)
    await office.call("POST", "requests", 409, json=office.body(count=3), headers=headers)


async def test_without_a_key_each_call_files(office: Office) -> None:
    assert (await office.filed())["code"] != (await office.filed())["code"]


async def test_all_bad_values_are_named_at_once_and_nothing_is_filed(office: Office) -> None:
    body = office.body(count=99, pickup_on="31 Mehr 1404", time="midnight", colour="red")
    del body["answers"]["items"]
    body["applicant"]["mobile"] = "12"
    refused = await office.call("POST", "requests", 422, json=body)
    named = {e["field"] for e in refused["errors"]}
    assert {"count", "pickup_on", "time", "colour", "items", "applicant.mobile"} <= named
    assert all(e["code"] and e["detail"] for e in refused["errors"])
    assert (await office.call("GET", "requests", 200))["requests"] == []


async def test_errors_are_said_in_the_language_asked_for(office: Office) -> None:
    said = {}
    for language in ("fa", "en"):
        body = {**office.body(count=99), "language": language}
        said[language] = (await office.call("POST", "requests", 422, json=body))["errors"][0]["detail"]
    assert said["en"].isascii()
    assert not said["fa"].isascii()


@pytest.mark.parametrize(
    ("content_of_file", "name"), [("not base64!", "a.pdf"), (base64.b64encode(b"MZ\x90\x00" * 64).decode(), "a.pdf")]
)
async def test_a_file_that_is_not_what_it_says_is_refused(office: Office, content_of_file: str, name: str) -> None:
    body = office.body(photo=[{"name": name, "content": content_of_file}])
    refused = await office.call("POST", "requests", 422, json=body)
    assert [e["field"] for e in refused["errors"]] == ["photo"]


async def test_a_service_can_be_named_for_a_form_of_none(office: Office) -> None:
    body = {**office.body("complaint"), "service": "pothole"}
    del body["answers"]["service"]
    assert (await office.call("POST", "requests", 201, json=body))["service"] == "pothole"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"form": "no_such_form"}, "form"), ({"service": "no_such"}, "service"), ({"service": "pothole"}, "service")],
)
async def test_what_does_not_exist_or_fit_is_named(office: Office, change: dict[str, str], field: str) -> None:
    refused = await office.call("POST", "requests", 422, json={**office.body(), **change})
    assert [e["field"] for e in refused["errors"]] == [field]


async def test_bodies_that_cannot_be_read(office: Office) -> None:
    await office.call("POST", "requests", 400, data=b"{broken")
    await office.call("POST", "requests", 400, data=b"\xff\xfe")
    for body in ([], {}, "text", {"form": 1}, {**office.body(), "more": 1}):
        refused = await office.call("POST", "requests", 422, json=body)
        assert refused["errors"]


async def test_a_value_of_the_wrong_shape_is_an_error_of_its_field(office: Office) -> None:
    for wrong in ({"a": 1}, [1], True, 1.5):
        refused = await office.call("POST", "requests", 422, json=office.body(items=wrong))
        assert [e["field"] for e in refused["errors"]] == ["items"]


# --- listing ----------------------------------------------------------------------------------------


async def test_pages_follow_each_other_newest_first(office: Office) -> None:
    codes = [(await office.filed())["code"] for _ in range(5)]
    told: list[str] = []
    after = ""
    while True:
        page = await office.call("GET", f"requests?limit=2&after={after}", 200)
        told += [r["code"] for r in page["requests"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert sorted(told) == sorted(codes)
    assert len(told) == len(set(told))


async def test_requests_are_found_by_status_and_unit(office: Office) -> None:
    filed = await office.filed()
    code, unit = filed["code"], filed["unit"]
    await office.call("PATCH", f"requests/{code}", 200, json={"status": "in_review"})
    other = (await office.filed())["code"]
    found = await office.call("GET", "requests?status=in_review", 200)
    assert [r["code"] for r in found["requests"]] == [code]
    found = await office.call("GET", f"requests?unit={unit}&status=submitted", 200)
    assert [r["code"] for r in found["requests"]] == [other]
    assert (await office.call("GET", "requests?unit=parks", 200))["requests"] == []


@pytest.mark.parametrize(
    "query", ["status=open", "limit=0", "limit=201", "limit=x", "limit=0200000", "after=1234567890"]
)
async def test_a_query_that_means_nothing_is_refused(office: Office, query: str) -> None:
    await office.call("GET", f"requests?{query}", 400)


async def test_lists_hold_no_personal_content(office: Office) -> None:
    await office.filed()
    (told,) = (await office.call("GET", "requests", 200))["requests"]
    assert not {"mobile", "answers", "history", "attachments"} & set(told)


# --- moving -----------------------------------------------------------------------------------------


async def test_a_request_moves_and_the_citizen_is_told(office: Office) -> None:
    code = (await office.filed())["code"]
    woken = len(office.woken)
    change = {"status": "referred", "note": "به واحد دیگر سپرده شد", "unit": "parks", "officer": "کارشناس فضای سبز"}
    moved = await office.call("PATCH", f"requests/{code}", 200, json=change)
    assert (moved["status"], moved["unit"], moved["officer"]) == ("referred", "parks", "کارشناس فضای سبز")
    assert (moved["history"][-1]["note"], moved["history"][-1]["by"]) == (change["note"], "officer")
    assert len(office.woken) == woken + 1
    assert [n.command for n in await posted.due(office.records.outbox, NOW)] == [f"/told {code} 1"]


async def test_the_code_may_be_written_as_people_write_it(office: Office) -> None:
    code = (await office.filed())["code"]
    persian = code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    for written in (f"{code[:5]} {code[5:]}", f"{persian[:5]}-{persian[5:]}"):
        assert (await office.call("GET", f"requests/{written}", 200))["code"] == code


async def test_the_course_of_a_request_is_kept(office: Office) -> None:
    code = (await office.filed())["code"]
    await office.call("PATCH", f"requests/{code}", 200, json={"status": "closed"})
    refused = await office.call("PATCH", f"requests/{code}", 409, json={"status": "resolved"})
    assert refused["detail"]


@pytest.mark.parametrize(
    "body", [{}, {"status": "open"}, {"note": " "}, {"stat": "closed"}, {"unit": "no_such"}, {"note": "x" * 4001}]
)
async def test_a_change_that_is_none_is_refused(office: Office, body: dict[str, str]) -> None:
    code = (await office.filed())["code"]
    refused = await office.call("PATCH", f"requests/{code}", 422, json=body)
    assert refused["errors"]


@pytest.mark.parametrize("code", ["1234567890", "abc", str(TrackingCode.new(lambda n: 7))])
async def test_a_code_that_nobody_has(office: Office, code: str) -> None:
    await office.call("GET", f"requests/{code}", 404)
    await office.call("PATCH", f"requests/{code}", 404, json={"status": "closed"})


# --- what there is ----------------------------------------------------------------------------------


async def test_the_service_catalogue_in_both_languages(office: Office) -> None:
    persian = (await office.call("GET", "services", 200))["services"]
    english = (await office.call("GET", "services?language=en", 200))["services"]
    assert {s["id"] for s in persian} == set(office.catalogue.services)
    by_id = {s["id"]: s for s in english}
    assert by_id["pothole"]["title"] == office.catalogue.services["pothole"].title["en"]
    assert by_id["pothole"]["steps"]
    await office.call("GET", "services?language=de", 400)


async def test_the_forms_tell_what_to_send(office: Office) -> None:
    forms = {f["id"]: f for f in (await office.call("GET", "forms?language=en", 200))["forms"]}
    fields = {f["id"]: f for f in forms["bulky_waste_pickup"]["fields"]}
    assert fields["time"]["options"][0]["id"] == "morning"
    assert fields["photo"]["optional"]


async def test_the_surveys_add_up(office: Office) -> None:
    code = TrackingCode((await office.filed())["code"])
    assert (await office.call("GET", "surveys/summary", 200))["count"] == 0
    await office.call("PATCH", f"requests/{code}", 200, json={"status": "closed"})
    await office.desk.rate(SurveyResponse("satisfaction", code, "c", "web", 4), key="k")
    told = await office.call("GET", "surveys/summary", 200)
    assert (told["count"], told["mean"], told["satisfied"]) == (1, 4, 1)
