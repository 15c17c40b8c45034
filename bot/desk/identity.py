"""Who is who: one-time codes by text or e-mail, tickets that are opened elsewhere, and contacts that become one.

Codes and tickets are computed from the secret key, so nothing is stored until a ticket is used. A code holds for one
address, one asker and one question of one dialog, and for the five minutes of its window and the five after it.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol

from bot.core.messages import Address, Phrase, Reply, Term
from bot.core.notices import News, Notice
from bot.core.ports import Consent, Contacts, SessionStore, Transcripts, Way
from bot.core.records import Records
from bot.core.requests import TooManyAttempts
from bot.core.sessions import Session
from bot.core.text import fold_digits
from bot.desk.limits import CODES_BY_ADDRESS, CODES_OF_NUMBER, SENT_BY_ADDRESS, SENT_TO_NUMBER, TEXTS_TO_NUMBER, counted

CODE = "/code"  # the command, with language, window, question and asker
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
    """`Identity`. The application sets `texting` and `mailing` when there is such a channel, and `wake`, which is
    called when something lies in the outbox."""

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
        self.texting = False
        self.mailing = False
        self.wake: Callable[[], None] = lambda: None
        self.door_of: dict[str, Door] = {}  # channel → its door

    # --- one-time codes -------------------------------------------------------------------------

    def can_text(self, number: str = "") -> bool:
        """Landlines of the country get none."""
        return self.texting and (number.startswith(_MOBILE_OF_IRAN) or not number.startswith("+98"))

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
        await self._tell(to, News(command, key=key, urgent=True), now)
        return True

    async def send_code(self, to: Address, by: Address, language: str, *, key: str, turn: str) -> bool:
        """By the outbox: it outlives a crash, and a provider that is slow does not keep the citizen waiting. What lies
        there tells the code to nobody who has not our secret."""
        possible = self.can_text(to.number) if to.number else self.mailing
        if not possible or await self._contacts.consent(to) is Consent.NOTHING:
            return False
        now = self._clock()
        limits = (SENT_BY_ADDRESS, SENT_TO_NUMBER)
        rule = counted(by, to.id, limits, now, right=False)
        since = now - max(limit.window for limit in limits)
        await self._records.guess("code_sent", by, to.id, at=now, since=since, rule=rule)
        window = self._window(now)
        until = datetime.fromtimestamp((window + 2) * WINDOW.total_seconds(), UTC)
        command = f"{CODE} {language} {window} {key} {by}"
        await self._tell(to, News(command, key=f"code {by} {turn}", urgent=True, until=until), now)
        return True

    def said_apart(self, notice: Notice) -> tuple[Reply, str] | None:
        """A one-time code is said outside the conversation, whose transcript must not have it; and in which language.
        None: this notice is none."""
        name, *said = notice.command.split(" ", 4)
        if name != CODE:
            return None
        language, window, key, by = said
        code = Term("digits", self._code(notice.address.id, by, key, int(window)))
        return Reply(Phrase("link.code_text", {"code": code})), language

    async def _tell(self, to: Address, news: News, now: datetime) -> None:
        await self._records.tell(to, news, at=now)
        self.wake()

    async def check_code(self, of: Address, digits: str, by: Address, *, key: str) -> bool:
        now = self._clock()
        given = "".join(c for c in fold_digits(digits) if c.isdigit()).encode()
        window = self._window(now)
        codes = [self._code(of.id, str(by), key, w).encode() for w in (window, window - 1)]
        right = sum(hmac.compare_digest(code, given) for code in codes) > 0
        limits = (CODES_BY_ADDRESS, CODES_OF_NUMBER)
        rule = counted(by, of.id, limits, now, right)
        since = now - max(limit.window for limit in limits)
        return await self._records.guess("code", by, of.id, at=now, since=since, rule=rule)

    def _code(self, of: str, by: str, key: str, window: int) -> str:
        """RFC 4226's truncation, over the number or mailbox, the asker, the question and the time."""
        digest = self._digest(f"code {of} {by} {key} {window}")
        at = digest[-1] & 15
        value = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
        return f"{value % 10**CODE_DIGITS:0{CODE_DIGITS}}"

    @staticmethod
    def _window(now: datetime) -> int:
        return int(now.timestamp() // WINDOW.total_seconds())

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

    async def contact_of(self, address: Address) -> str:
        return await self._contacts.resolve(address, fresh=True)

    async def addresses(self, contact: str) -> Sequence[Address]:
        return await self._contacts.addresses(contact)

    async def ways(self, address: Address) -> Sequence[Way]:
        return await self._contacts.ways(address)

    async def choose(self, address: Address) -> None:
        await self._contacts.reach(address, True)  # what was refused there once may go now
        await self._contacts.prefer(address)
        await self._contacts.allow(address, Consent.EVERYTHING)

    async def no_news(self, contact: str) -> None:
        """An address that wants not even answers is left alone."""
        for address in await self._contacts.addresses(contact):
            if await self._contacts.consent(address) is Consent.EVERYTHING:
                await self._contacts.allow(address, Consent.REPLIES)

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
