"""Two gateways and a worker behind Caddy, over PostgreSQL and Valkey, as `make run-distributed` starts them: each of
them may die or be exchanged, and nobody in front of the counter loses anything."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from deploy.distributed import Distributed, Part, answering
from tests.e2e.citizen import API_TOKEN, MOBILE, OFFICE, PLACE, Frame, code_in, told
from tests.e2e.process import PATIENCE, free_port

MOVED = "وضعیت تازه: در حال بررسی"
POSTERS = 8  # who talk while gateways are exchanged
SEEN = 5.0  # seconds after which the proxy knows who is back: it leaves the dead alone for three, and asks each second


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A folder that PostgreSQL, which is not run by root, reaches too."""
    folder = Path(tempfile.mkdtemp(prefix="replicas-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def counter(data: Path) -> AsyncIterator[Distributed]:
    async with Distributed(data, free_port(), {"API_TOKEN": API_TOKEN, "LIMITS": "off", "DRAIN": "2"}) as counter:
        yield counter
    assert [log.name for log in (data / "logs").glob("*") if "Traceback" in log.read_text()] == []


@pytest_asyncio.fixture(loop_scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


class Page:
    """A web-chat page: it connects again when its line breaks, and goes on behind the last line that it has."""

    def __init__(self, url: str) -> None:
        self._address = url.replace("http", "ws") + "/channels/web/socket"
        self._closing = contextlib.AsyncExitStack()
        self._token: str | None = None
        self.lines = 0  # how often it had to connect
        self.shown: dict[int, Frame] = {}
        self.twice: list[int] = []

    async def __aenter__(self) -> Page:
        await self._connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()

    async def _connect(self) -> None:
        self.lines += 1
        self._line = await self._closing.enter_async_context(connect(self._address))
        hello = {"type": "hello", "session": self._token, "after": max(self.shown, default=0), "language": "fa"}
        await self._line.send(json.dumps(hello))
        self._token = (await self._next())["session"]

    async def _next(self) -> Frame:
        frame: Frame = json.loads(await self._line.recv())
        if frame["type"] == "reply":
            self.twice += [frame["seq"]] if frame["seq"] in self.shown else []
            self.shown[frame["seq"]] = frame
        return frame

    async def say(self, text: str) -> str:
        """What this message was answered, however often it has to be sent."""
        frame = {"type": "message", "id": str(uuid4()), "text": text}
        before = set(self.shown)
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await self._line.send(json.dumps(frame))
                    while (heard := await self._next())["type"] != "ack" or heard["id"] != frame["id"]:
                        assert heard["type"] != "error", heard
                    return told([self.shown[seq] for seq in sorted(set(self.shown) - before)])
                except (ConnectionClosed, OSError):
                    await self._again()

    async def hears(self, words: str) -> None:
        """Wait until it is shown."""
        async with asyncio.timeout(PATIENCE):
            while words not in told(list(self.shown.values())):
                try:
                    await self._next()
                except (ConnectionClosed, OSError):
                    await self._again()

    async def _again(self) -> None:
        while True:
            try:
                return await self._connect()
            except Exception:  # the proxy has not noticed yet
                await asyncio.sleep(0.2)


async def die(part: Part) -> None:
    assert part.process
    part.process.kill()
    await part.process.wait()


async def test_each_of_them_dies_or_is_exchanged(counter: Distributed, http: aiohttp.ClientSession) -> None:
    async with Page(counter.url) as ann, Page(counter.url) as bea:
        codes = await a_gateway_dies_in_the_middle_of_forms(counter, ann, bea)
        async with http.get(f"{counter.url}/api/v1/requests", headers=OFFICE) as answer:
            assert {r["code"] for r in (await answer.json())["requests"]} == codes
        await a_notice_waits_for_a_worker(counter, http, ann, codes)
        await the_other_gateway_is_exchanged_under_load(counter, http, bea)
        for page in (ann, bea):
            assert page.twice == [] and sorted(page.shown) == list(page.shown)


async def a_gateway_dies_in_the_middle_of_forms(counter: Distributed, ann: Page, bea: Page) -> set[str]:
    """The pages are at one gateway each. The codes of what they file."""
    for text in ("/form/street_light_report", "۱"):
        await asyncio.gather(ann.say(text), bea.say(text))
    await die(counter.gateways[0])
    for text in (PLACE, "رد شدن", "رد شدن", MOBILE):
        await asyncio.gather(ann.say(text), bea.say(text))
    codes = {code_in(told) for told in await asyncio.gather(ann.say("تأیید"), bea.say("تأیید"))}
    assert len(codes) == 2 and (ann.lines, bea.lines) in ((2, 1), (1, 2))
    return codes


async def a_notice_waits_for_a_worker(
    counter: Distributed, http: aiohttp.ClientSession, ann: Page, codes: set[str]
) -> None:
    await die(counter.worker)
    for code in codes:
        change = {"status": "in_review"}
        async with http.patch(f"{counter.url}/api/v1/requests/{code}", headers=OFFICE, json=change) as answer:
            assert answer.status == 200, await answer.text()
    await ann.say("راهنما")
    assert MOVED not in told(list(ann.shown.values()))
    await counter.start(counter.worker)
    await ann.hears(MOVED)
    await ann.say("راهنما")
    assert told(list(ann.shown.values())).count(MOVED) == 1


async def the_other_gateway_is_exchanged_under_load(
    counter: Distributed, http: aiohttp.ClientSession, bea: Page
) -> None:
    """As in an upgrade: the new one serves, and the old one is told to end. Everybody is answered."""
    await counter.start(counter.gateways[0])
    await answering(counter.gateway_ports[0], "/readyz")
    await asyncio.sleep(SEEN)
    exchanged = asyncio.Event()
    statuses: list[int] = []

    async def talk() -> None:
        hello = {"type": "hello", "session": None, "after": 0, "language": "fa"}
        async with http.post(f"{counter.url}/channels/web/messages", json=hello) as answer:
            assert answer.status == 200, "the proxy knows nobody who serves"
            session = (await answer.json())["frames"][0]["session"]
        while not exchanged.is_set():
            frame = {"type": "message", "id": str(uuid4()), "text": "ساعت کاری شهرداری", "session": session}
            status = 0
            while status != 200:  # a machine without a free core may not answer the proxy's questions in time
                async with http.post(f"{counter.url}/channels/web/messages", json=frame) as answer:
                    status = answer.status
                statuses.append(status)
                await asyncio.sleep(0.6)  # nobody is too fast

    async with asyncio.TaskGroup() as tasks:
        for _ in range(POSTERS):
            tasks.create_task(talk())
        await bea.say("راهنما")
        old = counter.gateways[1]
        await old.end()
        assert old.process and old.process.returncode == 0
        await bea.say("راهنما")
        exchanged.set()
    assert set(statuses) <= {200, 503}, "503 of the proxy: it is to come again"
    print(f"a gateway exchanged under load: {len(statuses)} calls, {statuses.count(503)} of them to come again")
