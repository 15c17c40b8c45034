"""A real gateway: from a telephone over Kannel to the counter and back, in Persian, with the report of delivery."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bot.channels.segments import segments
from bot.channels.sms import Http, Sms
from bot.core.messages import Address
from bot.core.ports import SendFailed
from tests.conversation import Conversation, OneContact
from tests.sms.desk import SECRET
from tests.sms.peers import PATIENCE, Kannel, Telephone

MINE = "09121234567"
ADDRESS = Address("sms", "+989121234567")


@dataclass
class Counter:
    kannel: Kannel
    contacts: OneContact
    talk: Conversation
    driver: Http

    async def said(self) -> list[str]:
        """What citizens said, as the transcript has it."""
        lines = await self.talk.sessions.lines(OneContact.ID, 0)
        return [str(line.content.get("text", "")) for line in lines if line.direction == "in"]


@pytest.fixture
async def counter(tmp_path: Path, talk: Conversation) -> AsyncIterator[Counter]:
    """The channel on the dialogs of the project itself, behind Kannel."""
    port = unused_port()
    url = f"http://127.0.0.1:{port}"
    kannel = Kannel(tmp_path, f"{url}/channels/sms/http/{SECRET}")
    driver = Http(send_url=kannel.send_url, secret=SECRET, public_url=url)
    channel = Sms(talk.gateway, None, talk.contacts, talk.renderer, driver=driver)  # type: ignore[arg-type]
    app = web.Application()
    app.add_routes(channel.routes())
    app.cleanup_ctx.append(channel.lifespan)
    server = TestServer(app, port=port)
    await server.start_server()
    with kannel.running():
        yield Counter(kannel, talk.contacts, talk, driver)
    await server.close()


async def test_there_and_back_with_a_report(counter: Counter) -> None:
    await counter.contacts.reach(ADDRESS, False)
    async with Telephone.saying(counter.kannel, MINE, "سلام، می\u200cخواهم فهرست را ببینم") as telephone:
        number, text, parts = await telephone.heard()
        assert number == ADDRESS.id
        assert parts == segments(text).parts
        async with asyncio.timeout(PATIENCE):
            while not await counter.contacts.reachable(ADDRESS):  # noqa: ASYNC110 - Kannel tells it, not this process
                await asyncio.sleep(0.02)
    assert await counter.said() == ["سلام، می\u200cخواهم فهرست را ببینم"]
    assert "۱. " in text
    async with Telephone.saying(counter.kannel, MINE, "توقف") as telephone:
        assert (await telephone.heard())[1].endswith("بفرستید: شروع")


async def test_an_answer_that_could_not_go_out_goes_out_when_the_message_comes_again(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, tries = counter.driver.send, []

    async def busy_at_first(number: str, text: str) -> None:
        tries.append(text)
        if len(tries) == 1:
            raise SendFailed("not now", retry_in=1.0)
        await send(number, text)

    monkeypatch.setattr(counter.driver, "send", busy_at_first)
    async with Telephone.saying(counter.kannel, MINE, "سلام") as telephone:
        assert (await telephone.heard())[1] == tries[0]
    assert tries[0] == tries[1]
    assert await counter.said() == ["سلام"]


async def test_the_parts_of_a_long_message_are_one(counter: Counter) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", counter.kannel.air)
    for number, text in ((2, "و بفرمایید"), (1, "سلام ")):
        writer.write(f"{MINE} 2000 udh-text %05%00%03%07%02%0{number} {text}\n".encode())
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readline()).startswith(b"2000 +989121234567 ")
    assert await counter.said() == ["سلام و بفرمایید"]
    writer.close()
    await writer.wait_closed()
