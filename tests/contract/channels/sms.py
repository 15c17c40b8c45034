"""Text messages by three providers: Twilio answers in the response and is signed; Kavenegar and Kannel's shape are
answered by a call, and are authentic by a secret path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.channels.sms import Http, Kavenegar, Sms, Twilio
from bot.channels.twilio import SIGNATURE_HEADER, Signature
from bot.core.messages import Address, Choice, Event, Expect, Inbound, Kind, Phrase, Reply, Term
from tests.contract.bench import Parts
from tests.contract.case import PUBLIC_URL, SAID, Call, Case, Failure, Given, Hearing, Saying, Sent, Unheard

NUMBER = "+989121234567"
ANN = Address("sms", NUMBER)
WORDS = "چراغ کوچهٔ ما"
CODE = Reply(Phrase("contract.code", {"code": Term("code", "1234567894")}))
HELLO = Reply(Phrase("contract.said", {"words": SAID}))
YES_NO = Reply(
    Phrase("contract.two"),
    (Choice("a~yes", Phrase("contract.yes")), Choice("a~no", Phrase("contract.no"))),
    Expect(Kind.CHOICE),
)
TEXTS: Mapping[str, tuple[tuple[Reply, ...], str, str]] = {
    "words": ((HELLO,), "fa", f"شنیدم: {SAID}"),
    "a code": ((CODE,), "fa", "کد شما 1234567894 است."),
    "choices": ((YES_NO,), "en", "second\n1. Yes\n2. No"),
    "two things": ((HELLO, Reply(Phrase("contract.two"))), "fa", f"شنیدم: {SAID}\nدومی"),
}
"""Replies, their language, and the one text that says them."""


def heard(id: str, event: Event = Event.MESSAGE, **more: Any) -> tuple[Inbound, ...]:
    return (Inbound(id, ANN, event, **more),)


# --- Twilio ---------------------------------------------------------------------------------------

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "7w1l10-auth-t0ken"
OURS = "+12025550123"
TWILIO_PATH = "/channels/sms/twilio"
SID = "SM" + "0123456789abcdef" * 2
_SIGNATURE = Signature(TOKEN)


def _signed(path: str, form: Mapping[str, str]) -> Call:
    return Call(path, form=form, headers={SIGNATURE_HEADER: _SIGNATURE.sign(PUBLIC_URL + path, form)})


def _text(body: str, **more: str) -> Call:
    """As Twilio posts it; it adds parameters without notice."""
    form = {
        "ToCountry": "US",
        "SmsMessageSid": SID,
        "NumMedia": "0",
        "SmsSid": SID,
        "SmsStatus": "received",
        "Body": body,
        "To": OURS,
        "NumSegments": "1",
        "MessageSid": SID,
        "AccountSid": ACCOUNT,
        "From": NUMBER,
        "ApiVersion": "2010-04-01",
        **more,
    }
    return _signed(TWILIO_PATH, form)


def _status(status: str, **more: str) -> Call:
    form = {"MessageSid": SID, "MessageStatus": status, "SmsStatus": status, "To": NUMBER, "From": OURS, **more}
    return _signed(f"{TWILIO_PATH}/status", form)


def _twiml(text: str) -> str:
    message = f"<Message>{text}</Message>" if text else ""
    response = f"<Response>{message}</Response>" if text else "<Response />"
    return f'<?xml version="1.0" encoding="UTF-8"?>{response}'


def _by_twilio(name: str) -> Saying:
    replies, language, text = TEXTS[name]
    sent = Sent(
        f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        {"To": NUMBER, "From": OURS, "Body": text, "StatusCallback": f"{PUBLIC_URL}{TWILIO_PATH}/status"},
        headers={"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)},
    )
    return Saying(name, replies, body=_twiml(text), sent=(sent,), language=language)


def _error(code: int, status: int = 400) -> Given:
    """The REST API's, which repeats the number in its words."""
    return Given({"code": code, "message": f"Cannot send to {NUMBER}", "more_info": "", "status": status}, status)


def _twilio(parts: Parts) -> Sms:
    driver = Twilio(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        sender=OURS,
        api_url=parts.provider_url,
        public_url=parts.public_url,
    )
    return Sms(parts.gateway, parts.files, parts.contacts, parts.renderer, driver=driver)


def with_signature(signature: str | None) -> Callable[[Call], Call]:
    return lambda call: replace(call, headers={SIGNATURE_HEADER: signature} if signature is not None else {})


def signed_by(token: str) -> Callable[[Call], Call]:
    def forge(call: Call) -> Call:
        signature = Signature(token).sign(PUBLIC_URL + call.path, call.form or {})
        return with_signature(signature)(call)

    return forge


def with_field(name: str, value: str) -> Callable[[Call], Call]:
    return lambda call: replace(call, form={**(call.form or {}), name: value})


def elsewhere(call: Call) -> Call:
    """Signed for another address."""
    return with_signature(Signature(TOKEN).sign(f"https://evil.example{call.path}", call.form or {}))(call)


