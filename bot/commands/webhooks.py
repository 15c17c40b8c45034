"""Whether a messenger brings its messages to us, asked of the messenger itself."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from bot.channels.telegram.api import Api
from bot.channels.telegram.errors import TelegramError
from bot.settings import Settings

PATIENCE = 3.0  # seconds that a messenger may take to answer


@dataclass(frozen=True, slots=True)
class Webhook:
    channel: str
    ours: bool = False  # whether this server's address is registered
    waiting: int = 0  # messages that could not be brought yet
    error: str = ""  # the last one there was
    silent: str = ""  # why the messenger did not tell


async def webhooks(settings: Settings, channels: Collection[str]) -> tuple[Webhook, ...]:
    """Of those of these channels that are to bring their messages by a webhook (getWebhookInfo of the Bot API)."""
    accounts = {
        "telegram": (settings.telegram_token, settings.telegram_api_url),
        "bale": (settings.bale_token, settings.bale_api_url),
    }
    asked = [
        _webhook(channel, token.get_secret_value(), url, f"{settings.public_url}/channels/{channel}")
        for channel, (token, url) in accounts.items()
        if channel in channels and token and settings.public_url
    ]
    return tuple(await asyncio.gather(*asked))


async def _webhook(channel: str, token: str, api_url: str, ours: str) -> Webhook:
    try:
        async with Api(token, api_url) as api:
            told = await api.call("getWebhookInfo", {}, patience=PATIENCE)
    except TelegramError as error:
        return Webhook(channel, silent=type(error).__name__)
    info = told if isinstance(told, dict) else {}
    address = str(info.get("url") or "")
    return Webhook(
        channel,
        ours=address == ours or address.startswith(f"{ours}/"),
        waiting=int(info.get("pending_update_count") or 0),
        error=str(info.get("last_error_message") or ""),
    )
