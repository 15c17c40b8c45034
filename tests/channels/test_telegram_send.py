"""Sending: what is tried again, what is given up, and whose fault it is."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import unused_port

from bot.channels.telegram import channel as telegram_channel
from bot.channels.telegram.api import Api
from bot.core.messages import Address, Choice, Phrase, Reply, Term
from bot.core.ports import SendFailed
from tests.channels.botapi import message
from tests.channels.conftest import Counter, Start
from tests.channels.counter import echo

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")  # of RetryAfter
ANN = Address("telegram", "5")
HELLO = Reply(Phrase("echo", {"words": "سلام"}))
TWO = Reply(Phrase("two"))


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_channel, "pause", lambda failures: 0.001 * failures)


async def send(counter: Counter, *replies: Reply, seq: int = 7) -> None:
    await counter.channel.send(ANN, replies or (HELLO,), "fa", seq=seq)


def texts(counter: Counter) -> list[str]:
    return [m["text"] for m in counter.api.sent()]


async def test_retry_after_is_obeyed(start: Start) -> None:
    counter = await start()
    counter.api.fail("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1)
    await send(counter)
    first, second = [c.at for c in counter.api.calls if c.method == "sendMessage"]
    assert second - first >= 0.99


async def test_a_long_retry_after_is_the_callers(start: Start) -> None:
    counter = await start()
    counter.api.fail("sendMessage", 429, "Too Many Requests: retry after 60", retry_after=60)
    with pytest.raises(SendFailed) as failure:
        await send(counter)
    assert (failure.value.retry_in, failure.value.unreachable) == (60, False)
    assert len(texts(counter)) == 1


@pytest.mark.parametrize(
    ("status", "description"),
    [
        (403, "Forbidden: bot was blocked by the user"),
        (403, "Forbidden: user is deactivated"),
        (400, "Bad Request: chat not found"),
    ],
)
async def test_someone_who_is_gone(start: Start, status: int, description: str) -> None:
    counter = await start()
    counter.api.fail("sendMessage", status, description)
    with pytest.raises(SendFailed) as failure:
        await send(counter)
    assert (failure.value.retry_in, failure.value.unreachable) == (None, True)
    assert counter.contacts.reached == [(ANN, False)]
    assert len(texts(counter)) == 1


async def test_refused_markup_is_sent_as_plain_text(start: Start) -> None:
    counter = await start()
    counter.api.fail("sendMessage", 400, "Bad Request: can't parse entities: unsupported start tag")
    await send(counter, Reply(Phrase("code", {"code": Term("code", "1234567897")})))
    marked, plain = counter.api.sent()
    assert "<code>12345 67897</code>" in marked["text"] and marked["parse_mode"] == "HTML"
    assert "12345 67897" in plain["text"] and "<" not in plain["text"] and "parse_mode" not in plain


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_server_that_stumbles(start: Start, status: int) -> None:
    counter = await start()
    counter.api.fail("sendMessage", status, times=2)
    await send(counter)
    assert len(texts(counter)) == 3


async def test_a_server_that_is_down(start: Start) -> None:
    counter = await start()
    counter.api.fail("sendMessage", 500, times=3)
    with pytest.raises(SendFailed) as failure:
        await send(counter)
    assert failure.value.retry_in and not failure.value.unreachable
    assert len(texts(counter)) == 3


async def test_a_server_that_is_not_there_and_one_that_is_silent(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = await start(api_url=f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(SendFailed) as failure:
        await send(nowhere)
    assert failure.value.retry_in and "http" not in str(failure.value)
    silent = await start()
    silent.api.delay = 0.2
    monkeypatch.setattr(Api.call, "__kwdefaults__", {"patience": 0.01})
    with pytest.raises(SendFailed) as failure:
        await send(silent)
    assert failure.value.retry_in


async def test_what_the_server_may_have_taken_is_a_notices_courier_s_to_decide(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = await start()
    counter.api.fail("sendMessage", 502)
    with pytest.raises(SendFailed) as failure:
        await counter.channel.send(ANN, (HELLO,), "fa", seq=7, key="notice:1")
    assert failure.value.doubtful and failure.value.retry_in
    monkeypatch.setattr(Api.call, "__kwdefaults__", {"patience": 0.01})
    counter.api.delay = 0.2
    with pytest.raises(SendFailed) as failure:
        await counter.channel.send(ANN, (HELLO,), "fa", seq=7, key="notice:1")
    assert failure.value.doubtful
    assert len(texts(counter)) == 2


async def test_a_notice_of_which_a_part_is_out_is_not_told_from_its_beginning_by_another_courier(start: Start) -> None:
    counter = await start()
    counter.api.fail("sendMessage", 429, "Too Many Requests: retry after 60", retry_after=60, after=1)
    with pytest.raises(SendFailed) as failure:
        await counter.channel.send(ANN, (HELLO, TWO), "fa", seq=7, key="notice:1")
    assert failure.value.doubtful and failure.value.retry_in
    assert len(texts(counter)) == 2, "the second one was refused"


async def test_what_it_certainly_has_not_is_tried_again(start: Start) -> None:
    counter = await start()
    counter.api.fail("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1)
    assert await counter.channel.send(ANN, (HELLO,), "fa", seq=7, key="notice:1") == "1"
    nowhere = await start(api_url=f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(SendFailed) as failure:
        await nowhere.channel.send(ANN, (HELLO,), "fa", seq=7, key="notice:1")
    assert not failure.value.doubtful and failure.value.retry_in


async def test_a_wrong_token_is_our_fault(start: Start) -> None:
    counter = await start(token="1:wrong")
    with pytest.raises(SendFailed) as failure:
        await send(counter)
    assert failure.value.retry_in and "wrong" not in str(failure.value)


async def test_what_telegram_will_never_take(start: Start) -> None:
    counter = await start()
    with pytest.raises(SendFailed) as failure:
        await send(counter, TWO, Reply(Phrase("two"), (Choice("x" * 65, "too long a value"),)), TWO)
    assert (failure.value.retry_in, failure.value.unreachable) == (None, False)
    assert len(texts(counter)) == 2


async def test_a_broken_off_sending_goes_on_where_it_broke(start: Start) -> None:
    counter = await start()
    counter.gateway.script = lambda heard: (*echo(heard), TWO, TWO)
    counter.api.fail("sendMessage", 500, after=1, times=3)
    assert await counter.post(message(1, text="سلام")) == 500
    assert await counter.post(message(1, text="سلام")) == 200
    assert texts(counter) == ["شنیدم: سلام", *["دومی"] * 3, *["دومی"] * 2]  # the first one went out once
    assert len(counter.gateway.changes) == 1


async def test_a_blocked_citizens_turn_is_not_delivered_again(start: Start) -> None:
    counter = await start()
    counter.api.fail("sendMessage", 403, "Forbidden: bot was blocked by the user")
    assert await counter.post(message(1, text="سلام")) == 200
    assert counter.contacts.reached == [(ANN, False)]


async def test_a_turn_whose_reply_does_not_go_out_is_delivered_again(start: Start) -> None:
    counter = await start()
    counter.api.fail("sendMessage", 500, times=3)
    assert await counter.post(message(1, text="سلام")) == 500
    assert await counter.post(message(1, text="سلام")) == 200
    assert len(counter.gateway.changes) == 1
