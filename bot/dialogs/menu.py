"""Short lists to choose from, and the engine's own small questions."""

from __future__ import annotations

from collections.abc import Callable

from bot.core.messages import Choice, Event, Expect, Inbound, Kind, Phrase, Reply
from bot.core.sessions import Frame
from bot.dialogs.base import Context, Done, Invalid, Move, Pass, Soft

YES = Choice("yes", Phrase("nav.yes"))
NO = Choice("no", Phrase("nav.no"))
_CHOICE = Expect(Kind.CHOICE)


class ListDialog(Soft):
    """A question whose answers are commands; any other words are for the router."""

    steps = ("choose",)
    offers = frozenset(steps)

    def __init__(self, name: str, choices: Callable[[Context], tuple[Choice, ...]]) -> None:
        self.name = name
        self.choices = choices

    def ask(self, frame: Frame, context: Context) -> Reply:
        choices = self.choices(context)
        if frame.answers.get("draft"):
            choices = (Choice("/resume", Phrase("nav.resume")), *choices)
        return Reply(Phrase(f"{self.name}.ask"), choices, _CHOICE)

    async def accept(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        return Pass()


class YesNo(Soft):
    """A question of the engine about the dialog below."""

    steps = ("sure",)

    def ask(self, frame: Frame, context: Context) -> Reply:
        return Reply(Phrase(f"{self.name}.ask"), self.labels, _CHOICE)

    name = ""
    labels: tuple[Choice, ...] = (YES, NO)


class Leave(YesNo):
    """«پاسخ‌ها از بین می‌رود؛ مطمئنید؟»"""

    name = "leave"
    labels = (Choice("yes", Phrase("leave.yes")), Choice("no", Phrase("leave.no")))

    async def accept(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        if heard.event is not Event.CHOICE:
            raise Invalid(Phrase("invalid.choice"))
        if heard.value == "yes":
            return Done((Reply(Phrase("engine.cancelled")),), drops=1)
        return Done()


class Resume(YesNo):
    """«ادامه می‌دهید؟» after a long silence; other words are heard, and the draft stays."""

    name = "resume"
    labels = (Choice("yes", Phrase("resume.yes")), Choice("no", Phrase("resume.no")))

    async def accept(self, frame: Frame, heard: Inbound, context: Context) -> Move:
        if heard.event is not Event.CHOICE:
            return Pass()
        if heard.value == "yes":
            return Done()
        return Done((Reply(Phrase("engine.cancelled")),), drops=1, reroute=True)
