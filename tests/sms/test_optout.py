"""STOP and START: applied at once, confirmed once, reversible, respected by every sender."""

from __future__ import annotations

import pytest

from bot.channels.sms import optout
from bot.core.messages import Event, Phrase, Reply
from bot.core.ports import Consent, SendFailed
from tests.sms.conftest import Start
from tests.sms.desk import ADDRESS, SECRET, THEIRS, Counter, http, twilio

PATH = f"/channels/sms/http/{SECRET}"
NEWS = (Reply(Phrase("two")),)


async def say(counter: Counter, text: str, id: str = "") -> list[str]:
    """What is answered."""
    before = len(counter.texts)
    given = {"from": THEIRS, "text": text} | ({"id": id} if id else {})
    assert await counter.call("POST", PATH, data=given) == 200
    return [said for _, said in counter.texts[before:]]


@pytest.mark.parametrize(
    ("text", "consent", "language"),
    [
        *((w, Consent.REPLIES, "en") for w in ("STOP", "stop.", "StopAll", "UNSUBSCRIBE", "end", " Quit ", "CANCEL")),
        *((w, Consent.REPLIES, "fa") for w in ("توقف", "«لغو»", "لغو پیامک", "لغو\u200cپیامک", "لغو اشتراك")),
        ("STOP ALL", Consent.NOTHING, "en"),
        ("توقف همه", Consent.NOTHING, "fa"),
        ("start", Consent.EVERYTHING, "en"),
        ("UNSTOP", Consent.EVERYTHING, "en"),
        ("شروع!", Consent.EVERYTHING, "fa"),
        ("آغاز", Consent.EVERYTHING, "fa"),
        ("لطفاً توقف کنید", None, ""),
        ("stop the noise", None, ""),
        ("", None, ""),
    ],
)
def test_words(text: str, consent: Consent | None, language: str) -> None:
    wish = optout.wish(text)
    assert (wish and wish.consent) == consent
    assert (wish.language if wish else "") == language


async def test_stopping_is_confirmed_once_and_keeps_answers(start: Start) -> None:
    counter = await start(http)
    assert await say(counter, "توقف") == ["خبری نمی‌فرستیم."]
    assert await say(counter, "توقف") == []
    assert await say(counter, "STOP") == []
    assert await counter.contacts.consent(ADDRESS) is Consent.REPLIES
    assert await say(counter, "سلام") == ["شنیدم: سلام"]
    assert [h.text for h in counter.gateway.heard] == ["سلام"]
    assert await say(counter, "شروع") == ["دوباره می‌فرستیم."]
    assert await counter.contacts.consent(ADDRESS) is Consent.EVERYTHING


async def test_stopping_everything_silences_answers_too_but_takes_the_turn(start: Start) -> None:
    counter = await start(http)
    assert await say(counter, "توقف همه") == ["هیچ نمی‌فرستیم."]
    assert await say(counter, "سلام") == []
    assert [h.text for h in counter.gateway.heard] == ["سلام"]
    assert await say(counter, "STOP") == []  # less than what holds
    assert await counter.contacts.consent(ADDRESS) is Consent.NOTHING
    assert await say(counter, "START") == ["You get everything."]
    assert await say(counter, "سلام", "2") == ["شنیدم: سلام"]


async def test_a_bare_cancel_is_the_forms_when_one_is_under_way(start: Start) -> None:
    counter = await start(http)
    counter.gateway.in_a_form = True
    assert await say(counter, "لغو") == ["شنیدم: لغو"]
    assert await counter.contacts.consent(ADDRESS) is Consent.EVERYTHING
    assert await say(counter, "لغو پیامک") == ["خبری نمی‌فرستیم."]
    counter.gateway.in_a_form = False
    await say(counter, "شروع")
    assert await say(counter, "لغو") == ["خبری نمی‌فرستیم."]


async def test_start_with_nothing_stopped_opens_the_conversation(start: Start) -> None:
    counter = await start(http)
    assert await say(counter, "شروع") == ["شنیدم: start"]
    assert [h.event for h in counter.gateway.heard] == [Event.START]


async def test_a_confirmation_that_did_not_go_out_comes_with_the_repetition(start: Start) -> None:
    counter = await start(http)
    counter.provider.plan = [(503, "")]
    assert await counter.call("POST", PATH, data={"from": THEIRS, "text": "STOP", "id": "1"}) == 500
    assert await counter.contacts.consent(ADDRESS) is Consent.REPLIES
    assert await say(counter, "STOP", "1") == ["No more notices."]
    assert await say(counter, "STOP", "1") == []
    assert await say(counter, "START", "2") == ["You get everything."]
    assert await say(counter, "START", "2") == []
    assert not counter.gateway.heard


# --- words that Twilio obeys by itself ------------------------------------------------------------


async def hear(counter: Counter, text: str, **more: str) -> str:
    form = {"MessageSid": f"SM{text}", "From": THEIRS, "To": "+12025550123", "Body": text, "NumMedia": "0", **more}
    status, body = await counter.post("/channels/sms/twilio", form)
    assert status == 200
    return body.partition("<Response")[2]


async def test_what_twilio_answers_we_do_not(start: Start) -> None:
    counter = await start(twilio)
    counter.gateway.in_a_form = True
    for word, consent in (("CANCEL", Consent.REPLIES), ("Start", Consent.EVERYTHING), ("stop", Consent.REPLIES)):
        assert await hear(counter, word) == " />"
        assert await counter.contacts.consent(ADDRESS) is consent
    assert not counter.gateway.heard
    assert "دوباره می‌فرستیم." in await hear(counter, "شروع")
    assert await hear(counter, "توقف", OptOutType="STOP") == " />"
    assert await counter.contacts.consent(ADDRESS) is Consent.REPLIES


async def test_a_stop_that_only_twilio_heard_is_remembered(start: Start) -> None:
    counter = await start(twilio)
    counter.provider.answer = (400, '{"code": 21610, "message": "unsubscribed +989121234567", "status": 400}')
    with pytest.raises(SendFailed, match="stopped by the citizen") as refused:
        await counter.channel.send(ADDRESS, NEWS, "fa", seq=1)
    assert refused.value.retry_in is None
    assert await counter.contacts.consent(ADDRESS) is Consent.REPLIES
