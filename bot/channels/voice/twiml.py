"""A script as TwiML. Twilio has no Persian voice, so words are always files to play, never `<Say>`.

Sources: twilio.com/docs/voice/twiml/gather, …/record, …/dial. A `<Gather>` with `finishOnKey=""` hands over `#` too;
without `actionOnEmptyResult` a silent one falls through to the next verb, and so does an empty `<Record>`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from twilio.twiml.voice_response import Gather, VoiceResponse

from bot.channels.voice.script import Then
from bot.core.voice_content import VoiceContent

ANY_KEY = "1234567890*#"
BEFORE_BEEP = 1  # seconds for a key instead of a recording
SPEECH = {"fa": "fa-IR", "en": "en-US"}  # languages that Twilio understands


def twiml(then: Then, size: int, plays: Sequence[str], action: str, language: str, voice: VoiceContent) -> str:
    """`plays` are the URLs of what is said, `action` is where the caller's turn is told."""
    response = VoiceResponse()
    match then:
        case Then.KEY:
            spoken: dict[str, Any] = {}
            if voice.speech and language in SPEECH:
                spoken = {"input": "dtmf speech", "language": SPEECH[language], "speech_timeout": "auto"}
            _gather(response, plays, action, voice, finish_on_key="", num_digits=1, **spoken)
        case Then.DIGITS:
            sized = {"num_digits": size} if size else {}
            _gather(response, plays, action, voice, finish_on_key="#", **sized)
        case Then.VOICE:
            if plays:
                _play(response.gather(action=action, finish_on_key="", num_digits=1, timeout=BEFORE_BEEP), plays)
            response.record(
                action=action,
                finish_on_key=ANY_KEY,
                max_length=voice.recording.longest,
                timeout=voice.recording.silence,
                play_beep=True,
            )
            response.redirect(action)
        case Then.PERSON:
            _play(response, plays)
            response.dial(voice.person.number, action=action, timeout=voice.person.ring)
        case Then.END:
            _play(response, plays)
            response.hangup()
    return str(response)


def _gather(response: VoiceResponse, plays: Sequence[str], action: str, voice: VoiceContent, **attributes: Any) -> None:
    timeout = math.ceil(voice.waits.first_digit)
    _play(response.gather(action=action, action_on_empty_result=True, timeout=timeout, **attributes), plays)


def _play(verb: VoiceResponse | Gather, plays: Sequence[str]) -> None:
    for url in plays:
        verb.play(url)
