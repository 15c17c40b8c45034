"""How a citizen talks in the web chat, and to the bare echo that it is compared with."""

from __future__ import annotations

import itertools
import re

import orjson

from bench.conversation import Turn
from bench.talks import Connected

HELLO = Turn("", re.compile(".", re.DOTALL))
_HELLO = b'{"type":"hello","session":null,"language":"fa"}'


class _WebChat(Connected):
    def __init__(self, port: int, user: int) -> None:
        super().__init__(port, user)
        self._ids = itertools.count(1)

    @property
    def script(self) -> tuple[Turn, ...]:
        return (HELLO, *super().script)

    def message(self, words: str, **more: str) -> bytes:
        return orjson.dumps({"type": "message", "id": f"m-{next(self._ids)}", "text": words, **more})


class WebPost(_WebChat):
    """The web chat of clients without a WebSocket; the answer comes in the response."""

    _token = ""

    async def say(self, words: str) -> str:
        client = await self.client()
        body = self.message(words, session=self._token) if words else _HELLO
        status, answer = await client.post(b"/channels/web/messages", body, self.forwarded)
        frames = orjson.loads(answer).get("frames", ())
        if not frames:
            raise ValueError(f"{status} instead of an answer: {answer[:200]!r}")
        if not words:
            self._token = frames[0]["session"]
        return "\n".join(f["text"] for f in frames if f["type"] == "reply")


class WebSocket(_WebChat):
    """Each visit is a connection of its own."""

    async def say(self, words: str) -> str:
        if not words:
            return await self.hello()
        client = await self.client()
        client.send(self.message(words))
        texts = []
        while (frame := orjson.loads(await client.receive()))["type"] != "ack":
            if frame["type"] != "reply":
                raise ValueError(f"a frame {frame['type']} instead of a reply")
            texts.append(frame["text"])
        return "\n".join(texts)

    async def hello(self) -> str:
        """A new connection, and what it is greeted with."""
        self.close()
        client = await self.client()
        await client.upgrade(b"/channels/web/socket", self.forwarded)
        client.send(_HELLO)
        last = orjson.loads(await client.receive())["seq"]
        texts = []
        seq = 0
        while seq < last:
            frame = orjson.loads(await client.receive())
            seq = frame["seq"]
            texts.append(frame["text"])
        return "\n".join(texts)


class Echo(_WebChat):
    """The same frames and as many connections, sent back as they came."""

    @property
    def script(self) -> tuple[Turn, ...]:
        return tuple(Turn(turn.say, re.compile(re.escape(turn.say))) for turn in super().script)

    async def say(self, words: str) -> str:
        if not words:
            await self.hello()
        client = await self.client()
        client.send(self.message(words))
        text: str = orjson.loads(await client.receive())["text"]
        return text

    async def hello(self) -> None:
        """A new connection, and one frame there and back."""
        self.close()
        client = await self.client()
        await client.upgrade(b"/echo")
        client.send(_HELLO)
        await client.receive()
