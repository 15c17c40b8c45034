"""One open socket, as a test speaks through it."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

from aiohttp import ClientWebSocketResponse

Frame = dict[str, Any]


class Tab:
    """One open socket."""

    def __init__(self, ws: ClientWebSocketResponse) -> None:
        self.ws = ws
        self.token = ""
        self.seq = 0

    async def send(self, **frame: object) -> None:
        await self.ws.send_str(json.dumps(frame))

    async def next(self) -> Frame:
        frame: Frame = await asyncio.wait_for(self.ws.receive_json(), 5)
        return frame

    async def until(self, kind: str) -> list[Frame]:
        """All frames up to one of this type."""
        frames = [await self.next()]
        while frames[-1]["type"] != kind:
            frames.append(await self.next())
        return frames

    async def hello(self, session: str | None = None, after: int = 0, **more: object) -> Frame:
        await self.send(type="hello", session=session, after=after, **{"language": "fa", **more})
        welcome = await self.next()
        assert welcome["type"] == "welcome"
        self.token, self.seq = welcome["session"], welcome["seq"]
        return welcome

    async def greeted(self) -> Frame:
        await self.hello()
        return await self.next()

    async def say(self, text: str, id: str | None = None) -> list[Frame]:
        await self.send(type="message", id=id or str(uuid4()), text=text)
        return await self.until("ack")

    async def silent(self) -> bool:
        """Nothing more has come: the answer to a ping is the next frame."""
        await self.send(type="ping")
        return (await self.next()) == {"type": "pong"}


def texts(frames: list[Frame]) -> list[str]:
    return [f["text"] for f in frames if f["type"] == "reply"]
