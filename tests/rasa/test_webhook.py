"""The action server's protocol, on our own server and on rasa-sdk's, side by side."""

from __future__ import annotations

import copy
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from sanic import Sanic

from bot.dialogs.registry import build
from bot.rasa.server import build as build_sanic
from bot.rasa.webhook import ActionRoutes
from bot.web.problems import problems
from tests.rasa.assistant import Assistant, OurSide, code_in

TOKEN = "a token of these tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def side() -> OurSide:
    return OurSide()


@pytest.fixture
async def ours(side: OurSide) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(application(ActionRoutes(side.parts, TOKEN)))) as client:
        yield client


def application(routes: ActionRoutes) -> web.Application:
    app = web.Application(middlewares=[problems()], client_max_size=1024 * 1024)
    app.add_routes(routes.routes())
    return app


@pytest.fixture
async def theirs(side: OurSide, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """rasa-sdk's own endpoint application with our actions."""
    monkeypatch.setattr(Sanic, "test_mode", True)  # more than one of a name in one process
    server: Any = await build_sanic(side.parts, TOKEN).create_server(
        "127.0.0.1", unused_tcp_port, access_log=False, return_asyncio_server=True
    )
    await server.startup()
    yield f"http://127.0.0.1:{unused_tcp_port}"
    await server.close()


@pytest.fixture
def unused_tcp_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def confirming(side: OurSide) -> dict[str, Any]:
    """The call with which Rasa submits a filled form."""
    ann = Assistant(side)
    await ann.says('/command{"command": "/form/officer_message"}')
    await ann.says("لطفاً با من تماس بگیرید.")
    await ann.says("۰۹۱۲۱۲۳۴۵۶۷")
    assert ann.slots["requested_slot"] == "officer_message_review"
    await ann.says("confirm")
    side.records.__init__(side.contacts)  # type: ignore[misc]  # as if the call had never come
    return ann.calls[-1]


class TestOurs:
    async def test_a_retried_call_files_once(self, side: OurSide, ours: TestClient[Any, Any]) -> None:
        call = await confirming(side)
        assert call["next_action"] == "action_submit_officer_message"
        answers = [await ours.post("/actions/webhook", json=call, headers=BEARER) for _ in range(3)]
        codes = {code_in((await a.json())["responses"][0]["text"]) for a in answers}
        assert [r.code for r in await side.filed()] == list(codes)

    async def test_rasa_may_deflate_it(self, side: OurSide, ours: TestClient[Any, Any]) -> None:
        call = await confirming(side)
        answer = await ours.post("/actions/webhook", json=call, headers=BEARER, compress="deflate")
        assert answer.status == 200 and len(await side.filed()) == 1

    async def test_the_token_may_be_a_query(self, side: OurSide, ours: TestClient[Any, Any]) -> None:
        assert (await ours.get("/actions", params={"token": TOKEN})).status == 200

    @pytest.mark.parametrize(
        "headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": TOKEN}, {"Authorization": "Basic eDp5"}]
    )
    async def test_what_is_not_authentic_changes_nothing(
        self, side: OurSide, ours: TestClient[Any, Any], headers: dict[str, str]
    ) -> None:
        call = await confirming(side)
        for request in (
            ours.post("/actions/webhook", json=call, headers=headers),
            ours.get("/actions", headers=headers),
        ):
            answer = await request
            assert answer.status == 403 and answer.content_type == "application/problem+json"
        assert not await side.filed()

    async def test_a_query_does_not_help_a_wrong_header(self, ours: TestClient[Any, Any]) -> None:
        answer = await ours.get("/actions", params={"token": TOKEN}, headers={"Authorization": "Bearer x"})
        assert answer.status == 403

    async def test_without_a_token_it_is_closed(self, side: OurSide) -> None:
        async with TestClient(TestServer(application(ActionRoutes(side.parts, "")))) as client:
            for headers in ({}, {"Authorization": "Bearer "}):
                assert (await client.post("/actions/webhook", json={}, headers=headers)).status == 403

    async def test_without_the_extra_it_says_so(
        self, ours: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("bot.rasa.webhook.find_spec", lambda name: None)
        answer = await ours.get("/actions", headers=BEARER)
        assert answer.status == 501 and "pishkhan[rasa]" in await answer.text()

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "nonsense",
            "[]",
            '{"next_action": "action_hear"}',
            '{"next_action": "action_hear", "tracker": {"sender_id": 5}}',
            '{"next_action": "action_hear", "tracker": {"sender_id": "a", "events": [1]}, "domain": {}}',
            '{"next_action": "action_hear", "tracker": {"sender_id": "a", "slots": null}, "domain": {}}',
        ],
    )
    async def test_what_is_no_call_is_refused(self, ours: TestClient[Any, Any], body: str) -> None:
        assert (await ours.post("/actions/webhook", data=body, headers=BEARER)).status == 400

    async def test_health_is_open(self, ours: TestClient[Any, Any]) -> None:
        assert await (await ours.get("/actions/health")).json() == {"status": "ok"}

    async def test_an_edit_of_the_content_changes_the_actions(self, side: OurSide, ours: TestClient[Any, Any]) -> None:
        async def listed() -> set[str]:
            return {a["name"] for a in await (await ours.get("/actions", headers=BEARER)).json()}

        before = await listed()
        forms = {k: v for k, v in side.catalogue.forms.items() if k != "letter"}
        side.dialogs = build(replace(side.catalogue, forms=forms), side.nlu, side.desk)
        gone = before - await listed()
        assert "action_submit_letter" in gone and all("letter" in name for name in gone)


class TestTheirs:
    async def test_it_knows_our_token_and_files_once(self, side: OurSide, theirs: str) -> None:
        call = await confirming(side)
        async with ClientSession() as session:
            async with session.post(f"{theirs}/webhook", json=call) as refused:
                assert refused.status == 403
            codes = set()
            for _ in range(2):
                async with session.post(f"{theirs}/webhook", json=call, headers=BEARER) as answer:
                    assert answer.status == 200
                    codes.add(code_in((await answer.json())["responses"][0]["text"]))
            async with session.get(f"{theirs}/health") as health:
                assert await health.json() == {"status": "ok"}
            async with session.get(f"{theirs}/actions?token={TOKEN.replace(' ', '+')}") as listed:
                assert {"name": "action_hear"} in await listed.json()
        assert [r.code for r in await side.filed()] == list(codes)

    async def test_both_answer_alike(self, side: OurSide, ours: TestClient[Any, Any], theirs: str) -> None:
        ann = Assistant(side)
        await ann.says("سلام", "greet")
        call = ann.calls[-1]
        wrong = {**call, "next_action": "action_nobody_knows"}
        without = {key: value for key, value in call.items() if key != "domain"}
        async with ClientSession() as session:
            for body in (without, call, wrong, {}):
                async with session.post(f"{theirs}/webhook", json=copy.deepcopy(body), headers=BEARER) as answer:
                    told = (answer.status, json.loads(await answer.text()))
                answer = await ours.post("/actions/webhook", json=copy.deepcopy(body), headers=BEARER)
                assert (answer.status, await answer.json()) == told
