"""One call of Rasa: who speaks, what was heard, in which language, and what is said back.

Who speaks is Rasa's `sender_id`, as `Address("rasa", sender_id)`. Rasa's own channels let anybody choose that id, so it
proves nothing: no list of requests, no remembered answers, and the second factor before anything personal. What the
id alone may do is file, and rate what was filed under it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s
from typing import Any

from bot.core.messages import Address, Choice, Event, Inbound, Phrase, Reply
from bot.core.ports import Contacts, Desk, Wording
from bot.dialogs.base import Context
from bot.dialogs.registry import Dialogs
from bot.rasa import names

LONGEST_ID = 64  # characters of a sender id that is kept as it is


@dataclass(frozen=True, slots=True)
class Talk:
    """`slots` are the tracker's; `utter` is the dispatcher's way to say something."""

    dialogs: Dialogs
    context: Context
    heard: Inbound
    command: str  # of one of our buttons, or typed: "/track/1234567890"; empty: words
    slots: Mapping[str, Any]
    wording: Wording
    utter: Callable[..., None]

    @property
    def drafts(self) -> Mapping[str, Any]:
        kept = self.slots.get(names.DRAFTS)
        return kept if isinstance(kept, dict) else {}

    def say(self, *words: Phrase | Reply) -> None:
        for word in words:
            reply = word if isinstance(word, Reply) else Reply(word)
            text = self.wording.text(reply.say, self.context.language)
            self.utter(text=text, buttons=[self._button(choice) for choice in reply.choices])

    def _button(self, choice: Choice) -> dict[str, str]:
        """A command has the shape that Rasa takes past its understanding; an answer is said as it is."""
        payload = choice.value
        if payload.startswith("/"):
            payload = f"/{names.COMMAND}{json.dumps({names.COMMAND: choice.value})}"
        return {"title": self.wording.text(choice.label, self.context.language), "payload": payload}


@dataclass(frozen=True, slots=True)
class Parts:
    """What the actions stand on. `dialogs` is asked at each call: content may be edited meanwhile."""

    dialogs: Callable[[], Dialogs]
    desk: Desk
    contacts: Contacts
    wording: Wording
    clock: Callable[[], datetime]

    async def talk(self, dispatcher: Any, tracker: Any) -> Talk:
        dialogs = self.dialogs()
        said: dict[str, Any] = next((e for e in reversed(tracker.events) if e.get("event") == "user"), {})
        message = {**said.get("parse_data", {}), **tracker.latest_message}
        address = Address(names.CHANNEL, sender(tracker.sender_id))
        heard = Inbound(
            id=mark(address.id, said.get("message_id") or said.get("timestamp") or secrets.token_hex(8)),
            address=address,
            event=Event.MESSAGE,
            text=str(message.get("text") or said.get("text") or ""),
            proven=False,
        )
        context = Context(
            contact=await self.contacts.resolve(address),
            address=address,
            language=_language(dialogs, tracker.slots, said.get("metadata") or message.get("metadata") or {}),
            now=self.clock().astimezone(dialogs.zone),
            proven=False,
        )
        return Talk(dialogs, context, heard, _command(message), tracker.slots, self.wording, dispatcher.utter_message)


def sender(id: Any) -> str:
    """A sender's id as ours: one that is overlong or not printable becomes its digest."""
    text = str(id or "default")
    return text if len(text) <= LONGEST_ID and text.isprintable() else mark(text)


def mark(*parts: Any) -> str:
    """A short digest, the same for the same parts."""
    return blake2s("\0".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def intent(message: Mapping[str, Any]) -> tuple[str, float]:
    """Name and confidence of what Rasa understood; empty and 0 when it says nothing."""
    found = message.get("intent") or {}
    return str(found.get("name") or ""), float(found.get("confidence") or 0)


def _command(message: Mapping[str, Any]) -> str:
    if intent(message)[0] != names.COMMAND:
        typed = str(message.get("text") or "")
        return typed if typed.startswith("/") else ""
    values = (e.get("value") for e in message.get("entities") or () if e.get("entity") == names.COMMAND)
    return next((v for v in values if isinstance(v, str)), "")


def _language(dialogs: Dialogs, slots: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    languages = dialogs.catalogue.languages
    wanted = slots.get(names.LANGUAGE) or (metadata.get("language") if isinstance(metadata, dict) else "")
    return wanted if wanted in languages else languages[0]
