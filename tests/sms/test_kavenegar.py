"""Kavenegar: callbacks → Inbound, replies → exact calls, its statuses; the key stays where it is."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from bot.channels.sms import Kavenegar
from bot.channels.sms.driver import Text
from bot.channels.sms.kavenegar import accepted, local, read
from bot.core.messages import Event, Inbound, Phrase, Reply
from bot.core.ports import SendFailed
from tests.sms.conftest import Start
from tests.sms.desk import ADDRESS, KEY, SECRET, THEIRS, kavenegar

PATH = f"/channels/sms/kavenegar/{SECRET}"
HEARD = {"messageid": "85463238", "from": "09121234567", "to": "10004346", "message": "سلام", "date": "1764091000"}
NEWS = (Reply(Phrase("two")),)


def answer(status: int, *entries: dict[str, Any]) -> str:
    return json.dumps({"return": {"status": status, "message": "m"}, "entries": list(entries) or None})


SENT = answer(200, {"messageid": 8792343, "message": "دومی", "status": 1, "receptor": "09121234567", "cost": 120})


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, Text("85463238", THEIRS, "سلام")),
        ({"from": "989121234567"}, Text("85463238", THEIRS, "سلام")),
        ({"from": "", "sender": "9121234567"}, Text("85463238", THEIRS, "سلام")),
        ({"message": ""}, Text("85463238", THEIRS, "")),
        ({"from": "2000"}, None),
    ],
)
def test_callbacks(given: dict[str, str], text: Text | None) -> None:
    assert read({**HEARD, **given}) == text


def test_a_message_without_an_id_gets_the_same_one_when_it_comes_again() -> None:
    given = {**HEARD, "messageid": ""}
    first, again, other = read(given), read(given), read({**given, "date": "1764091001"})
    assert first and again and other
    assert first.id == again.id != other.id
    untimed = {**given, "date": ""}
    assert read(untimed) != read(untimed), "«۱» twice is two answers"


@pytest.mark.parametrize(("number", "written"), [(THEIRS, "09121234567"), ("+12025550123", "0012025550123")])
def test_numbers_as_the_gateway_writes_them(number: str, written: str) -> None:
    assert local(number) == written


@pytest.mark.parametrize("how", ["GET", "POST", "JSON"])
async def test_a_turn(start: Start, how: str) -> None:
    counter = await start(kavenegar)
    counter.provider.answer = (200, SENT)
    given = {"GET": {"params": HEARD}, "POST": {"data": HEARD}, "JSON": {"json": HEARD}}[how]
    for _ in range(2):
        assert await counter.call("GET" if how == "GET" else "POST", PATH, **given) == 200
    assert counter.gateway.changes == [Inbound("85463238", ADDRESS, Event.MESSAGE, text="سلام")]
    (call,) = counter.provider.calls
    assert (call.method, call.path) == ("POST", f"/v1/{KEY}/sms/send.json")
    assert call.form == {"receptor": "09121234567", "sender": "10004346", "message": "شنیدم: سلام"}


async def test_an_answer_that_cannot_go_out_is_asked_for_again(start: Start) -> None:
    counter = await start(kavenegar)
    counter.provider.plan = [(409, answer(409)), (200, SENT)]
    assert await counter.call("POST", PATH, data=HEARD) == 500
    assert await counter.call("POST", PATH, data=HEARD) == 200
    assert await counter.call("POST", PATH, data=HEARD) == 200
    assert len(counter.gateway.changes) == 1
    assert len(counter.provider.calls) == 2


async def test_an_answer_that_never_will_go_out_is_done_with(start: Start) -> None:
    counter = await start(kavenegar)
    counter.provider.answer = (411, answer(411))
    assert await counter.call("POST", PATH, data=HEARD) == 200
    assert not await counter.contacts.reachable(ADDRESS)


RETRY, LATER = 30.0, 300.0


@pytest.mark.parametrize(
    ("status", "body", "retry_in", "unreachable"),
    [
        (411, answer(411), None, True),
        (200, answer(411), None, True),
        (400, answer(400), None, False),
        (413, answer(413), None, False),
        (409, answer(409), RETRY, False),
        (451, answer(451), RETRY, False),
        (402, answer(402), RETRY, False),
        (403, answer(403), LATER, False),
        (412, answer(412), LATER, False),
        (418, answer(418), LATER, False),
        (502, "<html>", RETRY, False),
        (200, "<html>", RETRY, False),
        (200, "[]", RETRY, False),
        (200, "{}", RETRY, False),
        (200, '{"return": null}', RETRY, False),
        (404, "not found", None, False),
    ],
)
def test_statuses(status: int, body: str, retry_in: float | None, unreachable: bool) -> None:
    with pytest.raises(SendFailed) as refused:
        accepted(status, body.encode())
    assert (refused.value.retry_in, refused.value.unreachable) == (retry_in, unreachable)


async def test_reports(start: Start) -> None:
    counter = await start(kavenegar)
    counter.notices["8792343"] = ADDRESS  # sent by any replica
    report = {"messageid": "8792343", "status": "14", "statustext": "بلاک شده"}
    assert await counter.call("POST", PATH, data={**report, "messageid": "1"}) == 200  # of a reply
    assert await counter.contacts.reachable(ADDRESS)
    assert await counter.call("POST", PATH, data=report) == 200
    assert not await counter.contacts.reachable(ADDRESS)
    assert await counter.call("GET", PATH, params={**report, "status": "10"}) == 200
    assert await counter.contacts.reachable(ADDRESS)
    assert await counter.call("GET", PATH, params={**report, "status": "11"}) == 200
    assert await counter.contacts.reachable(ADDRESS)
    assert counter.receipts == [
        ("sms", id, fate) for id, fate in (("1", False), *(("8792343", f) for f in (False, True, False)))
    ]
    assert not counter.gateway.heard


async def test_a_key_makes_the_gateway_know_a_message_again(start: Start) -> None:
    counter = await start(kavenegar)
    counter.provider.answer = (200, SENT)
    ids = [
        await counter.channel.send(ADDRESS, NEWS, "fa", seq=1, key=key) for key in ("notice:1", "notice:1", "notice:2")
    ]
    first, again, other = [call.form["localid"] for call in counter.provider.calls]
    assert first == again != other
    assert all(len(id) < 19 or int(id) < 2**63 for id in (first, other))
    assert ids == ["8792343"] * 3


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("/channels/sms/kavenegar/forged", {"data": HEARD}, 403),
        ("/channels/sms/kavenegar/forged", {"data": b"\xff"}, 403),
        ("/channels/sms/kavenegar/%D8%B3", {"data": HEARD}, 403),
        (PATH, {}, 400),
        (PATH, {"json": {}}, 400),
        (PATH, {"json": []}, 400),
        (PATH, {"data": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        (PATH, {"data": b"\xff"}, 400),
        (PATH, {"data": {"message": "x"}}, 400),
        (PATH, {"data": "a=1&" * 200}, 400),
        (PATH, {"data": b"x" * (1 << 17)}, 413),
    ],
)
async def test_others_are_refused(start: Start, path: str, more: dict[str, Any], status: int) -> None:
    counter = await start(kavenegar)
    assert await counter.call("POST", path, **more) == status
    assert not counter.gateway.heard


async def test_a_stranger_cannot_get_either(start: Start) -> None:
    counter = await start(kavenegar)
    assert await counter.call("GET", "/channels/sms/kavenegar/forged", params=HEARD) == 403


def test_no_secret_no_service() -> None:
    driver = Kavenegar(api_key=KEY, sender="1", secret="")
    with pytest.raises(ValueError, match="SMS_WEBHOOK_SECRET"):
        driver.routes(None)  # type: ignore[arg-type]


async def test_the_key_is_in_no_log_and_no_exception(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        counter = await start(kavenegar)
        for plan in ((500, "x"), (302, ""), (411, answer(411))):
            counter.provider.plan = [plan]
            with pytest.raises(SendFailed) as refused:
                await counter.channel.send(ADDRESS, NEWS, "fa", seq=1)
            assert KEY not in repr(refused.value) + str(refused.value.__cause__)
        counter.provider.answer = (500, "")
        await counter.call("POST", PATH, data={**HEARD, "message": "راز من"})
        for url in ("http://127.0.0.1:1", "http://no such host"):
            unreachable = await start(lambda _, url=url: kavenegar(url))
            with pytest.raises(SendFailed) as refused:
                await unreachable.channel.send(ADDRESS, NEWS, "fa", seq=1)
            assert KEY not in repr(refused.value) + str(refused.value.__cause__)
    everything = "\n".join(f"{r.getMessage()} {vars(r)}" for r in caplog.records if r.name != "aiohttp.access")
    assert "turn to be delivered again" in everything
    assert [word for word in (KEY, SECRET, "9121234567", "راز") if word in everything] == []
