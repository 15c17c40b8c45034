"""The dialogs of this desk, gone through in Rasa's forms: the same questions, the same checks, the same filing.

A dialog's frame is kept as JSON in the slot `drafts`. Nothing enters its answers but what the dialog has accepted; what
Rasa itself puts into the slots of a form counts for nothing, so that a call which failed leaves no unread words behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core.messages import Choice, Event, Inbound, Phrase, Reply
from bot.core.ports import Desk, Match
from bot.core.requests import TooManyAttempts
from bot.core.sessions import Frame
from bot.core.text import fold, fold_digits
from bot.core.tracking import TrackingCode
from bot.dialogs import matching
from bot.dialogs.base import Dialog, Done, Goto, Invalid, Push
from bot.dialogs.form import CONFIRM, REVIEW, FormDialog
from bot.dialogs.matching import Command
from bot.dialogs.stage import BACK, CANCEL, HUMAN, MENU, TRIES
from bot.dialogs.track import code_in
from bot.rasa import names
from bot.rasa.talk import Talk, mark

ENGINE_WORDS = frozenset({"back", "cancel", "repeat", "menu", "help", "human", "language"})
_NEVER_A_QUESTION = 3  # characters; shorter is no question to the knowledge base


@dataclass(frozen=True, slots=True)
class After:
    """What a message did to a draft. `frame` None: it is over; `left`: it stays, but its form is left. `then`: what to
    do when the form is left: a command, or `names.HEAR`. `learnt`: slots."""

    frame: Frame | None
    left: bool = False
    then: str = ""
    confirmed: bool = False
    learnt: Mapping[str, Any] | None = None


class Draft:
    """One dialog as a form of Rasa."""

    mirrored = True  # whether answers are shown in the form's slots too

    def __init__(self, dialog: Dialog, desk: Desk) -> None:
        self.dialog = dialog
        self.desk = desk
        self.name = dialog.name
        self.steps = {names.slot(self.name, step): step for step in dialog.steps}

    def slot(self, step: str) -> str:
        return names.slot(self.name, step)

    # --- kept in the slots --------------------------------------------------------------------

    def new(self, talk: Talk, answers: Mapping[str, Any]) -> Frame:
        """The message that it began with makes its id, so a call that Rasa repeats begins the same draft."""
        step = self.dialog.start(talk.context, answers)
        return Frame(mark(self.name, talk.heard.id), self.name, self.dialog.version, step, answers)

    async def load(self, talk: Talk) -> Frame | None:
        """The draft under way, made to fit the form of today."""
        kept = talk.drafts.get(self.name)
        if not kept:
            return None
        frame = Frame.from_json(kept)
        if frame.version != self.dialog.version:
            return self.dialog.refit(frame)
        return frame

    def slots(self, after: After, talk: Talk) -> dict[str, Any]:
        """What Rasa's slots hold afterwards."""
        drafts = {name: kept for name, kept in talk.drafts.items() if name != self.name}
        answers: Mapping[str, Any] = {}
        if after.frame:
            drafts[self.name] = self.kept(after.frame).to_json()
            answers = after.frame.answers
        mirrored = {slot: answers.get(step) if self.mirrored else None for slot, step in self.steps.items()}
        if after.confirmed:
            mirrored[self.slot(REVIEW)] = CONFIRM.value
        return {**mirrored, names.DRAFTS: drafts or None, names.NEXT: after.then or None, **(after.learnt or {})}

    def kept(self, frame: Frame) -> Frame:
        return frame

    def key(self, frame: Frame, talk: Talk) -> Frame:
        """The frame under the id by which the desk files once: this sender's own, whatever the slot says."""
        return replace(frame, id="rasa:" + mark(talk.context.address.id, frame.id))

    # --- asking -------------------------------------------------------------------------------

    def question(self, frame: Frame, talk: Talk) -> Reply:
        """The open question, with the ways out that the engine offers too."""
        ask = self.dialog.ask(frame, talk.context)
        nav: list[Choice] = [MENU]
        if not self.dialog.soft:
            nav = [BACK, CANCEL] if self._earlier(frame) else [CANCEL]
        if frame.tries >= TRIES:
            nav.insert(0, HUMAN)
        have = {c.value for c in ask.choices}
        return replace(ask, choices=(*ask.choices, *(c for c in nav if c.value not in have)))

    def _earlier(self, frame: Frame) -> str | None:
        at = self.dialog.steps.index(frame.step)
        return next((s for s in reversed(self.dialog.steps[:at]) if s in frame.answers), None)

    # --- answering ----------------------------------------------------------------------------

    async def begin(self, push: Push, talk: Talk) -> After:
        """What the router opens; the first question may be answered already."""
        talk.say(*push.say)
        have = await self.load(talk)
        if have and not self.dialog.soft:
            talk.say(Phrase("engine.resuming", {"title": talk.dialogs.title(self.name, talk.context.language)}))
            return After(have)
        frame = self.new(talk, push.answers)
        if push.heard:
            return await self._accept(frame, replace(talk.heard, text=push.heard), talk)
        return After(frame)

    async def hear(self, frame: Frame, talk: Talk) -> After:
        """An answer, a button, a word such as «بازگشت», or a question in the middle."""
        heard, question = talk.heard, self.question(frame, talk)
        if talk.command:
            return await self._obey(matching.command_in(talk.command), frame, talk)
        word = talk.dialogs.words.get(matching.plain(heard.text), "")
        if word in ENGINE_WORDS:
            return await self._obey(Command(word), frame, talk)
        value = matching.chosen(question, heard, talk.dialogs.words, talk.wording, talk.context.language)
        if value and (command := matching.command_in(value)):
            return await self._obey(command, frame, talk)
        if value:
            heard = replace(heard, event=Event.CHOICE, value=value)
        elif matching.is_question(heard.text) and not self.dialog.soft and (match := await _sure(talk)):
            return self._aside(match, frame, talk)
        return await self._accept(frame, heard, talk)

    async def _accept(self, frame: Frame, heard: Inbound, talk: Talk) -> After:
        if isinstance(self.dialog, FormDialog) and frame.step == REVIEW and heard.value == CONFIRM.value:
            return After(frame, left=True, confirmed=True)
        try:
            move = await self.dialog.accept(self.key(frame, talk), heard, talk.context)
        except Invalid as invalid:
            return await self._refuse(frame, invalid, talk)
        match move:
            case Goto(step, answers, say):
                talk.say(*say)
                after = Frame(frame.id, frame.dialog, frame.version, step, answers)
                return After(self.moved(frame, after, heard), learnt=self.learnt(after))
            case Done(say=say):
                talk.say(*say)
                return After(None, left=True)
            case _:  # Pass: these words are for the router
                return After(None, left=True, then=names.HEAR)

    def moved(self, before: Frame, after: Frame, heard: Inbound) -> Frame:
        return after

    def learnt(self, frame: Frame) -> dict[str, Any]:
        return {}

    async def _refuse(self, frame: Frame, invalid: Invalid, talk: Talk) -> After:
        """Not an answer: perhaps a tracking code, a question or a call for a person; else one more try."""
        code = code_in(talk.heard.text, talk.dialogs.nlu, talk.context)
        if code and self.name != "track":
            return After(None if self.dialog.soft else frame, left=True, then=f"/track/{code}")
        if match := await _sure(talk):
            return self._aside(match, frame, talk)
        if command := await talk.dialogs.router.wish(talk.heard.text, talk.context):
            return await self._obey(command, frame, talk)
        frame = replace(frame, tries=frame.tries + 1)
        talk.say(invalid.say)
        if frame.tries >= TRIES:
            talk.say(Phrase("engine.stuck"))
        return After(frame)

    def _aside(self, match: Match, frame: Frame, talk: Talk) -> After:
        talk.say(talk.dialogs.router.aside(match, talk.context))
        return After(frame)

    async def _obey(self, command: Command | None, frame: Frame, talk: Talk) -> After:
        """As the engine does; whatever opens something else leaves the form, and a form's draft stays."""
        if command is None:
            return After(frame)
        match command.name:
            case "repeat" | "resume" | "keep" | "more":
                return After(frame)
            case "back" if earlier := self._earlier(frame):
                return After(replace(frame, step=earlier, tries=0))
            case "back" if not self.dialog.soft:
                talk.say(Phrase("engine.nothing_before"))
                return After(frame)
            case "cancel":
                talk.say(Phrase("engine.cancelled"))
                return After(None, left=True)
            case "help" if more := self.dialog.help(frame, talk.context):
                talk.say(more)
                return After(frame)
        then = f"/{command.name}/{command.arg}" if command.arg else f"/{command.name}"
        if self.dialog.soft:
            return After(None, left=True, then=then)
        move = await talk.dialogs.router.command(command, talk.context, talk.heard)
        if not isinstance(move, Done) or move.then:
            return After(frame, left=True, then=then)
        talk.say(*move.say)
        return After(frame, learnt=learnt(move))


