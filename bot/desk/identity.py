"""Who is who: one-time codes by text message, tickets that are opened elsewhere, and contacts that become one.

Codes and tickets are computed from the secret key, so nothing is stored until a ticket is used. A code holds for one
number, one asker and one question of one dialog, and for the five minutes of its window and the five after it.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from bot.core.messages import Address, Phrase, Reply, Term
from bot.core.ports import Consent, Contacts, Records, Sender, SendFailed, SessionStore, Transcripts
from bot.core.requests import TooManyAttempts
from bot.core.sessions import Session
from bot.core.text import fold_digits
from bot.desk.limits import CODES_BY_ADDRESS, CODES_OF_NUMBER, SENT_BY_ADDRESS, SENT_TO_NUMBER, TEXTS_TO_NUMBER, counted

log = logging.getLogger(__name__)

CODE_DIGITS = 6
WINDOW = timedelta(minutes=5)
TICKET_LIFE = timedelta(minutes=30)  # of one that is shown on a screen
TEXTED_LIFE = timedelta(days=1)  # the photo that is still missing may be at home
GAP = 100  # lines of the turn that sets an address apart, at most
_SEAL = 12  # bytes of a ticket's signature
_MOBILE_OF_IRAN = "+989"


class Conversations(SessionStore, Transcripts, Protocol):
    pass


Door = Callable[[str], str]
"""A ticket → the URL that opens a channel with it; "" while there is none."""


class LinkedIdentity:
    """`Identity`. `texts` sends text messages: the application sets it when there is such a channel."""

    def __init__(
        self,
        contacts: Contacts,
        sessions: Conversations,
        records: Records,
        clock: Callable[[], datetime],
        *,
        secret: Callable[[], str],
    ) -> None:
        self._contacts = contacts
        self._sessions = sessions
        self._records = records
        self._clock = clock
        self._secret = secret
        self.texts: Sender | None = None
        self.door_of: dict[str, Door] = {}  # channel → its door
        self._sending: set[asyncio.Task[None]] = set()

    # --- one-time codes -------------------------------------------------------------------------

    def can_text(self, number: str = "") -> bool:
        """Landlines of the country get none."""
        return self.texts is not None and (number.startswith(_MOBILE_OF_IRAN) or not number.startswith("+98"))

    async def text(self, number: str, command: str, *, key: str) -> bool:
        """Counted as if each were a wrong guess, so that a forged caller cannot flood a telephone."""
        to, now = Address("sms", number), self._clock()
        if await self._contacts.consent(to) is not Consent.EVERYTHING:
            return False
        rule = counted(to, number, (TEXTS_TO_NUMBER, TEXTS_TO_NUMBER), now, right=False)
        try:
            await self._records.guess("text", to, number, at=now, since=now - TEXTS_TO_NUMBER.window, rule=rule)
        except TooManyAttempts:
            return False
        await self._records.tell(to, command, key=key, at=now)
        return True

    async def send_code(self, number: str, by: Address, language: str, *, key: str) -> bool:
        """Sent behind the turn's back: a provider that is slow must not keep the citizen waiting. One that does not
        arrive is asked for again."""
        refused = await self._contacts.consent(Address("sms", number)) is Consent.NOTHING
        if self.texts is None or not self.can_text(number) or refused:
            return False
        now = self._clock()
        limits = (SENT_BY_ADDRESS, SENT_TO_NUMBER)
        rule = counted(by, number, limits, now, right=False)
        since = now - max(limit.window for limit in limits)
        await self._records.guess("code_sent", by, number, at=now, since=since, rule=rule)
        code = Term("digits", self._code(number, by, key, self._window(now)))
        self._spawn(self._text(self.texts, number, Reply(Phrase("link.code_text", {"code": code})), language))
        return True

    async def check_code(self, number: str, digits: str, by: Address, *, key: str) -> bool:
        now = self._clock()
        given = "".join(c for c in fold_digits(digits) if c.isdigit()).encode()
        window = self._window(now)
        codes = [self._code(number, by, key, w).encode() for w in (window, window - 1)]
        right = sum(hmac.compare_digest(code, given) for code in codes) > 0
        limits = (CODES_BY_ADDRESS, CODES_OF_NUMBER)
        rule = counted(by, number, limits, now, right)
        since = now - max(limit.window for limit in limits)
        return await self._records.guess("code", by, number, at=now, since=since, rule=rule)

    def _code(self, number: str, by: Address, key: str, window: int) -> str:
        """RFC 4226's truncation, over the number, the asker, the question and the time."""
        digest = self._digest(f"code {number} {by} {key} {window}")
        at = digest[-1] & 15
        value = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
        return f"{value % 10**CODE_DIGITS:0{CODE_DIGITS}}"

    @staticmethod
    def _window(now: datetime) -> int:
        return int(now.timestamp() // WINDOW.total_seconds())

    async def _text(self, texts: Sender, number: str, reply: Reply, language: str) -> None:
        try:
            await texts.send(Address("sms", number), (reply,), language, seq=0)
        except SendFailed as failed:
            log.warning("a one-time code was not taken", extra={"why": failed.why})
        except Exception as error:
            log.error("a one-time code was not sent", extra={"why": type(error).__name__})

    def _spawn(self, sending: Awaitable[None]) -> None:
        task = asyncio.ensure_future(sending)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def idle(self) -> None:
        """When no code is on its way any more."""
        while self._sending:
            await asyncio.wait(tuple(self._sending))

    # --- tickets --------------------------------------------------------------------------------

    def ticket(self, contact: str, *, texted: bool = False) -> str:
        until = int((self._clock() + (TEXTED_LIFE if texted else TICKET_LIFE)).timestamp()) // 60
        body = until.to_bytes(4, "big") + contact.encode()
        return base64.urlsafe_b64encode(self._digest("ticket", body)[:_SEAL] + body).rstrip(b"=").decode()

    async def redeem(self, ticket: str, *, key: str) -> str | None:
        try:
            raw = base64.b64decode(ticket.encode("ascii") + b"=" * (-len(ticket) % 4), b"-_", validate=True)
            body, contact = raw[_SEAL:], raw[_SEAL + 4 :].decode()
        except ValueError:
            return None
        if base64.urlsafe_b64encode(raw).rstrip(b"=") != ticket.encode("ascii"):
            return None  # the same bytes in another spelling could be spent again
        now = self._clock()
        sealed = hmac.compare_digest(raw[:_SEAL], self._digest("ticket", body)[:_SEAL])
        if not sealed or not contact or int.from_bytes(body[:4], "big") * 60 < now.timestamp():
            return None
        if not await self._contacts.addresses(contact):
            return None  # it was taken over meanwhile
        return contact if await self._records.spend(_mark(f"ticket {ticket}"), key=key, at=now) else None

    def doors(self, contact: str, *, texted: bool = False) -> Mapping[str, str]:
        ticket = self.ticket(contact, texted=texted)
        return {channel: url for channel, door in self.door_of.items() if (url := door(ticket))}

    # --- contacts -------------------------------------------------------------------------------

    async def contact_of(self, number: str) -> str:
        return await self._contacts.resolve(Address("sms", number), fresh=True)

    async def addresses(self, contact: str) -> Sequence[Address]:
        return await self._contacts.addresses(contact)

    async def absorb(self, contact: str, into: str) -> Session:
        return await self._sessions.absorb(contact, into)

    async def unlink(self, address: Address) -> None:
        """The lines of the new contact are counted on: a page that shows the old ones waits for higher numbers."""
        said = await self._sessions.lines(await self._contacts.resolve(address), 0, 1)
        new = await self._contacts.unlink(address)
        async with self._sessions.open(new) as opened:
            opened.session = replace(opened.session, seq=(said[-1].seq if said else 0) + GAP)

    def _digest(self, purpose: str, body: bytes = b"") -> bytes:
        return hmac.digest(self._secret().encode(), purpose.encode() + b"\0" + body, "sha256")


def _mark(what: str) -> str:
    return sha256(what.encode()).hexdigest()
