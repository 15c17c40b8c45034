"""What a caller hears, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from bot.channels.voice.script import Manner, Script, Then, script
from bot.channels.voice.speech import Speaker
from bot.core.messages import Choice, Expect, Kind, Phrase, Reply
from bot.core.voice_content import MenuEntry, VoiceContent
from tests.voice.test_keypad import contents, replies_of_a_turn

PHRASES = {
    "hello": {"fa": "سلام.", "en": "Hello."},
    "ask": {"fa": "این پرسش بلند است. چیست؟", "en": "This question is long. What is it?"},
    "ask.short": {"fa": "چیست؟", "en": "What is it?"},
    "voice.key": {"fa": "{label}: کلید {key}.", "en": "{label}: key {key}."},
    "voice.digits_key": {"fa": "{label}: ستاره {key}.", "en": "{label}: star {key}."},
    "voice.digits": {"fa": "با مربع.", "en": "With hash."},
    "voice.digits_of": {"fa": "{count} رقم.", "en": "{count} digits."},
    "voice.date": {"fa": "هشت رقم.", "en": "Eight digits."},
    "voice.more": {"fa": "بیشتر: {key}.", "en": "More: {key}."},
    "voice.record": {"fa": "پس از بوق.", "en": "After the beep."},
    "voice.keys": {"fa": "ستاره و مربع.", "en": "Star and hash."},
    "voice.no_files": {"fa": "پرونده نه.", "en": "No files."},
    "voice.no_email": {"fa": "ایمیل نه.", "en": "No e-mail."},
    "voice.silence": {"fa": "هیچ.", "en": "Nothing."},
    "nav.continue": {"fa": "ادامه", "en": "Go on"},
    "menu.ask": {"fa": "چه کاری؟", "en": "What for?"},
}
YES, NO = Choice("yes", "بله"), Choice("no", "نه")
BACK = Choice("/back", "بازگشت", nav=True)


def spoken(
    replies: tuple[Reply, ...], manner: Manner | None = None, language: str = "fa", voice: VoiceContent | None = None
) -> Script:
    voice = voice or VoiceContent()
    speaker = Speaker(lambda: PHRASES, lambda: voice)
    return script(speaker, replies, language, voice, manner or Manner(), textable=True)


def words(made: Script) -> str:
    return " | ".join(clip.text.strip(" .؟?") for clip in made.clips)


def question(kind: Kind, *choices: Choice, size: int = 0) -> tuple[Reply, ...]:
    return (Reply(Phrase("hello")), Reply(Phrase("ask"), choices, Expect(kind, size), Phrase("ask.short")))


@pytest.mark.parametrize(
    ("replies", "then", "expected"),
    [
        (question(Kind.CHOICE, YES, NO, BACK), Then.KEY, "بله | کلید | یک | نه | کلید | دو"),
        (question(Kind.PHONE, YES, BACK), Then.DIGITS, "با مربع | بله | ستاره | یک"),
        (question(Kind.DIGITS, size=10), Then.DIGITS, "ده | رقم"),
        (question(Kind.DATE), Then.DIGITS, "هشت رقم"),
        (question(Kind.TEXT, NO), Then.VOICE, "نه | کلید | یک | پس از بوق"),
        (question(Kind.LOCATION), Then.VOICE, "پس از بوق"),
        (question(Kind.FILE, NO), Then.KEY, "پرونده نه | نه | کلید | یک | ادامه | کلید | دو"),
        (question(Kind.EMAIL), Then.KEY, "ایمیل نه | ادامه | کلید | یک"),
    ],
)
def test_replies_then_how_to_answer(replies: tuple[Reply, ...], then: Then, expected: str) -> None:
    made = spoken(replies)
    assert made.then is then
    assert words(made) == f"سلام | این پرسش بلند است. چیست | {expected}"


def test_digits_end_by_their_count_where_it_is_known() -> None:
    assert spoken(question(Kind.DIGITS, size=10)).size == 10
    assert spoken(question(Kind.DATE)).size == 8
    assert spoken(question(Kind.PHONE)).size == 0


def test_after_a_mistake_the_question_comes_in_fewer_words() -> None:
    made = spoken(question(Kind.CHOICE, YES), Manner(trouble="voice.silence"))
    assert words(made) == "هیچ | چیست | بله | کلید | یک | ستاره و مربع"


def test_without_a_shorter_form_the_question_alone_is_repeated() -> None:
    replies = tuple(replace(r, brief=None) for r in question(Kind.CHOICE, YES))
    made = spoken(replies, Manner(trouble="voice.silence"))
    assert words(made).startswith("هیچ | این پرسش بلند است")
    assert "سلام" not in words(made)


def test_a_further_page_tells_its_choices_alone() -> None:
    many = question(Kind.CHOICE, *(Choice(str(n), f"گزینه{'آابپتثجچحخ'[n]}") for n in range(10)))
    assert words(spoken(many)).endswith("بیشتر | نُه")
    assert words(spoken(many, Manner(page=1))) == "گزینهح | کلید | یک | گزینهخ | کلید | دو | بیشتر | نُه"


def test_the_first_words_explain_the_keys() -> None:
    assert words(spoken(question(Kind.CHOICE, YES), Manner(first=True))).endswith("کلید | یک | ستاره و مربع")
    assert words(spoken(question(Kind.TEXT), Manner(first=True))).endswith("ستاره و مربع | پس از بوق"), "beep last"


def test_the_main_menu_speaks_the_organisation_s_labels() -> None:
    voice = VoiceContent(menu=(MenuEntry("7", "/track", {"fa": "پیگیری", "en": "Tracking"}),))
    menu = (Reply(Phrase("menu.ask"), (YES, NO), Expect(Kind.CHOICE)),)
    assert words(spoken(menu, voice=voice)) == "چه کاری | پیگیری | کلید | هفت"
    assert words(spoken(menu, voice=voice, language="en")) == "What for | Tracking | key | seven"


def test_nothing_to_say_still_offers_something() -> None:
    made = spoken((), voice=VoiceContent(menu=(MenuEntry("1", "/track", {"fa": "پیگیری"}),)))
    assert words(made) == "پیگیری | کلید | یک"


@settings(max_examples=80, deadline=None)
@given(replies_of_a_turn, contents)
def test_whatever_is_answered_can_be_spoken(replies: tuple[Reply, ...], voice: VoiceContent) -> None:
    for manner in (Manner(), Manner(page=3), Manner(trouble="voice.silence"), Manner(first=True)):
        made = spoken(replies, manner, voice=voice)
        assert made.then in (Then.KEY, Then.DIGITS, Then.VOICE)
        assert all(clip.text for clip in made.clips)
