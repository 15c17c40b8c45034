"""The telephone by Twilio: signed steps of a call in, TwiML out. What is played is known by its words here; how words
become sound is not the contract's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from bot.channels.twilio import SIGNATURE_HEADER, Signature
from bot.channels.voice.speech import Clip, Speaker
from bot.channels.voice.twilio import PATH, TwilioVoice
from bot.core.messages import Address, Attachment, Choice, Event, Expect, Inbound, Kind, Phrase, Reply
from bot.core.voice_content import MenuEntry, VoiceContent
from tests.contract.bench import Parts, phrases
from tests.contract.case import PUBLIC_URL, SAID, Call, Case, Given, Hearing, Saying, Sent, Unheard
from tests.contract.channels.sms import ACCOUNT, FORGED_SIGNATURES, TOKEN

CALL = "CA" + "0123456789abcdef" * 2
RECORDING = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE{'0123456789abcdef' * 2}"
NUMBER = "+989121234567"
VOICE = VoiceContent(menu=(MenuEntry("1", "/track", {"fa": "پیگیری", "en": "Follow up"}),))
SOUND = b"RIFF a recording"
STORED = Attachment("f1", "voice-message.wav", "application/octet-stream", len(SOUND))
MENU = {"fa": "پیگیری کلید یک", "en": "Follow up key one"}
_WORD = r"[\w\u064b-\u0652\u200c]+"
_SIGNATURE = Signature(TOKEN)


class Words:
    """In place of `Prompts`: the file's name is what is said in it."""

    async def url_path(self, clips: Sequence[Clip]) -> tuple[str, ...]:
        return (_file(" ".join(clip.text for clip in clips)),)


def _file(words: str) -> str:
    """Words alone: how they are cut into clips, and where the voice rests, is the speaker's."""
    return f"/said/{quote('-'.join(re.findall(_WORD, words)))}"


def _step(place: Mapping[str, Any] | None = None, *, at: str = PATH, number: str = NUMBER, **fields: str) -> Call:
    path = f"{at}?{urlencode(place)}" if place else at
    form = {"CallSid": CALL, "AccountSid": ACCOUNT, "From": number, "To": "+982100000000", "Direction": "inbound"}
    form |= {"Caller": number, "CallStatus": "in-progress", "ApiVersion": "2010-04-01", **fields}
    return _signed(form, path)


def _signed(form: Mapping[str, str], path: str = PATH) -> Call:
    return Call(path, form=form, headers={SIGNATURE_HEADER: _SIGNATURE.sign(PUBLIC_URL + path, form)})


def _status(status: str) -> Call:
    return _step(at=f"{PATH}/status", CallStatus=status)


def _heard(turn: int | str, event: Event, *, by: str = NUMBER, **more: Any) -> tuple[Inbound, ...]:
    return (Inbound(f"{CALL}.{turn}", Address("voice", by), event, proven=False, visit=CALL, **more),)


FIRST = {"turn": 0, "language": "fa"}


def _gather(words: str, language: str, **attributes: str) -> str:
    """The question of the first step, as Twilio hears it."""
    action = f"{PUBLIC_URL}{PATH}?turn=0&amp;language={language}"
    said = {"action": action, "actionOnEmptyResult": "true", **attributes, "timeout": "6"}
    shown = " ".join(f'{name}="{said[name]}"' for name in sorted(said))
    play = f"<Play>{PUBLIC_URL}{_file(words)}</Play>"
    return f'<?xml version="1.0" encoding="UTF-8"?><Response><Gather {shown}>{play}</Gather></Response>'


def _spoken(name: str, replies: tuple[Reply, ...], words: str, language: str = "fa", **attributes: str) -> Saying:
    keys = phrases()["voice.keys"][language]
    return Saying(name, replies, body=_gather(f"{words} {keys}", language, **attributes), language=language)


def _key(name: str, replies: tuple[Reply, ...], words: str, language: str = "fa") -> Saying:
    return _spoken(name, replies, words, language, finishOnKey="", numDigits="1")


def _build(parts: Parts) -> TwilioVoice:
    return TwilioVoice(
        parts.gateway,
        parts.files,
        Speaker(phrases, lambda: VOICE),
        Words(),  # type: ignore[arg-type]
        lambda: VOICE,
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        api_url=parts.provider_url,
        public_url=parts.public_url,
        is_open=lambda: True,
    )


HELLO = Reply(Phrase("contract.said", {"words": SAID}))
YES_NO = Reply(
    Phrase("contract.two"),
    (
        Choice("a~yes", Phrase("contract.yes")),
        Choice("a~no", Phrase("contract.no")),
        Choice("/back", Phrase("contract.back"), nav=True),
    ),
    Expect(Kind.CHOICE),
)

VOICE_TWILIO = Case(
    "voice-twilio",
    _build,
    (
        Hearing("a call", _step(), _heard(0, Event.START)),
        Hearing("a hidden caller", _step(number="+266696687"), _heard(0, Event.START, by=f"call-{CALL}")),
        Hearing("a key", _step(FIRST, Digits="1"), _heard(1, Event.CHOICE, value="/track")),
        Hearing("back", _step(FIRST, Digits="*"), _heard(1, Event.CHOICE, value="/back")),
        Hearing("a person", _step(FIRST, Digits="0"), _heard(1, Event.CHOICE, value="/human")),
        Hearing(
            "a recording",
            _step(FIRST, RecordingUrl=f"https://api.twilio.com{RECORDING}", RecordingDuration="7", Digits="#"),
            _heard(
                1, Event.FILE, files=(Attachment("f1", "voice-message.wav", "application/octet-stream", len(SOUND)),)
            ),
            (Sent(f"{RECORDING}.wav", method="GET", gives=Given(SOUND, media_type="audio/wav")),),
        ),
        Hearing("hung up", _status("completed"), _heard("end", Event.HANGUP)),
    ),
    (
        _key("words", (HELLO,), f"شنیدم {SAID} {MENU['fa']}"),
        _key("choices", (YES_NO,), "second Yes key one No key two", "en"),
        _spoken(
            "digits",
            (Reply(Phrase("contract.number"), expect=Expect(Kind.DIGITS, 10)),),
            "Number Enter ten digits",
            "en",
            finishOnKey="#",
            numDigits="10",
        ),
        _key("two things", (HELLO, Reply(Phrase("contract.two"))), f"Heard {SAID} second {MENU['en']}", "en"),
    ),
    (
        Unheard("silence", _step(FIRST)),
        Unheard("a wrong key", _step(FIRST, Digits="7")),
        Unheard("the question again", _step(FIRST, Digits="#")),
        Unheard(
            "a recording of another account", _step(FIRST, RecordingUrl="https://evil.example/x", RecordingDuration="7")
        ),
        Unheard("too short a recording", _step(FIRST, RecordingUrl=f"https://x{RECORDING}", RecordingDuration="0")),
        Unheard("ringing", _status("ringing")),
        Unheard("a status from the future", _status("teleported")),
        Unheard("no call", _step(CallSid="x"), (400,)),
        Unheard("an address that we have not given out", _step({"turn": "one", "language": "fa"}), (400,)),
    ),
    forgings=FORGED_SIGNATURES,
    guarded=(_step(FIRST, Digits="1"), _status("completed")),
    authentic=_signed,
    secrets=(TOKEN,),
    sends=False,
)
