"""A gateway of Kannel's shape (kannel.org, user's guide, "sendsms" and "sms-service"), and what resembles it.

Kannel's configuration for messages that come in. %b is the text as it came over the air, in the charset %C; %a would
squeeze its spaces, and with them half-spaces and commas of UTF-16. With `max-messages = 0` our empty answer is not sent
on:

    group = sms-service
    keyword = default
    get-url = "PUBLIC_URL/channels/sms/http/SECRET?from=%p&to=%P&text=%b&charset=%C&id=%I&time=%t&udh=%u"
    max-messages = 0
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

import aiohttp
import yarl
from aiohttp import web

from bot.channels import calls
from bot.channels.segments import segments
from bot.channels.sms import secret_path
from bot.channels.sms.driver import MISCONFIGURED_RETRY_IN, RETRY_IN, Fate, Media, MediaLost, Part, Taker, Text
from bot.channels.sms.joining import part_of
from bot.channels.sms.numbers import e164
from bot.channels.sms.secret_path import Fields, first
from bot.core.ports import SendFailed

PATH = "/channels/sms/http"
DELIVERED, FAILED, REJECTED = 1, 2, 16
REPORTS = DELIVERED | FAILED | REJECTED  # dlr-mask
_FATES = {str(DELIVERED): Fate.DELIVERED, str(FAILED): Fate.UNREACHABLE, str(REJECTED): Fate.UNREACHABLE}


class Http:
    """Implements `bot.channels.sms.driver.Driver`."""

    name = "http"
    answers = False
    repeatable = False
    media = False

    def __init__(self, *, send_url: str, secret: str, public_url: str = "") -> None:
        """`send_url` is called by GET with its own query (user name, password, `from`…) and ours behind it. Without
        `public_url` no reports are asked for. Raises ValueError for an empty secret or no URL."""
        self._send_url = yarl.URL(send_url, encoded=True)
        self._secret = secret
        self._report_url = f"{public_url.rstrip('/')}{PATH}/{secret}" if public_url else ""
        self._session: aiohttp.ClientSession | None = None

    def open(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    def routes(self, taker: Taker) -> Sequence[web.RouteDef]:
        async def hear(fields: Fields) -> None:
            if "dlr" in fields:
                number, fate = e164(fields.get("number", "")), _FATES.get(fields["dlr"])
                if number and fate:
                    await taker.learn(number, fate, fields.get("id", ""))
            elif text := read(fields):
                await taker.take(text)

        return secret_path.routes(PATH, self._secret, hear)

    async def fetch(self, media: Media) -> bytes:
        raise MediaLost

    async def send(self, number: str, text: str, *, key: str = "", since: datetime | None = None) -> str:
        """The id is ours: the gateway tells it to the address for reports."""
        assert self._session is not None, "the channel is not open"
        id = secrets.token_hex(12) if key and self._report_url else ""
        try:
            url = self.url(number, text, id)
            async with self._session.get(url, allow_redirects=False, middlewares=(calls.once,)) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise calls.unanswered(error, retry_in=RETRY_IN) from None
        if failure := refusal(status):
            raise failure
        return id

    def url(self, number: str, text: str, id: str = "") -> yarl.URL:
        """What is called for a message."""
        fields = {"to": number, "text": text, "charset": "UTF-8"}
        if segments(text).encoding == "UCS-2":
            fields["coding"] = "2"
        if self._report_url:
            # Kannel looks for its own %-escapes in here, so the number goes without its plus.
            report = f"{self._report_url}?dlr=%d&number={number[1:]}" + (f"&id={id}" if id else "")
            fields |= {"dlr-mask": str(REPORTS), "dlr-url": report}
        return self._send_url.extend_query(fields)


def read(fields: Fields) -> Text | None:
    """None where nobody can be answered. Raises web.HTTPBadRequest."""
    sender, words = first(fields, "from", "sender", "msisdn"), first(fields, *secret_path.TEXTS)
    if not sender:
        raise web.HTTPBadRequest(text="Neither a message nor a report: no field from, none dlr.")
    number = e164(sender)
    part = _part(fields)
    piece = str(part.number) if part else ""
    id = secret_path.message_id(first(fields, "id", "messageid"), number, words + piece, first(fields, "time", "date"))
    return Text(id, number, words, part=part) if number else None


def _part(fields: Fields) -> Part | None:
    """Of a user data header in hexadecimal digits or as its bytes (Kannel's %u), or of fields that say it plainly."""
    if header := fields.get("udh", ""):
        try:
            return part_of(bytes.fromhex(header))
        except ValueError:
            return part_of(header.encode("latin-1", "replace"))
    numbers = [fields.get(name, "") for name in ("ref", "part", "total")]
    if all(n.isascii() and n.isdigit() for n in numbers):
        reference, number, total = map(int, numbers)
        return Part(reference, number, total)
    return None


def refusal(status: int) -> SendFailed | None:
    """None for what the gateway took: 202, and 200 of those that know no other."""
    if 200 <= status < 300:
        return None
    if status in (429, 503):  # Kannel's own word for: come later
        return SendFailed(f"not now ({status})", retry_in=RETRY_IN)
    if status >= 500:
        return SendFailed(f"broken ({status})", retry_in=RETRY_IN, doubtful=True)
    if status in (401, 403, 404, 407):
        return SendFailed(f"the gateway is not set up for this ({status})", retry_in=MISCONFIGURED_RETRY_IN)
    return SendFailed(f"refused ({status})")
