"""The Bot API with Bale's accent (docs.bale.ai): what it has, and that it takes nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.channels.botapi import BotApi, Json

_TAKES = {
    "getMe": set(),
    "getUpdates": {"offset", "limit", "timeout"},
    "setWebhook": {"url"},
    "deleteWebhook": set(),
    "getWebhookInfo": set(),
    "sendMessage": {"chat_id", "text", "reply_to_message_id", "reply_markup"},
    "editMessageText": {"chat_id", "message_id", "text", "reply_markup"},
    "answerCallbackQuery": {"callback_query_id", "text", "show_alert"},
    "getFile": {"file_id"},
}


@dataclass
class BaleApi(BotApi):
    """Bale reaches the webhook at `public`, which is a proxy before the counter at `behind`."""

    behind: str = ""

    async def push(self, update: Json, session: aiohttp.ClientSession) -> int:
        """Deliver to the webhook as Bale does: no header, only the path."""
        async with session.post(self.behind + urlsplit(self.webhook["url"]).path, json=update) as answer:
            return answer.status

    def _handler(self, method: str) -> Any:
        return super()._handler(method) if method in _TAKES else None

    def _check(self, method: str, parameters: Json) -> None:
        if foreign := parameters.keys() - _TAKES[method]:
            raise ValueError(f"Bale's {method} has no {', '.join(sorted(foreign))}")

    async def _get_me(self, _: Json) -> Json:
        return {"id": 123456, "is_bot": True, "first_name": "Counter", "username": "counter_bot"}

    async def _set_webhook(self, p: Json) -> bool:
        parts = urlsplit(p["url"])
        if parts.scheme != "https" or parts.port not in (None, 443, 88):
            raise ValueError("bad webhook: Webhook can be set up only on ports 88, 443")
        return await super()._set_webhook(p)

    async def _get_webhook_info(self, _: Json) -> Json:
        return {"url": self.webhook.get("url", "")}

    async def _edit_message_text(self, _: Json) -> Json:
        return {"message_id": 0}


def bale_message(update: int, *, chat: int = 5, **content: Any) -> Json:
    """A private message as Bale delivers it: nobody's language."""
    person = {"id": chat, "first_name": "Ann", "username": "ann"}
    return {
        "update_id": update,
        "message": {
            "message_id": update,
            "from": {"is_bot": False, **person},
            "date": 1795400000,
            "chat": {"type": "private", **person},
            **content,
        },
    }


def bale_callback(update: int, data: str, *, chat: int = 5) -> Json:
    """A pressed button as Bale delivers it: no chat_instance."""
    pressed = bale_message(1, chat=chat, text="?")["message"]
    sender = {**pressed["from"], "is_bot": False}
    bot = {"id": 123456, "is_bot": True, "first_name": "Counter", "username": "counter_bot"}
    query = {"id": f"q{update}", "from": sender, "message": {**pressed, "from": bot}, "data": data}
    return {"update_id": update, "callback_query": query}
