"""Codes by text message, tickets, and requests that follow their owner."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.core.messages import Address, Reply, Term
from bot.core.ports import Consent
from bot.core.requests import TooManyAttempts
from bot.desk.identity import LinkedIdentity
from tests.desk.office import HOME, STRANGER, Office
from tests.stores.turns import go_on

NUMBER = "+989121234567"
SMS = Address("sms", NUMBER)


@dataclass
class Counter:
    office: Office
    woken: int = 0
    turns: int = 0
    secret: str = "the secret key"

    def __post_init__(self) -> None:
        self.identity = LinkedIdentity(
            self.office.contacts,
            self.office.sessions,
            self.office.records,
            lambda: self.office.now,
            secret=lambda: self.secret,
        )
        self.identity.texting = True
        self.identity.wake = self.wake

    def wake(self) -> None:
        self.woken += 1

    async def send(self, by: Address = HOME, key: str = "f1", number: str = NUMBER) -> bool:
        self.turns += 1
        return await self.identity.send_code(Address("sms", number), by, "fa", key=key, turn=f"turn {self.turns}")

    async def code(self, by: Address = HOME, key: str = "f1", number: str = NUMBER) -> str:
        """The one that is sent now."""
        await self.send(by, key, number)
        return (await self.sent())[-1][1]

    async def sent(self) -> list[tuple[str, str]]:
        """The codes that lie in the outbox, each with its number."""
        told = [(notice, self.identity.said_apart(notice)) for notice in await self.office.due()]
        return [(notice.address.id, code_of(said[0])) for notice, said in told if said]

    async def is_right(self, digits: str, by: Address = HOME, key: str = "f1", number: str = NUMBER) -> bool:
        return await self.identity.check_code(Address("sms", number), digits, by, key=key)


def code_of(reply: Reply) -> str:
    code = reply.say.args["code"]
    assert isinstance(code, Term)
    return code.value


@pytest.fixture
def counter(office: Office) -> Counter:
    return Counter(office)


async def test_a_code_is_six_digits_and_right_in_any_digits_and_spacing(counter: Counter) -> None:
    code = await counter.code()
    assert re.fullmatch(r"\d{6}", code)
    assert await counter.sent() == [(NUMBER, code)]
    assert counter.woken == 1
    persian = code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    assert await counter.is_right(f" {persian[:3]} {persian[3:]}")


async def test_a_code_is_for_one_number_one_asker_and_one_question(counter: Counter) -> None:
    code = await counter.code()
    assert not await counter.is_right(code, by=STRANGER)
    assert not await counter.is_right(code, key="f2")
    assert not await counter.is_right(code, number="+989121234568")
    assert not await counter.is_right("")
    assert await counter.is_right(code)


async def test_a_code_holds_for_at_least_five_and_at_most_ten_minutes(counter: Counter) -> None:
    code = await counter.code()
    counter.office.later(minutes=5)
    assert await counter.is_right(code)
    counter.office.later(minutes=5)
    assert not await counter.is_right(code)


async def test_codes_cannot_be_guessed(counter: Counter) -> None:
    code = await counter.code()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(5):
        assert not await counter.is_right(wrong)
    with pytest.raises(TooManyAttempts):
        await counter.is_right(code)


async def test_nobody_is_flooded_with_codes(counter: Counter) -> None:
    for _ in range(3):
        await counter.code()
    with pytest.raises(TooManyAttempts):
        await counter.code()
    for n in range(2):
        await counter.code(by=Address("web", f"w{n}"))
    with pytest.raises(TooManyAttempts):
        await counter.code(by=Address("web", "another"))
    counter.office.later(hours=2)
    await counter.code()


async def test_who_can_be_texted(counter: Counter) -> None:
    identity = counter.identity
    assert identity.can_text(NUMBER) and identity.can_text("+12025550123") and identity.can_text()
    assert not identity.can_text("+982188776655"), "a landline"
    identity.texting = False
    assert not identity.can_text() and not identity.can_text(NUMBER)
    assert not await counter.send()
    assert await counter.sent() == []


async def test_a_turn_that_is_taken_again_sends_no_second_code(counter: Counter) -> None:
    for _ in range(2):
        assert await counter.identity.send_code(SMS, HOME, "fa", key="f1", turn="web:1")
    assert len(await counter.sent()) == 1
    assert await counter.identity.send_code(SMS, HOME, "fa", key="f1", turn="web:2")
    (_, first), (_, second) = await counter.sent()
    assert first == second, "asked for again within its minutes"


async def test_a_mailbox_is_proven_as_a_number_is(counter: Counter) -> None:
    identity, mailbox = counter.identity, Address("mail", "ann@example.com")
    assert not await identity.send_code(mailbox, HOME, "fa", key="f1", turn="web:1"), "there is no such channel"
    identity.mailing = True
    assert await identity.send_code(mailbox, HOME, "fa", key="f1", turn="web:1")
    ((to, code),) = await counter.sent()
    assert to == mailbox.id
    assert not await identity.check_code(Address("mail", "bob@example.com"), code, HOME, key="f1")
    assert not await identity.check_code(mailbox, code, HOME, key="f2")
    assert await identity.check_code(mailbox, code, HOME, key="f1")


async def test_news_go_where_they_are_wanted_or_nowhere(counter: Counter) -> None:
    contacts, identity = counter.office.contacts, counter.identity
    home, silent = await contacts.resolve(HOME), Address("web", "silent")
    await contacts.link(await contacts.resolve(silent), home)
    await contacts.allow(silent, Consent.NOTHING)
    await identity.no_news(home)
    assert [await contacts.consent(a) for a in (HOME, silent)] == [Consent.REPLIES, Consent.NOTHING]
    await contacts.reach(HOME, False)
    await identity.choose(HOME)
    (chosen,) = [way for way in await identity.ways(HOME) if way.preferred_at]
    assert (chosen.address, chosen.consent, chosen.reachable) == (HOME, Consent.EVERYTHING, True)


async def test_what_lies_in_the_outbox_is_urgent_tells_no_code_and_is_of_no_use_when_it_has_run_out(
    counter: Counter,
) -> None:
    code = await counter.code()
    (notice,) = await counter.office.due()
    assert notice.urgent
    assert code not in notice.command
    assert notice.until is not None
    assert timedelta(minutes=5) <= notice.until - counter.office.now <= timedelta(minutes=10)
    counter.secret = "another key"
    assert (await counter.sent())[0][1] != code


async def test_a_notice_of_another_kind_is_told_in_the_conversation(counter: Counter) -> None:
    assert await counter.identity.text(NUMBER, "/kept", key="call 1")
    (notice,) = await counter.office.due()
    assert notice.urgent
    assert counter.identity.said_apart(notice) is None


# --- tickets --------------------------------------------------------------------------------------


async def test_a_ticket_names_its_holder_once(counter: Counter) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{16,48}", counter.identity.ticket("0123456789abcdef"))
    home = await counter.office.contacts.resolve(HOME)
    ticket = counter.identity.ticket(home)
    for _ in range(2):
        assert await counter.identity.redeem(ticket, key="f1") == home
    assert await counter.identity.redeem(ticket, key="f2") is None


async def test_an_old_a_forged_and_a_foreign_ticket_are_nobody_s(counter: Counter) -> None:
    ticket = counter.identity.ticket(await counter.office.contacts.resolve(HOME))
    for n in range(len(ticket)):
        forged = ticket[:n] + ("A" if ticket[n] != "A" else "B") + ticket[n + 1 :]
        assert await counter.identity.redeem(forged, key="f") is None
    for nothing in ("", "x", "AAAA" * 9, "نیست", "a b", ticket[:-4]):
        assert await counter.identity.redeem(nothing, key="f") is None
    counter.secret = "another key"
    assert await counter.identity.redeem(ticket, key="f") is None
    counter.secret = "the secret key"
    counter.office.now += timedelta(minutes=31)
    assert await counter.identity.redeem(ticket, key="f") is None


async def test_doors_carry_a_ticket_and_those_that_are_not_there_are_left_out(counter: Counter) -> None:
    counter.identity.door_of = {"web": "https://counter.example/?join={}".format, "telegram": lambda ticket: ""}
    home = await counter.office.contacts.resolve(HOME)
    doors = counter.identity.doors(home)
    assert list(doors) == ["web"]
    assert await counter.identity.redeem(doors["web"].partition("join=")[2], key="f") == home


# --- contacts -------------------------------------------------------------------------------------


async def test_requests_follow_the_contact_that_took_over(counter: Counter) -> None:
    office = counter.office
    request = await office.file(address=SMS)
    home = await office.contacts.resolve(HOME)
    taken = await counter.identity.absorb(await counter.identity.contact_of(SMS), home)
    await office.contacts.link(taken.contact, home)
    assert [r.code for r in await office.desk.list_of(home)] == [request.code]
    found = await office.desk.find(request.code)
    assert found and found.draft.contact == home
    assert set(await counter.identity.addresses(home)) == {HOME, SMS}


async def test_requests_go_with_an_address_that_is_set_apart(counter: Counter) -> None:
    office = counter.office
    texted, written = await office.file(address=SMS), await office.file()
    home = await office.contacts.resolve(HOME)
    await office.contacts.link(await counter.identity.contact_of(SMS), home)
    await counter.identity.unlink(Address("voice", NUMBER))
    assert [r.code for r in await office.desk.list_of(home)] == [written.code]
    assert [r.code for r in await office.desk.list_of(await office.contacts.resolve(SMS))] == [texted.code]


async def test_lines_of_an_address_set_apart_are_counted_on(counter: Counter) -> None:
    office = counter.office
    async with office.sessions.open(await office.contacts.resolve(HOME)) as opened:
        go_on(opened)
    await counter.identity.unlink(HOME)
    async with office.sessions.open(await office.contacts.resolve(HOME)) as opened:
        assert opened.session.seq > 2


async def test_a_text_is_a_notice_told_once_and_not_too_often(counter: Counter) -> None:
    text = counter.identity.text
    for _ in range(2):
        assert await text(NUMBER, "/kept", key="call 1")
    assert [(n.address, n.command) for n in await counter.office.due()] == [(SMS, "/kept")]
    told = [await text(NUMBER, "/kept", key=f"call {n}") for n in range(2, 8)]
    assert told == [True, True, True, False, False, False]
    assert await text("+989121234568", "/kept", key="of another")


async def test_who_wants_no_messages_gets_no_texts(counter: Counter) -> None:
    contacts = counter.office.contacts
    await contacts.allow(SMS, Consent.REPLIES)
    assert not await counter.identity.text(NUMBER, "/kept", key="call 1")
    assert await counter.send(), "asked for just now"
    await contacts.allow(SMS, Consent.NOTHING)
    assert not await counter.send()
    assert len(await counter.office.due()) == len(await counter.sent()) == 1


async def test_the_ticket_of_a_contact_that_was_taken_over_holds_no_longer(counter: Counter) -> None:
    contacts = counter.office.contacts
    home, number = await contacts.resolve(HOME), await counter.identity.contact_of(SMS)
    ticket = counter.identity.ticket(number)
    await contacts.link(number, home)
    assert await counter.identity.redeem(ticket, key="f") is None
