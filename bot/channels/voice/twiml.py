"""A script as TwiML. Twilio has no Persian voice, so words are always files to play, never `<Say>`.

Sources: twilio.com/docs/voice/twiml/gather, …/record, …/dial. A `<Gather>` with `finishOnKey=""` hands over `#` too;
without `actionOnEmptyResult` a silent one falls through to the next verb, and so does an empty `<Record>`. The library
takes eight times as long for the same text, and a seventh of a second to be loaded; it is what the tests compare with.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.channels.voice.script import Then
from bot.core.voice_content import VoiceContent

ANY_KEY = "1234567890*#"
BEFORE_BEEP = 1  # seconds for a key instead of a recording
SPEECH = {"fa": "fa-IR", "en": "en-US"}  # languages that Twilio understands
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
)


def twiml(then: Then, size: int, plays: Sequence[str], action: str, language: str, voice: VoiceContent) -> str:
    """`plays` are the URLs of what is said, `action` is where the caller's turn is told."""
    said = "".join(_verb("Play", url.translate(_ESCAPES)) for url in plays)
    match then:
        case Then.KEY:
            spoken = {}
            if voice.speech and language in SPEECH:
                spoken = {"input": "dtmf speech", "language": SPEECH[language], "speechTimeout": "auto"}
            verbs = _gather(said, action, voice, finishOnKey="", numDigits=1, **spoken)
        case Then.DIGITS:
            sized = {"numDigits": size} if size else {}
            verbs = _gather(said, action, voice, finishOnKey="#", **sized)
        case Then.VOICE:
            limits = {"maxLength": voice.recording.longest, "timeout": voice.recording.silence}
            verbs = (
                (said and _verb("Gather", said, action=action, finishOnKey="", numDigits=1, timeout=BEFORE_BEEP))
                + _verb("Record", "", action=action, finishOnKey=ANY_KEY, **limits, playBeep="true")
                + _verb("Redirect", action.translate(_ESCAPES))
            )
        case Then.PERSON:
            number = voice.person.number.translate(_ESCAPES)
            verbs = said + _verb("Dial", number, action=action, timeout=voice.person.ring)
        case Then.END:
            verbs = said + _verb("Hangup")
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>'


def _gather(said: str, action: str, voice: VoiceContent, **attributes: object) -> str:
    timeout = math.ceil(voice.waits.first_digit)
    return _verb("Gather", said, action=action, actionOnEmptyResult="true", **attributes, timeout=timeout)


def _verb(verb: str, inside: str = "", **attributes: object) -> str:
    """`inside` is XML, values of attributes are any text."""
    written = "".join(f' {name}="{str(value).translate(_ESCAPES)}"' for name, value in attributes.items())
    return f"<{verb}{written}>{inside}</{verb}>"
