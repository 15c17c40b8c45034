"""What a citizen holds in the hand: each brings to the desk what it really can, and shows what it really shows.

Here are the web page and the messengers; `handset` has text messages, `telephone` calls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bot.channels.telegram.outgoing import units
from bot.channels.telegram.updates import Heard as Update
from bot.channels.telegram.updates import read
from bot.channels.webchat import frames
from bot.core.messages import Address, Attachment, Choice, Event, Inbound, Kind, Location, Reply, replies_to_json
from tests.walks.counter import Counter
from tests.walks.oracle import expect

KEPT, REMEMBERED = 6, 20  # messages of a device that may be delivered again; turns after which they are not
MOST_UNITS, MOST_BYTES_OF_A_BUTTON = 4096, 64
_TICKET = re.compile(r"(?:join|start)=([\w-]+)")


class Device:
    """One address of one human. `replies` is what is on the screen."""

    can_place = True

    def __init__(self, counter: Counter, address: Address, human: str) -> None:
        self.counter = counter
        self.address = address
        self.human = human
        self.replies: tuple[Reply, ...] = ()
        self.old: list[str] = []  # buttons of before
        self.sent: list[tuple[int, Callable[[], Awaitable[None]]]] = []  # (turn, the same once more)
        counter.oracle.addresses[address] = human

    @property
    def open(self) -> bool:
        return True

    @property
    def asks(self) -> Kind:
        return self.replies[-1].expect.kind if self.replies else Kind.NOTHING

    @property
    def choices(self) -> Sequence[Choice]:
        return self.replies[-1].choices if self.replies else ()

    def tell(self, what: str) -> None:
        self.counter.told.append(f"{self.human} {self.address.channel}> {what[:200]}")

    def next_id(self) -> str:
        self.counter.count += 1
        return str(self.counter.count)

    async def hear(self, inbound: Inbound) -> None:
        await self.counter.receive(inbound)
        self.remember(lambda: self.counter.receive(inbound))
        self.look()

    def remember(self, again: Callable[[], Awaitable[object]]) -> None:
        self.sent = [*self.sent[1 - KEPT :], (self.counter.turns, again)]

    def look(self) -> None:
        """What was answered comes to the screen."""
        assert self.counter.outcome is not None
        self.replies = self.counter.outcome.replies or self.replies
        self.old += [c.value for c in self.choices]
        if self.counter.outcome.replies:
            self.show(self.counter.outcome.replies, self.counter.outcome.language)

    def show(self, replies: tuple[Reply, ...], language: str) -> None:
        raise NotImplementedError

    def event(self, event: Event, **content: Any) -> Inbound:
        return Inbound(self.next_id(), self.address, event, **content)

    async def again(self, which: int = -1) -> None:
        """The provider delivers one of the last messages once more: nothing new comes of it, and the last one is
        answered as it was."""
        if not self.sent:
            return
        turn, repeat = self.sent[max(which, -len(self.sent))]
        turns = self.counter.turns
        if turns - turn > REMEMBERED:
            return
        self.tell(f"(once more, {turns - turn} turns later)")
        before, contact = self.counter.outcome, await self.counter.contacts.resolve(self.address)
        await repeat()
        if turns == turn and self.counter.turns > turns and before and before.contact == contact:
            outcome = self.counter.outcome
            expect(bool(outcome and outcome.repeated), "a repetition was not recognised")
            expect(bool(outcome and outcome.replies == before.replies), "a repetition is answered in another way")

    # --- what one can do ----------------------------------------------------------------------

    async def write(self, text: str) -> None:
        raise NotImplementedError

    async def choose(self, choice: Choice) -> None:
        self.tell(f"[{self.counter.label(choice.label)}]")
        await self.press(choice.value)

    async def press(self, value: str) -> None:
        raise NotImplementedError

    async def send_file(self, name: str) -> None:
        self.tell(f"+ {name}")
        kind = "audio/ogg" if name.endswith(".ogg") else "image/jpeg"
        await self.hear(self.event(Event.FILE, files=(Attachment(f"f{name}", name, kind, 1234),)))

    async def lose_file(self, problem: str) -> None:
        self.tell(f"+ ({problem})")
        await self.hear(self.event(Event.FILE, problem=problem))

    async def send_place(self) -> None:
        self.tell("@ 35.7, 51.4")
        await self.hear(self.event(Event.MESSAGE, location=Location(35.7, 51.4)))

    async def start(self) -> None:
        self.tell("* start")
        await self.hear(self.event(Event.START))

    async def ask_person(self) -> None:
        await self.write("کارشناس")

    async def menu(self) -> None:
        await self.write("منو")

    def ticket(self) -> str:
        """Of the link that is shown, if one is."""
        found = _TICKET.search(json.dumps(replies_to_json(self.replies)))
        return found[1] if found else ""


class Web(Device):
    async def write(self, text: str) -> None:
        self.tell(text)
        await self.hear(self.event(Event.MESSAGE, text=text))

    async def press(self, value: str) -> None:
        await self.hear(self.event(Event.CHOICE, value=value))

    async def join(self, ticket: str) -> None:
        self.tell(f"opens ?join={ticket}")
        await self.press(f"/join/{ticket}")

    def show(self, replies: tuple[Reply, ...], language: str) -> None:
        for reply in replies:
            frame = frames.reply(1, reply, self.counter.renderer, language)
            expect(bool(frame["text"].strip()), "an empty bubble in the web chat")
            expect(all(c["label"].strip() for c in frame["choices"]), "a button without a word")


class Chat(Device):
    """A messenger of Telegram's family: all goes by updates."""

    async def _update(self, kind: str, body: dict[str, Any]) -> None:
        sender = {"id": int(self.address.id), "language_code": "fa"}
        chat = {"id": int(self.address.id), "type": "private"}
        message = {"chat": chat, "from": sender, **body}
        update: dict[str, Any] = {"update_id": int(self.next_id()), kind: message}
        if kind == "callback_query":
            update[kind] = {"id": "1", "from": sender, "message": {"chat": chat}, **body}
        heard = read(update, self.address.channel)
        assert isinstance(heard, Update)
        await self.hear(heard.inbound)

    async def write(self, text: str) -> None:
        self.tell(text)
        if text:  # no messenger sends nothing
            await self._update("message", {"text": text})

    async def press(self, value: str) -> None:
        await self._update("callback_query", {"data": value})

    async def send_place(self) -> None:
        self.tell("@ 35.7, 51.4")
        await self._update("message", {"location": {"latitude": 35.7, "longitude": 51.4}})

    async def share(self, number: str, *, own: bool = True) -> None:
        self.tell(f"shares {'the own' if own else 'another'} contact {number}")
        contact = {"phone_number": number.lstrip("+"), "user_id": int(self.address.id) + (not own)}
        await self._update("message", {"contact": contact})

    async def join(self, ticket: str) -> None:
        await self.write(f"/start {ticket}")

    async def start(self) -> None:
        await self.write("/start")

    def show(self, replies: tuple[Reply, ...], language: str) -> None:
        composer = self.counter.telegram if self.address.channel == "telegram" else self.counter.bale
        messages = composer.messages(replies, language, keyboard_up=False)
        expect(bool(messages), "nothing is shown in the messenger")
        for message in messages:
            expect(0 < units(message["text"].strip()) <= MOST_UNITS, "a message that no messenger takes")
            for row in message.get("reply_markup", {}).get("inline_keyboard", ()):
                for button in row:
                    expect(len(button["callback_data"].encode()) <= MOST_BYTES_OF_A_BUTTON, "a button is too large")
                    expect(bool(button["text"].strip()), "a button without a word")
