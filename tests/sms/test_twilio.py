"""Twilio: recorded webhooks → Inbound, replies → TwiML and REST calls, errors, media; forgers change nothing."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.twiml.messaging_response import MessagingResponse

from bot.channels.sms.driver import Fate, Media, Stopped, Text
from bot.channels.sms.twilio import MAX_MEDIA, fate_of, read, refusal, twiml
from bot.core.messages import Choice, Event, Expect, Inbound, Kind, Phrase, Reply
from bot.core.ports import Consent, SendFailed
from tests.sms.conftest import Start
from tests.sms.desk import ACCOUNT, ADDRESS, OURS, PUBLIC, THEIRS, TOKEN, Counter, twilio

PATH = "/channels/sms/twilio"
HEARD = {  # as nyaruka/courier and twilio.com/docs/messaging/guides/webhook-request have it
    "ToCountry": "US",
    "ToState": "DC",
    "SmsMessageSid": "SMe287d7109a5a925f182f0e07fe5b223b",
    "NumMedia": "0",
    "ToCity": "",
    "FromZip": "",
    "SmsSid": "SMe287d7109a5a925f182f0e07fe5b223b",
    "FromState": "",
    "SmsStatus": "received",
    "FromCity": "",
    "Body": "سلام",
    "FromCountry": "IR",
    "To": OURS,
    "ToZip": "",
    "NumSegments": "1",
    "MessageSid": "SMe287d7109a5a925f182f0e07fe5b223b",
    "AccountSid": ACCOUNT,
    "From": THEIRS,
    "ApiVersion": "2010-04-01",
}
DECLARED = '<?xml version="1.0" encoding="UTF-8"?>'


def form(**changed: str) -> dict[str, str]:
    return {**HEARD, **changed}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, Text(HEARD["MessageSid"], THEIRS, "سلام")),
        ({"From": "09121234567"}, Text(HEARD["MessageSid"], THEIRS, "سلام")),
        ({"Body": "STOP"}, Text(HEARD["MessageSid"], THEIRS, "STOP", answered=True)),
        ({"Body": "لغو", "OptOutType": "STOP"}, Text(HEARD["MessageSid"], THEIRS, "لغو", answered=True)),
        (
            {"NumMedia": "2", "MediaUrl0": "https://a/0", "MediaContentType0": "image/png", "MediaUrl1": "https://a/1"},
            Text(HEARD["MessageSid"], THEIRS, "سلام", (Media("https://a/0", "image/png"), Media("https://a/1", ""))),
        ),
        ({"NumMedia": "3"}, Text(HEARD["MessageSid"], THEIRS, "سلام")),
        ({"From": "2000"}, None),
        ({"From": "CITYHALL"}, None),
        ({"MessageSid": ""}, None),
    ],
)
def test_webhooks(given: dict[str, str], text: Text | None) -> None:
    assert read(MultiDict(form(**given))) == text


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", f"{DECLARED}<Response />"),
        ("سلام\n۱. «بله» & <نه>", f"{DECLARED}<Response><Message>سلام\n۱. «بله» &amp; &lt;نه&gt;</Message></Response>"),
    ],
)
def test_twiml(answer: str, expected: str) -> None:
    assert twiml(answer) == expected.encode()


@given(st.text(st.characters() | st.sampled_from("&<>\"'\r\n\0\ud83d")))
def test_twiml_as_the_library_writes_it(answer: str) -> None:
    response = MessagingResponse()
    if answer:
        response.message(answer)
    assert twiml(answer) == str(response).encode()


async def test_the_answer_is_in_the_response(start: Start) -> None:
    counter = await start(twilio)
    counter.gateway.script = lambda heard: (
        Reply(Phrase("two")),
        Reply(Phrase("ask_phone"), (Choice("yes", Phrase("yes")),), Expect(Kind.CHOICE)),
    )
    status, body = await counter.post(PATH, form())
    assert (status, body) == (200, f"{DECLARED}<Response><Message>دومی\nشماره؟\n۱. بله</Message></Response>")
    assert counter.gateway.heard == [Inbound(HEARD["MessageSid"], ADDRESS, Event.MESSAGE, text="سلام")]
    assert not counter.provider.calls


async def test_a_redelivered_message_gets_the_same_answer_and_changes_nothing(start: Start) -> None:
    counter = await start(twilio)
    answers = [await counter.post(PATH, form()) for _ in range(3)]
    assert len(set(answers)) == 1
    assert len(counter.gateway.changes) == 1


async def test_what_is_cut_goes_on_in_the_next_answer(start: Start) -> None:
    counter = await start(twilio)
    long = " ".join(f"جملهٔ شمارهٔ {n} از این نوشتهٔ دراز." for n in range(20))
    whole = Reply(Phrase("echo", {"words": long}))

    def script(heard: Inbound) -> tuple[Reply, ...]:
        return (Reply(whole.say, skip=int(heard.value.removeprefix("/more/") or 0)),)

    counter.gateway.script = script
    bodies = [(await counter.post(PATH, form(MessageSid=f"SM{n}", Body="۱")))[1] for n in range(4)]
    assert [h.event for h in counter.gateway.heard] == [Event.MESSAGE, Event.CHOICE, Event.CHOICE, Event.MESSAGE]
    assert "۱. ادامه" in bodies[0] and "۱. ادامه" in bodies[1] and "۱. ادامه" not in bodies[2]
    assert all(f"شمارهٔ {n} " in "".join(bodies[:3]) for n in range(20))
    assert (await counter.post(PATH, form(MessageSid="SM1", Body="۱")))[1] == bodies[1]


# --- strangers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [PATH, f"{PATH}/status"])
@pytest.mark.parametrize("signature", [None, "", "forged", "é", "kvajT1Ptam85bY51eRf/AJRuM3w="])
async def test_an_unsigned_call_changes_nothing(start: Start, path: str, signature: str | None) -> None:
    counter = await start(twilio)
    given = form(Body="STOP", MessageStatus="failed", ErrorCode="21610")
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    assert await counter.call("POST", path, data=given, headers=headers) == 403
    assert (await counter.post(path, given, token="another"))[0] == 403
    assert not counter.gateway.heard
    assert await counter.contacts.consent(ADDRESS) is Consent.EVERYTHING


@pytest.mark.parametrize("wrong", [{"MessageSid": None}, {"From": None}, {"NumMedia": "many"}])
async def test_a_signed_call_of_another_shape_is_400(start: Start, wrong: dict[str, Any]) -> None:
    counter = await start(twilio)
    given = {k: v for k, v in {**HEARD, **wrong}.items() if v is not None}
    assert (await counter.post(PATH, given))[0] == 400
    assert not counter.gateway.heard


# --- sending --------------------------------------------------------------------------------------


async def test_a_notice(start: Start) -> None:
    counter = await start(twilio)
    counter.provider.answer = (201, '{"sid": "SM1", "status": "queued"}')
    await counter.channel.send(ADDRESS, (Reply(Phrase("two"), (Choice("/menu", Phrase("yes")),)),), "fa", seq=5)
    (call,) = counter.provider.calls
    assert (call.method, call.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert call.headers["Authorization"] == aiohttp.encode_basic_auth(ACCOUNT, TOKEN)
    assert call.form == {
        "To": THEIRS,
        "From": OURS,
        "Body": "دومی\n۱. بله",
        "StatusCallback": f"{PUBLIC}{PATH}/status",
    }


async def test_no_callback_is_asked_for_without_a_public_url(start: Start) -> None:
    counter = await start(lambda url: twilio(url, public_url=""))
    counter.provider.answer = (201, "{}")
    await counter.channel.send(ADDRESS, (Reply(Phrase("two")),), "en", seq=5)
    assert counter.provider.calls[0].form == {"To": THEIRS, "From": OURS, "Body": "second"}


async def test_nothing_to_say_sends_nothing(start: Start) -> None:
    counter = await start(twilio)
    await counter.channel.send(ADDRESS, (), "fa", seq=5)
    assert not counter.provider.calls


RETRY, LATER = 30.0, 300.0


@pytest.mark.parametrize(
    ("status", "code", "retry_in", "unreachable"),
    [
        (400, 21610, None, False),
        (400, 21211, None, True),
        (400, 21614, None, True),
        (400, 30003, None, True),
        (400, 30006, None, True),
        (400, 21617, None, False),
        (400, 21602, None, False),
        (429, 20429, RETRY, False),
        (429, 0, RETRY, False),
        (500, 20500, RETRY, False),
        (503, 0, RETRY, False),
        (400, 30001, RETRY, False),
        (401, 20003, LATER, False),
        (403, 0, LATER, False),
        (400, 21606, LATER, False),
        (404, 20404, None, False),
    ],
)
def test_errors(status: int, code: int, retry_in: float | None, unreachable: bool) -> None:
    failure = refusal(status, code)
    assert (failure.retry_in, failure.unreachable) == (retry_in, unreachable)
    assert isinstance(failure, Stopped) == (code == 21610)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((400, '{"code": 21211, "message": "Invalid To +989121234567", "status": 400}'), "unreachable (21211)"),
        ((503, "busy"), "broken (503)"),
        ((503, '{"message": "no code"}'), "broken (503)"),
        ((302, ""), "refused (302)"),
    ],
)
async def test_a_refused_notice(start: Start, answer: tuple[int, str], why: str) -> None:
    counter = await start(twilio)
    counter.provider.answer = answer
    with pytest.raises(SendFailed) as refused:
        await counter.channel.send(ADDRESS, (Reply(Phrase("two")),), "fa", seq=5)
    assert refused.value.why == why
    assert refused.value.__cause__ is None
    assert await counter.contacts.reachable(ADDRESS) is not refused.value.unreachable


NEWS = (Reply(Phrase("two")),)
BEGAN = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def listed(*messages: tuple[str, str, str, str]) -> str:
    """Twilio's list: id, text, status and time of each message to a number, newest first."""
    found = [
        {
            "sid": sid,
            "body": body,
            "status": status,
            "from": OURS,
            "to": THEIRS,
            "date_created": f"Wed, 25 Nov 2026 {at} +0000",
        }
        for sid, body, status, at in messages
    ]
    return json.dumps({"messages": found, "page": 0, "page_size": 20})


