"""Errors of the HTTP surface, and the two health pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.web import health
from bot.web.problems import Refused, problems

HEALTH = web.AppKey("health", health.Health)
Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def store() -> dict[str, str]:
    """What the health check of the test's application sees: empty is healthy."""
    return {}


@pytest.fixture
async def client(store: dict[str, str]) -> AsyncIterator[Client]:
    async def fail(request: web.Request) -> web.Response:
        raise ValueError("the number 0912345678 is not known")

    async def refuse(request: web.Request) -> web.Response:
        raise Refused(422, "No.", errors=[{"field": "a"}])

    async def read(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    async def away(request: web.Request) -> web.Response:
        raise web.HTTPFound("/elsewhere")

    async def database() -> None:
        if store.get("state") == "broken":
            raise OSError("disk")
        if store.get("state") == "slow":
            await asyncio.sleep(60)

    app = web.Application(middlewares=[problems()], client_max_size=1000)
    app.add_routes(
        [
            web.get("/fail/{code}", fail),
            web.get("/refuse", refuse),
            web.post("/read", read),
            web.get("/away", away),
        ]
    )
    app[HEALTH] = health.Health({"database": database}, lambda: [store["warning"]] if "warning" in store else [])
    app[HEALTH].add_to(app)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_nothing_here(client: Client) -> None:
    answer = await client.get("/nowhere")
    assert answer.status == 404
    assert answer.content_type == "application/problem+json"
    body = await answer.json()
    assert (body["status"], body["title"]) == (404, "Not Found")


async def test_wrong_method_tells_the_right_ones(client: Client) -> None:
    answer = await client.get("/read")
    assert answer.status == 405
    assert answer.headers["Allow"] == "POST"
    assert "POST" in (await answer.json())["detail"]


async def test_too_large_a_body(client: Client) -> None:
    answer = await client.post("/read", data=b"x" * 2000)
    assert answer.status == 413
    assert answer.content_type == "application/problem+json"


async def test_a_refusal_carries_its_members(client: Client) -> None:
    answer = await client.get("/refuse")
    assert answer.status == 422
    assert (await answer.json())["errors"] == [{"field": "a"}]


async def test_a_redirect_stays_one(client: Client) -> None:
    answer = await client.get("/away", allow_redirects=False)
    assert answer.status == 302


async def test_what_nobody_foresaw_has_a_reference_that_the_log_has_too(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await client.get("/fail/1234567890")
    body = await answer.json()
    assert answer.status == 500
    (record,) = caplog.records
    assert vars(record)["reference"] == body["reference"]
    assert vars(record)["route"] == "GET /fail/{code}"
    assert "0912345678" not in str(body)


async def test_alive_and_ready(client: Client) -> None:
    assert (await client.get("/healthz")).status == 200
    answer = await client.get("/readyz")
    assert answer.status == 200
    assert await answer.json() == {"status": "ready", "checks": {"database": "ok"}, "warnings": []}


async def test_broken_content_is_a_warning_and_no_outage(client: Client, store: dict[str, str]) -> None:
    store["warning"] = "faq/a.yaml:3: no answer"
    answer = await client.get("/readyz")
    assert answer.status == 200
    assert (await answer.json())["warnings"] == ["faq/a.yaml:3: no answer"]


@pytest.mark.parametrize("state", ["broken", "slow"])
async def test_a_store_that_does_not_answer_is_an_outage(
    client: Client, store: dict[str, str], state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    store["state"] = state
    answer = await client.get("/readyz")
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert (await answer.json())["failing"] == ["database"]
    assert (await client.get("/healthz")).status == 200


async def test_a_process_that_is_about_to_end_serves_on_but_sends_everybody_elsewhere(client: Client) -> None:
    assert (await client.get("/away", allow_redirects=False)).headers.get("Connection") != "close"
    client.app[HEALTH].ending = True
    ready = await client.get("/readyz")
    assert (ready.status, (await ready.json())["failing"]) == (503, [])
    assert (await client.get("/healthz")).status == 200
    answer = await client.post("/read", data=b"served")
    assert (await answer.read(), answer.headers["Connection"]) == (b"served", "close")
