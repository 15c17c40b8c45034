"""Codes by text message, tickets, and requests that follow their owner."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.core.messages import Address, Reply, Term
from bot.core.ports import Consent, SendFailed
from bot.core.requests import TooManyAttempts
from bot.desk.identity import LinkedIdentity
from tests.desk.office import HOME, STRANGER, Office
from tests.stores.turns import go_on

NUMBER = "+989121234567"
SMS = Address("sms", NUMBER)


@dataclass
class Texts:
    """The sender of text messages."""

    rate = None
    disturbs = repeatable = False

    fails: Exception | None = None
    sent: list[tuple[str, str]] = field(default_factory=list)  # number, code

    async def send(self, to: Address, replies: Sequence[Reply], language: str, *, seq: int, key: str = "") -> str:
        if self.fails:
            raise self.fails
        code = replies[0].say.args["code"]
        assert isinstance(code, Term)
        self.sent.append((to.id, code.value))
        return ""


@dataclass
class Counter:
    office: Office
    texts: Texts = field(default_factory=Texts)
    secret: str = "the secret key"

    def __post_init__(self) -> None:
        self.identity = LinkedIdentity(
            self.office.contacts,
            self.office.sessions,
            self.office.records,
            lambda: self.office.now,
            secret=lambda: self.secret,
        )
        self.identity.texts = self.texts

    async def code(self, by: Address = HOME, key: str = "f1", number: str = NUMBER) -> str:
        await self.identity.send_code(number, by, "fa", key=key)
        await self.identity.idle()
        return self.texts.sent[-1][1]

    async def is_right(self, digits: str, by: Address = HOME, key: str = "f1", number: str = NUMBER) -> bool:
        return await self.identity.check_code(number, digits, by, key=key)


@pytest.fixture
def counter(office: Office) -> Counter:
    return Counter(office)


async def test_a_code_is_six_digits_and_right_in_any_digits_and_spacing(counter: Counter) -> None:
    code = await counter.code()
    assert re.fullmatch(r"\d{6}", code)
    assert counter.texts.sent == [(NUMBER, code)]
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
    identity.texts = None
    assert not identity.can_text() and not identity.can_text(NUMBER)
    await identity.send_code(NUMBER, HOME, "fa", key="f1")
    await identity.idle()
    assert counter.texts.sent == []


@pytest.mark.parametrize("error", [SendFailed("the provider is away", retry_in=30), OSError("no way")])
async def test_a_code_that_is_not_taken_by_the_provider_harms_nothing(counter: Counter, error: Exception) -> None:
    counter.texts.fails = error
    await counter.identity.send_code(NUMBER, HOME, "fa", key="f1")
    await counter.identity.idle()
    counter.texts.fails = None
    assert await counter.is_right(await counter.code())


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
    taken = await counter.identity.absorb(await counter.identity.contact_of(NUMBER), home)
    await office.contacts.link(taken.contact, home)
    assert [r.code for r in await office.desk.list_of(home)] == [request.code]
    found = await office.desk.find(request.code)
    assert found and found.draft.contact == home
    assert set(await counter.identity.addresses(home)) == {HOME, SMS}


async def test_requests_go_with_an_address_that_is_set_apart(counter: Counter) -> None:
    office = counter.office
    texted, written = await office.file(address=SMS), await office.file()
    home = await office.contacts.resolve(HOME)
    await office.contacts.link(await counter.identity.contact_of(NUMBER), home)
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
    desk, text = counter.office.desk, counter.identity.text
    for _ in range(2):
        assert await text(NUMBER, "/kept", key="call 1")
    assert [(n.address, n.command) for n in await desk.due()] == [(SMS, "/kept")]
    told = [await text(NUMBER, "/kept", key=f"call {n}") for n in range(2, 8)]
    assert told == [True, True, True, False, False, False]
    assert await text("+989121234568", "/kept", key="of another")


async def test_who_wants_no_messages_gets_no_texts(counter: Counter) -> None:
    contacts = counter.office.contacts
    await contacts.allow(SMS, Consent.REPLIES)
    assert not await counter.identity.text(NUMBER, "/kept", key="call 1")
    assert await counter.identity.send_code(NUMBER, HOME, "fa", key="f1"), "asked for just now"
    await contacts.allow(SMS, Consent.NOTHING)
    assert not await counter.identity.send_code(NUMBER, HOME, "fa", key="f1")
    await counter.identity.idle()
    assert len(counter.texts.sent) == 1
    assert await counter.office.desk.due() == ()


async def test_the_ticket_of_a_contact_that_was_taken_over_holds_no_longer(counter: Counter) -> None:
    contacts = counter.office.contacts
    home, number = await contacts.resolve(HOME), await counter.identity.contact_of(NUMBER)
    ticket = counter.identity.ticket(number)
    await contacts.link(number, home)
    assert await counter.identity.redeem(ticket, key="f") is None
