"""Every action that Rasa may call, on rasa-sdk's own classes: `executor` registers them all.

A call that fails on our side is answered with an apology, never with an error: Rasa would say nothing at all, and would
keep the unread words of a form as an answer.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from rasa_sdk import Action
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.forms import REQUESTED_SLOT, FormValidationAction

from bot.core.messages import Event, Phrase, Reply
from bot.core.ports import Match, Nlu, Reading
from bot.core.sessions import Frame
from bot.core.tracking import TrackingCode
from bot.dialogs import matching
from bot.dialogs.base import Done, Move, Push
from bot.dialogs.form import CONFIRM, REVIEW, FormDialog
from bot.dialogs.matching import Command
from bot.dialogs.menu import ListDialog
from bot.dialogs.router import CERTAIN, Router
from bot.dialogs.stage import HUMAN, MENU
from bot.dialogs.track import code_in, read
from bot.rasa import drafts, names
from bot.rasa.drafts import After, Draft
from bot.rasa.talk import Parts, Talk, intent

log = logging.getLogger(__name__)

Events = list[dict[str, Any]]


def executor(parts: Parts) -> ActionExecutor:
    """rasa-sdk's executor with the actions that today's content makes."""
    logging.getLogger("rasa_sdk.executor").setLevel(logging.WARNING)  # else a line for each of some two hundred actions
    made = ActionExecutor()
    for action in actions(parts):
        made.register_action(action)
    return made


def actions(parts: Parts) -> Iterator[Action]:
    dialogs = parts.dialogs()
    found = {d.name: drafts.of(d, parts.desk) for d in names.with_forms(dialogs)}
    yield HearAction(parts, found)
    yield FaqAction(parts, found)
    yield ButtonAction(parts, found)
    yield SurveyAction(parts, found)
    for command in names.COMMANDS:
        yield CommandAction(parts, found, command)
    for draft in found.values():
        yield ValidateAction(parts, draft)
        yield SubmitAction(parts, found, draft)
        for step in draft.dialog.steps:
            yield AskAction(parts, draft, step)


def apology(talk: Talk, action: str) -> None:
    """To be called while the exception is handled."""
    reference = secrets.token_hex(4)
    log.exception("an action failed", extra={"reference": reference, "action": action})
    talk.say(Reply(Phrase("engine.apology", {"reference": reference}), (HUMAN, MENU)))


class Overheard:
    """An `Nlu` for which Rasa has done the reading."""

    def __init__(self, nlu: Nlu, reading: Reading) -> None:
        self.nlu = nlu
        self.reading = reading

    async def read(self, text: str, language: str) -> Reading:
        return self.reading

    async def answers(self, text: str, language: str, *, service: str = "", limit: int = 4) -> tuple[Match, ...]:
        return await self.nlu.answers(text, language, service=service, limit=limit)

    def parse(self, kind: str, text: str, *, today: date) -> str | int:
        return self.nlu.parse(kind, text, today=today)


class DeskAction(Action):  # type: ignore[misc]
    """What one of the router's moves makes of a conversation in Rasa."""

    def __init__(self, parts: Parts, found: dict[str, Draft]) -> None:
        self.parts = parts
        self.drafts = found

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> Events:
        talk = await self.parts.talk(dispatcher, tracker)
        try:
            return await self.act(talk, tracker)
        except Exception:
            apology(talk, self.name())
            return []

    async def act(self, talk: Talk, tracker: Any) -> Events:
        raise NotImplementedError

    async def command(self, command: Command, talk: Talk) -> Events:
        return await self.follow(await talk.dialogs.router.command(command, talk.context, talk.heard), talk)

    async def follow(self, move: Move, talk: Talk) -> Events:
        match move:
            case Push():
                return await self._open(move, talk)
            case Done():
                talk.say(*move.say)
                events = _set(drafts.learnt(move))
                return [*events, *await self._open(move.then, talk)] if move.then else events
        return []

    async def _open(self, push: Push, talk: Talk) -> Events:
        """A form of Rasa is entered next; a list is only shown, its choices are commands."""
        if draft := self.drafts.get(push.dialog):
            after = await draft.begin(push, talk)
            events = _set(draft.slots(after, talk))
            return events if after.left else [*events, FollowupAction(names.form(draft.name))]
        talk.say(*push.say)
        dialog = talk.dialogs.get(push.dialog)
        if isinstance(dialog, ListDialog):
            talk.say(dialog.ask(Frame("", dialog.name, dialog.version, dialog.steps[0]), talk.context))
        elif isinstance(dialog, FormDialog):
            talk.say(Phrase("rasa.needs_files", {"title": talk.dialogs.title(push.dialog, talk.context.language)}))
        else:
            talk.say(Phrase("engine.unknown_command"))
        return []

    async def hear(self, talk: Talk, tracker: Any) -> Events:
        """Free words: Rasa has said what is wished, and our router weighs that against what the knowledge base can
        answer. Where Rasa is not sure the router's own understanding is asked."""
        if (word := talk.dialogs.words.get(matching.plain(talk.heard.text), "")) in drafts.ENGINE_WORDS:
            return await self.command(Command(word), talk)
        wish, confidence = intent(tracker.latest_message)
        if wish == names.SURVEY:
            return await self.rate(talk)
        if wish in ("", names.FALLBACK):
            return await self.route(talk, talk.dialogs.nlu)
        if wish in (names.FAQ, names.OUT_OF_SCOPE):
            return await self.ask(talk)
        return await self.route(talk, Overheard(talk.dialogs.nlu, Reading(wish, max(confidence, CERTAIN))))

    async def ask(self, talk: Talk) -> Events:
        """The knowledge base alone is asked."""
        return await self.route(talk, Overheard(talk.dialogs.nlu, Reading("none", 0)))

    async def rate(self, talk: Talk) -> Events:
        """The request whose code is in the words, else the one that was spoken of last."""
        code = code_in(talk.heard.text, talk.dialogs.nlu, talk.context) or str(talk.slots.get(names.LAST_CODE) or "")
        return await self.command(Command("survey", code), talk)

    async def route(self, talk: Talk, nlu: Nlu) -> Events:
        """By the router's own rules, understood by `nlu`, and in the language of the words from now on."""
        router = talk.dialogs.router
        events: Events = []
        spoken = read("language", talk.heard.text, talk.dialogs.nlu, talk.context)
        if spoken in router.catalogue.languages and not any(name.startswith("form/") for name in talk.drafts):
            talk = replace(talk, context=replace(talk.context, language=spoken))
            events = _set({names.LANGUAGE: spoken})
        listening = Router(router.catalogue, nlu, router.desk, router.identity)
        return [*events, *await self.follow(await listening.hear(talk.heard, talk.context), talk)]


