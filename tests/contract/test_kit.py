"""The kit itself: a channel that breaks the contract is found out."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from bot.channels.base import Capabilities
from bot.core.messages import Address, Event, Inbound, Phrase, Reply
from tests.contract.bench import Bench, Parts, on_the_bench
from tests.contract.case import SAID, Call, Case, Hearing, Saying, Sent
from tests.contract.watch import Outside, everything_logged, loopback_alone

ANN = Address("plain", "+989121234567")
WORDS = "چراغ کوچهٔ ما"
TOKEN = "t0ken"
HELLO = Reply(Phrase("contract.said", {"words": SAID}))


@dataclass
class Plain:
    """The smallest channel that keeps the contract, and does something `more` at each call."""

    parts: Parts
    more: Callable[[], object] = lambda: None
    name: str = "plain"
    can: Capabilities = field(default_factory=lambda: Capabilities(buttons=False, files=False))

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.post("/plain", self.hear)]

    async def lifespan(self, app: web.Application) -> AsyncIterator[None]:
        yield

    async def hear(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Token") != TOKEN:
            raise web.HTTPForbidden
        heard = Inbound("1", ANN, Event.MESSAGE, await request.text())
        outcome = await self.parts.gateway.receive(heard)
        self.more()
        await self.send(ANN, outcome.replies, outcome.language, seq=outcome.seq)
        return web.Response()

    async def send(self, to: Address, replies: Sequence[Reply], language: str, *, seq: int, key: str = "") -> str:
        async with aiohttp.ClientSession() as session:
            for reply in replies:
                text = self.parts.renderer.text(reply.say, language)
                await (await session.post(f"{self.parts.provider_url}/out", json={"text": text})).read()
        return ""


def case(more: Callable[[], object] = lambda: None) -> Case:
    call = Call("/plain", data=WORDS.encode(), headers={"X-Token": TOKEN})
    out = (Sent("/out", {"text": f"شنیدم: {SAID}"}),)
    return Case(
        "plain",
        lambda parts: Plain(parts, more),
        (Hearing("words", call, (Inbound("1", ANN, Event.MESSAGE, WORDS),)),),
        (Saying("words", (HELLO,), out, sent=out),),
        secrets=(TOKEN,),
    )


async def faults(
    monkeypatch: pytest.MonkeyPatch, what: Case, *expected: Sent, asks: Callable[[Bench], object] = lambda bench: None
) -> list[str]:
    """What the unasked checks say after one turn."""
    async with on_the_bench(what, monkeypatch) as bench:
        bench.script.replies = (HELLO,)
        bench.provider.expect(*expected)
        asks(bench)
        await bench.call(what.poke)
    return bench.faults()


OUT = case().sayings[0].sent


async def test_a_channel_that_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await faults(monkeypatch, case(), *OUT) == []


@pytest.mark.parametrize("secret", [TOKEN, WORDS, SAID, "+989121234567", "09121234567"])
@pytest.mark.parametrize("way", ["message", "argument", "extra", "library", "debug"])
async def test_a_leak_is_found(monkeypatch: pytest.MonkeyPatch, secret: str, way: str) -> None:
    def leak() -> None:
        match way:
            case "message":
                logging.getLogger("bot.x").info(f"said {secret}")
            case "argument":
                logging.getLogger("bot.x").warning("said %s", {"words": secret})
            case "extra":
                logging.getLogger("bot.x").error("said", extra={"words": secret})
            case "library":
                quiet = logging.getLogger("somebody.elses")
                quiet.info("POST https://provider.example/%s", secret)
            case "debug":
                logging.getLogger("bot.x.y").debug("deep %s", secret)

    found = await faults(monkeypatch, case(leak), *OUT)
    assert found and all("logged" in fault for fault in found)


async def test_a_quiet_logger_is_heard_and_left_as_it_was() -> None:
    quiet = logging.getLogger("tests.quiet")
    quiet.setLevel(logging.CRITICAL)
    quiet.propagate = False
    with everything_logged() as lines:
        quiet.debug("whisper")
    assert any("whisper" in line for line in lines)
    assert (quiet.level, quiet.propagate) == (logging.CRITICAL, False)


async def test_what_was_not_expected_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    (fault,) = await faults(monkeypatch, case())
    assert fault.startswith("unasked: POST /out")


async def test_what_was_expected_and_never_came_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.contract.provider.PATIENCE", 0.05)
    (fault,) = await faults(monkeypatch, case(), *OUT, Sent("/receipt", {"id": 1}))
    assert fault == "never sent: POST /receipt {} {'id': 1}"


@pytest.mark.parametrize(
    "other",
    [
        Sent("/out", {"text": "something else"}),
        Sent("/out", {"text": f"شنیدم: {SAID}"}, query={"a": "b"}),
        Sent("/out", {"text": f"شنیدم: {SAID}"}, headers={"Authorization": "x"}),
    ],
)
async def test_another_payload_is_a_fault(monkeypatch: pytest.MonkeyPatch, other: Sent) -> None:
    (fault,) = await faults(monkeypatch, case(), other)
    assert fault.startswith("sent POST /out")


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "api.telegram.org"])
async def test_a_call_outside_is_a_fault_even_when_it_is_swallowed(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    def call() -> None:
        try:
            socket.create_connection((host, 443), timeout=1)
        except OSError:
            return

    assert await faults(monkeypatch, case(call), *OUT) == [f"left the machine for {host}"]


async def test_aiohttp_does_not_get_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback_alone(monkeypatch) as tried:
        async with aiohttp.ClientSession() as session:
            for url in ("http://192.0.2.1/", "http://[2001:db8::1]/", "https://tapi.bale.ai/"):
                with pytest.raises((aiohttp.ClientError, Outside)):
                    await session.get(url)
    assert tried == ["192.0.2.1", "2001:db8::1", "tapi.bale.ai"]
