"""The whole application twice, over one PostgreSQL and one Valkey: what one replica began the other goes on with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import app
from bot.core.messages import Address, Event, Inbound
from bot.core.ports import StoreUnavailable
from bot.gateway import Outcome
from bot.settings import Settings
from tests.app.serving import PATIENCE, Client, serving, settings_of, until
from tests.stores.databases import new_database
from tests.stores.valkey import Server

ME = Address("console", "me")
FORM = ("/form/pothole_report", "۱", "میدان امام", "بله", "رد شدن", "رد شدن", "09121234567", "تأیید")


@pytest.fixture
async def settings(valkey: Server, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Settings]:
    async with new_database("postgresql", request, tmp_path) as url:
        yield settings_of(
            tmp_path, database_url=url, redis_url=SecretStr(valkey.url), secret_key=SecretStr("of the tests " * 3)
        )


@pytest.fixture
async def replicas(settings: Settings) -> AsyncIterator[list[Client]]:
    async with AsyncExitStack() as opened:
        yield [await opened.enter_async_context(serving(settings)) for _ in range(2)]


async def say(client: Client, text: str, id: str) -> Outcome:
    gateway = client.app[app.COUNTER].gateway
    return await gateway.receive(Inbound(id, ME, Event.MESSAGE, text=text))


async def test_a_form_is_filed_once_with_every_turn_on_another_replica(replicas: list[Client]) -> None:
    for n, text in enumerate(FORM):
        outcomes = await asyncio.gather(*(say(replicas[(n + i) % 2], text, f"m{n}") for i in range(2)))
        assert [o.repeated for o in outcomes].count(False) == 1, "delivered to both at once: taken once"
        assert outcomes[0].replies == outcomes[1].replies
    counter = replicas[0].app[app.COUNTER]
    contact = await counter.contacts.resolve(ME)
    (request,) = await counter.desk.list_of(contact)
    assert {"text": "میدان امام"} in [answer.value for answer in request.draft.answers]
    for client in replicas:
        lines = await client.app[app.COUNTER].sessions.lines(contact, 0)
        assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
        assert [line.content["text"] for line in lines if line.direction == "in"] == list(FORM)


async def test_what_is_said_at_one_replica_is_seen_in_a_browser_at_the_other(replicas: list[Client]) -> None:
    async with replicas[1].ws_connect("/channels/web/socket") as browser:
        await browser.send_json({"type": "hello", "session": None, "after": 0, "language": "fa"})
        welcome = await browser.receive_json()
        said = {"type": "message", "id": "m1", "text": "ساعت کاری شهرداری"}
        posted = await replicas[0].post("/channels/web/messages", json=said, headers={"X-Session": welcome["session"]})
        answers = [f for f in (await posted.json())["frames"] if f["type"] == "reply"]
        seen = welcome
        async with asyncio.timeout(PATIENCE):
            while seen.get("seq") != answers[0]["seq"]:
                seen = await browser.receive_json()  # the greeting comes first
        assert seen["text"] == answers[0]["text"]


async def test_both_stores_are_told_of_in_readiness(replicas: list[Client]) -> None:
    ready = await replicas[0].get("/readyz")
    assert (await ready.json())["checks"] == {"database": "ok", "redis": "ok"}


async def test_without_redis_nothing_is_acknowledged_and_afterwards_all_goes_on(
    replicas: list[Client], valkey: Server
) -> None:
    await say(replicas[0], FORM[0], "first")
    valkey.kill()
    with pytest.raises(StoreUnavailable):
        await say(replicas[0], FORM[1], "second")
    answer = await replicas[1].post(
        "/channels/web/messages", json={"type": "hello", "session": None, "after": 0, "language": "fa"}
    )
    assert answer.status == 503
    assert (await replicas[0].get("/readyz")).status == 503
    assert (await replicas[0].get("/healthz")).status == 200
    valkey.start()

    async def answered(client: Client) -> bool:
        try:
            return bool((await say(client, FORM[1], "second")).replies)
        except StoreUnavailable:
            return False

    for client in replicas:
        await until(lambda client=client: answered(client))  # type: ignore[misc]
    assert (await say(replicas[0], FORM[1], "second")).repeated
    assert (await say(replicas[0], FORM[2], "third")).replies