@pytest.mark.parametrize(
    ("messages", "sends"),
    [
        ((("SM1", "دومی", "queued", "08:00:02"),), False),
        ((("SM1", "Sent from your Twilio trial account - دومی", "delivered", "08:00:02"),), False),
        ((("SM2", "دومی", "sent", "07:59:50"),), False),  # its clock is not ours
        ((("SM1", "دومی", "delivered", "07:00:00"),), True),  # the same words of an hour ago
        ((("SM1", "دومی", "undelivered", "08:00:02"),), True),
        ((("SM1", "چیز دیگر", "delivered", "08:00:02"),), True),
        ((), True),
    ],
)
async def test_what_twilio_may_have_is_looked_for_before_it_is_sent_again(
    start: Start, messages: tuple[tuple[str, str, str, str], ...], sends: bool
) -> None:
    counter = await start(twilio)
    counter.provider.plan = [(200, listed(*messages)), (201, '{"sid": "SM9"}')]
    sid = await counter.channel.send(ADDRESS, NEWS, "fa", seq=5, key="notice:1", since=BEGAN)
    look, *sent = counter.provider.calls
    assert (look.method, dict(look.query)) == ("GET", {"To": THEIRS, "PageSize": "20"})
    assert (len(sent), sid) == ((1, "SM9") if sends else (0, messages[0][0]))


