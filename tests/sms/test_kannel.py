"""A real gateway: from a telephone over Kannel to the server and back, in Persian, with the report of delivery."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer, unused_port
from pydantic import SecretStr

from bot import app
from bot.app.counter import Counter
from bot.channels.segments import segments
from bot.channels.sms import Http
from bot.core.messages import Address
from bot.core.ports import SendFailed
from tests.app.serving import settings_of, until
from tests.sms.desk import SECRET
from tests.sms.peers import PATIENCE, Kannel, Telephone

MINE = "09121234567"
ADDRESS = Address("sms", "+989121234567")


@dataclass
class Served:
    kannel: Kannel
    counter: Counter

    async def said(self) -> list[str]:
        """What the citizen said, as the transcript has it."""
        contact = await self.counter.contacts.resolve(ADDRESS)
        lines = await self.counter.sessions.lines(contact, 0)
        return [str(line.content.get("text", "")) for line in lines if line.direction == "in"]


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """The whole server, behind Kannel."""
    port = unused_port()
    url = f"http://127.0.0.1:{port}"
    kannel = Kannel(tmp_path, f"{url}/channels/sms/http/{SECRET}")
    settings = settings_of(
        tmp_path,
        port=port,
        public_url=url,
        sms_http_send_url=SecretStr(kannel.send_url),
        sms_webhook_secret=SecretStr(SECRET),
    )
    application = await asyncio.to_thread(app.build, settings)
    server = TestServer(application, port=port)
    await server.start_server()
    with kannel.running():
        yield Served(kannel, application[app.COUNTER])
    await server.close()


async def test_there_and_back_with_a_report(served: Served) -> None:
    contacts = served.counter.contacts
    await contacts.resolve(ADDRESS)
    await contacts.reach(ADDRESS, False)
    async with Telephone.saying(served.kannel, MINE, "سلام، می\u200cخواهم فهرست را ببینم") as telephone:
        number, text, parts = await telephone.heard()
        assert number == ADDRESS.id
        assert parts == segments(text).parts
        await until(lambda: contacts.reachable(ADDRESS))
    assert await served.said() == ["سلام، می\u200cخواهم فهرست را ببینم"]
    assert "۱. " in text
    async with Telephone.saying(served.kannel, MINE, "توقف") as telephone:
        assert (await telephone.heard())[1].endswith("بفرستید: شروع")


async def test_an_answer_that_could_not_go_out_goes_out_when_the_message_comes_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, tries = Http.send, []

    async def busy_at_first(driver: Http, number: str, text: str, **more: Any) -> str:
        tries.append(text)
        if len(tries) == 1:
            raise SendFailed("not now", retry_in=1.0)
        return await send(driver, number, text, **more)

    monkeypatch.setattr(Http, "send", busy_at_first)
    async with Telephone.saying(served.kannel, MINE, "سلام") as telephone:
        assert (await telephone.heard())[1] == tries[0]
    assert tries[0] == tries[1]
    assert await served.said() == ["سلام"]


async def test_the_parts_of_a_long_message_are_one(served: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.kannel.air)
    for number, text in ((2, "و بفرمایید"), (1, "سلام ")):
        writer.write(f"{MINE} 2000 udh-text %05%00%03%07%02%0{number} {text}\n".encode())
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readline()).startswith(b"2000 +989121234567 ")
    assert await served.said() == ["سلام و بفرمایید"]
    writer.close()
    await writer.wait_closed()
