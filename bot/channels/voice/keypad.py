"""What the keys of a telephone mean while a question is open, and what a caller's answer becomes.

    1 to 9   the choices as they were spoken; of more than nine, eight at a time, and 9 for the others
    0        a person
    *        back; from a form's first question out of it
    #        the question again; it also ends digits and recordings

Where digits are the answer (numbers, telephones, codes, dates), `#` or their count ends them, and the same keys are
told from the answer like this: `*` alone is back, `*0` a person, `*1`, `*2`… the choices (skip, the same as last
time), `#` alone asks again. `0` alone is a person too, unless a number is asked. A date is eight digits, year month
day, or 1 for today and 2 for tomorrow.

Where words are the answer, a recording begins with a beep after the question: `#` begins it at once and ends it, any
other key ends it and means what it says above. Files and e-mail addresses cannot be given by telephone: a link by text
message is offered.

Pure. A key is understood by the replies that were spoken, whatever was said to the caller elsewhere meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from bot.core.messages import Choice, Event, Kind, Phrase, Reply
from bot.core.values import value
from bot.core.voice_content import MenuEntry, VoiceContent

KEYS = "123456789"
MORE = "9"  # the key of the next choices
PAGE = 8  # choices beside it

PERSON = "/human"
AGAIN = "/repeat"
CONTINUE = Choice("/continue", Phrase("nav.continue"))
MENU = Choice("/menu", Phrase("nav.menu"))

ELSEWHERE = (Kind.FILE, Kind.EMAIL)
"""What no telephone can answer."""
_MAIN_MENU = "menu.ask"  # the phrase that asks what one has come for
_FORM = "/form/"
_DAYS = {"1": {"fa": "امروز", "en": "today"}, "2": {"fa": "فردا", "en": "tomorrow"}}
_DATE_DIGITS = 8
_UNUSABLE = re.compile(r"[^0-9*#]")


class Listen(StrEnum):
    """What a caller's turn consists of."""

    KEY = "key"
    DIGITS = "digits"
    VOICE = "voice"


_LISTEN = {
    **dict.fromkeys((Kind.DIGITS, Kind.PHONE, Kind.NUMBER, Kind.DATE), Listen.DIGITS),
    **dict.fromkeys((Kind.TEXT, Kind.LONG_TEXT, Kind.LOCATION), Listen.VOICE),
}


@value
class Key:
    """One choice under the key that it was spoken with. Labels of the menu are the organisation's own."""

    key: str
    choice: Choice | MenuEntry

    @property
    def value(self) -> str:
        return self.choice.command if isinstance(self.choice, MenuEntry) else self.choice.value


@value
class Keypad:
    """The keys of one question, on one of its pages."""

    listen: Listen
    keys: tuple[Key, ...]
    pages: int = 1
    page: int = 0
    size: int = 0  # digits that end the input by themselves; 0: only `#` does

    @property
    def next_page(self) -> int:
        return (self.page + 1) % self.pages

    def find(self, key: str) -> str | None:
        return next((k.value for k in self.keys if k.key == key), None)


def keypad(replies: Sequence[Reply], page: int, voice: VoiceContent, *, textable: bool) -> Keypad:
    """The keys that hold after these replies. `textable`: the caller can be sent a text message."""
    last = replies[-1] if replies else None
    if last is None or _asks_nothing(last):
        return _menu((), voice) or Keypad(Listen.KEY, (Key("1", MENU),))
    if last.say.key == _MAIN_MENU and (menu := _menu(last.choices, voice)):
        return menu
    kind = last.expect.kind
    choices = [c for c in last.choices if not c.nav and _offered(c, voice)] or [c for c in last.choices if not c.nav]
    if kind in ELSEWHERE and textable:
        choices.append(CONTINUE)
    match listen := _LISTEN.get(kind, Listen.KEY):
        case Listen.DIGITS:
            size = _DATE_DIGITS if kind is Kind.DATE else last.expect.size
            return Keypad(listen, tuple(Key(f"*{n}", c) for n, c in enumerate(choices, 1)), size=size)
        case _:
            return _paged(listen, choices, page)


def _asks_nothing(reply: Reply) -> bool:
    """Nothing is offered and nothing is waited for: then the main menu is."""
    return not any(not c.nav for c in reply.choices) and reply.expect.kind in (Kind.NOTHING, Kind.CHOICE)


def _offered(choice: Choice, voice: VoiceContent) -> bool:
    form = choice.value.removeprefix(_FORM)
    return form == choice.value or not voice.forms or form in voice.forms


