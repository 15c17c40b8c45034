"""Who is behind an address."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.core.messages import TELEPHONE, Address
from bot.core.ports import Consent, Way
from bot.stores.database import Database, cursor_of
from bot.stores.tables import addresses, lines, phones, ratings, requests, to_address, to_micros
from bot.stores.waiting import Together

REMEMBERED = 2048  # addresses whose contact is known without asking the database
_of_address = addresses.alias("of_address")
_WAYS = (
    sa.select(addresses)
    .where(addresses.c.contact == _of_address.c.contact, _of_address.c.address == sa.bindparam("of_address"))
    .order_by(addresses.c.first_seen_at.desc(), addresses.c.address)
)
_NEW = (addresses.c.address, addresses.c.contact, addresses.c.reachable, addresses.c.first_seen_at)
_WHO_IS_WHO = "contacts"  # what gives addresses to contacts by what it read is done by one at a time


def new_contact() -> str:
    """An id that tells nothing and cannot be guessed."""
    return secrets.token_hex(8)


class SqlContacts:
    """`Contacts`. Addresses that are asked for at the same time are looked up by one query."""

    def __init__(
        self,
        db: Database,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = new_contact,
    ) -> None:
        self._db = db
        self._clock = clock
        self._new_id = new_id
        self._known: OrderedDict[Address, str] = OrderedDict()
        self._resolving = Together(self._resolve)
        self._consenting = Together(self._consents)
        self._select_contact = self._looking_up(addresses.c.contact)
        self._select_consent = self._looking_up(addresses.c.consent)
        insert = db.insert(addresses).values({column: sa.bindparam(None, type_=column.type) for column in _NEW})
        there = insert.on_conflict_do_update(
            index_elements=[addresses.c.address], set_={"address": insert.excluded.address}
        )
        self._insert = db.compile(there.returning(addresses.c.contact))

    async def resolve(self, address: Address, *, fresh: bool = False) -> str:
        contact = None if fresh else self._known.get(address)
        if contact is None:
            contact = await self._resolving(str(address))
            if self._db.shared:
                return contact  # another process may set the address apart at any time
            self._known[address] = contact
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(address)
        return contact

    async def verify(self, contact: str, phone: str) -> None:
        row = {"contact": contact, "phone": phone, "verified_at": self._clock()}
        insert = self._db.insert(phones).values(row).on_conflict_do_nothing()
        await self._db.write(lambda connection: connection.execute(insert), single=True)

    async def reach(self, address: Address, reachable: bool) -> None:
        update = sa.update(addresses).where(addresses.c.address == str(address)).values(reachable=reachable)
        await self._db.write(lambda connection: connection.execute(update), single=True)

    async def phones(self, contact: str) -> tuple[str, ...]:
        """The verified numbers of a contact, oldest first."""
        query = sa.select(phones.c.phone).where(phones.c.contact == contact).order_by(phones.c.verified_at)
        return tuple(await self._db.read(lambda connection: connection.execute(query).scalars().all(), single=True))

    async def reachable(self, address: Address) -> bool:
        """Whether the provider delivers to this address, as far as is known."""
        query = sa.select(addresses.c.reachable).where(addresses.c.address == str(address))
        return await self._db.read(lambda connection: connection.execute(query).scalar(), single=True) is not False

    async def addresses(self, contact: str) -> tuple[Address, ...]:
        query = (
            sa.select(addresses.c.address)
            .where(addresses.c.contact == contact)
            .order_by(addresses.c.first_seen_at, addresses.c.address)
        )
        found = await self._db.read(lambda connection: connection.execute(query).scalars().all(), single=True)
        return tuple(map(to_address, found))

    async def ways(self, address: Address) -> tuple[Way, ...]:
        rows = await self._db.read(lambda c: c.execute(_WAYS, {"of_address": str(address)}).all(), single=True)
        return tuple(Way(to_address(r.address), r.reachable, Consent(r.consent), r.preferred_at) for r in rows)

    async def prefer(self, address: Address) -> None:
        await self.resolve(address)
        update = sa.update(addresses).where(addresses.c.address == str(address)).values(preferred_at=self._clock())
        await self._db.write(lambda connection: connection.execute(update), single=True)

    async def consent(self, address: Address) -> Consent:
        """As the database has it now, since any process may be told to stop."""
        return await self._consenting(str(address))

    async def allow(self, address: Address, consent: Consent) -> bool:
        await self.resolve(address)
        update = (
            sa.update(addresses)
            .where(addresses.c.address == str(address), addresses.c.consent != consent.value)
            .values(consent=consent.value)
        )
        return bool(await self._db.write(lambda connection: connection.execute(update).rowcount))

    # --- one person, several addresses ----------------------------------------------------------

    async def link(self, contact: str, into: str) -> None:
        def work(connection: Connection) -> None:
            self._db.alone(connection, _WHO_IS_WHO)
            _link(contact, into, connection)

        await self._db.write(work)
        for address, known in self._known.items():
            if known == contact:
                self._known[address] = into

    async def unlink(self, address: Address) -> str:
        going = siblings(address)
        new = self._new_id()

        def work(connection: Connection) -> str:
            self._db.alone(connection, _WHO_IS_WHO)
            return _unlink(going, new, connection)

        await self._db.write(work)
        for one in going:
            self._known.pop(one, None)
        return new

    # --- looking up -----------------------------------------------------------------------------

    def _looking_up(self, column: sa.Column[str]) -> str:
        """The statement for `_asked` that brings this column."""
        return self._db.compile(
            sa.select(addresses.c.address, column).where(self._db.among(addresses.c.address, "addresses"))
        )

    async def _consents(self, asked: list[str]) -> Sequence[Consent]:
        found = await self._asked(self._select_consent, asked)
        return [Consent(found[address]) if address in found else Consent.EVERYTHING for address in asked]

    async def _resolve(self, asked: list[str]) -> Sequence[str]:
        found = await self._asked(self._select_contact, asked)
        numbers: list[str] = []
        others: list[str] = []
        for address in dict.fromkeys(asked):
            if address not in found:
                (numbers if to_address(address).number else others).append(address)
        if others:
            found.update(zip(others, await asyncio.gather(*map(self._settle, others)), strict=True))
        if numbers:
            found |= await self._db.write(partial(self._settle_numbers, numbers))
        return [found[address] for address in asked]

    async def _asked(self, statement: str, asked: list[str]) -> dict[str, str]:
        return dict(await self._db.ask(statement, self._db.many(asked)))

    async def _settle(self, address: str) -> str:
        """A new address gets a contact, if another process was not faster."""
        [[contact]] = await self._db.ask(self._insert, *self._row(address, self._new_id()), writes=True)
        return str(contact)

    def _settle_numbers(self, new: list[str], connection: Connection) -> dict[str, str]:
        """The same of telephone numbers, which have one contact on all channels."""
        self._db.alone(connection, _WHO_IS_WHO)
        family = {address: [str(a) for a in siblings(to_address(address))] for address in new}
        cursor = cursor_of(connection)
        cursor.execute(self._select_contact, (self._db.many([one for all_ in family.values() for one in all_]),))
        known = dict(cursor.fetchall())
        for address, all_ in sorted(family.items()):  # two processes with the same ones do not wait in a circle
            contact = next((known[one] for one in all_ if one in known), None) or self._new_id()
            cursor.execute(self._insert, self._row(address, contact))
            [[contact]] = cursor.fetchall()
            known.update(dict.fromkeys(all_, contact))
        return {address: known[address] for address in new}

    def _row(self, address: str, contact: str) -> tuple[object, ...]:
        return address, contact, True, to_micros(self._clock())


def siblings(address: Address) -> tuple[Address, ...]:
    """The address, and the same telephone number on other channels."""
    if not address.number:
        return (address,)
    return (address, *(Address(c, address.id) for c in TELEPHONE if c != address.channel))


def _link(contact: str, into: str, connection: Connection) -> None:
    """The numbers of the lines that come over are below all others', so that nobody who waits for news is told them."""
    for table in (addresses, requests, ratings):
        connection.execute(sa.update(table).where(table.c.contact == contact).values(contact=into))
    mine = sa.select(phones.c.phone).where(phones.c.contact == into)
    connection.execute(sa.delete(phones).where(phones.c.contact == contact, phones.c.phone.in_(mine)))
    connection.execute(sa.update(phones).where(phones.c.contact == contact).values(contact=into))
    last = connection.execute(sa.select(sa.func.max(lines.c.seq)).where(lines.c.contact == contact)).scalar()
    if last is not None:
        first = connection.execute(sa.select(sa.func.min(lines.c.seq)).where(lines.c.contact == into)).scalar()
        shift = min(first if first is not None else 1, 1) - 1 - last
        connection.execute(
            sa.update(lines).where(lines.c.contact == contact).values(contact=into, seq=lines.c.seq + shift)
        )


def _unlink(going: Sequence[Address], new: str, connection: Connection) -> str:
    texts = [str(address) for address in going]
    old = connection.execute(sa.select(addresses.c.contact).where(addresses.c.address.in_(texts))).scalar()
    if old is None:
        return new
    connection.execute(sa.update(addresses).where(addresses.c.address.in_(texts)).values(contact=new))
    filed = requests.c.draft["address"].as_string()
    connection.execute(sa.update(requests).where(requests.c.contact == old, filed.in_(texts)).values(contact=new))
    for address in going:
        if address.number:
            connection.execute(sa.delete(phones).where(phones.c.contact == old, phones.c.phone == address.number))
    return new