async def test_while_it_cannot_be_looked_for_it_stays_in_doubt(start: Start) -> None:
    counter = await start(twilio)
    for refusal_of in ((500, ""), (429, ""), (401, '{"code": 20003}')):
        counter.provider.plan = [refusal_of]
        with pytest.raises(SendFailed) as failed:
            await counter.channel.send(ADDRESS, NEWS, "fa", seq=5, key="notice:1", since=BEGAN)
        assert failed.value.doubtful and failed.value.retry_in
    assert [call.method for call in counter.provider.calls] == ["GET"] * 3


async def test_an_api_that_is_not_there(start: Start) -> None:
    counter = await start(lambda url: twilio("http://127.0.0.1:1"))
    with pytest.raises(SendFailed) as refused:
        await counter.channel.send(ADDRESS, (Reply(Phrase("two")),), "fa", seq=5)
    assert (refused.value.retry_in, refused.value.doubtful) == (RETRY, False)


# --- reports --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "fate"),
    [
        ("queued", "", None),
        ("sent", "", None),
        ("delivered", "", Fate.DELIVERED),
        ("failed", "21610", Fate.STOPPED),
        ("undelivered", "30003", Fate.UNREACHABLE),
        ("undelivered", "30005", Fate.UNREACHABLE),
        ("undelivered", "30008", Fate.FAILED),
        ("failed", "", Fate.FAILED),
        ("failed", "x", Fate.FAILED),
        ("", "", None),
    ],
)
def test_what_a_report_says(status: str, code: str, fate: Fate | None) -> None:
    assert fate_of({"MessageStatus": status, "ErrorCode": code}) is fate


