"""What one channel declares about itself, in rows; `test_contract.py` does the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from bot.channels.base import Channel
from bot.core.messages import Inbound, Reply

if TYPE_CHECKING:
    from tests.contract.bench import Bench, Parts

PUBLIC_URL = "https://desk.example.org"
"""Where providers find the counter; a proxy stands there."""


@dataclass(frozen=True)
class Call:
    """A request to the counter: a provider's webhook, or a browser's. At most one of `json`, `form`, `data`."""

    path: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    data: bytes | None = None


@dataclass(frozen=True)
class Given:
    """How the provider answers: `body` is bytes, or goes as JSON."""

    body: Any = None
    status: int = 200
    media_type: str = "application/json"


@dataclass(frozen=True)
class Sent:
    """A request of the channel to its provider: exactly this. `body` is the JSON, the form, or the bytes of it."""

    path: str
    body: Any = None
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # that must be among the request's
    gives: Given | None = None  # else what the provider usually says


@dataclass(frozen=True)
class Hearing:
    """A payload and all that it means. The counter says nothing to it."""

    name: str
    call: Call
    heard: tuple[Inbound, ...]
    sent: tuple[Sent, ...] = ()  # what the channel asks of its provider meanwhile


@dataclass(frozen=True)
class Unheard:
    """An authentic payload that is not for us."""

    name: str
    call: Call
    statuses: tuple[int, ...] = (200, 201, 202, 204)
    reached: tuple[bool, ...] = ()  # it tells that somebody went, or came back
    sent: tuple[Sent, ...] = ()


@dataclass(frozen=True)
class Saying:
    """Replies, and exactly what goes out: as the answer to the case's `poke`, and from the desk."""

    name: str
    replies: tuple[Reply, ...]
    answered: tuple[Sent, ...] = ()
    body: Any = None  # of the poke's response: a string, or JSON; None: nothing is said in it
    sent: tuple[Sent, ...] = ()  # by `Sender.send`
    pushed: tuple[Any, ...] = ()  # by `Sender.send`, to whoever listens (see `Case.ear`)
    language: str = "fa"


@dataclass(frozen=True)
class Failure:
    """How the provider fails, and what that means. The first saying is being sent."""

    name: str
    given: Given
    retry: bool
    unreachable: bool = False
    doubtful: bool = False  # it may have taken it all the same
    tries: int = 1  # that the channel makes before it gives up
    turn: int = 500  # the status of a turn whose answer fails so; 0: answers do not go by the provider


@dataclass(frozen=True, repr=False)
class Case:
    """One channel. Every string in `secrets` must stay out of every log."""

    name: str
    build: Callable[[Parts], Channel]
    hearings: tuple[Hearing, ...]
    sayings: tuple[Saying, ...]
    unheard: tuple[Unheard, ...] = ()
    forgings: Mapping[str, Callable[[Call], Call]] = field(default_factory=dict)
    guarded: tuple[Call, ...] = ()  # one authentic call for each further route; the poke is one
    public: frozenset[str] = frozenset()  # paths that are open to anybody
    failures: tuple[Failure, ...] = ()
    startup: tuple[Sent, ...] = ()  # what the channel sends when it starts
    provider: Callable[[str], Given] = lambda path: Given({})
    authentic: Callable[[Any], Call] | None = None  # a payload, JSON or form, as a call to the poke's route
    secrets: tuple[str, ...] = ()
    sends: bool = True  # the desk can begin: the channel is a `Sender`
    again: bool = True  # a repeated delivery is answered by the provider again, not only in the response
    ear: Callable[[Bench], AbstractAsyncContextManager[Callable[[], Awaitable[list[Any]]]]] | None = None
    hurry: Callable[[pytest.MonkeyPatch], None] = lambda monkeypatch: None  # makes the channel's waits short

    def __repr__(self) -> str:
        return self.name

    @property
    def poke(self) -> Call:
        """An authentic call that makes the counter answer."""
        return self.hearings[0].call

    def planted(self) -> frozenset[str]:
        """What no log may tell: secrets, and everybody's words, addresses and numbers (in any spelling)."""
        heard = [h for hearing in self.hearings for h in hearing.heard]
        words = {part for h in heard for part in (h.text, h.phone, h.address.id) if len(part) > 5}
        numbers = {word[-10:] for word in words if word.startswith("+")}
        return frozenset({*self.secrets, *words, *numbers, SAID})


SAID = "راز سر به مهر"
"""Stands in replies."""

Listening = AsyncIterator[Callable[[], Awaitable[list[Any]]]]
