"""One call, step by step, whoever carries it: what was heard goes to the desk, what the desk says becomes a script.

Nothing need be kept between two steps but the `Place`, which the carrier brings back: Twilio in the URLs that it calls,
a FastAGI connection by itself. The desk's own replay makes a repeated step harmless. What was said last in a call is
remembered for the next step of it; should that come to another process, the desk is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from bot.channels.voice import keypad
from bot.channels.voice.keypad import Heard, Simple, Tell, Turn, Wrong, understand
from bot.channels.voice.script import Manner, Script, Then, script
from bot.channels.voice.speech import Clip, Speaker
from bot.core.catalogue import Text, pick
from bot.core.messages import Address, Attachment, Event, Inbound, Phrase, Reply
from bot.core.ports import FileRefused, Files
from bot.core.values import replace, value
from bot.core.voice_content import VoiceContent
from bot.gateway import Gateway, Outcome

log = logging.getLogger(__name__)

RECORDING_NAME = "voice-message.wav"
REMEMBERED = 1000  # calls


@value
class Caller:
    address: Address
    call: str  # the provider's id of this call


@value
class Place:
    """How far a call has come."""

    turn: int = 0  # of the desk's answer that was spoken last
    page: int = 0  # of its choices
    strikes: int = 0  # silences and wrong keys since
    language: str = ""
    rung: bool = False  # a person was rung already, and was not there


@value
class Step:
    place: Place
    script: Script


Fetch = Callable[[], Awaitable[bytes | None]]
"""The recording that was just made; None when it cannot be had."""


class Calls:
    def __init__(
        self,
        gateway: Gateway,
        files: Files,
        speaker: Speaker,
        voice: Callable[[], VoiceContent],
        is_open: Callable[[], bool],
        can_text: Callable[[str], bool],
        is_holiday: Callable[[], bool],
    ) -> None:
        """`can_text`: whether a text message can go to this number. `is_holiday`: whether that is why it is closed."""
        self._gateway = gateway
        self._files = files
        self._speaker = speaker
        self._voice = voice
        self._is_open = is_open
        self._can_text = can_text
        self._is_holiday = is_holiday
        self._last: dict[Caller, tuple[int, tuple[Reply, ...]]] = {}  # turn and its replies; the latest call at the end

    # --- steps --------------------------------------------------------------------------------

    async def begin(self, caller: Caller) -> Step:
        """The call was answered."""
        outcome = await self._receive(caller, 0, Event.START)
        language = outcome.language
        closed = Phrase("hours.holiday" if self._is_holiday() else "hours.closed_now")
        then = () if self._is_open() else (closed, Phrase("hours.always"))
        step = self._spoken(caller, 0, outcome, Manner(first=True, then=then))
        return replace(step, script=step.script.after(*self._own(self._voice().opening, language)))

    async def hear(self, caller: Caller, place: Place, heard: Heard, fetch: Fetch | None = None) -> Step:
        """What the caller did after the script that led to `place`."""
        replies = await self._said(caller, place.turn)
        meaning = understand(heard, replies, place.page, place.language, self._voice(), textable=self._textable(caller))
        match meaning:
            case Tell(event, value, text):
                if not replies and not value.startswith("/"):
                    event, value, text = Event.CHOICE, keypad.AGAIN, ""  # what was spoken is no longer known
                return await self._tell(caller, place, event, value=value, text=text)
            case Turn(page):
                return self._asked(caller, replace(place, page=page, strikes=0), replies, Manner(page))
            case Wrong(why):
                return await self._strike(caller, place, replies, why, gone=heard.gone)
            case Simple.PERSON:
                return await self._person(caller, place)
            case Simple.RECORD:
                return Step(place, Script((), Then.VOICE))
            case Simple.KEEP:
                return await self._keep(caller, place, replies, fetch, gone=heard.gone)
            case Simple.AGAIN:
                again = replies if place.turn else replies[-1:]  # the greeting is heard once
                return self._asked(caller, replace(place, strikes=0), again, Manner())

    async def dialled(self, caller: Caller, place: Place, *, answered: bool) -> Step:
        """A person was rung: they have spoken with each other, or nobody came and a message can be left."""
        if answered:
            return await self._end(caller, place)
        step = await self._tell(caller, replace(place, rung=True), Event.CHOICE, value=keypad.PERSON)
        away = self._speaker.say(Phrase("voice.person_away"), step.place.language)
        return replace(step, script=step.script.after(*away))

    async def gone(self, caller: Caller) -> None:
        """The call is over. Any number of times."""
        self._last.pop(caller, None)
        await self._receive(caller, "end", Event.HANGUP)

    # --- what follows -------------------------------------------------------------------------

    async def _tell(self, caller: Caller, place: Place, event: Event, **content: object) -> Step:
        turn = place.turn + 1
        outcome = await self._receive(caller, turn, event, **content)
        return self._spoken(caller, turn, outcome, Manner(), rung=place.rung)

    async def _said(self, caller: Caller, turn: int) -> tuple[Reply, ...]:
        """What was answered in this turn of the call; nothing when that is no longer known."""
        last, replies = self._last.get(caller, (None, ()))
        return replies if last == turn else await self._gateway.said(caller.address, _id(caller, turn))

    async def _keep(
        self, caller: Caller, place: Place, replies: tuple[Reply, ...], fetch: Fetch | None, *, gone: bool
    ) -> Step:
        """The recording becomes the answer. One that is there already is not fetched again."""
        if await self._said(caller, place.turn + 1):
            return await self._tell(caller, place, Event.FILE)
        data = await fetch() if fetch else None
        if data is None:
            return await self._strike(caller, place, replies, "voice.recording_lost", gone=gone)
        contact = await self._gateway.contacts.resolve(caller.address)
        files: tuple[Attachment, ...] = ()
        problem = ""
        try:
            files = (await self._files.put(data, RECORDING_NAME, contact),)
        except FileRefused as refused:
            problem = refused.reason
        return await self._tell(caller, place, Event.FILE, files=files, problem=problem)

    async def _strike(
        self, caller: Caller, place: Place, replies: tuple[Reply, ...], why: str, *, gone: bool = False
    ) -> Step:
        """No answer: the question in fewer words; after too many a person, or goodbye."""
        strikes = place.strikes + 1
        if gone:
            return await self._end(caller, place)
        if strikes < self._voice().waits.tries:
            return self._asked(caller, replace(place, strikes=strikes), replies, Manner(place.page, why))
        if self._reachable() and not place.rung:
            return self._ring(place)
        return await self._end(caller, place, goodbye=True)

    async def _person(self, caller: Caller, place: Place) -> Step:
        """Put through in office hours; else the desk takes a message."""
        if self._reachable() and not place.rung:
            return self._ring(place)
        return await self._tell(caller, place, Event.CHOICE, value=keypad.PERSON)

    def _reachable(self) -> bool:
        person = self._voice().person
        return bool(person.number) and (person.when == "always" or (person.when == "office_hours" and self._is_open()))

    def _ring(self, place: Place) -> Step:
        clips = self._speaker.say(Phrase("voice.connecting"), place.language)
        return Step(replace(place, strikes=0), Script(clips, Then.PERSON))

    async def _end(self, caller: Caller, place: Place, *, goodbye: bool = False) -> Step:
        """The draft stays, and the desk texts how to go on with it."""
        clips: tuple[Clip, ...] = ()
        if goodbye:
            if self._textable(caller) and await self._gateway.drafting(caller.address):
                clips += self._speaker.say(Phrase("voice.kept"), place.language)
            own = self._own(self._voice().closing, place.language)
            clips += own or self._speaker.say(Phrase("voice.goodbye"), place.language)
        await self.gone(caller)
        return Step(place, Script(clips, Then.END))

    # --- words --------------------------------------------------------------------------------

    def _spoken(self, caller: Caller, turn: int, outcome: Outcome, manner: Manner, *, rung: bool = False) -> Step:
        self._last.pop(caller, None)
        if outcome.replies:
            self._last[caller] = turn, outcome.replies
        if len(self._last) > REMEMBERED:
            del self._last[next(iter(self._last))]
        place = Place(turn, language=outcome.language, rung=rung)
        return self._asked(caller, place, outcome.replies, manner)

    def _asked(self, caller: Caller, place: Place, replies: tuple[Reply, ...], manner: Manner) -> Step:
        textable = self._textable(caller)
        return Step(place, script(self._speaker, replies, place.language, self._voice(), manner, textable=textable))

    def _textable(self, caller: Caller) -> bool:
        return bool(caller.address.number) and self._can_text(caller.address.number)

    def _own(self, text: Text, language: str) -> tuple[Clip, ...]:
        return self._speaker.say(pick(text, language), language) if text else ()

    async def _receive(self, caller: Caller, turn: int | str, event: Event, **content: object) -> Outcome:
        id = _id(caller, turn)
        heard = Inbound(id, caller.address, event, proven=False, visit=caller.call, **content)  # type: ignore[arg-type]
        return await self._gateway.receive(heard)


def _id(caller: Caller, turn: int | str) -> str:
    return f"{caller.call}.{turn}"
