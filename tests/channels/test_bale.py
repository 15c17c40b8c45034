"""Bale: the same channel by another door, and nothing that Bale would not understand."""

from __future__ import annotations

import asyncio

import pytest

from bot.channels.bale import bale
from bot.core.messages import Address, Choice, Event, Expect, Inbound, Kind, Location, Phrase, Reply
from bot.core.ports import SendFailed
from tests.channels.baleapi import BaleApi, bale_callback, bale_message
from tests.channels.conftest import PUBLIC, SECRET, Start
from tests.channels.counter import KeptFiles, NotedContacts, ScriptedGateway, echo, renderer

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")  # of RetryAfter
ANN = Address("bale", "5")


async def test_only_the_url_is_told_and_there_is_no_menu(start: Start) -> None:
    counter = await start(messenger="bale")
    assert await counter.api.wait_for("setWebhook") == [{"url": f"{PUBLIC}/channels/bale/{SECRET}"}]
    assert await counter.api.push(bale_message(1, text="سلام"), counter.session) == 200
    assert counter.gateway.changes == [Inbound("1", ANN, Event.MESSAGE, "سلام")]
    assert counter.api.sent() == [{"chat_id": 5, "text": "شنیدم: سلام"}]
    assert {c.method for c in counter.api.calls} == {"getMe", "setWebhook", "sendMessage"}
    assert counter.channel.door("ticket_-1") == "https://ble.ir/counter_bot?start=ticket_-1"


async def test_the_path_without_a_secret_is_none(start: Start) -> None:
    counter = await start(messenger="bale")
    assert await counter.post(bale_message(1, text="سلام"), None) == 404
    assert await counter.post(bale_message(1, text="سلام"), "") == 404
    assert not counter.gateway.heard


@pytest.mark.parametrize(
    ("public_url", "port"),
    [
        ("https://desk.example.org:8443", 8443),
        ("http://desk.example.org", 80),
        ("https://desk.example.org:8080/x", 8080),
    ],
)
def test_a_port_that_bale_does_not_call_is_named(public_url: str, port: int) -> None:
    with pytest.raises(ValueError, match=f"PUBLIC_URL has the port {port}: bale calls webhooks on 443 and 88 alone"):
        made(public_url, SECRET)


@pytest.mark.parametrize(
    "public_url", ["https://desk.example.org", "https://desk.example.org:88/x", "https://d.org:443"]
)
def test_ports_that_bale_calls(public_url: str) -> None:
    made(public_url, SECRET)
    with pytest.raises(ValueError, match="BALE_WEBHOOK_SECRET is missing"):
        made(public_url, "")


def made(public_url: str, secret: str) -> None:
    bale(
        ScriptedGateway(),  # type: ignore[arg-type]
        KeptFiles(),
        NotedContacts(),
        renderer(),
        token="1:t",
        webhook_secret=secret,
        public_url=public_url,
        commands=lambda language: [],
    )


async def test_polling_asks_for_what_bale_knows(start: Start) -> None:
    counter = await start(messenger="bale", webhook=False)
    counter.api.offer(bale_message(7, text="سلام"), bale_callback(8, "v~yes"))
    await counter.api.wait_for("sendMessage", 2)
    await counter.api.wait_for("getUpdates", 2)
    assert counter.api.sent("getUpdates")[-1] == {"offset": 9, "timeout": 50}
    assert counter.api.sent("answerCallbackQuery") == [{"callback_query_id": "q8"}]
    assert [(h.event, h.text or h.value) for h in counter.gateway.changes] == [
        (Event.MESSAGE, "سلام"),
        (Event.CHOICE, "v~yes"),
    ]


@pytest.mark.parametrize(
    ("contact", "own"),
    [
        ({"phone_number": "989121234567", "first_name": "Ann", "user_id": 5}, True),
        ({"phone_number": "989121234567", "first_name": "Bob", "user_id": 6}, False),
        ({"phone_number": "989121234567", "first_name": "Ann"}, False),  # Bale may leave it out: nobody vouches
        ({"phone_number": "989121234567", "first_name": "Ann", "user_id": None}, False),
        ({"phone_number": "989121234567", "first_name": "Ann", "user_id": 0}, False),
        ({"phone_number": "989121234567", "first_name": "Ann", "user_id": "5"}, False),
    ],
)
async def test_whose_number_it_is(start: Start, contact: dict[str, object], own: bool) -> None:
    counter = await start(messenger="bale")
    assert await counter.post(bale_message(1, contact=contact)) == 200
    (heard,) = counter.gateway.changes
    assert (heard.text, heard.phone) == ("+989121234567", "+989121234567" if own else "")


