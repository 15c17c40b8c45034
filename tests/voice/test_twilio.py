"""Twilio's webhooks one by one: proof, repetition, recordings, refusals; and no trace of a caller in the log."""

from __future__ import annotations

import logging
import time
from xml.etree import ElementTree

import pytest
from twilio.request_validator import RequestValidator

from bot.core.messages import Address, Event, Inbound
from bot.core.requests import Status
from bot.core.voice_content import Person
from tests import posted
from tests.voice.caller import ACCOUNT, TOKEN, check
from tests.voice.conftest import Exchange
from tests.voice.counter import wav

ANN = Address("voice", "+989121234567")
PATH = "/channels/voice/twilio"


async def status(exchange: Exchange, path: str, form: dict[str, str], signature: str | None) -> int:
    url = exchange.url + path
    signed = RequestValidator(TOKEN).compute_signature(url, form) if signature is None else signature
    headers = {"X-Twilio-Signature": signed} if signed else {}
    async with exchange.http.post(url, data=form, headers=headers) as answer:
        return answer.status


FORM = {"CallSid": "CA" + "0" * 32, "From": ANN.id, "CallStatus": "ringing"}


@pytest.mark.parametrize("path", [PATH, PATH + "/status", PATH + "?turn=1&language=fa"])
@pytest.mark.parametrize("signature", ["", "forged", "c2lnbmF0dXJl"])
async def test_an_unsigned_webhook_changes_nothing(exchange: Exchange, path: str, signature: str) -> None:
    assert await status(exchange, path, {**FORM, "CallStatus": "completed"}, signature) == 403
    assert (await exchange.desk.session(ANN)).seq == 0


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (PATH, {"From": ANN.id}),
        (PATH, {**FORM, "CallSid": "../../x"}),
        (PATH + "/status", {"CallStatus": "completed"}),
        (PATH + "?turn=-1&language=fa", FORM),
        (PATH + "?turn=1&language=fa&page=99999", FORM),
        (PATH + "?turn=1", FORM),
    ],
)
async def test_a_signed_form_that_makes_no_sense_is_refused(
    exchange: Exchange, path: str, form: dict[str, str]
) -> None:
    assert await status(exchange, path, form, None) == 400
    assert (await exchange.desk.session(ANN)).seq == 0


async def test_a_repeated_webhook_gets_the_same_answer_and_changes_nothing(exchange: Exchange) -> None:
    caller = await exchange.call()
    acts = ["1", "8", "1", wav(4), "1", "1", "09121234567", "1"]
    for act in acts:
        before = caller.answers[-1]
        assert await caller.again() == before
        await (caller.press(act) if isinstance(act, str) else caller.speak(act))
    session = await exchange.desk.session(ANN)
    assert await caller.again() == caller.answers[-1]
    assert (await exchange.desk.session(ANN)).seq == session.seq
    assert len(await exchange.desk.requests()) == 1


async def test_a_repeated_recording_is_fetched_once(exchange: Exchange) -> None:
    exchange.provider.not_yet = 0
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    await caller.speak(wav(4))
    await caller.again()
    assert len(exchange.provider.asked) == 1


async def test_a_recording_is_fetched_when_it_is_ready(exchange: Exchange) -> None:
    exchange.provider.not_yet = 2
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    await caller.speak(wav(4))
    assert len(exchange.provider.asked) == 3
    assert "شماره‌ای هست" in exchange.heard(caller)


@pytest.mark.parametrize("answer", [302, 401, 410])
async def test_a_recording_that_cannot_be_had_is_asked_for_again(exchange: Exchange, answer: int) -> None:
    exchange.provider.answer = answer
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    await caller.speak(wav(4))
    assert exchange.desk.phrase("voice.recording_lost") in exchange.heard(caller)
    assert len(exchange.provider.asked) == 1, "no redirection is followed, no refusal repeated"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/2010-04-01/Accounts/AC" + "f" * 32 + "/Recordings/RE" + "0" * 32,
        f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/../Messages.json",
        "file:///etc/passwd",
        "",
    ],
)
async def test_only_the_account_s_recordings_are_asked_for(exchange: Exchange, url: str) -> None:
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    answer = await caller.post(
        f"{exchange.url}{PATH}?turn=2&language=fa", {"RecordingUrl": url, "RecordingDuration": "4", "Digits": "#"}
    )
    assert exchange.provider.asked == []
    assert (await exchange.desk.session(ANN)).frames[-1].answers == {"fault": "one_off"}
    check(ElementTree.fromstring(answer))


