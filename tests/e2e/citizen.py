"""A citizen in front of the web chat's own protocol: frames over a WebSocket, or posted one by one."""

from __future__ import annotations

import asyncio
import json
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol
from uuid import uuid4

import aiohttp
from websockets.asyncio.client import ClientConnection

from bot.content import load
from bot.core.catalogue import Text
from tests.e2e.process import API_TOKEN, PATIENCE, ROOT, Counter

Frame = dict[str, Any]
CODE = re.compile(r"(?<!\d)([1-9]\d{4}) ?(\d{5})(?!\d)")
OFFICE = {"Authorization": f"Bearer {API_TOKEN}"}
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
EXECUTABLE = b"MZ\x90\x00\x03\x00\x00\x00" + bytes(500)
MOBILE = "09121234567"
PLACE = "خیابان بهار، کوچهٔ سوم، روبه‌روی پلاک ۱۲"
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_NO_ISOLATES = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))


@cache
def _phrases() -> Mapping[str, Text]:
    return load(ROOT / "knowledge_base").phrases


def word(key: str, language: str = "fa") -> str:
    """What the counter says under this key."""
    return _phrases()[key][language]


def picture(side: int = 64) -> bytes:
    """A grey PNG (W3C PNG, third edition)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\x00" + b"\x99" * side) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def told(frames: Sequence[Frame]) -> str:
    """The words of the replies and refusals among these frames."""
    said = (f["text"] for f in frames if f["type"] in ("reply", "error"))
    return "\n".join(said).translate(_NO_ISOLATES)


def code_in(text: str) -> str:
    """The tracking code in it, ten digits."""
    found = CODE.search(text)
    assert found, text
    return "".join(found.groups())


def answers(request: Any) -> dict[str, Any]:
    """What was filed, by field."""
    return {a["field"]: a["value"] for a in request["answers"]}


async def case(http: aiohttp.ClientSession, counter: Counter, code: str) -> Any:
    """Everything about a request, as an officer's program sees it."""
    async with http.get(f"{counter.url}/api/v1/requests/{code}", headers=OFFICE) as answer:
        assert answer.status == 200
        return await answer.json()


async def listed(http: aiohttp.ClientSession, counter: Counter) -> Any:
    """The officer's list, newest first."""
    async with http.get(f"{counter.url}/api/v1/requests", headers=OFFICE) as response:
        assert response.status == 200
        return (await response.json())["requests"]


async def move(http: aiohttp.ClientSession, counter: Counter, code: str, **change: str) -> None:
    """What an officer's program does with a request."""
    async with http.patch(f"{counter.url}/api/v1/requests/{code}", headers=OFFICE, json=change) as answer:
        assert answer.status == 200, await answer.text()


class Citizen(Protocol):
    """One conversation. A turn is one frame of ours and everything up to its acknowledgement or refusal."""

    counter: Counter
    http: aiohttp.ClientSession
    token: str
    offered: dict[str, str]  # label → value of the last reply

    async def exchange(self, frame: Frame) -> list[Frame]: ...

    async def turn(self, **frame: Any) -> list[Frame]:
        frames = await self.exchange({"id": str(uuid4()), **frame})
        for reply in (f for f in frames if f["type"] == "reply"):
            self.offered = {c["label"].translate(_NO_ISOLATES): c["value"] for c in reply["choices"]}
        return frames

    async def say(self, *texts: str) -> str:
        """Messages one after the other; what the last one was answered."""
        said = ""
        for text in texts:
            said = told(await self.turn(type="message", text=text))
        return said

    async def press(self, label: str) -> str:
        assert label in self.offered, f"no choice {label!r} among {list(self.offered)}"
        return told(await self.turn(type="choice", value=self.offered[label]))

    async def open(self, form: str) -> str:
        return told(await self.turn(type="choice", value=f"/form/{form}"))

    async def upload(self, name: str, data: bytes) -> Frame:
        """The stored file, or the problem that says why it was not taken."""
        form = aiohttp.FormData(quote_fields=False)  # names as browsers write them
        form.add_field("file", data, filename=name)
        address = f"{self.counter.url}/channels/web/files"
        async with self.http.post(address, data=form, headers={"X-Session": self.token}) as answer:
            frame: Frame = await answer.json(content_type=None)
            return {"status": answer.status, **frame}

    async def send_file(self, name: str, data: bytes) -> str:
        stored = await self.upload(name, data)
        return told(await self.turn(type="file", upload=stored["upload"]))

    async def file(self) -> Any:
        """Confirm what is to be reviewed; the request as it lies on the desk."""
        code = code_in(await self.press(word("nav.confirm")))
        return await case(self.http, self.counter, code)


class Tab(Citizen):
    """Over one WebSocket, by an ordinary client (the `websockets` library)."""

    def __init__(self, counter: Counter, http: aiohttp.ClientSession, line: ClientConnection) -> None:
        self.counter, self.http, self.line = counter, http, line
        self.token, self.offered = "", {}

    async def send(self, frame: object) -> None:
        await self.line.send(json.dumps(frame))

    async def next(self) -> Frame:
        frame: Frame = json.loads(await asyncio.wait_for(self.line.recv(), PATIENCE))
        return frame

    async def until(self, *kinds: str) -> list[Frame]:
        """All frames up to the first of these types."""
        frames = [await self.next()]
        while frames[-1]["type"] not in kinds:
            frames.append(await self.next())
        return frames

    async def exchange(self, frame: Frame) -> list[Frame]:
        await self.send(frame)
        return await self.until("ack", "error")

    async def hello(self, token: str | None = None, after: int = 0) -> Frame:
        await self.send({"type": "hello", "session": token, "after": after, "language": "fa"})
        welcome = await self.next()
        self.token = welcome.get("session", "")
        return welcome


class Poster(Citizen):
    """By single requests, as a browser does where no WebSocket opens."""

    def __init__(self, counter: Counter, http: aiohttp.ClientSession) -> None:
        self.counter, self.http = counter, http
        self.token, self.offered = "", {}

    async def post(self, body: Any, token: str = "") -> list[Frame]:
        """The frames of the answer; a problem document counts as an error frame."""
        data = body if isinstance(body, bytes) else json.dumps(body)
        headers = {"X-Session": token} if token else {}
        address = f"{self.counter.url}/channels/web/messages"
        async with self.http.post(address, data=data, headers=headers) as answer:
            said: Any = await answer.json(content_type=None)
            if answer.status == 200:
                frames: list[Frame] = said["frames"]
                return frames
            assert answer.content_type == "application/problem+json"
            return [{**said, "type": "error", "status": answer.status}]

    async def exchange(self, frame: Frame) -> list[Frame]:
        return await self.post(frame, self.token)

    async def hello(self, token: str | None = None, after: int = 0) -> Frame:
        welcome = (await self.post({"type": "hello", "session": token, "after": after, "language": "fa"}))[0]
        self.token = welcome.get("session", "")
        return welcome


async def lamp(citizen: Citizen) -> str:
    """A street light report up to its third question, the pole's number."""
    await citizen.open("street_light_report")
    return await citizen.say("۱", PLACE)


async def lamp_filed(citizen: Citizen, **expected: Any) -> None:
    """The rest of it: all that was answered lies on the desk."""
    await citizen.say("رد شدن", "رد شدن", MOBILE)
    given = {"fault": "one_off", "place": {"text": PLACE}, "mobile": "+989121234567"}
    assert answers(await citizen.file()) == given | expected
