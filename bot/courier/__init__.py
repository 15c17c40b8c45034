"""Proactive messages: from the desk's outbox to the citizen's channel."""

from bot.courier.courier import Courier
from bot.courier.delivery import Delivery
from bot.courier.receipts import Receipts

__all__ = ["Courier", "Delivery", "Receipts"]
