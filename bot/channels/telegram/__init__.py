"""Telegram, and messengers that speak its Bot API with an accent (see `Dialect`)."""

from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.dialects import TELEGRAM, Dialect

__all__ = ["TELEGRAM", "Dialect", "Telegram"]
