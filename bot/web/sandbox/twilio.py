"""A double of Twilio: the part of its REST API that the desk calls, and the signed calls that it makes.

Shapes are those of the message resource (twilio.com/docs/messaging/api/message-resource), of the webhooks
(twilio.com/docs/messaging/guides/webhook-request, twilio.com/docs/voice/twiml) and of its errors.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from base64 import b64decode
from binascii import Error as NotBase64
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import hdrs, web
from yarl import URL

from bot.core.messages import Address
from bot.web.sandbox.keys import NUMBER, Keys, same
from bot.web.sandbox.visits import Visits

log = logging.getLogger(__name__)

ROOT = "/sandbox/twilio"
VERSION = "2010-04-01"
MOST_STOPPED = 1000
PATIENCE = 15.0  # seconds that Twilio waits for an answer
MAX_BODY = 1600  # characters
MAX_FORM = 1 << 16  # bytes
_ERRORS = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    21211: (400, "Invalid 'To' Phone Number"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21602: (400, "Message body is required"),
    21604: (400, "'To' phone number is required"),
    21606: (400, "The 'From' phone number is not a valid, SMS-capable number of this account"),
    21617: (400, "The message body exceeds the 1600 character limit"),
}


STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
START = frozenset({"START", "YES", "UNSTOP"})
_STOPPED = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
_STARTED = "You have successfully been re-subscribed to messages from this number. Reply STOP to unsubscribe."


class TwilioDouble:
    """`base_url` is this server as it reaches itself; `public_url` the address that the desk believes to have."""

    def __init__(self, visits: Visits, keys: Keys, base_url: Callable[[], str], public_url: str) -> None:
        self._visits = visits
        self._keys = keys
        self._base_url = base_url
        self._public_url = public_url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self._stopped: OrderedDict[str, None] = OrderedDict()  # numbers, the oldest go first
        self._reporting: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        for task in self._reporting:
            task.cancel()
        if self._session:
            await self._session.close()

    def routes(self) -> Sequence[web.RouteDef]:
        account = f"{ROOT}/{VERSION}/Accounts/{{sid}}"
        return [
            web.post(f"{account}/Messages.json", self._create_message),
            web.get(f"{account}/Messages/{{message}}/Media/{{blob}}", self._media),
            web.get(f"{account}/Recordings/{{blob}}", self._media),
        ]

    # --- calls that it makes --------------------------------------------------------------------

    def media_url(self, message: str, blob: str) -> str:
        """Where the desk fetches a file that came with a text."""
        account = f"{self._base_url()}{ROOT}/{VERSION}/Accounts/{self._keys.account_sid}"
        return f"{account}/Messages/{message}/Media/{blob}"

    def recording_url(self, blob: str) -> str:
        """As Twilio names it; the desk asks the API that it knows, whatever host stands there."""
        return f"https://api.twilio.com/{VERSION}/Accounts/{self._keys.account_sid}/Recordings/{blob}"

    async def post(self, path: str, fields: Mapping[str, str]) -> tuple[int, str]:
        """Post a signed form to a path of the desk, with its query: the status and the text of the answer. Raises
        aiohttp.ClientError, TimeoutError."""
        from twilio.request_validator import RequestValidator

        assert self._session is not None, "the sandbox is not running"
        fields = {"AccountSid": self._keys.account_sid, "ApiVersion": VERSION, **fields}
        base = self._base_url()
        signature = RequestValidator(self._keys.auth_token).compute_signature(
            f"{self._public_url or base}{path}", dict(fields)
        )
        async with self._session.post(
            URL(base + path, encoded=True),
            data=fields,
            headers={"X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": secrets.token_hex(16)},
            allow_redirects=False,
        ) as answer:
            return answer.status, await answer.text()

    def local(self, url: str) -> str:
        """The path of a URL, or of a path, as the desk itself knows it, with its query."""
        parts = urlsplit(url)
        path = parts.path.removeprefix(urlsplit(self._public_url).path)
        return f"{path}?{parts.query}" if parts.query else path

    def obey(self, number: str, text: str) -> None:
        """STOP and START, which Twilio takes care of by itself on ordinary numbers (error 21610)."""
        word = text.strip().upper()
        if word in STOP:
            self.deliver(number, _STOPPED, new_sid("SM"))
            self._stopped[number] = None
            while len(self._stopped) > MOST_STOPPED:
                self._stopped.popitem(last=False)
        elif word in START and number in self._stopped:
            del self._stopped[number]
            self.deliver(number, _STARTED, new_sid("SM"))

    # --- its REST API ---------------------------------------------------------------------------

    def _authentic(self, request: web.Request) -> bool:
        scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        try:
            credentials = b64decode(given.strip(), validate=True).decode("utf-8", "replace")
        except (NotBase64, ValueError):
            credentials = ""
        wanted = f"{self._keys.account_sid}:{self._keys.auth_token}"
        ours = same(request.match_info["sid"], self._keys.account_sid)
        return same(credentials, wanted) and ours and scheme.lower() == "basic"

    async def _create_message(self, request: web.Request) -> web.Response:
        if not self._authentic(request):
            return _error(20003)
        if (request.content_length or 0) > MAX_FORM:
            raise web.HTTPRequestEntityTooLarge(MAX_FORM, request.content_length or 0)
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        to, body = form.get("To", ""), form.get("Body", "")
        match (to, body):
            case ("", _):
                return _error(21604)
            case _ if not (to.startswith("+") and to[1:].isascii() and to[1:].isdigit()):
                return _error(21211)
            case (_, "") if "MediaUrl" not in form:
                return _error(21602)
            case _ if len(body) > MAX_BODY:
                return _error(21617)
        if form.get("From", NUMBER) != NUMBER:
            return _error(21606)
        if to in self._stopped:
            return _error(21610)
        sid = new_sid("SM")
        there = self.deliver(to, body, sid)
        if callback := form.get("StatusCallback", ""):
            self._report_later(callback, to, sid, delivered=there)
        return web.json_response(_message(self._keys.account_sid, sid, to, body), status=201)

    def deliver(self, to: str, body: str, sid: str) -> bool:
        """To the handset with this number; False: it is switched off and gets the message later, or wants none."""
        if to in self._stopped:
            return False
        return self._visits.bring(Address("sms", to), "sms", mine=False, text=body, sid=sid)

    def _report_later(self, callback: str, to: str, sid: str, *, delivered: bool) -> None:
        task = asyncio.create_task(self._report(callback, to, sid, ("sent", "delivered") if delivered else ("sent",)))
        self._reporting.add(task)
        task.add_done_callback(self._reporting.discard)

    async def _report(self, callback: str, to: str, sid: str, statuses: Sequence[str]) -> None:
        path = self.local(callback)
        for status in statuses:
            fields = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "SmsStatus": status}
            try:
                code, _ = await self.post(path, {**fields, "To": to, "From": NUMBER})
            except (aiohttp.ClientError, TimeoutError) as error:
                log.info("status not reported", extra={"why": type(error).__name__})
                return
            if code < 300 and (visit := self._visits.at(Address("sms", to))):
                visit.tell("sms_status", sid=sid, status=status)

    async def _media(self, request: web.Request) -> web.Response:
        if not self._authentic(request):
            return _error(20003)
        name = request.match_info["blob"].removesuffix(".wav")
        blob = next((b for v in self._visits if (b := v.blobs.get(name))), None)
        if blob is None:
            return _error(20404)
        return web.Response(body=blob.data, content_type=blob.media_type)


def new_sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


def _error(code: int) -> web.Response:
    status, message = _ERRORS[code]
    more = f"https://www.twilio.com/docs/errors/{code}"
    return web.json_response(
        {"code": code, "message": message, "more_info": more, "status": status},
        status=status,
        headers={"WWW-Authenticate": 'Basic realm="Twilio API"'} if status == 401 else {},
    )


def _message(account: str, sid: str, to: str, body: str) -> dict[str, Any]:
    uri = f"/{VERSION}/Accounts/{account}/Messages/{sid}"
    return {
        "account_sid": account,
        "api_version": VERSION,
        "body": body,
        "date_created": format_datetime(datetime.now(UTC)),
        "date_sent": None,
        "date_updated": format_datetime(datetime.now(UTC)),
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": NUMBER,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": to,
        "uri": f"{uri}.json",
    }
