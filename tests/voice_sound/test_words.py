"""Written texts become words alone, spoken by a voice that knows their letters."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.voice.speech import Clip, Speaker, text_key
from bot.core.messages import Arg, Phrase, Term
from bot.core.voice_content import VoiceContent

PERSIAN = re.compile(r"[ء-ۓ\u064b-\u0655\u0670\u200c ،؛.؟!]*")
VOICE = VoiceContent()
ENGLISH = re.compile(r"[^\W\d_]([^\W\d_]|[ ',.;?!])*")


def heard(clips: tuple[Clip, ...]) -> str:
    return " ".join(c.text for c in clips)


def assert_speakable(clips: tuple[Clip, ...]) -> None:
    for clip in clips:
        assert clip.text.strip() == clip.text != ""
        assert (PERSIAN if clip.language == "fa" else ENGLISH).fullmatch(clip.text), clip
        assert not any(c.isdigit() for c in clip.text)
        assert clip.language == "fa" or not re.search("[ء-ۓ]", clip.text)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("(۱ از ۵) چراغ کجاست؟", "پرسشِ یک از پنج، چراغ کجاست؟"),
        ("• هزینه: ۱٬۲۰۰٬۰۰۰ ریال 🙂", "هزینه، یک میلیون و دویست هزار ریال"),
        ("تا ۲۵٪ و ۲٫۵ برابر", "تا بیست و پنج درصد و دو ممیزِ پنج برابر"),
        ("«فارسی» (متر مربع) — آری", "فارسی، متر مربع، آری"),
        ("۱۴۰۵/۹/۱۵ ساعت ۲۱:۰۰", "پانزدهم آذر هزار و چهارصد و پنج ساعت بیست و یک"),
        ("فایل PDF یا BRT", "فایل پی‌دی‌اِف یا بی آر تی"),
        ("به ۱۲۱ زنگ بزنید", "به یکصد و بیست و یک زنگ بزنید"),
        ("كتاب يك", "کتاب یک"),
        ("یک\nدو", "یک. دو"),
        ("۱۴۰۵/۱۳/۴۰", "یک، چهار، صفر، پنج؛ یک، سه؛ چهار، صفر"),
        ("هٔ مرحلهٔ ۳", "هٔ مرحلهٔ سه"),
        ("۳م و ۱۰ام", "سوم و دهم"),
        ("٤٥ و 45", "چهل و پنج و چهل و پنج"),
        ("!!! … ---", ""),
    ],
)
def test_persian_texts(speaker: Speaker, written: str, spoken: str) -> None:
    assert heard(speaker.say(written, "fa")) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("(1 of 5) Where?", "Question one of five, Where?"),
        ("10% off, people's 2nd “home” — yes", "ten percent off, people's second home, yes"),
        ("House no. 12, from 22:00", "House number twelve, from ten P M"),
        ("on 2026-11-23", "on the twenty third of November two thousand and twenty six"),
    ],
)
def test_english_texts(speaker: Speaker, written: str, spoken: str) -> None:
    assert heard(speaker.say(written, "en")) == spoken


def test_each_script_has_its_own_voice(speaker: Speaker) -> None:
    said = speaker.say("به چه زبانی؟ Which language would you like?", "fa")
    assert [(c.language, c.text) for c in said] == [("fa", "به چه زبانی؟"), ("en", "Which language would you like?")]
    said = speaker.say("Language, زبان", "en")
    assert [(c.language, c.text) for c in said] == [("en", "Language"), ("fa", "زبان")]


def test_a_foreign_name_in_a_sentence_is_spelled_by_the_persian_voice(speaker: Speaker) -> None:
    assert {c.language for c in speaker.say("خیابان Bahar را ببینید", "fa")} == {"fa"}


texts = st.text(max_size=60) | st.text("سلام ۱۲3٤abcXYZ@./:-()«»🙂%ًٔ\u200c\u200f\n٫،؟", max_size=60)


@given(texts, st.sampled_from(["fa", "en"]))
@settings(max_examples=120)
def test_no_digit_and_no_symbol_is_left_of_any_text(text: str, language: str) -> None:
    speaker = Speaker(lambda: {}, VoiceContent)
    assert_speakable(speaker.say(text, language))
    for kind in ("quote", "digits", "code", "date", "moment", "clock", "rial", "unheard_of"):
        assert_speakable(speaker.say(Term(kind, text), language))


@given(st.integers(), st.sampled_from(["fa", "en"]))
def test_no_digit_is_left_of_any_number(number: int, language: str) -> None:
    assert_speakable(Speaker(lambda: {}, VoiceContent).say(number, language))


@given(st.datetimes(timezones=st.none() | st.timezones()), st.sampled_from(["fa", "en"]))
@settings(max_examples=60)
def test_every_moment_is_spoken(at: datetime, language: str) -> None:
    speaker = Speaker(lambda: {}, VoiceContent)
    for kind, value in (("moment", at.isoformat()), ("date", at.date().isoformat()), ("clock", f"{at:%H:%M}")):
        said = speaker.say(Term(kind, value), language)
        assert said
        assert_speakable(said)


def test_nothing_but_space_is_nothing(speaker: Speaker) -> None:
    assert [c.key for c in speaker.say(Term("quote", " " * 5000), "fa")] == ["voice.quote_cut"]


# --- phrases


def test_a_phrase_is_cut_at_its_gaps(speaker: Speaker) -> None:
    said = speaker.say(Phrase("form.ask", {"n": 1, "of": 5, "ask": "چراغ کجاست؟"}), "fa")
    assert [(c.key, c.text, c.joins) for c in said] == [
        ("form.ask.1", "پرسشِ", ""),
        ("number.1", "یک", " "),
        ("form.ask.2", "از", " "),
        ("number.5", "پنج", " "),
        (text_key("چراغ کجاست؟"), "چراغ کجاست؟", ", "),
    ]


def test_a_phrase_without_gaps_has_its_own_key(speaker: Speaker) -> None:
    (clip,) = speaker.say(Phrase("track.ask_code"), "fa")
    assert (clip.key, clip.text) == ("track.ask_code", "کدِ رهگیری را وارد کنید.")


def test_lines_are_breaths_of_their_own(speaker: Speaker) -> None:
    lines: tuple[Arg, ...] = (Phrase("form.line", {"label": "خرابی", "value": Term("quote", "چاله")}), "پایان")
    said = speaker.say(Phrase("form.lines", {"lines": lines}), "fa")
    assert [(c.text, c.joins) for c in said] == [("خرابی", ""), ("چاله", ", "), ("پایان", "")]


def test_a_citizen_s_words_have_no_key(speaker: Speaker) -> None:
    assert [c.key for c in speaker.say(Term("quote", "کوچهٔ سوم"), "fa")] == [""]


def test_a_code_is_said_twice_in_two_groups(speaker: Speaker) -> None:
    said = [c.text for c in speaker.say(Term("code", "1234567897"), "fa")]
    again = said.index("تکرار می‌کنم.")
    assert said[:again] == said[again + 1 :] == ["یک", "دو", "سه", "چهار", "پنج", "شش", "هفت", "هشت", "نُه", "هفت"]


def test_a_label_says_a_code_by_its_last_digits(speaker: Speaker) -> None:
    said = speaker.say(Phrase("mine.choice", {"title": "شکایت", "code": Term("code", "1234567897")}), "fa")
    assert [c.text for c in said if c.key.startswith("number.")] == ["هفت", "هشت", "نُه", "هفت"]


def test_an_address_of_the_web_is_not_read_out(speaker: Speaker) -> None:
    assert heard(speaker.say(Term("url", "https://counter.example.org/?c=1"), "fa")) == "نشانی را پیامک می‌کنیم"


def test_a_place_on_the_map_is_not_read_out_in_degrees(speaker: Speaker) -> None:
    assert heard(speaker.say(Term("digits", "35.70000, 51.40000"), "fa")) == "جایی روی نقشه"


def test_nobody_has_to_listen_to_four_thousand_characters(speaker: Speaker) -> None:
    said = speaker.say(Term("quote", "سلام و درود " * 300), "fa")
    assert 500 < len(said[0].text) <= 600
    assert said[0].text.endswith(("سلام", "درود", "و"))
    assert [c.key for c in said] == ["", "voice.quote_cut"]


def test_silent_phrases_are_silent(speaker: Speaker) -> None:
    assert speaker.say(Phrase("form.example", {"example": "۰۹۱۲"}), "fa") == ()


def test_faults_are_left_out_and_told_once(speaker: Speaker, caplog: pytest.LogCaptureFixture) -> None:
    fresh = Speaker(lambda: {"some.thing": {"fa": "یک {gap} دو", "en": "one {gap} two"}}, VoiceContent)
    for _ in range(2):
        assert [c.text for c in fresh.say(Phrase("some.thing"), "fa")] == ["یک", "دو"]
        assert fresh.say(Phrase("no.such"), "fa") == ()
    assert len(caplog.records) == 2


def test_an_edited_text_is_said_as_it_is_now() -> None:
    phrases = [{"some.thing": {"fa": "کلیدِ {key}، {label}"}}]
    content = [VoiceContent()]
    speaker = Speaker(lambda: phrases[-1], lambda: content[-1])
    asked = Phrase("some.thing", {"key": 2, "label": ("پارک", Phrase("some.thing", {"key": 3, "label": "PDF"}))})
    first = heard(speaker.say(asked, "fa"))
    assert first == "کلیدِ دو پارک کلیدِ سه پی دی اِف"
    assert heard(speaker.say(asked, "fa")) == first
    content.append(VoiceContent(words={"pdf": "پی‌دی‌اِف"}))
    assert heard(speaker.say(asked, "fa")) == "کلیدِ دو پارک کلیدِ سه پی‌دی‌اِف"
    phrases.append({"some.thing": {"fa": "{label} با {key}"}})
    assert heard(speaker.say(asked, "fa")) == "پارک پی‌دی‌اِف با سه با دو"


def test_what_was_said_to_one_caller_is_not_said_to_another() -> None:
    fresh = Speaker(lambda: {"some.thing": {"fa": "خیابان {street}"}}, lambda: VOICE)
    for street in ("بهار", "پاییز"):
        assert heard(fresh.say(Phrase("some.thing", {"street": Term("quote", street)}), "fa")) == f"خیابان {street}"


def test_however_much_is_said_it_is_said_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.voice.speech.REMEMBERED", 3)
    speaker = Speaker(lambda: {}, lambda: VOICE)
    numbers = [*range(1, 6), *range(1, 6)]
    assert [heard(speaker.say(n, "en")) for n in numbers] == ["one", "two", "three", "four", "five"] * 2
