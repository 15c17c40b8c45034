"""The web chat: frames of a browser over HTTP, answered in the response; news by the open socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from bot.channels.render import LRI, PDI
from bot.channels.webchat import WebChat
from bot.channels.webchat.tokens import Seal
from bot.core.messages import Address, Attachment, Choice, Event, Expect, Inbound, Kind, Location, Phrase, Reply, Term
from tests.contract.bench import Bench, Parts
from tests.contract.case import SAID, Call, Case, Hearing, Saying, Unheard
from tests.webchat.script import organization

SECRET = "a secret that signs browsers"
SEAL = Seal(SECRET)
ANN = SEAL.token("ann")
MESSAGES, FILES = "/channels/web/messages", "/channels/web/files"
FILE = Attachment("f1", "نقشه.pdf", "application/pdf", 8)
UPLOAD = SEAL.upload("ann", FILE)
BOUNDARY = "b0undary"
PART = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF\r\n--{BOUNDARY}--\r\n'
)
PUBLIC = frozenset({"/", "/widget.js", "/widget/{name}", "/channels/web/socket"})
"""Anybody's; what comes by the socket is refused frame by frame."""


def _call(**frame: Any) -> Call:
    return Call(MESSAGES, json=frame, headers={"X-Session": ANN})


def _row(name: str, event: Event, frame: Mapping[str, Any], **heard: Any) -> Hearing:
    inbound = Inbound("ann:a1", Address("web", "ann"), event, language="fa", **heard)
    return Hearing(name, _call(id="a1", **frame), (inbound,))


def _frame(text: str, *, seq: int = 2, language: str = "fa", expect: str = "nothing", **more: Any) -> Any:
    frame = {"type": "reply", "seq": seq, "text": text, "choices": [], "expect": {"kind": expect}, "language": language}
    return {**frame, **more}


def _saying(name: str, replies: tuple[Reply, ...], *frames: Any, language: str = "fa") -> Saying:
    """In the answer the first line is the citizen's own; the desk's begin with 7."""
    answered = [{**frame, "to": "a1"} for frame in frames]
    pushed = tuple({**frame, "seq": frame["seq"] + 5} for frame in frames)
    body = {"frames": [*answered, {"type": "ack", "id": "a1", "seq": 1}]}
    return Saying(name, replies, body=body, pushed=pushed, language=language)


def _said(words: Any) -> Phrase:
    return Phrase("contract.said", {"words": words})


@asynccontextmanager
async def _tab(bench: Bench) -> AsyncIterator[Callable[[], Awaitable[list[Any]]]]:
    """An open page of Ann's: the replies that it is shown."""
    async with bench.session.ws_connect(bench.url + "/channels/web/socket") as ws:
        await ws.send_json({"type": "hello", "session": ANN, "after": 0, "language": "fa"})
        assert (await asyncio.wait_for(ws.receive_json(), 5))["type"] == "welcome"

        async def listen() -> list[Any]:
            """All that came before the answer to a ping."""
            await ws.send_json({"type": "ping"})
            frames = [await asyncio.wait_for(ws.receive_json(), 5)]
            while frames[-1] != {"type": "pong"}:
                frames.append(await asyncio.wait_for(ws.receive_json(), 5))
            return frames[:-1]

        yield listen


def _build(parts: Parts) -> WebChat:
    return WebChat(
        parts.gateway,
        parts.sessions,
        parts.files,
        parts.contacts,
        parts.renderer,
        secret=SECRET,
        organization=organization,
    )


def _as(token: str) -> Callable[[Call], Call]:
    return lambda call: replace(call, headers={**call.headers, "X-Session": token})


def _without(call: Call) -> Call:
    return replace(call, headers={name: value for name, value in call.headers.items() if name != "X-Session"})


def _poll() -> Call:
    return Call(f"{MESSAGES}?after=0", "GET", headers={"X-Session": ANN})


def _upload() -> Call:
    headers = {"X-Session": ANN, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return Call(FILES, data=PART.encode(), headers=headers)


WEB = Case(
    "web",
    _build,
    (
        _row("words", Event.MESSAGE, {"type": "message", "text": "چراغ کوچهٔ ما"}, text="چراغ کوچهٔ ما"),
        _row("a choice", Event.CHOICE, {"type": "choice", "value": "a1~yes"}, value="a1~yes"),
        _row(
            "a place",
            Event.MESSAGE,
            {"type": "message", "text": "", "location": [35.7, 51.4]},
            location=Location(35.7, 51.4),
        ),
        _row("a file", Event.FILE, {"type": "file", "upload": UPLOAD}, files=(FILE,)),
    ),
    (
        _saying("words", (Reply(_said(SAID)),), _frame(f"شنیدم: {SAID}")),
        _saying("strange words", (Reply(_said("<b> & *a*")),), _frame("شنیدم: <b> & *a*")),
        _saying(
            "a code",
            (Reply(Phrase("contract.code", {"code": Term("code", "1234567894")})),),
            _frame(f"کد شما {LRI}12345 67894{PDI} است."),
        ),
        _saying(
            "choices",
            (
                Reply(
                    Phrase("contract.two"),
                    (
                        Choice("a1~yes", Phrase("contract.yes"), main=True),
                        Choice("/back", Phrase("contract.back"), nav=True),
                    ),
                    Expect(Kind.CHOICE),
                ),
            ),
            _frame(
                "second",
                language="en",
                expect="choice",
                choices=[
                    {"value": "a1~yes", "label": "Yes", "main": True},
                    {"value": "/back", "label": "Back", "nav": True},
                ],
            ),
            language="en",
        ),
        _saying(
            "two things",
            (Reply(_said("1")), Reply(Phrase("contract.two"))),
            _frame("شنیدم: 1"),
            _frame("دومی", seq=3),
        ),
    ),
    (
        Unheard("an unknown kind", _call(type="dance", id="a1"), (400,)),
        Unheard("no id", _call(type="message", text=SAID), (400,)),
        Unheard("no JSON", Call(MESSAGES, data=b"{", headers={"X-Session": ANN}), (400,)),
        Unheard("too much", Call(MESSAGES, data=b" " * 70_000, headers={"X-Session": ANN}), (400,)),
        Unheard("too long a text", _call(type="message", id="a1", text=SAID * 400), (422,)),
        Unheard("a ping", _call(type="ping")),
        Unheard("somebody else's file", _call(type="file", id="a1", upload=SEAL.upload("bob", FILE)), (422,)),
    ),
    forgings={
        "no token": _without,
        "an empty token": _as(""),
        "somebody's session": _as("bob." + ANN.partition(".")[2]),
        "another key": _as(Seal("another secret").token("ann")),
        "no signature": _as("ann."),
        "a file's signature": _as(UPLOAD),
    },
    guarded=(_poll(), _upload()),
    public=PUBLIC,
    authentic=lambda frame: Call(MESSAGES, json=frame, headers={"X-Session": ANN}),
    secrets=(SECRET, ANN, UPLOAD),
    ear=_tab,
)
