"""`Contacts`: one contract over every implementation."""

from __future__ import annotations

import asyncio
from typing import Protocol

import pytest

from bot.core.messages import Address
from bot.core.ports import Contacts
from bot.stores import contacts as module
from bot.stores.contacts import SqlContacts
from bot.stores.database import Database
from bot.stores.memory import MemoryContacts

WEB = Address("web", "a:b")
TELEGRAM = Address("telegram", "77")


class Store(Contacts, Protocol):
    async def phones(self, contact: str) -> tuple[str, ...]: ...

    async def reachable(self, address: Address) -> bool: ...


class ContactsContract:
    @pytest.fixture
    def contacts(self) -> Store:
        raise NotImplementedError

    async def test_an_address_is_the_same_contact_for_ever(self, contacts: Store) -> None:
        assert await contacts.resolve(WEB) == await contacts.resolve(Address("web", "a:b")) != ""

    async def test_addresses_are_never_merged_by_guess(self, contacts: Store) -> None:
        alike = [WEB, TELEGRAM, Address("web", "77"), Address("web", "a"), Address("telegram", "a:b")]
        assert len({await contacts.resolve(address) for address in alike}) == len(alike)

    async def test_one_new_address_asked_for_a_hundred_times_at_once_is_one_contact(self, contacts: Store) -> None:
        found = await asyncio.gather(*(contacts.resolve(Address("web", str(n % 5))) for n in range(100)))
        assert len(set(found)) == 5

    async def test_verifying_twice_is_verifying_once(self, contacts: Store) -> None:
        me, you = await contacts.resolve(WEB), await contacts.resolve(TELEGRAM)
        for _ in range(2):
            await contacts.verify(me, "+989120000001")
        await contacts.verify(you, "+989120000001")  # several people share a telephone
        await contacts.verify(you, "+989120000002")
        assert await contacts.phones(me) == ("+989120000001",)
        assert await contacts.phones(you) == ("+989120000001", "+989120000002")

    async def test_an_address_that_cannot_be_reached_is_remembered_until_it_can(self, contacts: Store) -> None:
        for address in (WEB, TELEGRAM):
            await contacts.resolve(address)
        await contacts.reach(WEB, False)
        assert [await contacts.reachable(a) for a in (WEB, TELEGRAM)] == [False, True]
        await contacts.reach(WEB, True)
        assert await contacts.reachable(WEB)


class TestMemoryContacts(ContactsContract):
    @pytest.fixture
    def contacts(self) -> Store:
        return MemoryContacts()


class TestSqlContacts(ContactsContract):
    @pytest.fixture
    def contacts(self, database: Database) -> Store:
        return SqlContacts(database)

    async def test_two_processes_agree_on_who_a_new_address_is(self, url: str) -> None:
        databases = [Database(url), Database(url)]
        both = [SqlContacts(database) for database in databases]
        found = await asyncio.gather(*(c.resolve(Address("web", str(n))) for n in range(30) for c in both))
        assert len(set(found)) == 30
        for database in databases:
            await database.close()

    async def test_what_is_forgotten_by_the_process_is_known_to_the_database(
        self, contacts: Store, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "REMEMBERED", 3)
        first = [await contacts.resolve(Address("web", str(n))) for n in range(10)]
        assert [await contacts.resolve(Address("web", str(n))) for n in range(10)] == first
        assert [await SqlContacts(database).resolve(Address("web", str(n))) for n in range(10)] == first