async def test_reports_are_remembered(start: Start) -> None:
    counter = await start(twilio)
    report = {"MessageSid": "SM1", "To": THEIRS, "From": OURS, "AccountSid": ACCOUNT}
    failed = {**report, "MessageStatus": "undelivered", "ErrorCode": "30003"}
    assert await counter.post(f"{PATH}/status", failed) == (204, "")
    assert not await counter.contacts.reachable(ADDRESS)
    assert await counter.post(f"{PATH}/status", {**report, "MessageStatus": "delivered"}) == (204, "")
    assert await counter.contacts.reachable(ADDRESS)
    stopped = {**report, "MessageStatus": "failed", "ErrorCode": "21610"}
    assert await counter.post(f"{PATH}/status", stopped) == (204, "")
    assert await counter.contacts.consent(ADDRESS) is Consent.REPLIES
    assert counter.receipts == [("sms", "SM1", False), ("sms", "SM1", True), ("sms", "SM1", False)]


# --- media ----------------------------------------------------------------------------------------


def with_media(counter: Counter, *urls: str) -> dict[str, str]:
    media = {f"MediaUrl{n}": url for n, url in enumerate(urls)}
    types = {f"MediaContentType{n}": "image/jpeg" for n in range(len(urls))}
    return form(NumMedia=f"{len(urls)}", Body="از چاله", **media, **types)


async def test_a_picture_is_fetched_with_credentials_and_stored(start: Start) -> None:
    counter = await start(twilio)
    counter.provider.answer = (200, b"\xff\xd8picture")
    await counter.post(PATH, with_media(counter, f"{counter.provider.url}/Media/1", f"{counter.provider.url}/Media/2"))
    (heard,) = counter.gateway.heard
    assert (heard.event, heard.text, heard.problem) == (Event.FILE, "از چاله", "")
    assert [(f.name, counter.files.kept[f.id][1]) for f in heard.files] == [
        ("mms-1.jpg", b"\xff\xd8picture"),
        ("mms-2.jpg", b"\xff\xd8picture"),
    ]
    assert {c.headers["Authorization"] for c in counter.provider.calls} == {aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}


async def test_credentials_go_to_no_other_host(start: Start) -> None:
    storage = await start(twilio)  # another server
    counter = await start(twilio)
    storage.provider.answer = (200, b"stored")
    await counter.post(PATH, with_media(counter, f"{storage.provider.url}/Media/1"))
    assert counter.gateway.heard[-1].problem == "sms.file_lost"
    assert not storage.provider.calls
    counter.provider.answer, counter.provider.headers = (307, ""), {"Location": f"{storage.provider.url}/stored"}
    await counter.post(PATH, {**with_media(counter, f"{counter.provider.url}/Media/1"), "MessageSid": "SM2"})
    assert counter.files.kept[counter.gateway.heard[-1].files[0].id][1] == b"stored"
    (call,) = storage.provider.calls
    assert "Authorization" not in call.headers


@pytest.mark.parametrize(
    ("answer", "headers", "problem"),
    [
        ((404, ""), {}, "sms.file_lost"),
        ((307, ""), {"Location": "file:///etc/passwd"}, "sms.file_lost"),
        ((307, ""), {}, "sms.file_lost"),
        ((200, b"x" * (MAX_MEDIA + 1)), {}, "file.too_large"),
    ],
)
async def test_a_picture_that_cannot_be_had(
    start: Start, answer: tuple[int, Any], headers: dict[str, str], problem: str
) -> None:
    counter = await start(twilio)
    counter.provider.answer, counter.provider.headers = answer, headers
    assert (await counter.post(PATH, with_media(counter, f"{counter.provider.url}/Media/1")))[0] == 200
    assert (counter.gateway.heard[0].problem, counter.gateway.heard[0].files) == (problem, ())


async def test_no_key_number_or_word_in_the_log(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        counter = await start(twilio)
        counter.provider.answer = (400, '{"code": 21211, "message": "Invalid To +989121234567", "status": 400}')
        await counter.post(PATH, form(Body="راز من"))
        await counter.post(PATH, with_media(counter, "http://127.0.0.1:1/x", f"{counter.provider.url}/Media/1"))
        with pytest.raises(SendFailed):
            await counter.channel.send(ADDRESS, (Reply(Phrase("echo", {"words": "راز من"})),), "fa", seq=5)
    everything = "\n".join(f"{r.getMessage()} {vars(r)}" for r in caplog.records if r.name != "aiohttp.access")
    assert [secret for secret in (TOKEN, ACCOUNT, THEIRS[1:], "راز") if secret in everything] == []
