"""A Rasa that follows its rules: the exported domain and rules, Rasa's way through a form, rasa-sdk's executor.

What Rasa 3.6 does with a form is in rasa/core/actions/forms.py; the real one talks in tests/rasa/real.
"""

from __future__ import annotations

import copy
import itertools
import json
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.channels.render import Renderer
from bot.core.catalogue import Catalogue
from bot.core.ports import Nlu
from bot.core.requests import Miss, ServiceRequest
from bot.core.tracking import TrackingCode
from bot.desk.service_desk import ServiceDesk
from bot.dialogs.registry import Dialogs, build
from bot.rasa import export, names
from bot.rasa.actions import executor
from bot.rasa.talk import Parts
from bot.stores.memory import MemoryContacts, MemoryRecords
from tests.conversation import BEGINNING, content


class NotingDesk(ServiceDesk):
    """Notes what was not understood."""

    async def miss(self, miss: Miss, *, key: str) -> None:
        self.missed = {**getattr(self, "missed", {}), key: miss}


@dataclass
class OurSide:
    """The desk behind the actions, with stores that forget."""

    catalogue: Catalogue = field(default_factory=lambda: content()[0])
    nlu: Nlu = field(default_factory=lambda: content()[1])
    now: datetime = BEGINNING

    def __post_init__(self) -> None:
        self.random = random.Random(7)
        self.contacts = MemoryContacts()
        self.records = MemoryRecords(self.contacts)
        self.desk = NotingDesk(
            self.records, lambda: self.catalogue, lambda: self.now, lambda: TrackingCode.new(self.random.randrange)
        )
        self.dialogs: Dialogs = build(self.catalogue, self.nlu, self.desk)
        self.parts = Parts(
            lambda: self.dialogs, self.desk, self.contacts, Renderer(lambda: self.catalogue.phrases), lambda: self.now
        )

    async def filed(self) -> list[ServiceRequest]:
        return list(await self.desk.search())


class Assistant:
    """One sender's conversation. `intent`s are given with the words: understanding is another matter."""

    def __init__(self, side: OurSide, sender: str = "ann") -> None:
        self.side = side
        self.sender = sender
        self.executor = executor(side.parts)
        self.domain = export.domain(side.dialogs)
        listed = export.rules(side.dialogs)["rules"]
        self.rules = {r["steps"][0]["intent"]: r["steps"][1]["action"] for r in listed if "intent" in r["steps"][0]}
        self.after = {r["steps"][0]["action"]: r["steps"][-1]["action"] for r in listed if "condition" in r}
        self.slots: dict[str, Any] = dict.fromkeys([*self.domain["slots"], "requested_slot"])
        self.events: list[dict[str, Any]] = []
        self.loop: str | None = None
        self.message: dict[str, Any] = {}
        self.said: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.metadata: dict[str, Any] = {}
        self.ids = itertools.count(1)

    # --- talking ------------------------------------------------------------------------------

    async def says(self, text: str, intent: str = "nlu_fallback") -> str:
        """The words with what is understood of them; the bot's texts."""
        entities: list[dict[str, Any]] = []
        if text.startswith("/command"):
            intent, _, rest = text[1:].partition("{")
            entities = [{"entity": k, "value": v} for k, v in json.loads("{" + rest).items()] if rest else []
        self.side.now += timedelta(seconds=20)
        self.message = {"text": text, "intent": {"name": intent, "confidence": 0.9}, "entities": entities}
        self.said = []
        self._add({"event": "action", "name": "action_listen"})
        self._add(
            {
                "event": "user",
                "text": text,
                "message_id": f"{self.sender}-{next(self.ids)}",
                "metadata": self.metadata,
                "parse_data": self.message,
            }
        )
        if self.loop:
            asked = self.slots["requested_slot"]
            self._apply([{"event": "slot", "name": asked, "value": text}])
            await self._form(self.loop, [{"event": "slot", "name": asked, "value": text}])
        else:
            await self._follow(await self.run(self.rules[intent]))
        return self.text

    async def acts(self, action: str) -> str:
        """What a rule of the assistant's own would do."""
        self.said = []
        await self._follow(await self.run(action))
        return self.text

    async def presses(self, label: str) -> str:
        """The button whose title begins so, of the last message with buttons."""
        return await self.says(self.payload(label))

    def payload(self, label: str) -> str:
        found = [b["payload"] for m in self.said for b in m["buttons"] if b["title"].startswith(label)]
        assert found, f"{label} is not among {self.offered}"
        return str(found[0])

    @property
    def text(self) -> str:
        return "\n".join(m["text"] for m in self.said)

    @property
    def offered(self) -> list[str]:
        return [b["title"] for m in self.said for b in m["buttons"]]

    # --- Rasa's part --------------------------------------------------------------------------

    async def run(self, action: str, candidates: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
        """Call an action as Rasa does; its events are not applied yet."""
        temporary = [*self.events, {"event": "action", "name": self.loop}, *candidates] if candidates else self.events
        call = copy.deepcopy(
            {
                "next_action": action,
                "sender_id": self.sender,
                "version": "3.6.20",
                "domain": self.domain,
                "tracker": {
                    "sender_id": self.sender,
                    "slots": self.slots,
                    "latest_message": self.message,
                    "events": temporary,
                    "paused": False,
                    "active_loop": {"name": self.loop} if self.loop else {},
                    "latest_action_name": "action_listen",
                },
            }
        )
        self.calls.append(call)
        result = await self.executor.run(copy.deepcopy(call))
        assert result is not None
        json.dumps(result.model_dump())
        self.said += result.responses
        return list(result.events)

    async def repeat(self) -> list[str]:
        """Each call of the last message once more, as after answers that were lost; what is said again."""
        calls, said = list(self.calls), []
        for call in calls:
            result = await self.executor.run(copy.deepcopy(call))
            said += [m["text"] for m in result.responses]
        return said

    def _add(self, event: dict[str, Any]) -> None:
        self.events.append({"timestamp": self.side.now.timestamp(), **event})

    def _apply(self, events: list[dict[str, Any]]) -> str | None:
        followup = None
        for event in events:
            self._add(event)
            match event["event"]:
                case "slot":
                    assert event["name"] in self.slots, event
                    self.slots[event["name"]] = event["value"]
                case "followup":
                    followup = event["name"]
                case "active_loop":
                    self.loop = event["name"]
        return followup

    async def _follow(self, events: list[dict[str, Any]]) -> None:
        if form := self._apply(events):
            assert form in self.domain["forms"], form
            await self._form(form, [])

    async def _form(self, form: str, candidates: list[dict[str, Any]]) -> None:
        entered = self.loop != form
        if entered:
            self._apply([{"event": "active_loop", "name": form}])
            needed = self.domain["forms"][form]["required_slots"]
            held = [(slot, self.slots[slot]) for slot in needed if self.slots[slot] is not None]
            candidates = [{"event": "slot", "name": slot, "value": value} for slot, value in held]
        events = await self.run(f"validate_{form}", candidates)
        asked = [e["value"] for e in events if e["event"] == "slot" and e["name"] == "requested_slot"]
        assert asked, "the validation says what is asked next"
        self._apply(events)
        if asked[-1]:
            self._apply(await self.run(f"action_ask_{asked[0]}"))
        else:
            self._apply([{"event": "active_loop", "name": None}])
            await self._follow(await self.run(self.after[form]))


def code_in(text: str) -> TrackingCode:
    code = TrackingCode.found_in(text)
    assert code, text
    return code


__all__ = ["Assistant", "OurSide", "code_in", "names"]
