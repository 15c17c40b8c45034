"""A turn as the gateway takes it: an inbound line, an answer, a session that has gone on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.core.messages import Address, Line
from bot.core.ports import Opened
from bot.core.sessions import Frame, Session, Turn

NOW = datetime(2026, 11, 23, 9, 30, 0, 123456, tzinfo=UTC)


def go_on(opened: Opened, text: str = "سلام", channel: str = "web") -> Session:
    """Two lines and a session that remembers them."""
    before = opened.session
    address = Address(channel, f"{before.contact}:1")
    inbound = f"{channel}:{before.seq}"
    said = {"s": {"p": "menu.greeting", "a": {"text": text}}}
    opened.lines = [
        Line(before.seq + 1, address, inbound, NOW, "in", {"event": "message", "text": text}),
        Line(before.seq + 2, address, inbound, NOW, "out", said),
    ]
    frame = Frame("f1", "form", 1, "name", {"text": text, "count": before.seq})
    opened.session = replace(
        before, language="fa", address=str(address), seq=before.seq + 2, touched_at=NOW, frames=(frame,)
    ).remember(Turn(inbound, before.seq + 2, (said,)))
    return opened.session
