"""What stands behind a channel in its tests: a gateway that answers by script, files in memory, noted contacts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.channels.render import Renderer
from bot.core.catalogue import Text
from bot.core.messages import Address, Attachment, Inbound, Phrase, Reply
from bot.core.ports import FileRefused
from bot.gateway import Outcome

PHRASES: Mapping[str, Text] = {
    "echo": {"fa": "شنیدم: {words}", "en": "Heard: {words}"},
    "two": {"fa": "دومی", "en": "second"},
    "yes": {"fa": "بله", "en": "Yes"},
    "no": {"fa": "نه", "en": "No"},
    "back": {"fa": "بازگشت", "en": "Back"},
    "code": {"fa": "کد شما {code} است.", "en": "Your code is {code}."},
    "ask_phone": {"fa": "شماره؟", "en": "Number?"},
    "telegram.phone_hint": {"fa": "یا با دکمه", "en": "or by button"},
    "telegram.share_phone": {"fa": "ارسال شماره", "en": "Send number"},
    "telegram.location_hint": {"fa": "یا مکان", "en": "or place"},
    "telegram.share_location": {"fa": "ارسال مکان", "en": "Send place"},
    "telegram.keyboard_gone": {"fa": "بسیار خوب.", "en": "All right."},
}


def renderer() -> Renderer:
    return Renderer(lambda: PHRASES)


def echo(heard: Inbound) -> tuple[Reply, ...]:
    return (Reply(Phrase("echo", {"words": heard.text or heard.value or heard.problem or heard.event.value})),)


@dataclass
class ScriptedGateway:
    """Answers by `script`, and the same again to an id that it has heard."""

    script: Callable[[Inbound], tuple[Reply, ...]] = echo
    seconds: float = 0.0  # that a turn takes
    error: Exception | None = None  # of the next turn
    heard: list[Inbound] = field(default_factory=list)
    changes: list[Inbound] = field(default_factory=list)  # heard for the first time
    busy: dict[Address, int] = field(default_factory=dict)
    most_at_once: int = 0
    overlaps: int = 0  # of two turns of one address

    def __post_init__(self) -> None:
        self._told: dict[str, Outcome] = {}

    async def receive(self, heard: Inbound) -> Outcome:
        self.heard.append(heard)
        if self.error:
            error, self.error = self.error, None
            raise error
        if self.busy.get(heard.address):
            self.overlaps += 1
        self.busy[heard.address] = self.busy.get(heard.address, 0) + 1
        self.most_at_once = max(self.most_at_once, sum(self.busy.values()))
        await asyncio.sleep(self.seconds)
        self.busy[heard.address] -= 1
        if heard.key not in self._told:
            self.changes.append(heard)
            language = "en" if heard.language.startswith("en") else "fa"
            self._told[heard.key] = Outcome("ann", language, self.script(heard), 2 * len(self._told) + 2)
        return self._told[heard.key]


@dataclass
class NotedContacts:
    reached: list[tuple[Address, bool]] = field(default_factory=list)

    async def resolve(self, address: Address) -> str:
        return f"contact of {address}"

    async def verify(self, contact: str, phone: str) -> None: ...

    async def reach(self, address: Address, reachable: bool) -> None:
        self.reached.append((address, reachable))


@dataclass
class KeptFiles:
    refuse: str = ""
    kept: dict[str, tuple[Attachment, bytes, str]] = field(default_factory=dict)

    async def put(self, data: bytes, name: str, contact: str) -> Attachment:
        if self.refuse:
            raise FileRefused(self.refuse)
        stored = Attachment(f"f{len(self.kept) + 1}", name, "application/octet-stream", len(data))
        self.kept[stored.id] = stored, data, contact
        return stored

    async def get(self, id: str) -> tuple[Attachment, bytes] | None:
        found = self.kept.get(id)
        return found[:2] if found else None
