"""A gateway of Kannel's shape: calls → Inbound, replies → exact calls, reports."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import parse_qsl

import pytest
import yarl
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.sms import Http
from bot.channels.sms.driver import Part, Text
from bot.channels.sms.http import read, refusal
from bot.core.messages import Event, Inbound, Phrase, Reply
from bot.core.ports import SendFailed
from tests.sms.conftest import Start
from tests.sms.desk import ADDRESS, PUBLIC, SECRET, THEIRS, http

PATH = f"/channels/sms/http/{SECRET}"
HEARD = {
    "from": "09121234567",
    "to": "2000",
    "text": "سلام",
    "id": "848eac2a",
    "time": "2026-11-25 19:33:41",
    "udh": "",
}
NEWS = (Reply(Phrase("two")),)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, Text("848eac2a", THEIRS, "سلام")),
        ({"from": "", "msisdn": "+98 912 1234567"}, Text("848eac2a", THEIRS, "سلام")),
        ({"text": "", "body": "سلام"}, Text("848eac2a", THEIRS, "سلام")),
        ({"id": "", "messageid": "7"}, Text("7", THEIRS, "سلام")),
        ({"udh": "\x05\x00\x03\x07\x02\x01"}, Text("848eac2a", THEIRS, "سلام", part=Part(7, 1, 2))),
        ({"udh": "050003070201"}, Text("848eac2a", THEIRS, "سلام", part=Part(7, 1, 2))),
        ({"udh": "۵"}, Text("848eac2a", THEIRS, "سلام")),
        ({"ref": "7", "part": "1", "total": "2"}, Text("848eac2a", THEIRS, "سلام", part=Part(7, 1, 2))),
        ({"ref": "7", "part": "x", "total": "2"}, Text("848eac2a", THEIRS, "سلام")),
        ({"from": "2000"}, None),
    ],
)
def test_calls(given: dict[str, str], text: Text | None) -> None:
    assert read({**HEARD, **given}) == text


def test_parts_without_ids_have_different_ones() -> None:
    given = {**HEARD, "id": "", "ref": "7", "total": "2"}
    one, again, two = (read({**given, "part": part}) for part in ("1", "1", "2"))
    assert one and again and two
    assert one.id == again.id != two.id


async def test_a_turn(start: Start) -> None:
    counter = await start(http)
    for _ in range(2):
        assert await counter.call("GET", PATH, params=HEARD) == 200
    assert counter.gateway.changes == [Inbound("848eac2a", ADDRESS, Event.MESSAGE, text="سلام")]
    (call,) = counter.provider.calls
    assert (call.method, call.path) == ("GET", "/cgi-bin/sendsms")
    assert call.query == [
        ("username", "u&"),
        ("password", "p"),
        ("to", THEIRS),
        ("text", "شنیدم: سلام"),
        ("charset", "UTF-8"),
        ("coding", "2"),
    ]


async def test_what_came_over_the_air_is_read_in_its_own_charset(start: Start) -> None:
    counter = await start(http)
    on_air = "".join(f"%{byte:02x}" for byte in "سلام ۱۲".encode("utf-16-be"))
    query = f"from=09121234567&text={on_air}&charset=UTF-16BE&coding=2&id=1&udh=%05%00%03%07%01%01"
    assert await counter.call("GET", f"{PATH}?{query}") == 200
    assert await counter.call("POST", f"{PATH}?id=2", data=query.replace("&id=1", "").encode(), headers=FORM) == 200
    assert [h.text for h in counter.gateway.heard] == ["سلام ۱۲", "سلام ۱۲"]


async def test_letters_that_a_gateway_leaves_unescaped_are_read(start: Start) -> None:
    counter = await start(http)
    form = "from=09121234567&text=سلام ۱۲&id="
    assert await counter.call("POST", PATH, data=f"{form}1".encode(), headers=FORM) == 200
    assert await counter.call("POST", f"{PATH}?{'&' * 101}", data=f"{form}2".encode(), headers=FORM) == 400
    assert [h.text for h in counter.gateway.heard] == ["سلام ۱۲"]


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_reports_are_asked_for_and_remembered(start: Start) -> None:
    counter = await start(lambda url: http(url, PUBLIC + "/"))
    await counter.channel.send(ADDRESS, (Reply(Phrase("yes")),), "en", seq=1)
    report = f"{PUBLIC}{PATH}?dlr=%d&number=989121234567"
    assert counter.provider.calls[0].query[2:] == [
        ("to", THEIRS),
        ("text", "Yes"),
        ("charset", "UTF-8"),
        ("dlr-mask", "19"),
        ("dlr-url", report),
    ]
    for told, reachable in (("16", False), ("8", False), ("1", True), ("4", True), ("2", False)):
        assert await counter.call("GET", PATH, params={"dlr": told, "number": "989121234567"}) == 200
        assert await counter.contacts.reachable(ADDRESS) is reachable
    assert not counter.gateway.heard


async def test_a_report_brings_our_id_of_the_message(start: Start) -> None:
    counter = await start(lambda url: http(url, PUBLIC))
    id = await counter.channel.send(ADDRESS, (Reply(Phrase("yes")),), "en", seq=1, key="notice:1")
    report = yarl.URL(dict(counter.provider.calls[0].query)["dlr-url"].replace("%d", "2"))
    assert report.query["id"] == id
    assert await counter.call("GET", f"{PATH}?{report.query_string}") == 200
    assert await counter.call("GET", f"{PATH}?{report.query_string.replace('dlr=2', 'dlr=1')}") == 200
    assert counter.receipts == [("sms", id, False), ("sms", id, True)]


def test_an_address_without_a_query_gets_one() -> None:
    driver = Http(send_url="https://sms.example.org/send", secret="s")
    assert str(driver.url(THEIRS, "a b")) == "https://sms.example.org/send?to=%2B989121234567&text=a+b&charset=UTF-8"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_called_says_the_text_as_it_is(said: str) -> None:
    query = Http(send_url="https://sms.example.org/send?a=%2b+", secret="s").url(THEIRS, said).raw_query_string
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    assert query.startswith("a=%2b+&")
    assert pairs[1:4] == [("to", THEIRS), ("text", said), ("charset", "UTF-8")]


@pytest.mark.parametrize(
    ("status", "retry_in"), [(400, None), (403, 300.0), (404, 300.0), (429, 30.0), (503, 30.0), (302, None)]
)
async def test_refusals(start: Start, status: int, retry_in: float | None) -> None:
    counter = await start(http)
    counter.provider.answer = (status, "Authorization failed")
    with pytest.raises(SendFailed) as refused:
        await counter.channel.send(ADDRESS, NEWS, "fa", seq=1)
    assert refused.value.retry_in == retry_in
    assert refusal(202) is None
    expected = 200 if retry_in is None else 500
    assert await counter.call("POST", PATH, data=HEARD) == expected


async def test_turns_of_one_number_keep_their_order(start: Start) -> None:
    counter = await start(http)
    counter.gateway.seconds = 0.02
    calls = []
    for n in range(4):
        for sender in (THEIRS, "+989351234567"):
            given = {**HEARD, "id": f"{sender}{n}", "text": f"{n}", "from": sender}
            calls.append(asyncio.create_task(counter.call("POST", PATH, data=given)))
            await asyncio.sleep(0.003)
    assert await asyncio.gather(*calls) == [200] * 8
    assert (counter.gateway.overlaps, counter.gateway.most_at_once) == (0, 2)
    for sender in (THEIRS, "+989351234567"):
        assert [text for to, text in counter.texts if to == sender] == [f"شنیدم: {n}" for n in range(4)]


async def test_parts_are_one_turn_and_acknowledged_after_it(start: Start) -> None:
    counter = await start(http)
    first = asyncio.create_task(counter.call("POST", PATH, data={**HEARD, "id": "1", "udh": "050003070201"}))
    await asyncio.sleep(0.05)
    assert not first.done()
    second = counter.call("POST", PATH, data={**HEARD, "id": "2", "udh": "050003070202", "text": "، خوبید؟"})
    assert await asyncio.gather(first, second) == [200, 200]
    assert [(h.id, h.text) for h in counter.gateway.heard] == [("1", "سلام، خوبید؟")]
    assert len(counter.provider.calls) == 1


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("/channels/sms/http/forged", {"data": HEARD}, 403),
        ("/channels/sms/http/forged", {"data": {"dlr": "2", "number": "989121234567"}}, 403),
        ("/channels/sms/http/forged", {"json": {"update_id": 1}}, 403),
        (PATH, {}, 400),
        (PATH, {"json": {"update_id": 1}}, 400),
        (PATH, {"data": {"text": "x"}}, 400),
    ],
)
async def test_others_are_refused(start: Start, path: str, more: dict[str, Any], status: int) -> None:
    counter = await start(http)
    assert await counter.call("POST", path, **more) == status
    assert not counter.gateway.heard and not counter.provider.calls
    assert await counter.contacts.reachable(ADDRESS)


async def test_a_bad_turn_is_500_and_silent_in_the_log(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        counter = await start(http)
        counter.provider.answer = (503, "")
        assert await counter.call("POST", PATH, data={**HEARD, "text": "راز من"}) == 500
        counter.provider.answer = (400, "")
        assert await counter.call("POST", PATH, data={**HEARD, "text": "راز من"}) == 200
    everything = "\n".join(f"{r.getMessage()} {vars(r)}" for r in caplog.records if r.name.startswith("bot"))
    assert "turn to be delivered again" in everything and "reply not deliverable" in everything
    assert [word for word in (SECRET, "9121234567", "راز", "password") if word in everything] == []
