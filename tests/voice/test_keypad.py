"""Which key means what, by table and for whatever anybody presses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.voice.keypad import Heard, Listen, Meaning, Simple, Tell, Turn, Wrong, keypad, understand
from bot.core.messages import Choice, Event, Expect, Kind, Phrase, Reply
from bot.core.voice_content import MenuEntry, VoiceContent

BACK = Choice("/back", Phrase("nav.back"), nav=True)
CANCEL = Choice("/cancel", Phrase("nav.cancel"), nav=True)
SKIP = Choice("a1~skip", Phrase("nav.skip"))
LAST = Choice("a1~last", Phrase("nav.last"))
MENU = (MenuEntry("1", "/track", {"fa": "پیگیری"}), MenuEntry("4", "/human", {"fa": "کارشناس"}))
VOICE = VoiceContent(menu=MENU)


def asked(kind: Kind, *choices: Choice, size: int = 0) -> tuple[Reply, ...]:
    return (Reply(Phrase("engine.resuming")), Reply(Phrase("form.ask"), choices, Expect(kind, size)))


def options(count: int) -> tuple[Choice, ...]:
    return tuple(Choice(f"a1~o{n}", f"گزینهٔ {n}") for n in range(1, count + 1))


def meaning(heard: Heard | str, replies: tuple[Reply, ...], page: int = 0, language: str = "fa") -> Meaning:
    heard = Heard(heard) if isinstance(heard, str) else heard
    return understand(heard, replies, page, language, VOICE, textable=True)


def chose(value: str) -> Tell:
    return Tell(Event.CHOICE, value)


def said(text: str) -> Tell:
    return Tell(Event.MESSAGE, text=text)


CHOICE = asked(Kind.CHOICE, *options(3), BACK, CANCEL)
MANY = asked(Kind.CHOICE, *options(20), BACK)
PHONE = asked(Kind.PHONE, LAST, SKIP, BACK)
NUMBER = asked(Kind.NUMBER, CANCEL)
DATE = asked(Kind.DATE, BACK)
TEXT = asked(Kind.TEXT, SKIP, BACK)
FILE = asked(Kind.FILE, SKIP)


@pytest.mark.parametrize(
    ("keys", "replies", "expected"),
    [
        ("1", CHOICE, chose("a1~o1")),
        ("3", CHOICE, chose("a1~o3")),
        ("4", CHOICE, Wrong("voice.not_a_key")),
        ("", CHOICE, Wrong("voice.silence")),
        ("0", CHOICE, Simple.PERSON),
        ("*", CHOICE, chose("/back")),
        ("#", CHOICE, Simple.AGAIN),
        ("*", asked(Kind.CHOICE, *options(2), CANCEL), chose("/cancel")),
        ("*", asked(Kind.CHOICE, *options(2)), chose("/back")),
        ("9", asked(Kind.CHOICE, *options(9)), chose("a1~o9")),
        ("8", MANY, chose("a1~o8")),
        ("9", MANY, Turn(1)),
        ("1", asked(Kind.NOTHING, Choice("/track/1", "پیگیری")), chose("/track/1")),
        ("1", asked(Kind.NOTHING, Choice("/human", "کارشناس")), Simple.PERSON),
        # digits
        ("09121234567#", PHONE, said("09121234567")),
        ("09121234567", PHONE, said("09121234567")),
        ("#", PHONE, Simple.AGAIN),
        ("", PHONE, Wrong("voice.silence")),
        ("*", PHONE, chose("/back")),
        ("*#", PHONE, chose("/back")),
        ("*0#", PHONE, Simple.PERSON),
        ("0#", PHONE, Simple.PERSON),
        ("*1#", PHONE, chose("a1~last")),
        ("*2", PHONE, chose("a1~skip")),
        ("*3", PHONE, Wrong("voice.not_a_key")),
        ("0912*3", PHONE, Wrong("voice.not_a_key")),
        ("0#", NUMBER, said("0")),
        ("*", NUMBER, chose("/cancel")),
        ("1#", DATE, said("امروز")),
        ("2", DATE, said("فردا")),
        ("14050915", DATE, said("1405/09/15")),
        ("1405091#", DATE, Wrong("voice.not_a_date")),
        # words
        ("#", TEXT, Simple.RECORD),
        ("1", TEXT, chose("a1~skip")),
        ("2", TEXT, Wrong("voice.not_a_key")),
        ("*", TEXT, chose("/back")),
        (Heard("#", recorded=3.0), TEXT, Simple.KEEP),
        (Heard("", recorded=3.0), TEXT, Simple.KEEP),
        (Heard("#", recorded=0.4), TEXT, Wrong("voice.too_short")),
        (Heard("1", recorded=3.0), TEXT, chose("a1~skip")),
        (Heard("*", recorded=3.0), TEXT, chose("/back")),
        (Heard("0", recorded=3.0), TEXT, Simple.PERSON),
        # what a telephone cannot give
        ("1", FILE, chose("a1~skip")),
        ("2", FILE, chose("/continue")),
        ("1", asked(Kind.EMAIL), chose("/continue")),
        # speech
        (Heard(words="پیگیری"), CHOICE, said("پیگیری")),
        (Heard("2", words="پیگیری"), CHOICE, chose("a1~o2")),
    ],
)
def test_a_key_means_what_was_spoken(keys: Heard | str, replies: tuple[Reply, ...], expected: Meaning) -> None:
    assert meaning(keys, replies) == expected


@pytest.mark.parametrize(("page", "first", "last"), [(0, 1, 8), (1, 9, 16), (2, 17, 20)])
def test_more_than_nine_choices_come_eight_at_a_time(page: int, first: int, last: int) -> None:
    pad = keypad(MANY, page, VOICE, textable=False)
    assert [k.value for k in pad.keys] == [f"a1~o{n}" for n in range(first, last + 1)]
    assert meaning("1", MANY, page) == chose(f"a1~o{first}")
    assert meaning("9", MANY, page) == Turn((page + 1) % 3)


def test_the_main_menu_is_the_organisation_s_own() -> None:
    menu = (Reply(Phrase("menu.ask"), (Choice("/services", "راهنما"), BACK), Expect(Kind.CHOICE)),)
    assert meaning("1", menu) == chose("/track")
    assert meaning("4", menu) == Simple.PERSON
    assert meaning("2", menu) == Wrong("voice.not_a_key")


def test_an_unfinished_draft_gets_a_free_key_of_the_menu() -> None:
    resume = Choice("/resume", Phrase("nav.resume"))
    menu = (Reply(Phrase("menu.ask"), (resume, Choice("/services", "راهنما")), Expect(Kind.CHOICE)),)
    assert meaning("2", menu) == chose("/resume")
    full = replace(VOICE, menu=tuple(MenuEntry(str(n), "/track", {"fa": "پ"}) for n in range(1, 10)))
    assert understand(Heard("9"), menu, 0, "fa", full, textable=True) == chose("/resume")


def test_after_an_answer_that_asks_nothing_the_menu_is_open() -> None:
    assert meaning("1", asked(Kind.NOTHING)) == chose("/track")
    assert meaning("1", ()) == chose("/track")
    assert understand(Heard("1"), (), 0, "fa", VoiceContent(), textable=True) == chose("/menu")


def test_the_telephone_offers_the_forms_that_it_is_meant_for() -> None:
    forms = asked(Kind.CHOICE, Choice("/form/a", "الف"), Choice("/form/b", "ب"), Choice("/track", "پ"))
    some = replace(VOICE, forms=("b",))
    assert [k.value for k in keypad(forms, 0, some, textable=True).keys] == ["/form/b", "/track"]
    assert len(keypad(forms[-1:], 0, replace(VOICE, forms=("z",)), textable=True).keys) == 1
    only = asked(Kind.CHOICE, Choice("/form/a", "الف"))
    assert keypad(only, 0, some, textable=True).keys, "a question never loses all its choices"


def test_a_hidden_caller_is_offered_no_text_message() -> None:
    assert keypad(asked(Kind.FILE), 0, VOICE, textable=False).keys == ()


def test_a_date_in_english() -> None:
    assert meaning("2#", DATE, language="en") == said("tomorrow")


# --- anything -------------------------------------------------------------------------------------

values = st.sampled_from(["/track", "/human", "a1~x", "a1~skip", "/back", "/cancel", "/resume", "/form/a", ""])
choices = st.builds(Choice, values, st.sampled_from(["الف", "B", 7]), nav=st.booleans())
keys_of_phrases = st.sampled_from([Phrase("menu.ask"), Phrase("form.ask"), Phrase("no.such")])
replies_of_a_turn = st.lists(
    st.builds(
        Reply,
        keys_of_phrases,
        st.lists(choices, max_size=12).map(tuple),
        st.builds(Expect, st.sampled_from(Kind), st.integers(0, 20)),
    ),
    max_size=3,
).map(tuple)
heard_things = st.builds(
    Heard,
    st.text("0123456789*#", max_size=15) | st.text(max_size=5),
    words=st.just("") | st.text(max_size=5),
    recorded=st.none() | st.floats(0, 200) | st.just(float("nan")),
    gone=st.booleans(),
)
contents = st.sampled_from([VOICE, VoiceContent(), VoiceContent(forms=("z",)), VoiceContent(menu=MENU, speech=True)])


@settings(max_examples=150, deadline=None)
@given(heard_things, replies_of_a_turn, st.integers(-2, 50), contents, st.booleans())
def test_whatever_is_pressed_means_something(
    heard: Heard, replies: tuple[Reply, ...], page: int, voice: VoiceContent, textable: bool
) -> None:
    understood = understand(heard, replies, page, "fa", voice, textable=textable)
    assert isinstance(understood, Tell | Turn | Wrong | Simple)
    if isinstance(understood, Tell):
        assert understood.value or understood.text or understood.event is Event.CHOICE


@settings(max_examples=150, deadline=None)
@given(replies_of_a_turn, st.integers(-2, 50), contents, st.booleans())
def test_there_is_always_a_way_out(replies: tuple[Reply, ...], page: int, voice: VoiceContent, textable: bool) -> None:
    pad = keypad(replies, page, voice, textable=textable)
    person, back = ("*0", "*") if pad.listen is Listen.DIGITS else ("0", "*")
    assert understand(Heard(person), replies, page, "fa", voice, textable=textable) is Simple.PERSON
    leaves = understand(Heard(back), replies, page, "fa", voice, textable=textable)
    assert leaves in (chose("/back"), chose("/cancel"))
    assert len({k.key for k in pad.keys}) == len(pad.keys), "no key has two meanings"
    for key in pad.keys:
        meant = understand(Heard(key.key), replies, page, "fa", voice, textable=textable)
        assert meant is Simple.PERSON if key.value == "/human" else meant == chose(key.value)


@settings(max_examples=80, deadline=None)
@given(replies_of_a_turn, contents)
def test_every_choice_is_reached_on_some_page(replies: tuple[Reply, ...], voice: VoiceContent) -> None:
    pad = keypad(replies, 0, voice, textable=True)
    reached = {k.value for page in range(pad.pages) for k in keypad(replies, page, voice, textable=True).keys}
    if replies and replies[-1].say.key != "menu.ask" and not voice.forms:
        assert {c.value for c in replies[-1].choices if not c.nav} <= reached
