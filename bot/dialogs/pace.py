"""How fast a contact may write, and when a conversation that goes in circles is left: kept in the session, so that it
costs nothing to ask.

A token bucket holds `burst` turns and gets one back every `fills_in` seconds. Beyond it the citizen is told once, and
then nothing is answered, or written, until a quarter of the bucket is free again.

Two robots that answer each other have no end. What brings nothing new is counted: the same words that get the same
answer wholly, other words that get an answer of the last turns by half, the rest a little. At `rounds` it is said once
that a person can be asked, and then nothing is answered for a time that grows with each further circle. What no robot
sends by itself (a button, a file, a place, a number or code, a word such as «منو») is always answered and ends the
count; so does one more answer in a form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2s
from math import ceil
from typing import Any

from bot.core.messages import Choice, Event, Inbound, Phrase, Reply
from bot.core.sessions import Pace, Session, Turn
from bot.core.values import replace, value
from bot.dialogs.matching import Words, plain
from bot.dialogs.stage import HUMAN, MENU

REPEAT = Choice("/repeat", Phrase("nav.repeat"), nav=True)
ROOM = 0.25  # of the bucket that has to be free before somebody who was too fast is answered again
SAME_ANSWER = 0.5  # of a round: other words, but the answer of one of the last turns
NEW_ANSWER = 0.1
CLOCK_STEP = 60.0  # seconds that a clock goes back only when it is set: what was counted by it is void

_BY_HAND = (Event.CHOICE, Event.FILE, Event.START)
_NOT_PACED = (Event.NOTICE, Event.HANGUP)
_ROUNDING = 1e-3
_MANY = 20  # silences after which the next one is as long as any
_LONGEST_WORD = 60  # characters
_IN_NUMBERS = str.maketrans("", "", " -+/.#*")


@value
class Rhythm:
    """Spans of time in seconds. `forgets_in`: one round. The first silence is `silence` long, each further one `grows`
    times as long, up to `longest`."""

    burst: int
    fills_in: float
    rounds: float
    forgets_in: float
    silence: float
    grows: float
    longest: float


USUAL = Rhythm(burst=30, fills_in=2.0, rounds=6, forgets_in=300, silence=60, grows=2, longest=3600)
"""Nobody reads an answer in two seconds for long; thirty turns hold the longest form, corrected, by button."""
COSTLY = Rhythm(burst=20, fills_in=6.0, rounds=3, forgets_in=1800, silence=600, grows=4, longest=86_400)
"""Where each answer is paid for, nobody types faster, and an automatic reply often waits for minutes."""


@value
class Pacing:
    usual: Rhythm = USUAL
    costly: Rhythm = COSTLY

    def admit(
        self, session: Session, heard: Inbound, now: datetime, words: Words
    ) -> tuple[Session, tuple[Reply, ...] | None]:
        """The session with this turn counted, and None; or what is said instead of an answer. Nothing to say: the
        session is the given one, and nothing has to be kept of this inbound."""
        if _is_free(heard):
            return session, None
        rhythm, moment = self._rhythm(heard), now.timestamp()
        pace, by_hand = _aged(session.pace, moment, rhythm), _is_by_hand(heard, words)
        if by_hand:
            pace = replace(pace, rounds=0.0, silence=0.0, silences=0)
        elif pace.silence:
            return session, ()
        if pace.rounds >= rhythm.rounds:
            silence = min(rhythm.silence * rhythm.grows ** min(pace.silences, _MANY), rhythm.longest)
            left = replace(pace, rounds=rhythm.rounds - 1, silence=silence, silences=pace.silences + 1)
            said = Phrase("engine.going_round", {"minutes": ceil(silence / 60)})
            return replace(session, pace=left), (Reply(said, (HUMAN, MENU)),)
        enough = rhythm.burst * (1 - ROOM)
        if pace.used + 1 > (enough if pace.told else rhythm.burst) + _ROUNDING:
            if pace.told:
                return session, ()
            said = Phrase("engine.too_fast", {"seconds": ceil((pace.used + 1 - enough) * rhythm.fills_in)})
            return replace(session, pace=replace(pace, told=True)), (Reply(said, (REPEAT,)),)
        return replace(session, pace=replace(pace, used=pace.used + 1, told=False)), None

    def watch(
        self,
        pace: Pace,
        turns: Sequence[Turn],
        heard: Inbound,
        said: Sequence[Mapping[str, Any]],
        words: Words,
        *,
        went_on: bool,
    ) -> Pace:
        """The pace after a turn that was admitted with this one. `turns`: those before it; `said`: its replies as JSON;
        `went_on`: a form has one more answer."""
        if _is_free(heard) or heard.event is not Event.MESSAGE or _is_by_hand(heard, words):
            return pace
        mark = blake2s(heard.text.encode(), digest_size=4).hexdigest()
        if went_on:
            return replace(pace, rounds=0.0, silences=0, words=mark)
        weight, answer = NEW_ANSWER, _says(said)
        if any(_says(turn.replies) == answer for turn in turns):
            weight = 1.0 if mark == pace.words else SAME_ANSWER
        return replace(pace, rounds=round(pace.rounds + weight, 3), words=mark)

    def _rhythm(self, heard: Inbound) -> Rhythm:
        return self.costly if heard.costly else self.usual


def _aged(pace: Pace, now: float, rhythm: Rhythm) -> Pace:
    """What is left of it at this moment, seconds since the epoch."""
    passed = now - pace.at
    if passed < -CLOCK_STEP:
        return Pace(at=now)
    passed = max(0.0, passed)
    return Pace(
        max(now, pace.at),
        round(max(0.0, pace.used - passed / rhythm.fills_in), 3),
        pace.told,
        round(max(0.0, pace.rounds - passed / rhythm.forgets_in), 3),
        max(0.0, pace.silence - passed),
        pace.silences,
        pace.words,
    )


def _is_free(heard: Inbound) -> bool:
    """The desk's own news, and what happens in a call: nobody presses keys faster than a line carries them."""
    return bool(heard.visit) or heard.event in _NOT_PACED


def _is_by_hand(heard: Inbound, words: Words) -> bool:
    if heard.event in _BY_HAND or heard.location or heard.phone:
        return True
    typed = heard.text[: _LONGEST_WORD + 1]
    if not typed or len(typed) > _LONGEST_WORD:
        return False
    return typed.translate(_IN_NUMBERS).isdigit() or plain(typed) in words  # digits of any script


def _says(replies: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What is said, without the buttons: those carry the mark of their own question."""
    return [reply["s"] for reply in replies]