def _menu(choices: Sequence[Choice], voice: VoiceContent) -> Keypad | None:
    """The organisation's own keys; an unfinished draft gets one that is free."""
    keys = [Key(entry.key, entry) for entry in voice.menu]
    resume = next((c for c in choices if c.value == "/resume"), None)
    if keys and resume:
        taken = {k.key for k in keys}
        free = next((key for key in KEYS if key not in taken), MORE)
        keys = [Key(free, resume), *(k for k in keys if k.key != free)]
    return Keypad(Listen.KEY, tuple(keys)) if keys else None


def _paged(listen: Listen, choices: Sequence[Choice], page: int) -> Keypad:
    if len(choices) <= len(KEYS):
        return Keypad(listen, tuple(Key(key, c) for key, c in zip(KEYS, choices, strict=False)))
    pages = -(-len(choices) // PAGE)
    page = min(max(page, 0), pages - 1)
    shown = choices[page * PAGE : (page + 1) * PAGE]
    return Keypad(listen, tuple(Key(key, c) for key, c in zip(KEYS, shown, strict=False)), pages, page)


# --- what was heard -----------------------------------------------------------------------------


@value
class Heard:
    """What a caller did. All empty: nothing, for as long as one waits."""

    keys: str = ""  # as pressed, with the `#` that ended them where that is known
    words: str = ""  # understood by the provider
    recorded: float | None = None  # seconds; `keys` then ended the recording
    gone: bool = False  # the caller has hung up


@value
class Tell:
    """The desk hears this."""

    event: Event
    value: str = ""
    text: str = ""


@value
class Turn:
    """Other choices of the same question."""

    page: int


@value
class Wrong:
    """No answer; `why` is the phrase that says so."""

    why: str


class Simple(StrEnum):
    AGAIN = "again"  # the question is spoken once more
    PERSON = "person"
    RECORD = "record"  # the recording begins at once
    KEEP = "keep"  # the recording is the answer


Meaning = Tell | Turn | Wrong | Simple


def understand(
    heard: Heard, replies: Sequence[Reply], page: int, language: str, voice: VoiceContent, *, textable: bool
) -> Meaning:
    """What this means after these replies, spoken as far as this page. Whatever was pressed, it never raises."""
    pad = keypad(replies, page, voice, textable=textable)
    keys = _UNUSABLE.sub("", heard.keys)
    if heard.recorded is not None and keys in ("", "#"):
        return Simple.KEEP if heard.recorded >= voice.recording.shortest else Wrong("voice.too_short")
    if heard.words and not keys:
        return Tell(Event.MESSAGE, text=heard.words)
    if not keys:
        return Wrong("voice.silence")
    back = Tell(Event.CHOICE, _back(replies))
    if pad.listen is Listen.DIGITS:
        return _digits(keys, pad, replies[-1].expect.kind, language, back)
    return _key(keys[-1] if heard.recorded is not None else keys[0], pad, back)


def _back(replies: Sequence[Reply]) -> str:
    """Back; from the first question of a form out of it."""
    nav = {c.value for c in replies[-1].choices if c.nav} if replies else set()
    return "/cancel" if "/cancel" in nav and "/back" not in nav else "/back"


def _key(key: str, pad: Keypad, back: Tell) -> Meaning:
    if key == "0":
        return Simple.PERSON
    if key == "*":
        return back
    if key == "#":
        return Simple.RECORD if pad.listen is Listen.VOICE else Simple.AGAIN
    if pad.pages > 1 and key == MORE:
        return Turn(pad.next_page)
    return _picked(pad.find(key))


def _picked(value: str | None) -> Meaning:
    if value is None:
        return Wrong("voice.not_a_key")
    return Simple.PERSON if value == PERSON else Tell(Event.CHOICE, value)


def _digits(keys: str, pad: Keypad, kind: Kind, language: str, back: Tell) -> Meaning:
    digits = keys.removesuffix("#")
    if not digits:
        return Simple.AGAIN
    if digits == "*":
        return back
    if digits == "*0" or (digits == "0" and kind is not Kind.NUMBER):
        return Simple.PERSON
    if digits.startswith("*"):
        return _picked(pad.find(digits))
    if not digits.isdigit():
        return Wrong("voice.not_a_key")
    if kind is not Kind.DATE:
        return Tell(Event.MESSAGE, text=digits)
    if day := _DAYS.get(digits):
        return Tell(Event.MESSAGE, text=day.get(language, day["en"]))
    if len(digits) != _DATE_DIGITS:
        return Wrong("voice.not_a_date")
    return Tell(Event.MESSAGE, text=f"{digits[:4]}/{digits[4:6]}/{digits[6:]}")