class TrackDraft(Draft):
    """Following a request. That the second factor was right is never taken from a slot: the digits are, and the desk
    is asked anew."""

    mirrored = False

    async def load(self, talk: Talk) -> Frame | None:
        frame = await super().load(talk)
        if frame is None:
            return None
        answers = {key: value for key, value in frame.answers.items() if key != "unlocked"}
        code = TrackingCode.found_in(str(answers.get("code", "")))
        if code and (digits := answers.get("digits")):
            try:
                right = await self.desk.unlock(code, str(digits), talk.context.address)
            except TooManyAttempts:
                right = False
            answers = {**answers, "unlocked": str(code)} if right else {**answers, "digits": ""}
        return replace(frame, answers=answers)

    def moved(self, before: Frame, after: Frame, heard: Inbound) -> Frame:
        if "unlocked" not in after.answers:
            return after
        digits = before.answers.get("digits") or "".join(c for c in fold_digits(heard.text) if c.isdigit())
        return replace(after, answers={**after.answers, "digits": digits})

    def kept(self, frame: Frame) -> Frame:
        return replace(frame, answers={key: value for key, value in frame.answers.items() if key != "unlocked"})

    def learnt(self, frame: Frame) -> dict[str, Any]:
        return {names.LAST_CODE: code} if (code := frame.answers.get("code")) else {}


def of(dialog: Dialog, desk: Desk) -> Draft:
    return TrackDraft(dialog, desk) if dialog.name == "track" else Draft(dialog, desk)


def learnt(done: Done) -> dict[str, Any]:
    """The language that was chosen; no profile is kept for who proves nothing."""
    return {names.LANGUAGE: done.learn["language"]} if "language" in done.learn else {}


async def _sure(talk: Talk) -> Match | None:
    if len(fold(talk.heard.text)) <= _NEVER_A_QUESTION:
        return None
    best = await talk.dialogs.nlu.answers(talk.heard.text, talk.context.language, limit=1)
    return best[0] if best and best[0].sure else None
