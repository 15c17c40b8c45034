"""Proactive messages: from the desk's outbox to the citizen's channel."""

from bot.courier.delivery import Courier

__all__ = ["Courier"]
