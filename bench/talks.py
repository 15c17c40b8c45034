"""How a citizen talks to each system. A talk is one user's; `script` is said over and over."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Protocol

import orjson

from bench.botapi import Chat
from bench.conversation import Turn, form
from bench.wire import Client

WEBHOOK_SECRET = "bench-secret"
HELLO = Turn("", re.compile(".", re.DOTALL))
FORMS_A_VISIT = 3
"""A web chat session may send 20 frames in 10 s, so a visitor fills in three forms and comes again as a new one."""

_UPDATE_IDS = itertools.count(1)


class Talk(Protocol):
    @property
    def script(self) -> tuple[Turn, ...]: ...

    async def say(self, words: str) -> str:
        """The answer's text. Raises ConnectionError, ValueError for an answer of a wrong shape."""
        ...

    def close(self) -> None: ...


def update(chat: int, text: str) -> bytes:
    """A private message as Telegram delivers it."""
    id = next(_UPDATE_IDS)
    sender = {"id": chat, "is_bot": False, "first_name": "Citizen", "username": f"citizen{chat}", "language_code": "fa"}
    message = {
        "message_id": id,
        "from": sender,
        "chat": {"id": chat, "first_name": "Citizen", "username": f"citizen{chat}", "type": "private"},
        "date": 1795400000,
        "text": text,
    }
    if text.startswith("/"):
        message["entities"] = [{"offset": 0, "length": len(text), "type": "bot_command"}]
    return orjson.dumps({"update_id": id, "message": message})


class _Connected:
    """Opens its connection with the first words."""

    def __init__(self, port: int, user: int) -> None:
        self.port = port
        self.user = user
        self._client: Client | None = None

    @property
    def script(self) -> tuple[Turn, ...]:
        return form(self.user)

    async def client(self) -> Client:
        if self._client is None:
            self._client = await Client.to(self.port)
        return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


class BarePost(_Connected):
    """The same updates, answered with a constant."""

    @property
    def script(self) -> tuple[Turn, ...]:
        constant = re.compile(r'^\{"ok":true\}$')
        return tuple(Turn(turn.say, constant) for turn in form(self.user))

    async def say(self, words: str) -> str:
        client = await self.client()
        _, body = await client.post(b"/", update(self.user, words))
        return body.decode()


class Telegram(_Connected):
    """A turn ends when the webhook call is answered and the reply has reached the Bot API server."""

    def __init__(self, port: int, user: int, path: str, chat: Chat) -> None:
        super().__init__(port, user)
        self._path = path.encode()
        self._chat = chat
        self._headers = b"X-Telegram-Bot-Api-Secret-Token: %s\r\n" % WEBHOOK_SECRET.encode()

    async def say(self, words: str) -> str:
        client = await self.client()
        status, _ = await client.post(self._path, update(self.user, words), self._headers)
        if status != 200:
            raise ValueError(f"the webhook answered {status}")
        texts = await self._chat.read()
        if len(texts) != 1:
            raise ValueError(f"{len(texts)} messages came for one")
        return texts[0]


class _WebChat(_Connected):
    def __init__(self, port: int, user: int) -> None:
        super().__init__(port, user)
        self._ids: Iterator[int] = itertools.count(1)

    @property
    def script(self) -> tuple[Turn, ...]:
        return (HELLO, *form(self.user) * FORMS_A_VISIT)

    def message(self, words: str, **more: str) -> bytes:
        return orjson.dumps({"type": "message", "id": f"m-{next(self._ids)}", "text": words, **more})


class WebPost(_WebChat):
    """The web chat of clients without a WebSocket; the answer comes in the response."""

    _token = ""

    async def say(self, words: str) -> str:
        client = await self.client()
        body = self.message(words, session=self._token) if words else b'{"type":"hello","session":null,"language":"fa"}'
        _, answer = await client.post(b"/channels/web/messages", body)
        frames = orjson.loads(answer).get("frames", ())
        if not words:
            self._token = frames[0]["session"]
        return "\n".join(f["text"] for f in frames if f["type"] == "reply")


class WebSocket(_WebChat):
    """Each visit is a connection of its own."""

    async def say(self, words: str) -> str:
        if not words:
            return await self._hello()
        client = await self.client()
        client.send(self.message(words))
        texts = []
        while (frame := orjson.loads(await client.receive()))["type"] != "ack":
            if frame["type"] != "reply":
                raise ValueError(f"a frame {frame['type']} instead of a reply")
            texts.append(frame["text"])
        return "\n".join(texts)

    async def _hello(self) -> str:
        self.close()
        client = await self.client()
        await client.upgrade(b"/channels/web/socket")
        client.send(b'{"type":"hello","session":null,"language":"fa"}')
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
            self.close()
            await (await self.client()).upgrade(b"/echo")
        client = await self.client()
        client.send(self.message(words))
        text: str = orjson.loads(await client.receive())["text"]
        return text