class HearAction(DeskAction):
    """Any words."""

    def name(self) -> str:
        return names.HEAR_ACTION

    async def act(self, talk: Talk, tracker: Any) -> Events:
        return await self.hear(talk, tracker)


class FaqAction(DeskAction):
    """A question."""

    def name(self) -> str:
        return names.FAQ_ACTION

    async def act(self, talk: Talk, tracker: Any) -> Events:
        return await self.ask(talk)


class ButtonAction(DeskAction):
    """One of our buttons, outside of the forms."""

    def name(self) -> str:
        return names.COMMAND_ACTION

    async def act(self, talk: Talk, tracker: Any) -> Events:
        return await self.command(matching.command_in(talk.command) or Command(""), talk)


class SurveyAction(DeskAction):
    """Rate a request."""

    def name(self) -> str:
        return names.SURVEY_ACTION

    async def act(self, talk: Talk, tracker: Any) -> Events:
        return await self.rate(talk)


class CommandAction(DeskAction):
    """What a command of the router opens or tells."""

    def __init__(self, parts: Parts, found: dict[str, Draft], command: str) -> None:
        super().__init__(parts, found)
        self.command_name = command

    def name(self) -> str:
        return f"action_{self.command_name}"

    async def act(self, talk: Talk, tracker: Any) -> Events:
        return await self.command(Command(self.command_name), talk)


# --- forms --------------------------------------------------------------------------------------


