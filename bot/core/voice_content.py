"""What the organisation writes for the telephone, as values. `bot.content.voice` reads them from `ivr/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from bot.core.catalogue import Text
from bot.core.values import value

ENGINES = ("espeak-ng", "command", "none")
"""What makes sound of words: the embedded one; a program of the organisation's; nothing, recordings alone."""


@value
class MenuEntry:
    """One key of the telephone's main menu, in the order that it is said."""

    key: str  # "1" to "9"
    command: str  # "/track", "/form/street_light_report"…
    label: Text


@value
class Waits:
    """Seconds that a caller is given."""

    first_digit: float = 6.0  # until the first key, from the end of the question
    between_digits: float = 3.0
    tries: int = 3  # silent or wrong ones; then a person, or goodbye


@value
class Recording:
    """A recorded answer, in seconds."""

    longest: int = 120
    shortest: float = 1.0
    silence: int = 4  # so long a silence ends it


@value
class Person:
    """Whom a caller is put through to on «0»."""

    number: str = ""  # E.164, or a number of the own exchange; empty: nobody
    when: str = "office_hours"  # or "always", "never"
    ring: int = 25  # seconds that it rings


@value
class Engine:
    """The voice that speaks what nobody has recorded."""

    name: str = "espeak-ng"  # one of ENGINES
    voices: Mapping[str, str] = field(default_factory=lambda: {"fa": "fa", "en": "en-us"})  # language → voice
    rate: int = 155  # words a minute
    pitch: int = 45  # 0 to 99
    volume: int = 80  # percent of full scale that the loudest moment reaches
    command: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # language → program and its arguments
    timeout: float = 10.0  # seconds for one sentence


@value
class Exchange:
    """The Asterisk that brings calls by FastAGI."""

    peers: tuple[str, ...] = ()  # IP addresses and networks that may connect, beside this machine
    folder: str = ""  # where both programs read and write sound; empty: one in DATA_DIR
    folder_there: str = ""  # the same folder as Asterisk names it, where that differs
    context: str = "pishkhan-person"  # of the dialplan: puts a caller through to a person
    calls: int = 50  # at once; more are refused


@value
class Recorded:
    """What `ivr/prompts/recordings.yaml` remembers of a recording, so that one whose text was edited is noticed."""

    text: str  # what is said in it
    sha256: str  # of the file


@value
class VoiceContent:
    menu: tuple[MenuEntry, ...] = ()
    engine: Engine = field(default_factory=Engine)
    waits: Waits = field(default_factory=Waits)
    recording: Recording = field(default_factory=Recording)
    person: Person = field(default_factory=Person)
    exchange: Exchange = field(default_factory=Exchange)
    speech: bool = False  # choices may be spoken, where the provider understands speech (Twilio: fa-IR)
    opening: Text = field(default_factory=dict)  # said first in every call; empty: nothing
    closing: Text = field(default_factory=dict)  # said last
    phrases: Mapping[str, Text] = field(default_factory=dict)  # phrase key → what a caller hears in its place
    texts: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (language, written text) → spoken text
    words: Mapping[str, str] = field(default_factory=dict)  # Latin word, small → how a Persian voice says it
    recordings: Mapping[tuple[str, str], Recorded] = field(default_factory=dict)  # (language, key) → what was recorded
    forms: tuple[str, ...] = ()  # ids of the forms that the telephone offers; empty: all
