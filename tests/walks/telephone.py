"""A telephone that calls."""

from __future__ import annotations

import re

from bot.channels.voice.call import Caller, Step
from bot.channels.voice.keypad import Heard, Keypad, keypad
from bot.channels.voice.script import Then
from bot.core.messages import Address, Choice, Event, Reply
from tests.walks.devices import Device
from tests.walks.oracle import expect

MOST_PAGES, MOST_STARS = 10, 40
_FIGURE = re.compile(r"[0-9۰-۹]")


class Telephone(Device):
    """Keys, a voice, and silence. Each call is a conversation of its own until the number is proven."""

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
        for _ in range(MOST_PAGES):
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
        for _ in range(MOST_STARS):
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
