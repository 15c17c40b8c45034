"""Who is behind an address."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.core.messages import Address
from bot.stores.database import Database
from bot.stores.tables import addresses, phones
from bot.stores.waiting import Together

REMEMBERED = 2048  # addresses whose contact is known without asking the database


def new_contact() -> str:
    """An id that tells nothing and cannot be guessed."""
    return secrets.token_hex(8)


class SqlContacts:
    """`Contacts`. Addresses that are asked for at the same time are looked up by one query, new ones written by one
    commit."""

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
        self._select = sa.select(addresses.c.address, addresses.c.contact).where(
            db.among(addresses.c.address, "addresses")
        )

    async def resolve(self, address: Address) -> str:
        contact = self._known.get(address)
        if contact is None:
            contact = self._known[address] = await self._resolving(str(address))
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(address)
        return contact

    async def verify(self, contact: str, phone: str) -> None:
        row = {"contact": contact, "phone": phone, "verified_at": self._clock()}
        insert = self._db.insert(phones).values(row).on_conflict_do_nothing()
        await self._db.write(lambda connection: connection.execute(insert))

    async def reach(self, address: Address, reachable: bool) -> None:
        update = sa.update(addresses).where(addresses.c.address == str(address)).values(reachable=reachable)
        await self._db.write(lambda connection: connection.execute(update))

    async def phones(self, contact: str) -> tuple[str, ...]:
        """The verified numbers of a contact, oldest first."""
        query = sa.select(phones.c.phone).where(phones.c.contact == contact).order_by(phones.c.verified_at)
        return tuple(await self._db.read(lambda connection: connection.execute(query).scalars().all()))

    async def reachable(self, address: Address) -> bool:
        """Whether the provider delivers to this address, as far as is known."""
        query = sa.select(addresses.c.reachable).where(addresses.c.address == str(address))
        return await self._db.read(lambda connection: connection.execute(query).scalar()) is not False

    async def _resolve(self, asked: list[str]) -> Sequence[str]:
        found = await self._db.read(partial(self._read, asked))
        new = [address for address in asked if address not in found]
        if new:
            found |= await self._db.write(partial(self._write, new))
        return [found[address] for address in asked]

    def _read(self, asked: list[str], connection: Connection) -> dict[str, str]:
        rows = connection.execute(self._select, {"addresses": asked})
        return {row.address: row.contact for row in rows}

    def _write(self, new: list[str], connection: Connection) -> dict[str, str]:
        """Another process may have been faster: its contact is the one."""
        now = self._clock()
        rows = [
            {"address": address, "contact": self._new_id(), "reachable": True, "first_seen_at": now}
            for address in dict.fromkeys(new)
        ]
        connection.execute(self._db.insert(addresses).on_conflict_do_nothing(), rows)
        return self._read(new, connection)
