"""Between the channel and the companies that carry its messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import NamedTuple, Protocol

import aiohttp
from aiohttp import web

from bot.core.ports import SendFailed
from bot.core.values import value

RETRY_IN = 30.0  # seconds, where the provider names none
MISCONFIGURED_RETRY_IN = 300.0  # seconds: the account or its settings have to be mended first


class Part(NamedTuple):
    """One of the pieces that a long message came in (3GPP TS 23.040, 9.2.3.24.1)."""

    reference: int
    number: int  # from 1
    total: int


class Media(NamedTuple):
    """A file that still lies at the provider."""

    url: str
    media_type: str


@value
class Text:
    """One message of a citizen as it came. `id` is the provider's own, the same when redelivered."""

    id: str
    sender: str  # E.164
    text: str
    media: tuple[Media, ...] = ()
    part: Part | None = None
    answered: bool = False  # a STOP or START that the provider obeys and answers by itself


class Fate(Enum):
    """What became of a message of ours."""

    DELIVERED = "delivered"
    FAILED = "failed"  # this one, for a reason that may pass
    UNREACHABLE = "unreachable"  # and will be
    STOPPED = "stopped"  # the provider knows that the citizen wants none


class Stopped(SendFailed):
    """The citizen told the provider to let nothing of ours through."""

    def __init__(self) -> None:
        super().__init__("stopped by the citizen")


class MediaLost(Exception):
    """A file could not be had from the provider. `reason` is a phrase key."""

    def __init__(self, reason: str = "sms.file_lost") -> None:
        super().__init__(reason)
        self.reason = reason


class Taker(Protocol):
    """The channel, as a driver sees it."""

    async def take(self, text: Text) -> str:
        """Have the turn and bring its answer out: what is to stand in the response of a driver that answers there,
        or nothing. Raises SendFailed where the provider should come again."""
        ...

    async def learn(self, number: str, fate: Fate, message: str = "") -> None:
        """Remember what became of a message, by the id that `send` told, to this number (E.164; "": where the report
        does not name it, that of the notice, and of a reply none)."""
        ...


class Driver(Protocol):
    """One provider. Its routes refuse what is not authentic with 403 before anything is done."""

    name: str
    answers: bool  # replies go into the webhook's response
    media: bool  # citizens can send files
    repeatable: bool  # what is sent twice with the same key arrives once

    def routes(self, taker: Taker) -> Sequence[web.RouteDef]: ...

    def open(self, session: aiohttp.ClientSession) -> None:
        """The session for all calls, open until the application stops."""
        ...

    async def send(self, number: str, text: str, *, key: str = "", since: datetime | None = None) -> str:
        """Hand a message to the provider, which gives it an id ("" where it tells none). `key` and `since` as in
        `bot.core.ports.Sender`. Raises SendFailed."""
        ...

    async def fetch(self, media: Media) -> bytes:
        """Raises MediaLost."""
        ...
