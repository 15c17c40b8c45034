"""Polling: an update is confirmed only after it was taken; chats run at once, each in its order."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.channels.telegram import polling
from bot.channels.telegram.api import Api
from bot.core.messages import Inbound, Reply
from tests.channels.botapi import BotApi, callback, message
from tests.channels.conftest import Counter, Start
from tests.channels.counter import echo


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "pause", lambda failures: 0.001)


def texts(counter: Counter, chat: int = 5) -> list[str]:
    return [m["text"] for m in counter.api.sent() if m["chat_id"] == chat]


async def test_the_webhook_is_taken_away_first(start: Start) -> None:
    counter = await start(webhook=False)
    counter.api.webhook = {"url": "https://old.example.org"}
    counter.api.offer(message(1, text="سلام"))
    await counter.api.wait_for("sendMessage")
    methods = [c.method for c in counter.api.calls]
    assert methods.index("deleteWebhook") < methods.index("getUpdates")
    assert texts(counter) == ["شنیدم: سلام"]
    assert "setWebhook" not in methods


async def test_an_update_is_confirmed_after_it_was_taken(start: Start) -> None:
    counter = await start(webhook=False)
    confirmed_at_the_turn = []

    def script(heard: Inbound) -> tuple[Reply, ...]:
        confirmed_at_the_turn.append(counter.api.confirmed)
        return echo(heard)

    counter.gateway.script = script
    counter.api.offer(message(10, text="یک"), callback(11, "two"))
    asked = await counter.api.wait_for("getUpdates", 2)
    assert confirmed_at_the_turn == [0, 0]
    assert [p["offset"] for p in asked] == [0, 12]
    assert asked[1] == {
        "offset": 12,
        "timeout": 50,
        "allowed_updates": ["message", "callback_query", "my_chat_member"],
    }
    assert counter.api.sent("answerCallbackQuery") == [{"callback_query_id": "q11"}]


async def test_who_stops_finishes_its_turn_and_confirms_it() -> None:
    began, may_end, taken = asyncio.Event(), asyncio.Event(), []

    async def take(update: polling.Update) -> None:
        began.set()
        await may_end.wait()
        taken.append(update["update_id"])

    async with BotApi() as server, Api(server.token, server.url) as api:
        server.offer(message(10, text="یک"))
        running = asyncio.create_task(polling.Poller(api, take, "telegram").run())
        await began.wait()
        running.cancel()
        await asyncio.sleep(0)
        may_end.set()
        await asyncio.wait([running])
        assert (taken, server.confirmed) == ([10], 11)


async def test_a_failed_update_is_asked_for_again_and_nothing_overtakes_it(start: Start) -> None:
    counter = await start(webhook=False)
    counter.gateway.error = RuntimeError("the store is away")
    counter.api.offer(
        message(10, text="a"), message(11, chat=6, text="x"), message(12, text="b"), message(13, chat=6, text="y")
    )
    await counter.api.wait_for("sendMessage", 4)
    await counter.api.wait_for("getUpdates", 3)
    assert [p["offset"] for p in counter.api.sent("getUpdates")][:3] == [0, 10, 14]
    assert texts(counter) == ["شنیدم: a", "شنیدم: b"]
    assert texts(counter, 6) == ["شنیدم: x", "شنیدم: y"]  # once each: they were known to be taken
    assert [h.id for h in counter.gateway.heard if h.address.id == "5"] == ["10", "10", "12"]


async def test_an_update_that_always_fails_does_not_stop_the_others(start: Start) -> None:
    counter = await start(webhook=False)

    def script(heard: Inbound) -> tuple[Reply, ...]:
        if heard.text == "poison":
            raise RuntimeError("always")
        return echo(heard)

    counter.gateway.script = script
    counter.api.offer(message(10, text="poison"), message(11, text="after"))
    await counter.api.wait_for("sendMessage")
    assert texts(counter) == ["شنیدم: after"]
    assert len([h for h in counter.gateway.heard if h.text == "poison"]) == polling.TRIES


async def test_each_chat_in_order_and_chats_at_once(start: Start) -> None:
    counter = await start(webhook=False)
    counter.gateway.seconds = 0.01
    counter.api.offer(*(message(3 * n + c, chat=c, text=f"{n}") for n in range(5) for c in (5, 6, 7)))
    await counter.api.wait_for("sendMessage", 15)
    assert counter.gateway.overlaps == 0 and counter.gateway.most_at_once == 3
    for chat in (5, 6, 7):
        assert texts(counter, chat) == [f"شنیدم: {n}" for n in range(5)]


async def test_no_more_than_so_many_chats_at_once(start: Start) -> None:
    counter = await start(webhook=False)
    counter.gateway.seconds = 0.02
    counter.api.offer(*(message(100 + c, chat=c, text="x") for c in range(1, 91)))
    await counter.api.wait_for("sendMessage", 90)
    assert counter.gateway.most_at_once <= polling.AT_ONCE


@pytest.mark.parametrize(
    ("status", "description", "more", "why"),
    [
        (409, "Conflict: terminated by other getUpdates request", {}, "another process polls"),
        (401, "Unauthorized", {}, "does not know this token"),
        (502, "Bad Gateway", {}, "NetworkError"),
    ],
)
async def test_a_failing_server_is_asked_again(
    start: Start,
    caplog: pytest.LogCaptureFixture,
    status: int,
    description: str,
    more: dict[str, int],
    why: str,
) -> None:
    with caplog.at_level(logging.WARNING):
        counter = await start(webhook=False)
        counter.api.fail("getUpdates", status, description, times=3, **more)
        counter.api.offer(message(1, text="سلام"))
        await counter.api.wait_for("sendMessage")
    told = [vars(r)["why"] for r in caplog.records if r.name == polling.__name__]
    assert len(told) == 3 and all(why in w for w in told)


async def test_a_blocked_citizen_holds_nobody_up(start: Start) -> None:
    counter = await start(webhook=False)
    counter.api.fail("sendMessage", 403, "Forbidden: bot was blocked by the user")
    counter.api.offer(message(1, text="a"), message(2, text="b"))
    await counter.api.wait_for("sendMessage", 2)
    assert [h.text for h in counter.gateway.heard] == ["a", "b"]
    assert [reachable for _, reachable in counter.contacts.reached] == [False]


async def test_it_stops_at_once(start: Start) -> None:
    counter = await start(webhook=False)
    await counter.api.wait_for("getUpdates")
    running = [t for t in asyncio.all_tasks() if t.get_name() == "telegram"]
    assert len(running) == 1 and not running[0].done()
