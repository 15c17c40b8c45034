"""How a citizen talks to each system. A talk is one user's; `script` is said over and over, each time by a new citizen,
for whom `arrive` is called first. What web chat, text messages and the telephone need is in modules of their own.
"""

from __future__ import annotations

import itertools
import re
from typing import Protocol

import orjson

from bench.botapi import BotApi
from bench.conversation import WEBHOOK_SECRET, Turn, form
from bench.wire import Client

FORMS_A_VISIT = 3
"""What one citizen does before the next one comes: limits for each citizen are not what is measured."""
USERS = 10_000  # that a citizen's number is the user's modulo

_UPDATE_IDS = itertools.count(1)
_CITIZENS = itertools.count(1)


class Talk(Protocol):
    @property
    def script(self) -> tuple[Turn, ...]: ...

    def arrive(self) -> None:
        """From now on somebody else."""
        ...

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


class Connected:
    """Opens its connection with the first words."""

    def __init__(self, port: int, user: int) -> None:
        self.port = port
        self.user = user
        self.citizen = 0
        self._client: Client | None = None

    @property
    def script(self) -> tuple[Turn, ...]:
        return form(self.user) * FORMS_A_VISIT

    def arrive(self) -> None:
        self.citizen = next(_CITIZENS) * USERS + self.user

    @property
    def forwarded(self) -> bytes:
        """The header by which a proxy tells the citizen's own IP address."""
        n = self.citizen // USERS
        return b"X-Forwarded-For: 10.%d.%d.%d\r\n" % (n >> 14 & 255, n >> 6 & 255, (n & 63) * 4 + 1)

    async def client(self) -> Client:
        if self._client is None:
            self._client = await Client.to(self.port)
        return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


class BarePost(Connected):
    """The same updates, answered with a constant."""

    @property
    def script(self) -> tuple[Turn, ...]:
        constant = re.compile(r'^\{"ok":true\}$')
        return tuple(Turn(turn.say, constant) for turn in super().script)

    async def say(self, words: str) -> str:
        client = await self.client()
        _, body = await client.post(b"/", update(self.user, words))
        return body.decode()


class Called(Connected):
    """A turn ends when the webhook call is answered and the reply has reached the API server."""

    def __init__(self, port: int, user: int, api: BotApi) -> None:
        super().__init__(port, user)
        self.api = api

    def arrive(self) -> None:
        self.api.chats.pop(self.citizen, None)
        super().arrive()

    async def told(self, status: int) -> str:
        if status not in (200, 201, 202):
            raise ValueError(f"the webhook answered {status}")
        texts = await self.api.chats[self.citizen].read()
        if len(texts) != 1:
            raise ValueError(f"{len(texts)} messages came for one")
        return texts[0]


class Telegram(Called):
    def __init__(self, port: int, user: int, api: BotApi, path: str) -> None:
        super().__init__(port, user, api)
        self._path = path.encode()
        self._headers = b"X-Telegram-Bot-Api-Secret-Token: %s\r\n" % WEBHOOK_SECRET.encode()

    async def say(self, words: str) -> str:
        client = await self.client()
        status, _ = await client.post(self._path, update(self.citizen, words), self._headers)
        return await self.told(status)


class Activities(Called):
    """Bot Framework's protocol (learn.microsoft.com/azure/bot-service/rest-api)."""

    async def say(self, words: str) -> str:
        client = await self.client()
        chat = str(self.citizen)
        activity = {
            "type": "message",
            "id": str(next(_UPDATE_IDS)),
            "timestamp": "2026-11-23T06:00:00.000Z",
            "serviceUrl": self.api.url,
            "channelId": "bench",
            "from": {"id": chat, "name": "Citizen"},
            "recipient": {"id": "bot", "name": "Counter"},
            "conversation": {"id": chat},
            "locale": "fa-IR",
            "text": words,
        }
        status, _ = await client.post(b"/api/messages", orjson.dumps(activity))
        return await self.told(status)