FORGED_SIGNATURES: Mapping[str, Callable[[Call], Call]] = {
    "no signature": with_signature(None),
    "an empty signature": with_signature(""),
    "a wrong signature": with_signature("RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    "a signature that is no ASCII": with_signature("ÿ"),
    "another token": signed_by("another"),
    "another field": with_field("Body", "سلام"),
    "another sender": with_field("From", "+989350000000"),
    "another address": elsewhere,
}

SMS_TWILIO = Case(
    "sms-twilio",
    _twilio,
    (
        Hearing("words", _text(WORDS), heard(SID, text=WORDS)),
        Hearing("no words", _text(""), heard(SID)),
        Hearing(
            "a file from elsewhere",
            _text("", NumMedia="1", MediaUrl0="https://evil.example/x", MediaContentType0="image/jpeg"),
            heard(SID, Event.FILE, problem="sms.file_lost"),
        ),
    ),
    tuple(map(_by_twilio, TEXTS)),
    (
        Unheard("a short code", _text(WORDS, From="2929")),
        Unheard("no sender", _signed(TWILIO_PATH, {"MessageSid": SID, "Body": WORDS}), (400,)),
        Unheard("no number of files", _text(WORDS, NumMedia="many"), (400,)),
        Unheard("a stop that Twilio has answered", _text("STOP")),
        Unheard("under way", _status("sent")),
        Unheard("delivered", _status("delivered"), reached=(True,)),
        Unheard("undelivered for now", _status("undelivered", ErrorCode="30008")),
        Unheard("a land line", _status("undelivered", ErrorCode="30006"), reached=(False,)),
        Unheard("stopped", _status("failed", ErrorCode="21610")),
        Unheard("a status from the future", _status("teleported", Body=SAID)),
    ),
    forgings=FORGED_SIGNATURES,
    guarded=(_status("delivered"),),
    failures=(
        Failure("stumbles", _error(20500, 500), retry=True, doubtful=True, turn=0),
        Failure("speaks no JSON", Given(b"<html>", 502, "text/html"), retry=True, doubtful=True, turn=0),
        Failure("is asked too often", _error(20429, 429), retry=True, turn=0),
        Failure("does not know us", _error(20003, 401), retry=True, turn=0),
        Failure("was told to stop", _error(21610), retry=False, turn=0),
        Failure("knows no such number", _error(21211), retry=False, unreachable=True, turn=0),
        Failure("refuses it", _error(21617), retry=False, turn=0),
    ),
    provider=lambda path: Given({"sid": SID, "status": "queued", "body": "", "num_segments": "1"}, 201),
    authentic=lambda form: _signed(TWILIO_PATH, form),
    secrets=(TOKEN,),
)


# --- gateways with a secret path -------------------------------------------------------------------

SECRET = "s3cret_of-the-gateway"
KEY = "4B4D6F7A-the-api-key"
PASSWORD = "k4nnel-passw0rd"


def forged_paths(path: str) -> Mapping[str, Callable[[Call], Call]]:
    def at(secret: str) -> Callable[[Call], Call]:
        return lambda call: replace(call, path=call.path.replace(f"{path}/{SECRET}", f"{path}/{secret}"))

    return {
        "a wrong secret": at("wrong"),
        "a longer secret": at(SECRET + "x"),
        "a shorter secret": at(SECRET[:-1]),
        "another case": at(SECRET.upper()),
        "a secret that is no ASCII": at("سرّ"),
    }


def _get(path: str, **fields: str) -> Call:
    return Call(f"{path}/{SECRET}?{urlencode(fields)}", "GET")


KAVENEGAR_PATH = "/channels/sms/kavenegar"
LINE = "10004346"


def _brought(**fields: str) -> Call:
    return Call(f"{KAVENEGAR_PATH}/{SECRET}", form=fields)


def _received(words: str, sender: str = "09121234567") -> Call:
    return _brought(**{"messageid": "8792343", "from": sender, "to": LINE, "message": words, "date": "1795400000"})


def _by_kavenegar(name: str) -> Saying:
    replies, language, text = TEXTS[name]
    sent = (Sent(f"/v1/{KEY}/sms/send.json", {"receptor": "09121234567", "sender": LINE, "message": text}),)
    return Saying(name, replies, sent, sent=sent, language=language)


def _returned(status: int, http: int | None = None) -> Given:
    return Given({"return": {"status": status, "message": f"خطا برای {NUMBER}"}, "entries": None}, http or status)


def _kavenegar(parts: Parts) -> Sms:
    driver = Kavenegar(api_key=KEY, sender=LINE, api_url=parts.provider_url, secret=SECRET, public_url=parts.public_url)
    return Sms(parts.gateway, parts.files, parts.contacts, parts.renderer, driver=driver)


SMS_KAVENEGAR = Case(
    "sms-kavenegar",
    _kavenegar,
    (
        Hearing("words", _received(WORDS), heard("8792343", text=WORDS)),
        Hearing(
            "words by GET",
            _get(KAVENEGAR_PATH, **{"messageid": "5", "from": "989121234567", "to": LINE, "message": WORDS}),
            heard("5", text=WORDS),
        ),
        Hearing("a number in other digits", _received(WORDS, "۰۹۱۲۱۲۳۴۵۶۷"), heard("8792343", text=WORDS)),
    ),
    tuple(map(_by_kavenegar, TEXTS)),
    (
        Unheard("a short code", _received(WORDS, "2929")),
        Unheard("nothing", _brought(), (400,)),
        Unheard("no sender", _brought(message=WORDS), (400,)),
        Unheard("a report of somebody else's message", _brought(messageid="1", status="10", statustext="x")),
        Unheard("bytes that are no text", Call(f"{KAVENEGAR_PATH}/{SECRET}", data=b"message=\xff\xfe"), (200, 400)),
    ),
    forgings=forged_paths(KAVENEGAR_PATH),
    guarded=(_get(KAVENEGAR_PATH, **{"messageid": "5", "from": "09121234567", "message": WORDS}),),
    failures=(
        Failure("stumbles", Given(b"<html>", 502, "text/html"), retry=True, doubtful=True),
        Failure("cannot answer now", _returned(409), retry=True),
        Failure("has no credit of ours", _returned(418), retry=True),
        Failure("says 200 to a failure", _returned(418, 200), retry=True),
        Failure("knows no such number", _returned(411), retry=False, unreachable=True, turn=200),
        Failure("refuses it", _returned(413), retry=False, turn=200),
    ),
    provider=lambda path: Given(
        {"return": {"status": 200, "message": "تایید شد"}, "entries": [{"messageid": 8792343}]}
    ),
    authentic=lambda form: _brought(**form),
    secrets=(SECRET, KEY),
    again=False,
)


HTTP_PATH = "/channels/sms/http"


def _from_kannel(words: str, **more: str) -> Call:
    fields = {"from": NUMBER, "to": LINE, "text": words, "id": "0f-1", "time": "2026-11-25 19:00:00", **more}
    return _get(HTTP_PATH, **fields)


def _to_kannel(name: str) -> Saying:
    replies, language, text = TEXTS[name]
    query = {"username": "desk", "password": PASSWORD, "to": NUMBER, "text": text, "charset": "UTF-8"}
    if not text.isascii():
        query["coding"] = "2"
    report = f"{PUBLIC_URL}{HTTP_PATH}/{SECRET}?dlr=%d&number={NUMBER[1:]}"
    query |= {"dlr-mask": "19", "dlr-url": report}
    sent = (Sent("/cgi-bin/sendsms", method="GET", query=query),)
    return Saying(name, replies, sent, sent=sent, language=language)


def _http(parts: Parts) -> Sms:
    send_url = f"{parts.provider_url}/cgi-bin/sendsms?username=desk&password={PASSWORD}"
    driver = Http(send_url=send_url, secret=SECRET, public_url=parts.public_url)
    return Sms(parts.gateway, parts.files, parts.contacts, parts.renderer, driver=driver)


def _says(status: int, text: str = "") -> Given:
    return Given(text.encode(), status, "text/plain")


SMS_HTTP = Case(
    "sms-http",
    _http,
    (
        Hearing("words", _from_kannel(WORDS), heard("0f-1", text=WORDS)),
        Hearing(
            "words by POST",
            Call(f"{HTTP_PATH}/{SECRET}", form={"from": "09121234567", "text": WORDS, "id": "7"}),
            heard("7", text=WORDS),
        ),
        Hearing(
            "words as JSON",
            Call(f"{HTTP_PATH}/{SECRET}", json={"sender": NUMBER, "message": WORDS, "messageid": 8}),
            heard("8", text=WORDS),
        ),
    ),
    tuple(map(_to_kannel, TEXTS)),
    (
        Unheard("a short code", _from_kannel(WORDS, **{"from": "2929"})),
        Unheard("nothing", _get(HTTP_PATH), (400,)),
        Unheard("delivered", _get(HTTP_PATH, dlr="1", number=NUMBER[1:]), reached=(True,)),
        Unheard("not delivered", _get(HTTP_PATH, dlr="2", number=NUMBER[1:]), reached=(False,)),
        Unheard("buffered", _get(HTTP_PATH, dlr="4", number=NUMBER[1:])),
        Unheard("a report of nobody", _get(HTTP_PATH, dlr="1", number="")),
    ),
    forgings=forged_paths(HTTP_PATH),
    guarded=(Call(f"{HTTP_PATH}/{SECRET}", form={"from": NUMBER, "text": WORDS, "id": "7"}),),
    failures=(
        Failure("is busy", _says(503, "Temporary failure"), retry=True),
        Failure("stumbles", _says(502, "Bad gateway"), retry=True, doubtful=True),
        Failure("does not know us", _says(403, "Authorization failed"), retry=True),
        Failure("refuses it", _says(400, f"Bad number {NUMBER}"), retry=False, turn=200),
    ),
    provider=lambda path: _says(202, "0: Accepted for delivery"),
    authentic=lambda form: Call(f"{HTTP_PATH}/{SECRET}", form=form),
    secrets=(SECRET, PASSWORD),
    again=False,
)
