"""All that is known of one citizen and of the ways to them, read for an operator while the server runs."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.app.counter import desk
from bot.app.stores import Stores
from bot.commands.errors import Ended
from bot.commands.webhooks import Webhook, webhooks
from bot.core.catalogue import Catalogue, QuietHours
from bot.core.messages import TELEPHONE, Address, Line
from bot.core.notices import NoticeRecord
from bot.core.ports import StoreUnavailable, Unreadable, Way
from bot.core.requests import ServiceRequest
from bot.core.sessions import Session
from bot.core.tracking import TrackingCode
from bot.nlu.entities import parse
from bot.settings import Settings
from bot.stores.contacts import SqlContacts
from bot.stores.outbox import SqlOutbox
from bot.stores.records import SqlRecords
from bot.stores.tables import phones, requests

PATIENCE = 3.0  # seconds that a turn under way may keep the session to itself
LINES = 60  # of the transcript that are looked at
NOTICES = 20


@dataclass(frozen=True, slots=True)
class Case:
    now: datetime  # in the organisation's zone
    contact: str
    session: Session | None  # None: it cannot be had, see `held` and `away`
    held: bool = False  # a turn is under way, and has been for some seconds
    away: bool = False  # the sessions' store does not answer
    merged_from: str = ""  # the contact that was asked for, if it was taken over
    request: ServiceRequest | None = None  # that was asked for by its code
    ways: tuple[Way, ...] = ()
    lines: tuple[Line, ...] = ()  # the last ones, oldest first
    notices: tuple[NoticeRecord, ...] = ()  # the last ones, newest first
    quiet: QuietHours | None = None
    served: Mapping[str, bool] = field(default_factory=dict)  # channel → whether this server has it
    webhooks: tuple[Webhook, ...] = ()


async def case_of(settings: Settings, catalogue: Catalogue, asked: str) -> Case:
    """`asked`: a contact's id, channel:id, a telephone number in any digits, or a tracking code. Raises Ended when
    nobody is found, and when the database does not answer."""
    stores, officers = desk(settings, lambda: catalogue)
    now = datetime.now(ZoneInfo(catalogue.organization.timezone))
    try:
        async with stores.opened():
            contacts = SqlContacts(stores.database)
            code = TrackingCode.found_in(asked) if ":" not in asked else None
            request = await officers.find(code) if code else None
            wanted = request.draft.contact if request else await contact_of(stores, asked)
            contact, session = await _session(stores, wanted)
            addresses = await contacts.addresses(contact)
            if not addresses and request is None and (session is None or not session.version):
                raise Ended("nobody is known by this: an id of a contact, channel:id, a telephone number, a code")
            ways = await contacts.ways(addresses[0]) if addresses else ()
            lines = await _lines(stores, contact)
            told = told_at(addresses)
            return Case(
                now=now,
                contact=contact,
                session=session,
                held=session is None and lines is not None,
                away=lines is None,
                merged_from=wanted if wanted != contact else "",
                request=request,
                ways=ways,
                lines=lines or (),
                notices=await SqlOutbox(stores.database).told(told, limit=NOTICES) if told else (),
                quiet=catalogue.organization.quiet_hours,
                served=served(settings),
                webhooks=await webhooks(settings, {address.channel for address in addresses}),
            )
    except (StoreUnavailable, OSError) as error:
        raise Ended(
            f"the database does not answer ({type(error).__name__}): while that is so nobody gets a reply"
        ) from None


def told_at(addresses: Collection[Address]) -> set[Address]:
    """Where notices for these addresses may be: those for a telephone number on either of its channels."""
    return {*addresses, *(Address(c, a.number) for a in addresses for c in TELEPHONE if a.number)}


def served(settings: Settings) -> dict[str, bool]:
    """Which channels this server has; in development the sandbox stands in for those without an account."""
    telephone = bool(settings.twilio_account_sid)
    given = {
        "web": True,
        "telegram": bool(settings.telegram_token),
        "bale": bool(settings.bale_token),
        "sms": telephone or bool(settings.kavenegar_api_key or settings.sms_http_send_url),
        "voice": telephone or bool(settings.fastagi_port),
        "mail": bool(settings.smtp_url),
    }
    if not settings.production:
        given |= dict.fromkeys(("telegram", "sms", "voice"), True)
    return given


async def contact_of(stores: Stores, asked: str) -> str:
    """Nobody is made known by being asked for."""
    asked = asked.strip()
    channel, colon, id = asked.partition(":")
    if not colon and (mail := _value("email", asked)):
        channel, colon, id = "mail", ":", mail
    number = _value("phone", id if colon else asked) if not colon or channel in TELEPHONE else ""
    if not number:
        return await _owner(stores, Address(channel, id)) or asked if colon else asked
    for channel in TELEPHONE:
        if owner := await _owner(stores, Address(channel, number)):
            return owner
    verified = sa.select(phones.c.contact).where(phones.c.phone == number).order_by(phones.c.verified_at.desc())
    filed = sa.select(requests.c.contact).where(requests.c.draft["mobile"].as_string() == number)
    for query in (verified, filed.order_by(requests.c.id.desc())):
        found: str | None = await stores.database.read(partial(_scalar, query.limit(1)), single=True)
        if found:
            return found
    return asked


def _scalar(query: sa.Select[Any], connection: sa.Connection) -> Any:
    return connection.execute(query).scalar()


async def _owner(stores: Stores, address: Address) -> str:
    return await SqlRecords(stores.database).owner(address)


def _value(kind: str, text: str) -> str:
    """In its one form; empty when the text is no such value."""
    try:
        return str(parse(kind, text, date.min))
    except (Unreadable, ValueError):
        return ""


async def _session(stores: Stores, contact: str) -> tuple[str, Session | None]:
    """The contact that this one became, and its session, if that can be had."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                async with stores.sessions.open(contact) as opened:
                    session = opened.session
                if not session.merged_into:
                    return contact, session
                contact = session.merged_into
    except (TimeoutError, StoreUnavailable):
        return contact, None


async def _lines(stores: Stores, contact: str) -> tuple[Line, ...] | None:
    """None when the store does not answer."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await stores.sessions.lines(contact, -(2**53), LINES)
    except (TimeoutError, StoreUnavailable):
        return None
