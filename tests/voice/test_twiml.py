"""TwiML as Twilio's own library writes it, whatever stands in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import canonicalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import VoiceResponse

from bot.channels.voice.script import Then
from bot.channels.voice.twiml import twiml
from bot.core.voice_content import Person, VoiceContent, Waits

AWKWARD = 'https://a.example/?a=1&b=<2>&c="3"\'+%20۴'
VOICE = VoiceContent(person=Person("+982100001000"), waits=Waits(first_digit=5.5))
ASKED = {"action_on_empty_result": True, "timeout": 6}


def assert_same(written: str, expected: VoiceResponse) -> None:
    assert canonicalize(written) == canonicalize(str(expected))


@pytest.mark.parametrize(
    ("then", "size", "voice", "attributes"),
    [
        (Then.KEY, 0, VOICE, {"finish_on_key": "", "num_digits": 1}),
        (
            Then.KEY,
            0,
            replace(VOICE, speech=True),
            {
                "finish_on_key": "",
                "num_digits": 1,
                "input": "dtmf speech",
                "language": "fa-IR",
                "speech_timeout": "auto",
            },
        ),
        (Then.DIGITS, 0, VOICE, {"finish_on_key": "#"}),
        (Then.DIGITS, 10, VOICE, {"finish_on_key": "#", "num_digits": 10}),
    ],
)
def test_keys_and_digits_are_gathered(then: Then, size: int, voice: VoiceContent, attributes: dict[str, Any]) -> None:
    expected = VoiceResponse()
    gather = expected.gather(action=AWKWARD, **ASKED, **attributes)
    gather.play("one")
    gather.play(AWKWARD)
    assert_same(twiml(then, size, ["one", AWKWARD], AWKWARD, "fa", voice), expected)


@pytest.mark.parametrize("plays", [[], ["one", "two"]])
def test_a_recording_begins_after_the_words(plays: list[str]) -> None:
    expected = VoiceResponse()
    if plays:
        gather = expected.gather(action="next", finish_on_key="", num_digits=1, timeout=1)
        for url in plays:
            gather.play(url)
    expected.record(action="next", finish_on_key="1234567890*#", max_length=120, timeout=4, play_beep=True)
    expected.redirect("next")
    assert_same(twiml(Then.VOICE, 0, plays, "next", "fa", VOICE), expected)


def test_a_person_is_rung() -> None:
    expected = VoiceResponse()
    expected.play("one")
    expected.dial("+982100001000", action="next", timeout=25)
    assert_same(twiml(Then.PERSON, 0, ["one"], "next", "fa", VOICE), expected)


@pytest.mark.parametrize("plays", [[], ["one"]])
def test_a_call_ends(plays: list[str]) -> None:
    expected = VoiceResponse()
    for url in plays:
        expected.play(url)
    expected.hangup()
    assert_same(twiml(Then.END, 0, plays, "next", "fa", VOICE), expected)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")))
def test_no_character_breaks_out_of_its_place(text: str) -> None:
    expected = VoiceResponse()
    expected.gather(action=text, finish_on_key="#", **ASKED).play(text)
    assert_same(twiml(Then.DIGITS, 0, [text], text, "fa", VOICE), expected)


def test_lines_stay_lines_in_an_attribute() -> None:
    expected = VoiceResponse()
    expected.gather(action="a\r\n\tb", finish_on_key="#", **ASKED)
    assert_same(twiml(Then.DIGITS, 0, [], "a\r\n\tb", "fa", VOICE), expected)
