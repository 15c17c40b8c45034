"""What lies in an outbox."""

from __future__ import annotations

from datetime import datetime

from bot.core.notices import Notice, Outbox


async def due(outbox: Outbox, now: datetime) -> list[Notice]:
    """The notices whose time has come, oldest first; none is held by it."""
    pending = await outbox.told(state="pending", limit=10_000)
    return [record.notice for record in reversed(pending) if record.next_at <= now]
