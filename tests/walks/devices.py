"""What a citizen holds in the hand: each brings to the desk what it really can, and shows what it really shows."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bot.channels.persian import number_words
from bot.channels.segments import segments
from bot.channels.sms.driver import Media, Text
from bot.channels.sms.rendering import SMS
from bot.channels.telegram.outgoing import units
from bot.channels.telegram.updates import Heard as Update
from bot.channels.telegram.updates import read
from bot.channels.voice.call import Caller, Step
from bot.channels.voice.keypad import Heard, Keypad, keypad
from bot.channels.voice.script import Then
from bot.channels.webchat import frames
from bot.core.messages import Address, Attachment, Choice, Event, Inbound, Kind, Location, Reply, replies_to_json
from bot.core.ports import Consent
from bot.core.text import fold
from tests.walks.counter import LOST, Counter
from tests.walks.oracle import expect

MOST_SEGMENTS, OF_A_QUESTION, OF_A_STATUS = 4, 2, 1
KEPT, REMEMBERED = 6, 20  # messages of a device that may be delivered again; turns after which they are not
MOST_UNITS, MOST_BYTES_OF_A_BUTTON = 4096, 64
MOST_CUTS = 40
_TAIL = re.compile(r"\n([01۰۱])\. (?:ادامه|گزینه‌های دیگر|More|More choices)$")
_TICKET = re.compile(r"(?:join|start)=([\w-]+)")
_FIGURE = re.compile(r"[0-9۰-۹]")


class Device:
    """One address of one human. `replies` is what is on the screen."""

    can_file = can_place = can_share = True

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


class Handset(Device):
    """Text messages: what is not on the screen cannot be chosen."""

    can_place = False
    screen = ""
    told: str | None = None  # of an answer that is cut, what was read already

    async def write(self, text: str) -> None:
        self.tell(text)
        await self._send(Text(self.next_id(), self.address.id, text))

    async def _send(self, text: Text, *, repeated: bool = False) -> None:
        more = bool(self.cut) and fold(text.text) == self.cut and not repeated
        self.counter.oracle.answers_nothing = more
        turns = self.counter.turns
        said = await self.counter.sms.take(text)
        self.counter.oracle.answers_nothing = False
        if not repeated:
            self.remember(lambda: self._send(text, repeated=True))
        self.counter.told += [f"    sms < {line}" for line in said.splitlines()]
        heard = self.counter.turns > turns
        before = self.replies
        if heard and not repeated:
            assert self.counter.outcome is not None
            self.replies = self.counter.outcome.replies or self.replies
            if await self.counter.contacts.consent(self.address) is not Consent.NOTHING:
                expect(bool(said.strip()) or not self.counter.outcome.replies, "an empty text message")
        if said and not repeated:
            self.read(said)
            if heard:
                self._budget(said)
                self._told_in_full(said, text.text, before)

    def read(self, said: str) -> None:
        expect(segments(said).parts <= MOST_SEGMENTS, f"a text message of {segments(said).parts} parts")
        self.screen = said

    def _budget(self, said: str) -> None:
        seen = self.counter.oracle.seen.get(self.address)
        one = len(self.replies) == 1 and not self.replies[0].skip and self.replies[0].say.key in _ASKED
        first = self.replies[0]
        if "track.status" in json.dumps(first.to_json()) and len(self.replies) == 2 and not first.skip:
            expect(segments(said).parts <= OF_A_STATUS, f"the status of a request in {segments(said).parts} parts")
        if seen and seen.dialog.startswith("form/") and seen.step != "review" and one:
            expect(segments(said).parts <= OF_A_QUESTION, f"a form's question in {segments(said).parts} parts")

    def _told_in_full(self, said: str, asked: str, before: tuple[Reply, ...]) -> None:
        """Part after part, without a gap and without a repetition. Who types the command itself may leave some out."""
        goes_on = bool(self.replies[0].skip)
        if asked.startswith("/more") or (goes_on and [r.say for r in before] != [r.say for r in self.replies]):
            self.told = None
        if goes_on and self.told is None:
            return
        words, language = self.counter.styles.styled(SMS), self.counter.language
        says = [words.text(r.brief or r.say, language) for r in self.replies]
        answers, _ = words.listed(self.replies[-1], language)
        whole = "".join("".join([*says, *answers]).split())
        self.told = (self.told or "" if goes_on else "") + "".join(_TAIL.sub("", said).split())
        expect(whole.startswith(self.told) or self.told.startswith(whole), f"told in part: {self.told} of {whole}")

    @property
    def cut(self) -> str:
        """What asks for more, where the screen offers it."""
        tail = _TAIL.search(self.screen)
        return fold(tail[1]) if tail else ""

    async def press(self, value: str) -> None:
        """A button of before: one would write its words."""
        choice = next((c for c in self.choices if c.value == value), None)
        await (self.choose(choice) if choice else self.write("۱"))

    async def choose(self, choice: Choice) -> None:
        label = self.counter.label(choice.label)
        options = [c for c in self.choices if not c.nav]
        if choice not in options or self.asks not in (Kind.CHOICE, Kind.NOTHING):
            await self.write(label)
            return
        number = options.index(choice) + 1
        language = self.counter.language
        shown = re.compile(rf"^{number_words(number, language)}(?:\.| )", re.MULTILINE)
        for _ in range(MOST_CUTS):
            if shown.search(_TAIL.sub("", self.screen)) or not self.cut:
                break
            await self.write(self.cut)
        await self.write(number_words(number, language))

    async def send_file(self, name: str) -> None:
        self.tell(f"+ {name}")
        await self._attach("https://provider/1", "audio/mpeg" if name.endswith(".ogg") else "image/jpeg")

    async def lose_file(self, problem: str) -> None:
        self.tell("+ (a file that is lost)")
        await self._attach(LOST, "image/jpeg")

    async def _attach(self, url: str, kind: str) -> None:
        await self._send(Text(self.next_id(), self.address.id, "", (Media(url, kind),)))

    async def join(self, ticket: str) -> None:
        await self.write(f"/join {ticket}")

    async def start(self) -> None:
        await self.write("شروع")

    def show(self, replies: tuple[Reply, ...], language: str) -> None:
        pass


class Telephone(Device):
    """Keys, a voice, and silence. Each call is a conversation of its own until the number is proven."""

    can_file = can_place = False
    step: Step | None = None
    caller: Caller
    last: tuple[Step, Heard] | None = None

    calls = 0
    turn = 0  # the last one of this telephone

    @property
    def hidden(self) -> bool:
        return not self.address.number

    @property
    def open(self) -> bool:
        return self.step is not None

    def pad(self) -> Keypad:
        assert self.step is not None
        textable = bool(self.address.number) and self.counter.can_text(self.address.number)
        return keypad(self.replies, self.step.place.page, self.counter.voice, textable=textable)

    async def start(self) -> None:
        self.calls += 1
        if self.hidden:
            self._forget()
            self.address = Address("voice", f"call-{self.next_id()}")
            self.counter.oracle.addresses[self.address] = f"caller {self.address.id}"
        self.caller = Caller(self.address, f"{self.address.id}-{self.calls}")
        self.tell(f"calls, call {self.calls}")
        self.last, self.replies = None, ()
        await self._after(await self.counter.calls_of.begin(self.caller))

    async def _after(self, step: Step) -> None:
        if (
            self.counter.last
            and self.counter.last.visit == self.caller.call
            and self.counter.last.event is not Event.HANGUP
        ):
            assert self.counter.outcome is not None
            said = await self.counter.gateway.said(self.address, f"{self.caller.call}.{step.place.turn}")
            self.replies = said or self.counter.outcome.replies
        script = step.script
        self.counter.told.append(
            f"    voice < {' '.join(c.text for c in script.clips)} ({script.then.value} {script.size or ''})"
        )
        for clip in script.clips:
            expect(bool(clip.text.strip()), "a clip without a word")
            expect(not _FIGURE.search(clip.text), f"a figure that nobody can speak: {clip.text}")
        expect(bool(script.clips) or script.then in (Then.VOICE, Then.END), "a caller hears nothing")
        self.step, self.turn = step, self.counter.turns
        if script.then is Then.END:
            self._over()

    def _over(self) -> None:
        self.step = None
        if self.hidden:
            self._forget()

    def _forget(self) -> None:
        """A hidden caller is somebody else in each call."""
        self.counter.oracle.forget(self.address)

    async def do(self, heard: Heard) -> None:
        """Presses, speaks, or is silent."""
        assert self.step is not None
        step = self.step
        if step.script.then is Then.PERSON:
            await self._ring(step)
            return
        self.tell(f"keys {heard.keys or '—'}" + (f", speaks {heard.recorded} s" if heard.recorded is not None else ""))
        self.last = (step, heard)
        await self._after(await self.counter.calls_of.hear(self.caller, step.place, heard, _record))

    async def _ring(self, step: Step) -> None:
        answered = self.counter.count % 4 == 0
        self.counter.count += 1
        self.tell(f"(a person {'answers' if answered else 'does not answer'})")
        self.last = None
        await self._after(await self.counter.calls_of.dialled(self.caller, step.place, answered=answered))

    async def again(self, which: int = -1) -> None:
        """The carrier asks for the same step once more, and gets it."""
        if self.open and self.last and self.step:
            self.tell("(once more)")
            before, heard = self.last
            at_once = self.counter.turns == self.turn
            step = await self.counter.calls_of.hear(self.caller, before.place, heard, _record)
            expect(step.place == self.step.place or not at_once, "a repeated step leads elsewhere")

    async def hang_up(self) -> None:
        if not self.open:
            return
        self.tell("hangs up")
        await self.counter.calls_of.gone(self.caller)
        self._over()

    async def write(self, text: str) -> None:
        """By keys where digits are wanted, by voice where words are."""
        if self.pad().listen.value == "voice":
            await self.do(Heard("#", recorded=5.0))
        else:
            await self.do(Heard(re.sub("[^0-9*#]", "", text) or "#"))

    async def choose(self, choice: Choice) -> None:
        await self.press(choice.value)

    async def press(self, value: str) -> None:
        for _ in range(MOST_CUTS):
            pad = self.pad()
            key = next((k.key for k in pad.keys if k.value == value), "")
            if key or pad.pages == 1:
                break
            await self.do(Heard("9"))
        await self.do(Heard(key + ("#" if key.startswith("*") else "") or "#"))

    async def ask_person(self) -> None:
        listen = self.pad().listen.value
        await self.do(Heard("*0#" if listen == "digits" else "0"))

    async def menu(self) -> None:
        """Star until there is nothing behind."""
        for _ in range(MOST_CUTS):
            say = self.replies[-1].say.key if self.replies else ""
            if say == "menu.ask" or not self.open:
                return
            if say in ("leave.ask", "identify.draft", "identify.mine"):
                await self.do(Heard("1" if say == "leave.ask" else "2"))
            elif self.pad().find("1") == "/menu":
                await self.do(Heard("1"))
            else:
                await self.do(Heard("*#" if self.pad().listen.value == "digits" else "*"))

    def show(self, replies: tuple[Reply, ...], language: str) -> None:
        pass


async def _record() -> bytes:
    return b"sound"


_ASKED = ("form.ask", "form.lines")
