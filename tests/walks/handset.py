"""A telephone that sends and gets text messages."""

from __future__ import annotations

import json
import re

from bot.channels.persian import number_words
from bot.channels.segments import segments
from bot.channels.sms.driver import Media, Text
from bot.channels.sms.rendering import SMS
from bot.core.messages import Choice, Kind, Reply
from bot.core.ports import Consent
from bot.core.text import fold
from tests.conversation import content
from tests.walks.counter import LOST
from tests.walks.devices import Device
from tests.walks.oracle import expect

MOST_SEGMENTS, OF_A_QUESTION, OF_A_STATUS = 4, 2, 1
MOST_CUTS = 40
_LABELS = [text for key, texts in content()[0].phrases.items() if key.startswith("sms.more") for text in texts.values()]
_TAIL = re.compile(rf"\n([01۰۱])\. (?:{'|'.join(map(re.escape, _LABELS))})$")
_ASKED = ("form.ask", "form.lines")


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
        draft = self.counter.oracle.before.drafts.get(seen.frame) if seen and seen.step != "review" else None
        if draft and draft.frame.answers and one:  # the first one brings the form's introduction along
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
