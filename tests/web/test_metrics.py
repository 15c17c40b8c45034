"""Metrics are for this machine, or for who brings the token."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.web import metrics
from bot.web.problems import problems

TOKEN = "the-token-of-prometheus"
GIVEN = web.AppKey("given", str)
Client = TestClient[web.Request, web.Application]


async def written() -> tuple[bytes, str]:
    return b"pishkhan_turns_total 1.0\n", "text/plain; version=1.0.0; charset=utf-8"


@pytest.fixture(params=["", TOKEN], ids=["without-token", "with-token"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    app = web.Application(middlewares=[problems()])
    app.add_routes(metrics.routes(written, request.param))
    app[GIVEN] = request.param
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_this_machine_may_ask(client: Client) -> None:
    answer = await client.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=1.0.0; charset=utf-8"
    assert "pishkhan_turns_total" in await answer.text()


@pytest.mark.parametrize("name", metrics.FORWARDED)
async def test_who_asks_through_a_proxy_is_not_this_machine(client: Client, name: str) -> None:
    answer = await client.get("/metrics", headers={name: "127.0.0.1"})
    assert answer.status == (401 if client.app[GIVEN] else 403)
    assert answer.content_type == "application/problem+json"
    assert "pishkhan_turns" not in await answer.text()


@pytest.mark.parametrize("given", ["Bearer wrong", "Bearer ", "Basic " + TOKEN, TOKEN, "Bearer \xff"])
async def test_a_wrong_token_opens_nothing(client: Client, given: str) -> None:
    answer = await client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.1", "Authorization": given})
    assert answer.status in (401, 403)


async def test_the_token_opens_from_anywhere(client: Client) -> None:
    headers = {"X-Forwarded-For": "10.0.0.1", "Authorization": f"Bearer {TOKEN}"}
    assert (await client.get("/metrics", headers=headers)).status == (200 if client.app[GIVEN] else 403)


async def test_errors_are_told_by_route_and_status() -> None:
    seen: list[tuple[str, int]] = []

    async def closed(request: web.Request) -> web.Response:
        raise web.HTTPForbidden

    async def broken(request: web.Request) -> web.Response:
        raise ValueError("secret")

    app = web.Application(middlewares=[problems(lambda route, status: seen.append((route, status)))])
    app.add_routes([web.post("/channels/sms/http/{secret}", closed), web.get("/broken", broken)])
    async with TestClient(TestServer(app)) as client:
        await client.post("/channels/sms/http/s3cret")
        await client.get("/broken")
        await client.get("/s3cret")
    assert seen == [("POST /channels/sms/http/{secret}", 403), ("GET /broken", 500), ("GET", 404)]
