"""News by e-mail, over a real SMTP server: what it looks like, and what each failure means."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bot.channels.mail import Mail, MailServer
from bot.channels.render import Renderer
from bot.core.catalogue import Text
from bot.core.messages import Address, Choice, Phrase, Reply, Term
from bot.core.ports import Consent, SendFailed
from bot.stores.memory import MemoryContacts
from bot.web.problems import problems
from tests.mail.postoffice import PASSWORD, USER, PostOffice, certified, open_office

ANN = Address("mail", "ann@example.com")
CODE = "1234567897"
URL = "https://counter.example.org"
NAME = {"fa": "شهرداری بهارستان", "en": "Baharestan Town Hall"}
WORDS: Mapping[str, Text] = {
    "moved": {"fa": "درخواست {title} با کد {code} در حال بررسی است.", "en": "Request {code}: in review."},
    "note": {"fa": "یادداشت: {note}", "en": "Note: {note}"},
    "hello": {"fa": "سلام <b>دوست</b>", "en": "Hello"},
    "mail.about": {"fa": "درخواست {code}: خبر تازه از {name}", "en": "Request {code}: news from {name}"},
    "mail.subject": {"fa": "پیامی از {name}", "en": "A message from {name}"},
    "mail.end": {"fa": "دیگر ایمیل نفرستید", "en": "No more e-mail"},
    "mail.end_ask": {"fa": "دیگر به {mail} نفرستیم؟", "en": "No more to {mail}?"},
    "mail.ended": {"fa": "دیگر نمی‌فرستیم.", "en": "No more."},
    "mail.footer": {"fa": "پاسخ: {url}", "en": "Answer: {url}"},
    "mail.footer_alone": {"fa": "پاسخ نمی‌رسد. {name}", "en": "No answers. {name}"},
}
MOVED = Phrase("moved", {"title": "چراغ معبر", "code": Term("code", CODE)})
NEWS = (
    Reply(MOVED, (Choice(f"/track/{CODE}", "پیگیری"),)),
    Reply(Phrase("note", {"note": Term("quote", "۱ < ۲ & ۳")})),
)


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with open_office() as office:
        yield office


@pytest.fixture
def contacts() -> MemoryContacts:
    return MemoryContacts()


def mail(contacts: MemoryContacts, server: MailServer, url: str = URL, sender: str = "desk@town.example") -> Mail:
    return Mail(
        contacts,
        Renderer(lambda: WORDS),
        server,
        sender=sender,
        organization=NAME.__getitem__,
        secret="of these tests",
        clock=lambda: datetime(2026, 11, 25, 8, 30, tzinfo=UTC),
        public_url=url,
    )


def at(office: PostOffice, query: str = "") -> MailServer:
    return MailServer.of(f"smtp://127.0.0.1:{office.port}{query}")


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


# --- what it looks like ---------------------------------------------------------------------------


async def test_news(office: PostOffice, contacts: MemoryContacts) -> None:
    id = await mail(contacts, at(office)).send(ANN, NEWS, "fa", seq=1, key="notice:1")
    (message,) = office.mail
    assert (office.to, office.sender) == (["ann@example.com"], "desk@town.example")
    assert message["Subject"] == f"درخواست {CODE}: خبر تازه از شهرداری بهارستان"
    assert message["From"] == "شهرداری بهارستان <desk@town.example>"
    assert (message["To"], message["Message-ID"]) == ("ann@example.com", id)
    assert (message["Auto-Submitted"], message["Date"]) == ("auto-generated", "Wed, 25 Nov 2026 08:30:00 +0000")
    assert message.get_content_type() == "multipart/alternative"
    text = part(message, "plain")
    assert "درخواست چراغ معبر با کد \u206612345 67897\u2069 در حال بررسی است." in text
    assert "یادداشت: \u2068۱ < ۲ & ۳\u2069" in text and URL in text


async def test_the_page_is_read_from_right_to_left_and_nobodys_words_are_markup(
    office: PostOffice, contacts: MemoryContacts
) -> None:
    sender = mail(contacts, at(office))
    await sender.send(ANN, (*NEWS, Reply(Phrase("hello"))), "fa", seq=1, key="notice:1")
    await sender.send(ANN, NEWS, "en", seq=1, key="notice:2")
    persian, english = (part(message, "html") for message in office.mail)
    assert '<html lang="fa" dir="rtl">' in persian and '<html lang="en" dir="ltr">' in english
    assert '<bdi dir="ltr"><b>12345 67897</b></bdi>' in persian
    assert "<bdi>۱ &lt; ۲ &amp; ۳</bdi>" in persian and "&lt;b&gt;دوست" in persian
    assert f'<a href="{URL}"' in persian


async def test_what_is_told_twice_has_one_id(office: PostOffice, contacts: MemoryContacts) -> None:
    sender = mail(contacts, at(office))
    for key in ("notice:1", "notice:1", "notice:2", "", ""):
        await sender.send(ANN, NEWS, "fa", seq=1, key=key)
    first, again, other, *without = [message["Message-ID"] for message in office.mail]
    assert first == again and first.endswith("@town.example>")
    assert len({first, other, *without}) == 4


async def test_without_a_code_and_without_a_page_of_ours(office: PostOffice, contacts: MemoryContacts) -> None:
    sender = mail(contacts, at(office), url="", sender="پیشخوان <desk@town.example>")
    await sender.send(ANN, (Reply(Phrase("hello")),), "fa", seq=1, key="notice:1")
    await sender.send(ANN, (), "fa", seq=2)
    (message,) = office.mail
    assert (message["Subject"], message["From"]) == ("پیامی از شهرداری بهارستان", "پیشخوان <desk@town.example>")
    assert message["List-Unsubscribe"] is None
    assert "پاسخ نمی‌رسد" in part(message, "plain")


# --- the end of it --------------------------------------------------------------------------------


async def test_one_click_ends_it(office: PostOffice, contacts: MemoryContacts) -> None:
    sender = mail(contacts, at(office))
    app = web.Application(middlewares=[problems()])
    app.add_routes(sender.routes())
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        await sender.send(ANN, NEWS, "fa", seq=1, key="notice:1")
        (message,) = office.mail
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        path = message["List-Unsubscribe"].strip(" <>").removeprefix(URL)
        for wrong in (path[:-1], path[:-1] + "é", path.replace("/unsubscribe/", "/unsubscribe/AAAA"), path + "AAAA"):
            async with session.post(server.make_url(wrong)) as answer:
                assert answer.status == 403
        async with session.get(server.make_url(path)) as answer:  # by whoever looks at links
            page = await answer.text()
            assert (answer.status, answer.content_type) == (200, "text/html")
            assert 'dir="rtl"' in page and "<b>ann@example.com</b>" in page and 'method="post"' in page
        async with session.get(server.make_url(path), headers={"Accept-Language": "en-US"}) as answer:
            assert "No more e-mail" in await answer.text()
        assert await contacts.consent(ANN) is Consent.EVERYTHING
        async with session.post(server.make_url(path), data={"List-Unsubscribe": "One-Click"}) as answer:
            assert answer.status == 200 and "نمی‌فرستیم" in await answer.text()
        assert await contacts.consent(ANN) is Consent.REPLIES


# --- failures -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("says", "retry", "unreachable", "doubtful"),
    [
        ({"MAIL": "421 4.3.2 closing"}, True, False, False),
        ({"MAIL": "450 4.7.1 later"}, True, False, False),
        ({"MAIL": "553 5.7.1 not your address"}, True, False, False),
        ({"RCPT": "421 too busy"}, True, False, False),
        ({"RCPT": "450 4.2.0 greylisted"}, True, False, False),
        ({"RCPT": "550 5.1.1 no such user here"}, False, True, False),
        ({"RCPT": "550 no such user here"}, False, True, False),
        ({"RCPT": "553 mailbox name not allowed"}, False, True, False),
        ({"RCPT": "550 5.7.1 your network is blocked"}, False, False, False),
        ({"RCPT": "554 no"}, False, False, False),
        ({"RCPT": ""}, True, False, False),
        ({"DATA": "421 4.3.2 closing"}, True, False, False),
        ({"DATA": "452 4.2.2 mailbox full"}, True, False, False),
        ({"DATA": "550 5.1.1 no such user after all"}, False, True, False),
        ({"DATA": "554 5.7.1 spam"}, False, False, False),
        ({"DATA": ""}, True, False, True),
    ],
)
async def test_a_failure(
    office: PostOffice,
    contacts: MemoryContacts,
    says: dict[str, str],
    retry: bool,
    unreachable: bool,
    doubtful: bool,
) -> None:
    office.says = says
    with pytest.raises(SendFailed) as failed:
        await mail(contacts, at(office)).send(ANN, NEWS, "fa", seq=1, key="notice:1")
    told = failed.value
    assert (told.retry_in is not None, told.unreachable, told.doubtful) == (retry, unreachable, doubtful)
    assert await contacts.reachable(ANN) is not unreachable
    assert not office.mail and "ann" not in repr(told) + str(told.__cause__)


async def test_a_server_that_is_not_there(contacts: MemoryContacts) -> None:
    with pytest.raises(SendFailed) as failed:
        await mail(contacts, MailServer.of(f"smtp://127.0.0.1:{unused_port()}")).send(ANN, NEWS, "fa", seq=1)
    assert failed.value.retry_in and not failed.value.doubtful


async def test_a_server_that_hangs_up_after_it_took_it_has_taken_it(
    office: PostOffice, contacts: MemoryContacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object, **__: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr("aiosmtplib.SMTP.quit", gone)
    assert await mail(contacts, at(office)).send(ANN, NEWS, "fa", seq=1, key="notice:1")
    assert len(office.mail) == 1


async def test_an_address_that_is_none(office: PostOffice, contacts: MemoryContacts) -> None:
    for wrong in ("no address", "a@b\r\nBcc: c@d", ""):
        with pytest.raises(SendFailed) as failed:
            await mail(contacts, at(office)).send(Address("mail", wrong), NEWS, "fa", seq=1)
        assert failed.value.unreachable


# --- TLS and log-in -------------------------------------------------------------------------------


async def test_starttls_and_a_password(tmp_path: Path, contacts: MemoryContacts) -> None:
    ours, theirs = certified(tmp_path)
    async with open_office(tls=ours, login=True) as office:
        url = f"smtp://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{office.port}"
        await mail(contacts, replace(MailServer.of(url), context=theirs)).send(ANN, NEWS, "fa", seq=1)
        assert office.wrapped and office.logged_in
        with pytest.raises(SendFailed) as failed:  # a certificate that nobody vouches for
            await mail(contacts, MailServer.of(url)).send(ANN, NEWS, "fa", seq=1)
        assert failed.value.retry_in and not failed.value.doubtful
        wrong = replace(MailServer.of(url), context=theirs, password="wrong")
        with pytest.raises(SendFailed, match="our account") as failed:
            await mail(contacts, wrong).send(ANN, NEWS, "fa", seq=1)
        assert failed.value.retry_in and not failed.value.unreachable
        assert len(office.mail) == 1


async def test_tls_from_the_start(tmp_path: Path, contacts: MemoryContacts) -> None:
    ours, theirs = certified(tmp_path)
    async with open_office(tls=ours, wrapped=True) as office:
        server = replace(MailServer.of(f"smtps://127.0.0.1:{office.port}"), context=theirs)
        await mail(contacts, server).send(ANN, NEWS, "fa", seq=1)
        assert len(office.mail) == 1


async def test_a_server_that_refuses_starttls_gets_nothing(office: PostOffice, contacts: MemoryContacts) -> None:
    for server in (at(office, "?starttls=1"), MailServer.of(f"smtp://desk:secret@127.0.0.1:{office.port}")):
        with pytest.raises(SendFailed) as failed:
            await mail(contacts, server).send(ANN, NEWS, "fa", seq=1)
        assert failed.value.retry_in and not failed.value.doubtful and "secret" not in repr(failed.value)
    assert not office.mail


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtp://mail.example.org", 587, "offered"),
        ("smtp://u:p@mail.example.org:25", 25, "required"),
        ("smtp://u:p@mail.example.org:25?starttls=0", 25, "never"),
        ("smtp://mail.example.org?starttls=1", 587, "required"),
        ("smtps://u:p@mail.example.org", 465, "wrapped"),
    ],
)
def test_urls(url: str, port: int, tls: str) -> None:
    server = MailServer.of(url)
    assert (server.host, server.port, server.tls) == ("mail.example.org", port, tls)


@pytest.mark.parametrize("url", ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://h:99999"])
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(ValueError):
        MailServer.of(url)


async def test_the_log_holds_nobodys_address_or_words(
    office: PostOffice, contacts: MemoryContacts, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="bot"), caplog.at_level(logging.DEBUG, logger="aiosmtplib"):
        await mail(contacts, at(office)).send(ANN, NEWS, "fa", seq=1)
        office.says = {"RCPT": "550 5.1.1 <ann@example.com> unknown"}
        with pytest.raises(SendFailed):
            await mail(contacts, at(office)).send(ANN, NEWS, "fa", seq=1)
    told = [f"{r.getMessage()} {vars(r)}" for r in caplog.records if not r.name.startswith("mail.log")]
    assert not [line for line in told if "ann@" in line or "چراغ" in line]
