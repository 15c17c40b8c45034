"""A dialog is a reducer over JSON: `ask` puts the open question, `accept` takes an answer and says what is next.

A dialog never knows a channel, keeps nothing between two calls, and leaves back, cancel, menu, help, repeat, person,
language, tries and interruptions to the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Protocol

from bot.core.messages import Address, Inbound, Phrase, Reply
from bot.core.sessions import Asked, Frame, Session
from bot.core.values import value


@value
class Context:
    """The circumstances of one turn."""

    contact: str
    address: Address
    language: str
    now: datetime  # aware, in the organisation's time zone
    profile: Mapping[str, str] = field(default_factory=dict)  # empty while it is not proven who is there
    proven: bool = True  # False: a caller who may be anybody; nothing personal is told
    asked: Asked | None = None  # the last question that was answered or guessed at

    @property
    def number(self) -> str:
        """The telephone that is spoken from, E.164, if it is one."""
        return self.address.number


@value
class Push:
    """Open another dialog on top; when it is done the one below goes on. With `heard`, its first question is
    answered with these words at once."""

    dialog: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    heard: str = ""
    say: tuple[Reply, ...] = ()


@value
class Goto:
    """Stay in this dialog with these answers, at this step, after saying something."""

    step: str
    answers: Mapping[str, Any]
    say: tuple[Reply, ...] = ()


@value
class Done:
    """The dialog is over, and `drops` of those below it too. `learn` goes into the citizen's profile ("language" is
    what is spoken from now on). `reroute`: the words that an expired dialog set aside are heard now; `obey`: this
    command is. `asked`: the question that `say` answers or guesses at. `proven`: it is certain now who is there.
    `adopt`: the drafts of a contact that was taken over. `left`: the address that is spoken from is somebody else's
    now; nothing of this conversation is asked there."""

    say: tuple[Reply, ...] = ()
    then: Push | None = None
    learn: Mapping[str, str] = field(default_factory=dict)
    drops: int = 0
    reroute: bool = False
    obey: str = ""
    proven: bool = False
    adopt: Session | None = None
    left: bool = False
    asked: Asked | None = None


@value
class Pass:
    """These words are not for me: close me and let the router hear them."""


Move = Goto | Done | Push | Pass


class Invalid(Exception):
    """An answer that cannot be taken; `say` tells why and how to do better. Nothing is lost."""

    def __init__(self, say: Phrase) -> None:
        super().__init__(say.key)
        self.say = say


class Dialog(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def steps(self) -> tuple[str, ...]: ...
    @property
    def soft(self) -> bool:
        """Whether it may be left without asking: it holds no answers that would be missed."""
        ...

    @property
    def offers(self) -> frozenset[str]:
        """Steps that only offer something more: whoever speaks on another channel has left them."""
        ...

    def start(self, context: Context, answers: Mapping[str, Any]) -> str:
        """The first step, given the answers that are already there."""
        ...

    def ask(self, frame: Frame, context: Context) -> Reply:
        """The open question. Pure and repeatable: it serves the first asking, repeat, back and resuming."""
        ...

    async def accept(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        """Take an answer (a choice's bare value comes in `heard.value`). Raises Invalid."""
        ...

    def help(self, frame: Frame, context: Context) -> Phrase | None:
        """More about the open question than `ask` says."""
        ...

    def about(self, frame: Frame) -> str:
        """The service that is being talked about here, if it is one: questions are first heard as about it."""
        ...

    def refit(self, frame: Frame) -> Frame | None:
        """A frame of another version made to fit this one; None: the dialog is gone for good."""
        ...


class Soft:
    """What dialogs share that hold no answers to miss: one version, nothing to refit, no more help."""

    version = 1
    soft = True
    offers: frozenset[str] = frozenset()

    def start(self, context: Context, answers: Mapping[str, Any]) -> str:
        first: str = self.steps[0]  # type: ignore[attr-defined]
        return first

    def help(self, frame: Frame, context: Context) -> Phrase | None:
        return None

    def about(self, frame: Frame) -> str:
        return ""

    def refit(self, frame: Frame) -> Frame | None:
        return None
