"""The parts of one long message, together again before anything is done with them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.channels.sms.driver import Part, Text
from bot.core.values import replace

PATIENCE = 10.0  # seconds that parts wait for the missing ones
MOST_PARTS = 16  # a message of more is taken part by part
_GAP = " … "  # where a part is missing


@dataclass
class _Group:
    parts: dict[int, Text] = field(default_factory=dict)
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    turn: asyncio.Task[str] | None = None


class Joiner:
    """`take` is given whole messages. Nothing is kept over a restart: parts that were not acknowledged come again."""

    def __init__(self, take: Callable[[Text], Awaitable[str]], patience: float = PATIENCE) -> None:
        self._take = take
        self._patience = patience
        self._groups: dict[tuple[str, int, int], _Group] = {}

    async def take(self, text: Text) -> str:
        """Returns when the whole was taken, with the answer for the part that came first; so no part is acknowledged
        before its effect. Raises what the turn raises, for each of its parts."""
        part = text.part
        if part is None or not 1 <= part.number <= part.total or not 1 < part.total <= MOST_PARTS:
            return await self._take(text)
        key = (text.sender, part.reference, part.total)
        group = self._groups.get(key)
        if first := group is None:
            group = self._groups[key] = _Group()
            group.turn = asyncio.create_task(self._turn(key, group, part.total))
        assert group is not None
        assert group.turn is not None
        group.parts[part.number] = text
        if len(group.parts) == part.total:
            group.complete.set()
        answer = await asyncio.shield(group.turn)
        return answer if first else ""

    async def _turn(self, key: tuple[str, int, int], group: _Group, total: int) -> str:
        try:
            async with asyncio.timeout(self._patience):
                await group.complete.wait()
        except TimeoutError:
            pass
        finally:
            del self._groups[key]  # what comes from now on is a repetition or another message
        return await self._take(joined(group.parts, total))


def joined(parts: dict[int, Text], total: int) -> Text:
    """One message with the id of its first part, so that a redelivered one has the same."""
    first = parts[min(parts)]
    words = first.text if min(parts) == 1 else _GAP + first.text
    for number in range(min(parts) + 1, total + 1):
        if number in parts:
            words += parts[number].text
        elif not words.endswith(_GAP):
            words += _GAP
    return replace(first, text=words, part=None)


def part_of(udh: bytes) -> Part | None:
    """The concatenation element of a user data header: 00 with a reference of 8 bits, or 08 with one of 16."""
    at, end = 1, min(len(udh), udh[0] + 1 if udh else 0)
    while at + 2 <= end:
        kind, size = udh[at], udh[at + 1]
        body = udh[at + 2 : at + 2 + size]
        if (kind, len(body)) in ((0x00, 3), (0x08, 4)):
            return Part(int.from_bytes(body[:-2], "big"), body[-1], body[-2])
        at += 2 + size
    return None
