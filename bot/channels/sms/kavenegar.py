"""Kavenegar (kavenegar.com/rest.html): an Iranian gateway whose API key stands in the URL.

Nothing here hands a URL to a log or an exception. Set the line's address for received messages and for delivery
reports to PUBLIC_URL/channels/sms/kavenegar/SMS_WEBHOOK_SECRET.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import aiohttp
import orjson
import yarl
from aiohttp import web

from bot.channels import calls
from bot.channels.sms import secret_path
from bot.channels.sms.driver import MISCONFIGURED_RETRY_IN, RETRY_IN, Fate, Media, MediaLost, Taker, Text
from bot.channels.sms.numbers import e164
from bot.channels.sms.secret_path import Fields, first
from bot.core.ports import SendFailed

PATH = "/channels/sms/kavenegar"

_RETRY = frozenset({402, 409, 429, 451})  # failed, the server cannot answer now, too many calls
_OURS = frozenset({401, 403, 407, 412, 418, 428, 501})  # account, key, rights, the line, credit
_UNREACHABLE = frozenset({411})  # no such receptor
_FATES = {"10": Fate.DELIVERED, "14": Fate.UNREACHABLE, **dict.fromkeys(("6", "11", "13"), Fate.FAILED)}
"""Of a report's status; 14: the number's owner has blocked the line."""


class Kavenegar:
    """Implements `bot.channels.sms.driver.Driver`."""

    name = "kavenegar"
    answers = False
    repeatable = True
    media = False

    def __init__(
        self,
        *,
        api_key: str,
        sender: str,
        api_url: str = "https://api.kavenegar.com",
        secret: str,
        public_url: str = "",
    ) -> None:
        """`public_url` is not needed: the panel knows where messages go. Raises ValueError for an empty secret."""
        self._send_url = yarl.URL(f"{api_url.rstrip('/')}/v1/{api_key}/sms/send.json")
        self._sender = sender
        self._secret = secret
        self._session: aiohttp.ClientSession | None = None

    def open(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    def routes(self, taker: Taker) -> Sequence[web.RouteDef]:
        async def hear(fields: Fields) -> None:
            if "message" in fields:
                if text := read(fields):
                    await taker.take(text)
            elif "status" in fields:
                if fate := _FATES.get(fields["status"]):
                    await taker.learn("", fate, fields.get("messageid", ""))
            else:
                raise web.HTTPBadRequest(text="Neither a message nor a report: no field message, none status.")

        return secret_path.routes(PATH, self._secret, hear)

    async def fetch(self, media: Media) -> bytes:
        raise MediaLost

    async def send(self, number: str, text: str, *, key: str = "", since: datetime | None = None) -> str:
        """To a `localid` that it has seen before the gateway answers with the message of that time."""
        assert self._session is not None, "the channel is not open"
        form = {"receptor": local(number), "sender": self._sender, "message": text}
        if key:
            form["localid"] = str(local_id(f"{key} {number}"))
        try:
            async with self._session.post(self._send_url, data=form, allow_redirects=False) as answer:
                status, body = answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise calls.unanswered(error, retry_in=RETRY_IN) from None
        entries = accepted(status, body)
        return str(entries[-1].get("messageid", "")) if entries else ""


def local(number: str) -> str:
    """As Iranian gateways write it: 0912… at home, 00… abroad."""
    return f"0{number[3:]}" if number.startswith("+98") else f"00{number[1:]}"


def local_id(key: str) -> int:
    """Ours for a message, in the 63 bits that the gateway's numbers have."""
    return int.from_bytes(hashlib.blake2s(key.encode(), digest_size=8).digest(), "big") >> 1


def read(fields: Fields) -> Text | None:
    """None where nobody can be answered. Raises web.HTTPBadRequest."""
    sender, words = first(fields, "from", "sender"), fields["message"]
    if not sender:
        raise web.HTTPBadRequest(text="There is no sender: the field from is missing.")
    number = e164(sender)
    id = secret_path.message_id(fields.get("messageid", ""), number, words, fields.get("date", ""))
    return Text(id, number, words) if number else None


def accepted(status: int, body: bytes) -> list[dict[str, Any]]:
    """The entries of an accepted message. Raises SendFailed."""
    try:
        answer = orjson.loads(body)
        code = int(answer["return"]["status"])
        entries = [e for e in answer.get("entries") or () if isinstance(e, dict)]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        code, entries = (status if status != 200 else 502), []
    if code == 200 and status == 200:
        return entries
    raise refusal(code if code != 200 else status)


def refusal(code: int) -> SendFailed:
    if code in _UNREACHABLE:
        return SendFailed(f"unreachable ({code})", unreachable=True)
    if code in _RETRY:
        return SendFailed(f"not now ({code})", retry_in=RETRY_IN)
    if code >= 502 or code == 500:
        return SendFailed(f"broken ({code})", retry_in=RETRY_IN, doubtful=True)
    if code in _OURS:
        return SendFailed(f"the account is not set up for this ({code})", retry_in=MISCONFIGURED_RETRY_IN)
    return SendFailed(f"refused ({code})")