async def test_a_foreign_host_is_never_asked(exchange: Exchange) -> None:
    """Whatever host the URL names, the configured API is asked."""
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE{'a' * 32}"
    exchange.provider.recordings[path + ".wav"] = wav(4)
    form = {"RecordingUrl": "https://evil.example" + path, "RecordingDuration": "4", "Digits": "#"}
    await caller.post(f"{exchange.url}{PATH}?turn=2&language=fa", form)
    assert set(exchange.provider.asked) == {path + ".wav"}


async def test_what_is_no_sound_is_refused(exchange: Exchange) -> None:
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    await caller.speak(b"MZ" + bytes(70_000))
    assert (await exchange.desk.session(ANN)).frames[-1].answers == {"fault": "one_off"}
    assert caller.said


async def test_news_told_meanwhile_changes_no_key(exchange: Exchange) -> None:
    """The key means the choice that was spoken, though the desk's last words were others."""
    caller = await exchange.call()
    for key in ("1", "1", "#"):
        await caller.press(key)
    await caller.speak(wav(4))
    for key in ("1", "1", "*1", "1", "2"):  # filed, and back in the menu
        await caller.press(key)
    (request,) = await exchange.desk.requests()
    await exchange.desk.desk.change(request.code, by="officer", status=Status.IN_REVIEW, key="k")
    for notice in await posted.due(exchange.desk.records.outbox, exchange.desk.now):
        await exchange.desk.gateway.receive(Inbound("n", ANN, Event.NOTICE, value=notice.command, proven=False))
    await caller.press("4")
    assert (await exchange.desk.session(ANN)).frames[-1].dialog == "guide"


async def test_a_call_whose_words_are_no_longer_kept_goes_on(exchange: Exchange) -> None:
    caller = await exchange.call()
    answer = await caller.post(f"{exchange.url}{PATH}?turn=40&language=fa", {"Digits": "3"})
    check(ElementTree.fromstring(answer))
    assert "Gather" in answer


async def test_files_are_given_by_our_public_address(exchange: Exchange) -> None:
    caller = await exchange.call()
    assert all(url.startswith(exchange.url + "/channels/voice/prompts/") for url in caller.said)
    assert f'action="{exchange.url}{PATH}?turn=0' in caller.answers[0]


async def test_unknown_states_of_a_call_are_no_end(exchange: Exchange) -> None:
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    seq = (await exchange.desk.session(ANN)).seq
    await caller.post(exchange.url + PATH + "/status", {"CallStatus": "ringing"})
    assert (await exchange.desk.session(ANN)).seq == seq


async def test_the_log_holds_no_caller(exchange: Exchange, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    exchange.provider.answer = 401
    exchange.desk.change(person=Person())
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    await caller.speak(wav(4))
    await caller.hang_up()
    ours = [r for r in caplog.records if r.name.startswith("bot")]
    written = " ".join(f"{r.getMessage()} {r.__dict__}" for r in ours)
    assert "recording not fetched" in written
    assert not [s for s in (TOKEN, "9121234567", caller.call, ACCOUNT) if s in written]


async def test_a_step_takes_a_few_milliseconds(exchange: Exchange) -> None:
    caller = await exchange.call()
    times = []
    for _ in range(60):
        began = time.perf_counter()
        await caller.press("3")
        await caller.press("*")
        times.append((time.perf_counter() - began) / 2)
    assert sorted(times)[len(times) // 2] < 0.020