class ValidateAction(FormValidationAction):  # type: ignore[misc]
    """The checks of one form, generated from the dialog: a `validate_SLOT` for each of its steps."""

    def __init__(self, parts: Parts, draft: Draft) -> None:
        self.parts = parts
        self.draft = draft
        for slot in draft.steps:
            setattr(self, f"validate_{slot}", partial(self._validate, slot))

    def name(self) -> str:
        return names.validate(self.draft.name)

    async def required_slots(self, domain_slots: Any, dispatcher: Any, tracker: Any, domain: Any) -> list[str]:
        return list(self.draft.steps)

    async def get_extraction_events(self, dispatcher: Any, tracker: Any, domain: Any) -> Events:
        return []  # Rasa takes the words itself, by the mapping `from_text`

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> Events:
        """When Rasa enters the form nothing is asked yet: the first open step is."""
        if tracker.slots.get(REQUESTED_SLOT) in self.draft.steps:
            events: Events = await super().run(dispatcher, tracker, domain)
            return events
        talk = await self.parts.talk(dispatcher, tracker)
        frame = await self.draft.load(talk) or self.draft.new(talk, {})
        slots = self.draft.slots(After(frame), talk)
        return [*_set(slots), SlotSet(REQUESTED_SLOT, self.draft.slot(frame.step))]

    async def _validate(self, slot: str, value: Any, dispatcher: Any, tracker: Any, domain: Any) -> dict[str, Any]:
        talk = await self.parts.talk(dispatcher, tracker)
        try:
            frame = await self.draft.load(talk) or self.draft.new(talk, {})
            if tracker.slots.get(REQUESTED_SLOT) != slot:
                return {slot: frame.answers.get(self.draft.steps[slot])}  # an answer is one to its own question
            after = await self.draft.hear(replace(frame, step=self.draft.steps[slot]), talk)
        except Exception:
            apology(talk, self.name())
            return {slot: None}
        open_step = after.frame.step if after.frame and not after.left else None
        tracker.slots[REQUESTED_SLOT] = self.draft.slot(open_step) if open_step else None
        return {slot: None, **self.draft.slots(after, talk)}

    async def next_requested_slot(self, dispatcher: Any, tracker: Any, domain: Any) -> Any:
        return SlotSet(REQUESTED_SLOT, tracker.slots.get(REQUESTED_SLOT))


class AskAction(Action):  # type: ignore[misc]
    """The question of one step, as the dialog puts it."""

    def __init__(self, parts: Parts, draft: Draft, step: str) -> None:
        self.parts = parts
        self.draft = draft
        self.step = step

    def name(self) -> str:
        return names.ask(self.draft.name, self.step)

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> Events:
        talk = await self.parts.talk(dispatcher, tracker)
        frame = await self.draft.load(talk) or self.draft.new(talk, {})
        talk.say(self.draft.question(replace(frame, step=self.step), talk))
        return []


class SubmitAction(DeskAction):
    """After a form: what was confirmed is filed, once for a draft; what was wished instead is done."""

    def __init__(self, parts: Parts, found: dict[str, Draft], draft: Draft) -> None:
        super().__init__(parts, found)
        self.draft = draft

    def name(self) -> str:
        return names.submit(self.draft.name)

    async def act(self, talk: Talk, tracker: Any) -> Events:
        dialog = self.draft.dialog
        if isinstance(dialog, FormDialog) and talk.slots.get(self.draft.slot(REVIEW)) == CONFIRM.value:
            return await self._file(dialog, talk)
        wished = str(talk.slots.get(names.NEXT) or "")
        if not wished:
            return []
        done = SlotSet(names.NEXT, None)
        if wished == names.HEAR:
            return [done, *await self.hear(talk, tracker)]
        return [done, *await self.command(matching.command_in(wished) or Command(""), talk)]

    async def _file(self, dialog: FormDialog, talk: Talk) -> Events:
        frame = await self.draft.load(talk)
        if frame is None:  # it was filed by an earlier call
            return _set(self.draft.slots(After(None), talk))
        if (step := dialog.start(talk.context, frame.answers)) != REVIEW:
            talk.say(Phrase("engine.edited"))
            slots = self.draft.slots(After(replace(frame, step=step)), talk)
            return [*_set(slots), FollowupAction(names.form(self.draft.name))]
        heard = replace(talk.heard, event=Event.CHOICE, value=CONFIRM.value)
        move = await dialog.accept(replace(self.draft.key(frame, talk), step=REVIEW), heard, talk.context)
        assert isinstance(move, Done), "a confirmed form is done"
        talk.say(*move.say)
        offered = " ".join(choice.value for reply in move.say for choice in reply.choices)
        filed = {names.LAST_CODE: TrackingCode.found_in(offered)}
        return _set({**self.draft.slots(After(None), talk), **filed})


def _set(slots: Mapping[str, Any]) -> Events:
    return [SlotSet(name, value) for name, value in slots.items()]
