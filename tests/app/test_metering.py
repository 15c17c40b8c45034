"""What an operator sees at /metrics while citizens talk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import WSMsgType
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from bot import app
from bot.core.messages import Address, Event, Inbound
from bot.core.ports import StoreUnavailable
from bot.core.requests import Draft, Status
from bot.dialogs.engine import Engine
from bot.stores.outbox import SqlOutbox
from tests.app.serving import Client, serving, settings_of, until

ME = Address("console", "me")
Samples = dict[tuple[str, ...], float]


async def metrics(client: Client) -> Samples:
    """Every sample by its name and the values of its labels."""
    answer = await client.get("/metrics")
    assert answer.status == 200
    families = text_string_to_metric_families(await answer.text())
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


@pytest.fixture
async def client(data: Path) -> AsyncIterator[Client]:
    async with serving(settings_of(data)) as client:
        yield client


async def say(client: Client, *texts: str, address: Address = ME) -> None:
    gateway = client.app[app.COUNTER].gateway
    for text in texts:
        await gateway.receive(Inbound(text, address, Event.MESSAGE, text=text))


async def test_turns_are_counted_by_channel_and_outcome(client: Client) -> None:
    assert (await metrics(client))["pishkhan_turns_total", "web", "answered"] == 0, "known before it happens"
    await say(client, "سلام", "منو", "سلام")
    await say(client, "سلام", address=Address("telegram", "5"))
    seen = await metrics(client)
    assert seen["pishkhan_turns_total", "console", "answered"] == 2
    assert seen["pishkhan_turns_total", "console", "replayed"] == 1
    assert seen["pishkhan_turns_total", "telegram", "answered"] == 1
    assert seen["pishkhan_turn_seconds_count", "console"] == 3
    assert 0 < seen["pishkhan_turn_seconds_sum", "console"] < 60
    assert seen["pishkhan_sessions_opened_total", "console"] == 1


async def test_what_went_wrong_is_counted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        raise ValueError

    async def lost(*_: object) -> None:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Engine, "advance", fails)
        await say(client, "یک")
        broken.setattr(Engine, "advance", lost)
        with pytest.raises(StoreUnavailable):
            await say(client, "دو")
    for n in range(40):
        await client.app[app.COUNTER].gateway.receive(Inbound(f"{n}", ME, Event.MESSAGE, text=f"حرف شمارهٔ {n} من"))
    seen = await metrics(client)
    assert seen["pishkhan_turns_total", "console", "apology"] == 1
    assert seen["pishkhan_turns_total", "console", "unavailable"] == 1
    assert seen["pishkhan_turns_total", "console", "held"] >= 1, "too fast"
    assert seen["pishkhan_turns_total", "console", "dropped"] >= 1


async def test_how_well_it_understands_is_seen_and_not_what(client: Client) -> None:
    caller = Address("sms", "+989123456789")
    await say(client, "زرافه‌ها در کویر چه رنگی خواب می‌بینند", "ساعت کاری شهرداری", "0012345678", address=caller)
    await client.get("/channels/sms/http/s3cret?from=09123456789")
    seen = await metrics(client)
    assert seen["pishkhan_understanding_confidence_count", "intent"] == 3
    assert seen["pishkhan_understanding_confidence_count", "question"] == 3
    assert sum(n for key, n in seen.items() if key[:2] == ("pishkhan_questions_unsure_total", "sms")) >= 1
    text = await (await client.get("/metrics")).text()
    assert all(value not in text for value in ("9123456789", "0012345678", "زرافه", "s3cret"))


async def test_forged_webhooks_are_counted_by_channel(data: Path) -> None:
    telegram = {"telegram_token": SecretStr("1:token"), "public_url": "https://counter.example.org"}
    async with serving(settings_of(data, telegram_api_url="http://127.0.0.1:1", **telegram)) as client:
        await client.post("/channels/telegram", json={"update_id": 1})
        await client.post(
            "/channels/web/messages", json={"type": "message", "id": "1", "text": "x", "session": "forged"}
        )
        seen = await metrics(client)
        assert seen["pishkhan_inbound_refused_total", "telegram", "403"] == 1
        assert seen["pishkhan_inbound_refused_total", "web", "403"] == 1


async def test_notices_are_seen_until_they_are_told(client: Client) -> None:
    counter = client.app[app.COUNTER]
    before = await metrics(client)
    assert (before["pishkhan_notices_waiting",], before["pishkhan_notices_dead",]) == (0, 0)
    web = Address("web", "browser")
    await say(client, "سلام", address=web)
    contact = await counter.contacts.resolve(web)
    filed = await counter.desk.file(Draft("letter", "request", "نامه", contact, web, "fa"), key="k")
    await counter.desk.change(filed.code, by="officer", status=Status.IN_REVIEW)
    client.app[app.COURIER].wake()

    async def told() -> bool:
        return (await metrics(client)).get(("pishkhan_deliveries_total", "web", "sent"), 0) == 1

    await until(told)
    assert (await metrics(client))["pishkhan_delivery_delay_seconds_count", "web"] == 1


async def test_sockets_and_stores_are_seen_and_one_that_does_not_answer_hides_nothing_else(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client.ws_connect("/channels/web/socket") as socket:
        await socket.send_json({"type": "hello"})
        assert (await socket.receive()).type is WSMsgType.TEXT
        seen = await metrics(client)
    assert seen["pishkhan_websockets_open",] == 1
    assert seen["pishkhan_store_up", "database"] == 1
    assert seen["pishkhan_store_round_trip_seconds", "database"] > 0
    assert ("process_resident_memory_bytes",) in seen

    async def away(*_: object) -> None:
        raise StoreUnavailable("no answer")

    counter = client.app[app.COUNTER]
    monkeypatch.setattr(counter.stores.database, "ask", away)
    monkeypatch.setattr(SqlOutbox, "queue", away)
    seen = await metrics(client)
    assert seen["pishkhan_store_up", "database"] == 0
    assert ("pishkhan_notices_waiting",) not in seen
    assert ("pishkhan_lines_waiting",) in seen


async def test_a_worker_tells_its_own(data: Path) -> None:
    worker = await asyncio.to_thread(app.build_worker, settings_of(data, worker="separate"))
    async with TestClient(TestServer(worker)) as client:
        assert (await metrics(client))["pishkhan_notices_waiting",] == 0


async def test_two_applications_in_a_process_count_for_themselves(data: Path) -> None:
    async with serving(settings_of(data / "a")) as first, serving(settings_of(data / "b")) as second:
        await say(first, "سلام")
        assert ("pishkhan_turns_total", "console", "answered") not in await metrics(second)
        assert (await metrics(first))["pishkhan_turns_total", "console", "answered"] == 1
