"""What every channel promises to the application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from bot.core.messages import Address
from bot.core.ports import Sender

Receipt = Callable[[str, str, bool], Awaitable[Address | None]]
"""What a provider tells of a message at last: the channel's name, the message's id (see `Sender.send`), and whether it
was delivered. Returns the address that it was sent to, as far as it is known."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the medium can carry; renderers look here, never at a channel's name."""

    buttons: bool  # choices become buttons; else numbered lines
    files: bool  # the citizen can send files
    text: bool = True  # the citizen can write words
    max_text: int = 4096  # characters of one outgoing message
    max_buttons: int = 100


class Channel(Protocol):
    name: str
    can: Capabilities

    def routes(self) -> Sequence[web.RouteDef]:
        """The HTTP routes; each refuses what is not authentic with 403 before anything is done."""
        ...

    def lifespan(self, app: web.Application) -> AsyncIterator[None]:
        """An aiohttp `cleanup_ctx`: before the yield start (set the webhook, or poll), after it stop."""
        ...


class Telling(Channel, Sender, Protocol):
    """A channel by which the desk can begin to speak."""
