"""Twilio: signed webhooks, answers as TwiML, messages of our own through its REST API.

Fields: twilio.com/docs/messaging/guides/webhook-request; errors: twilio.com/docs/api/errors. Configure the number's
webhook as PUBLIC_URL/channels/sms/twilio (POST).
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from multidict import MultiDict
from twilio.base.exceptions import TwilioException

from bot.channels import calls
from bot.channels.sms.driver import (
    MISCONFIGURED_RETRY_IN,
    RETRY_IN,
    Fate,
    Media,
    MediaLost,
    Stopped,
    Taker,
    Text,
)
from bot.channels.sms.numbers import e164
from bot.channels.sms.optout import BY_TWILIO, word_of
from bot.channels.twilio import Signature
from bot.core.ports import SendFailed

log = logging.getLogger(__name__)

PATH = "/channels/sms/twilio"
MAX_MEDIA = 5 << 20  # bytes; Twilio takes 5 MB in one message
MOST_MEDIA = 10
LOOKED_AT = 20  # the newest messages to a number, among which one may be that we do not know of
CLOCKS = timedelta(seconds=30)  # that Twilio's clock and ours may be apart

LOST = frozenset({"failed", "undelivered"})
_STOPPED = frozenset({21610})
_UNREACHABLE = frozenset({21211, 21614, 30003, 30004, 30005, 30006})
"""No mobile number, unknown, a land line, or one that its carrier lets nothing through to."""
_RETRY = frozenset({14107, 20429, 21611, 30001, 30008, 30017, 30022})
"""Too many at once, queues, and what Twilio does not know the reason of."""
_OURS = frozenset({20003, 20005, 21212, 21408, 21603, 21606, 21659, 30002, 30034})
"""The account, its permissions or the sender's number: somebody has to mend them."""


class Twilio:
    """Implements `bot.channels.sms.driver.Driver`."""

    name = "twilio"
    answers = True
    repeatable = True
    media = True

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        sender: str,
        api_url: str = "https://api.twilio.com",
        public_url: str = "",
    ) -> None:
        self._account = account_sid
        self._token = auth_token
        self._sender = sender
        self._api_url = api_url.rstrip("/")
        self._signature = Signature(auth_token, public_url)
        self._callback = f"{public_url.rstrip('/')}{PATH}/status" if public_url else ""
        self._session: aiohttp.ClientSession | None = None
        self._client: Any = None

    def open(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    # --- in -----------------------------------------------------------------------------------

    def routes(self, taker: Taker) -> Sequence[web.RouteDef]:
        async def hear(request: web.Request) -> web.Response:
            text = read(await self._signature.form(request))
            answer = await taker.take(text) if text else ""
            return web.Response(body=twiml(answer), content_type="text/xml", charset="utf-8")

        async def status(request: web.Request) -> web.Response:
            form = await self._signature.form(request)
            fate, number = fate_of(form), e164(form.get("To", ""))
            if fate and number:
                await taker.learn(number, fate, form.get("MessageSid", ""))
            return web.Response(status=204)

        return [web.post(PATH, hear), web.post(f"{PATH}/status", status)]

    async def fetch(self, media: Media) -> bytes:
        """From the API's own host with our credentials; the storage that it leads to gets none."""
        api, url = urlsplit(self._api_url), media.url
        if (urlsplit(url).scheme, urlsplit(url).netloc) != (api.scheme, api.netloc):
            raise MediaLost
        assert self._session is not None, "the channel is not open"
        headers = {"Authorization": aiohttp.encode_basic_auth(self._account, self._token)}
        try:
            async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                if answer.status not in (301, 302, 303, 307, 308):
                    return await _body(answer)
                url = answer.headers.get("Location", "")
            if urlsplit(url).scheme != api.scheme:
                raise MediaLost
            async with self._session.get(url, allow_redirects=False) as answer:
                return await _body(answer)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.warning("file not fetched", extra={"channel": "sms", "why": type(error).__name__})
            raise MediaLost from None

    # --- out ----------------------------------------------------------------------------------

    async def send(self, number: str, text: str, *, key: str = "", since: datetime | None = None) -> str:
        """There is no key that Twilio would know a message by, so what it may have already is looked for first."""
        if since:
            try:
                if sid := await self._sent(number, text, since - CLOCKS):
                    return sid
            except SendFailed as failed:
                raise SendFailed(failed.why, retry_in=failed.retry_in or RETRY_IN, doubtful=True) from None
        wanted = {"to": number, "from_": self._sender, "body": text}
        if self._callback:
            wanted["status_callback"] = self._callback
        messages = await self._messages()
        return str((await _asked(messages.create_async(**wanted))).sid)

    async def _sent(self, number: str, text: str, since: datetime) -> str:
        """The id of a message with this text to the number that Twilio has had since then; an account on trial has
        words of Twilio's own before ours. Raises SendFailed."""
        messages = await self._messages()
        found = await _asked(messages.list_async(to=number, limit=LOOKED_AT, page_size=LOOKED_AT))
        for message in found:
            alike = message.from_ == self._sender and (message.body or "").strip().endswith(text.strip())
            if alike and message.status not in LOST and message.date_created and message.date_created >= since:
                return str(message.sid)
        return ""

    async def _messages(self) -> Any:
        """The library's own resource, over our session. Its client costs 0.1 s and 12 MB, so it is loaded when the
        first notice goes out, beside the event loop."""
        if self._client is None:
            assert self._session is not None, "the channel is not open"
            rest = await asyncio.to_thread(importlib.import_module, "twilio.rest")
            await asyncio.to_thread(importlib.import_module, "twilio.rest.api.v2010.account.message")
            client = rest.Client(self._account, self._token, http_client=_Transport(self._session))
            client.api.base_url = self._api_url
            self._client = client
        return self._client.messages


async def _asked(answer: Awaitable[Any]) -> Any:
    """What the library's call brings. Raises SendFailed."""
    try:
        return await answer
    except TwilioException as error:  # its words hold the account and sometimes the number
        raise refusal(getattr(error, "status", 0), getattr(error, "code", None) or 0) from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise calls.unanswered(error, retry_in=RETRY_IN) from None


class _Transport:
    """What the library expects of its AsyncTwilioHttpClient. That one opens a session of its own, waits for ever, and
    hands aiohttp an argument (`auth`) that its next version has no more."""

    is_async = True

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature; the session has one
        allow_redirects: bool = False,
    ) -> Any:
        from twilio.http.response import Response

        sent = dict(headers or {})
        if auth:
            sent["Authorization"] = aiohttp.encode_basic_auth(*auth)
        async with self._session.request(
            method, url, params=params, data=data, headers=sent, allow_redirects=allow_redirects
        ) as answer:
            return Response(answer.status, await answer.text(), answer.headers)