async def test_a_number_of_a_sender_whom_bale_does_not_name_is_nobodys(start: Start) -> None:
    counter = await start(messenger="bale")
    update = bale_message(1, contact={"phone_number": "989121234567", "first_name": "Ann"})
    del update["message"]["from"]
    assert await counter.post(update) == 200
    assert counter.gateway.changes[0].phone == ""


async def test_number_and_place_are_asked_for_by_a_button(start: Start) -> None:
    counter = await start(messenger="bale")
    asked = {"number": Kind.PHONE, "place": Kind.LOCATION}
    counter.gateway.script = lambda heard: (
        (Reply(Phrase("ask_phone"), expect=Expect(asked[heard.text])),) if heard.text in asked else echo(heard)
    )
    await counter.post(bale_message(1, text="number"))
    await counter.post(bale_message(2, text="place"))
    await counter.post(bale_message(3, location={"latitude": 35.7, "longitude": 51.4}))
    buttons = [m["reply_markup"]["keyboard"][0][0] for m in counter.api.sent()[:2]]
    assert buttons == [
        {"text": "ارسال شماره", "request_contact": True},
        {"text": "ارسال مکان", "request_location": True},
    ]
    assert counter.api.sent()[2]["reply_markup"] == {"remove_keyboard": True}
    assert counter.gateway.changes[2].location == Location(35.7, 51.4)


async def test_a_file_comes_down(start: Start) -> None:
    counter = await start(messenger="bale")
    counter.api.files["1:2:3"] = b"%PDF-1.7"
    await counter.post(bale_message(1, document={"file_id": "1:2:3", "file_name": "نقشه.pdf", "file_size": 8}))
    await counter.post(bale_message(2, document={"file_id": "1:2:4", "file_size": (20 << 20) + 1}))
    good, large = counter.gateway.changes
    assert counter.files.kept[good.files[0].id][1] == b"%PDF-1.7"
    assert large.problem == "file.too_large"


async def test_a_ticket_is_brought_along(start: Start) -> None:
    counter = await start(messenger="bale")
    await counter.post(bale_message(1, text="/start aB3-_xyz4567890QRSTUV"))
    assert [(h.event, h.value) for h in counter.gateway.changes] == [(Event.CHOICE, "/join aB3-_xyz4567890QRSTUV")]


async def test_bale_asks_to_wait(start: Start) -> None:
    counter = await start(messenger="bale")
    hello = (Reply(Phrase("two")),)
    counter.api.fail("sendMessage", 429, "Too Many Requests", retry_after=1)
    began = asyncio.get_running_loop().time()
    await counter.channel.send(ANN, hello, "fa", seq=1)
    assert asyncio.get_running_loop().time() - began >= 0.99
    counter.api.fail("sendMessage", 429, "Too Many Requests", retry_after=40)
    with pytest.raises(SendFailed) as failure:
        await counter.channel.send(ANN, hello, "fa", seq=2)
    assert failure.value.retry_in == 40


@pytest.mark.parametrize("status", [400, 404])
async def test_a_citizen_whom_bale_does_not_know(start: Start, status: int) -> None:
    counter = await start(messenger="bale")
    counter.api.fail("sendMessage", status, "Bad Request: no such group or user")
    with pytest.raises(SendFailed) as failure:
        await counter.channel.send(ANN, (Reply(Phrase("two")),), "fa", seq=1)
    assert (failure.value.retry_in, failure.value.unreachable) == (None, True)
    assert counter.contacts.reached == [(ANN, False)]


async def test_buttons_are_within_64_bytes(start: Start) -> None:
    counter = await start(messenger="bale")
    longest = Reply(Phrase("two"), (Choice("a~" + "x" * 62, "label"),), Expect(Kind.CHOICE))
    await counter.channel.send(ANN, (longest,), "fa", seq=1)
    with pytest.raises(SendFailed):
        await counter.channel.send(ANN, (Reply(Phrase("two"), (Choice("x" * 65, "label"),)),), "fa", seq=2)


async def test_the_stub_is_strict() -> None:
    """What the real Bale ignores or refuses, the tests' one refuses, so that nothing of Telegram's slips through."""
    api = BaleApi()
    with pytest.raises(ValueError, match="parse_mode"):
        api._check("sendMessage", {"chat_id": 5, "text": "x", "parse_mode": "HTML"})
    with pytest.raises(ValueError, match="ports"):
        await api._set_webhook({"url": "https://desk.example.org:8443/x"})
    assert api._handler("setMyCommands") is None
