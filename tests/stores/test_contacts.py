"""`Contacts`: one contract over every implementation."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import pytest

from bot.core.messages import Address
from bot.core.ports import Consent, Contacts
from bot.stores import contacts as module
from bot.stores.contacts import SqlContacts
from bot.stores.database import Database, open_database
from bot.stores.memory import MemoryContacts

WEB = Address("web", "a:b")
TELEGRAM = Address("telegram", "77")
NUMBER = "+989121234567"


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

    async def test_one_telephone_number_is_one_contact_on_sms_and_on_the_telephone(self, contacts: Store) -> None:
        sms, voice = Address("sms", NUMBER), Address("voice", NUMBER)
        assert await contacts.resolve(voice) == await contacts.resolve(sms)
        assert set(await contacts.addresses(await contacts.resolve(sms))) == {voice, sms}
        assert await contacts.resolve(Address("voice", "call-1")) != await contacts.resolve(Address("sms", "call-1"))
        assert await contacts.resolve(Address("telegram", NUMBER)) != await contacts.resolve(sms)

    async def test_both_channels_of_a_number_at_once_are_one_contact(self, contacts: Store) -> None:
        both = [Address(channel, NUMBER) for channel in ("sms", "voice")] * 20
        assert len(set(await asyncio.gather(*(contacts.resolve(address) for address in both)))) == 1

    async def test_a_linked_contact_brings_its_addresses_and_numbers(self, contacts: Store) -> None:
        web, telegram = await contacts.resolve(WEB), await contacts.resolve(TELEGRAM)
        await contacts.verify(telegram, NUMBER)
        await contacts.verify(web, NUMBER)
        for _ in range(2):
            await contacts.link(telegram, web)
        assert await contacts.resolve(TELEGRAM) == web
        assert set(await contacts.addresses(web)) == {WEB, TELEGRAM}
        assert await contacts.addresses(telegram) == ()
        assert await contacts.phones(web) == (NUMBER,)

    async def test_an_address_set_apart_is_somebody_new(self, contacts: Store) -> None:
        web = await contacts.resolve(WEB)
        sms, voice = Address("sms", NUMBER), Address("voice", NUMBER)
        await contacts.link(await contacts.resolve(voice), web)
        assert await contacts.resolve(sms) == web
        new = await contacts.unlink(sms)
        assert new != web
        assert await contacts.resolve(sms) == await contacts.resolve(voice) == new
        assert await contacts.resolve(WEB) == web
        await contacts.unlink(Address("web", "never seen"))

    async def test_consent_is_everything_until_the_citizen_says_otherwise(self, contacts: Store) -> None:
        assert await contacts.consent(WEB) is Consent.EVERYTHING
        assert await contacts.allow(WEB, Consent.REPLIES)
        assert not await contacts.allow(WEB, Consent.REPLIES), "it is so already"
        assert await contacts.consent(WEB) is Consent.REPLIES
        assert await contacts.consent(TELEGRAM) is Consent.EVERYTHING
        assert await contacts.allow(WEB, Consent.EVERYTHING)


class TestMemoryContacts(ContactsContract):
    @pytest.fixture
    def contacts(self) -> Store:
        return MemoryContacts()


class TestSqlContacts(ContactsContract):
    @pytest.fixture
    def contacts(self, database: Database) -> Store:
        return SqlContacts(database)

    async def test_two_processes_agree_on_who_a_new_address_is(self, url: str) -> None:
        databases = [open_database(url), open_database(url)]
        both = [SqlContacts(database) for database in databases]
        found = await asyncio.gather(*(c.resolve(Address("web", str(n))) for n in range(30) for c in both))
        assert len(set(found)) == 30
        for database in databases:
            await database.close()

    async def test_who_stops_it_at_one_process_has_stopped_it_at_all(self, url: str) -> None:
        databases = [open_database(url), open_database(url)]
        here, there = [SqlContacts(database) for database in databases]
        for consent in (Consent.EVERYTHING, Consent.NOTHING, Consent.REPLIES):
            await here.allow(WEB, consent)
            assert await there.consent(WEB) is consent
        for database in databases:
            await database.close()

    async def test_the_consents_of_many_who_are_answered_at_once_are_one_query(
        self, contacts: Store, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await contacts.allow(WEB, Consent.NOTHING)
        ask, queries = database.ask, []

        async def counted(statement: str, *values: Any, writes: bool = False) -> list[Any]:
            queries.append(statement)
            return await ask(statement, *values, writes=writes)

        monkeypatch.setattr(database, "ask", counted)
        asked = [WEB, TELEGRAM, WEB, *(Address("sms", f"+98912{n:07}") for n in range(50))]
        found = await asyncio.gather(*map(contacts.consent, asked))
        assert found == [Consent.NOTHING, Consent.EVERYTHING, Consent.NOTHING, *([Consent.EVERYTHING] * 50)]
        assert len(queries) == 1

    async def test_what_is_forgotten_by_the_process_is_known_to_the_database(
        self, contacts: Store, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "REMEMBERED", 3)
        first = [await contacts.resolve(Address("web", str(n))) for n in range(10)]
        assert [await contacts.resolve(Address("web", str(n))) for n in range(10)] == first
        assert [await SqlContacts(database).resolve(Address("web", str(n))) for n in range(10)] == first