def twiml(answer: str) -> bytes:
    """What the library's MessagingResponse writes, at a twelfth of its time (25 µs)."""
    if not answer:
        return b'<?xml version="1.0" encoding="UTF-8"?><Response />'
    said = escape(answer, quote=False).encode("utf-8", "xmlcharrefreplace")
    return b'<?xml version="1.0" encoding="UTF-8"?><Response><Message>%b</Message></Response>' % said


def read(form: MultiDict[str]) -> Text | None:
    """None where nobody can be answered: a short code, a name. Raises web.HTTPBadRequest."""
    try:
        id, sender = form["MessageSid"], form["From"]
        count = min(int(form.get("NumMedia") or 0), MOST_MEDIA)
    except (KeyError, ValueError):
        raise web.HTTPBadRequest(
            text="This is no message: MessageSid, From or NumMedia is not as it should be."
        ) from None
    number, words = e164(sender), form.get("Body", "")
    if not (number and id):
        return None
    media = [
        Media(form[f"MediaUrl{n}"], form.get(f"MediaContentType{n}", ""))
        for n in range(count)
        if f"MediaUrl{n}" in form
    ]
    by_twilio = word_of(words) in BY_TWILIO or form.get("OptOutType", "").upper() in ("STOP", "START")
    return Text(id, number, words, tuple(media), answered=by_twilio)


def fate_of(form: Mapping[str, str]) -> Fate | None:
    """What a status callback says; None while a message is under way."""
    if form.get("MessageStatus") == "delivered":
        return Fate.DELIVERED
    if form.get("MessageStatus") not in LOST:
        return None
    code = form.get("ErrorCode", "")
    number = int(code) if code.isascii() and code.isdigit() else 0
    return Fate.STOPPED if number in _STOPPED else Fate.UNREACHABLE if number in _UNREACHABLE else Fate.FAILED


def refusal(status: int, code: int) -> SendFailed:
    """How an error of the REST API is to be taken: its own code first, then HTTP's."""
    if code in _STOPPED:
        return Stopped()
    if code in _UNREACHABLE:
        return SendFailed(f"unreachable ({code})", unreachable=True)
    if code in _RETRY or status == 429:
        return SendFailed(f"not now ({code or status})", retry_in=RETRY_IN)
    if status >= 500:
        return SendFailed(f"broken ({code or status})", retry_in=RETRY_IN, doubtful=True)
    if code in _OURS or status in (401, 403):
        return SendFailed(f"the account is not set up for this ({code or status})", retry_in=MISCONFIGURED_RETRY_IN)
    return SendFailed(f"refused ({code or status})")


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    if answer.status != 200:
        raise MediaLost
    if (answer.content_length or 0) > MAX_MEDIA:
        raise MediaLost("file.too_large")
    data = bytearray()
    async for piece in answer.content.iter_chunked(1 << 16):
        data += piece
        if len(data) > MAX_MEDIA:
            raise MediaLost("file.too_large")
    return bytes(data)
