"""Telegram, and messengers that speak its Bot API with an accent (see `Dialect`)."""

import sys

# python-telegram-bot imports httpx, and httpx its command line with all of `rich`: 4 MB and a tenth of a second.
# A module that is None cannot be imported, which httpx takes for "not installed".
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

from bot.channels.telegram.channel import Telegram  # noqa: E402
from bot.channels.telegram.dialects import TELEGRAM, Dialect  # noqa: E402

__all__ = ["TELEGRAM", "Dialect", "Telegram"]
