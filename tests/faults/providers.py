"""What stands at the other end: Telegram and Twilio, who write down everything that they took, whatever they said
about it afterwards."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from tests.channels.botapi import BotApi, Json
from tests.e2e.messenger import shown
from tests.e2e.telephone import MESSAGES, Twilio

NOT_TAKEN = ("limited", "blocked", "broken")
SLOW = 4.0  # seconds, more than is waited for


@dataclass
class Moods:
    """How the next messages to somebody are treated: "" taken; "lost" taken, but answered with 500; "slow" taken, but
    not answered in time; "limited" not taken, 429; "blocked" not taken, 403; "broken" not taken, 500."""

    of: defaultdict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))

    def next(self, to: object) -> str:
        moods = self.of[str(to)]
        return moods.popleft() if moods else ""


@dataclass
class Messenger(BotApi):
    taken: list[Json] = field(default_factory=list)
    moods: Moods = field(default_factory=Moods)

    def of(self, chat: str) -> list[str]:
        """The messages that a chat shows, but for those that only take a keyboard away."""
        return [shown([m]) for m in self.taken if str(m["chat_id"]) == chat and not _is_technical(m)]

    async def down(self) -> None:
        """Connections are refused until `up`."""
        self.port = self._server.port
        await self._server.close()

    async def up(self) -> None:
        await self.__aenter__()

    async def _send_message(self, p: Json) -> Json:
        mood = self.moods.next(p["chat_id"])
        if mood not in NOT_TAKEN:
            sent = await super()._send_message(p)
            self.taken.append(p)
        match mood:
            case "limited":
                raise _refusal(web.HTTPTooManyRequests, error_code=429, parameters={"retry_after": 1})
            case "blocked":
                raise _refusal(web.HTTPForbidden, error_code=403, description="bot was blocked by the user")
            case "broken" | "lost":
                raise _refusal(web.HTTPInternalServerError, error_code=500)
            case "slow":
                await asyncio.sleep(SLOW)
        return sent


def _is_technical(message: Json) -> bool:
    """Whether the bot's process remembers a keyboard decides about it; a new process does not."""
    return "remove_keyboard" in message.get("reply_markup", ())


def _refusal(kind: type[web.HTTPError], **body: Any) -> web.HTTPError:
    return kind(text=json.dumps({"ok": False, "description": "not now", **body}), content_type="application/json")


@dataclass
class Operator(Twilio):
    """Messages of ours can be listed, as Twilio's API does."""

    ahead: Callable[[], float] = float  # seconds of its clock
    taken: list[dict[str, str]] = field(default_factory=list)
    moods: Moods = field(default_factory=Moods)

    def of(self, number: str) -> list[str]:
        """The messages that came to a telephone by themselves."""
        return [message["body"] for message in self.taken if message["to"] == number]

    async def _message(self, request: web.Request) -> web.Response:
        mood = self.moods.next((await request.post())["To"])
        if mood not in NOT_TAKEN:
            answer = await super()._message(request)
            made = datetime.now(UTC) + timedelta(seconds=self.ahead())
            assert isinstance(answer.body, bytes)
            self.taken.append(json.loads(answer.body) | {"date_created": format_datetime(made)})
        match mood:
            case "limited":
                raise _refusal(web.HTTPTooManyRequests, code=20429, message="Too many requests", status=429)
            case "blocked":
                raise _refusal(web.HTTPBadRequest, code=21610, message="Unsubscribed recipient", status=400)
            case "broken" | "lost":
                raise _refusal(web.HTTPInternalServerError, code=20500, message="Internal error", status=500)
            case "slow":
                await asyncio.sleep(SLOW)
        return answer

    async def _recording(self, request: web.Request) -> web.Response:
        if request.path != MESSAGES:
            return await super()._recording(request)
        self._admit(request)
        found = [message for message in reversed(self.taken) if message["to"] == request.query["To"]]
        page = {"first_page_uri": MESSAGES, "next_page_uri": None, "page": 0, "page_size": 50, "uri": MESSAGES}
        return web.json_response({"messages": found, **page})
