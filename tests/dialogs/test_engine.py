"""What is the same in every dialog: back, cancel, help, tries, questions in the middle, other channels, time, edits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.channels.render import Renderer
from bot.core.messages import Address, Choice, Event, Expect, Inbound, Kind, Location, Phrase, Reply, Term
from bot.dialogs import matching
from tests.conversation import content
from tests.dialogs.small_desk import LAMP, SMALL, Citizen

FIELDS = {"fault": "خرابی", "place": "جای چراغ"}
ANSWERS = ("off", "It is dark here", "3", "skip", "09123456789")


@pytest.fixture
def citizen() -> Citizen:
    return Citizen()


async def in_form(citizen: Citizen, *answers: str) -> Citizen:
    await citizen.says("/form/lamp", *answers)
    return citizen


async def test_a_form_goes_field_by_field_to_a_tracking_code(citizen: Citizen) -> None:
    text = await citizen.says("/form/lamp")
    assert "About a lamp." in text
    for answer, step in zip(ANSWERS, ("about", "count", "photo", "mobile", "review"), strict=True):
        await citizen.says(answer)
        assert citizen.open == f"form/lamp:{step}"
    text = await citizen.presses("confirm")
    (request,) = citizen.desk.requests
    assert request.code in text
    assert "Streets" in text and "Lights officer" in text
    assert request.draft.mobile == "+989123456789"
    assert {a.field: a.value for a in request.draft.answers} == {
        "fault": "off",
        "about": "It is dark here",
        "count": 3,
        "mobile": "+989123456789",
    }
    assert citizen.session.frames == ()


async def test_a_choice_is_taken_by_label_number_persian_digit_or_button(citizen: Citizen) -> None:
    for typed in ("Dim", "dim", "d im", "2", "۲", " ٢ ", "گزینهٔ ۲", "option 2", "دو", "دومی", "گزینهٔ دو رو", "second"):
        await citizen.says("/form/lamp", typed)
        assert citizen.session.top and citizen.session.top.answers["fault"] == "dim"
        await citizen.says("/cancel", "yes")
    await citizen.says("/form/lamp")
    await citizen.presses("dim")
    assert citizen.session.top and citizen.session.top.answers["fault"] == "dim"


async def test_back_goes_to_the_nearest_earlier_answer_and_keeps_the_later_ones(citizen: Citizen) -> None:
    await in_form(citizen, "off", "dark", "3")
    await citizen.says("back")
    assert citizen.open == "form/lamp:count"
    await citizen.says("back")
    assert citizen.open == "form/lamp:about"
    assert "same" in citizen.offered
    await citizen.says("very dark")
    assert citizen.open == "form/lamp:photo"
    assert citizen.session.top and citizen.session.top.answers["count"] == 3


async def test_back_at_the_first_question_says_so(citizen: Citizen) -> None:
    await in_form(citizen)
    assert "engine.nothing_before" in await citizen.says("back")
    assert citizen.open == "form/lamp:fault"


async def test_any_answer_is_corrected_from_the_review(citizen: Citizen) -> None:
    await in_form(citizen, *ANSWERS)
    await citizen.presses("edit:count")
    assert citizen.open == "form/lamp:count"
    await citizen.says("5")
    assert citizen.open == "form/lamp:review"
    assert "5" in citizen.text


async def test_repeat_asks_the_same_again(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    asked = citizen.replies
    await citizen.says("repeat")
    assert citizen.replies == asked


async def test_help_explains_the_open_question_and_asks_it_again(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    text = await citizen.says("help")
    assert "In a few words." in text and "Describe." in text


async def test_cancel_asks_first_when_answers_would_be_lost(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    assert "leave.ask" in await citizen.says("cancel")
    await citizen.says("no")
    assert citizen.open == "form/lamp:about"
    await citizen.says("cancel", "yes")
    assert citizen.open == "menu:choose"
    assert not citizen.desk.requests


async def test_cancel_of_an_empty_form_needs_no_question(citizen: Citizen) -> None:
    await in_form(citizen)
    assert "engine.cancelled" in await citizen.says("cancel")
    assert citizen.open == "menu:choose"


async def test_the_menu_keeps_the_draft_and_offers_it(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    await citizen.says("menu")
    assert citizen.offered[0] == "/resume"
    await citizen.presses("/resume")
    assert citizen.open == "form/lamp:about"
    await citizen.says("menu", "/form/lamp")
    assert citizen.open == "form/lamp:about", "the same form goes on instead of beginning again"


async def test_a_person_is_a_word_away_and_the_form_goes_on_after(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    await citizen.says("human")
    assert citizen.open == "form/officer_message:message"
    await citizen.says("Please call me")
    text = await citizen.presses("confirm")
    assert "engine.resuming" in text
    assert citizen.open == "form/lamp:about"


async def test_after_three_tries_a_person_is_offered_and_nothing_is_lost(citizen: Citizen) -> None:
    await in_form(citizen, "off", "dark")
    for _ in range(2):
        assert "engine.stuck" not in await citizen.says("many")
    assert "engine.stuck" in await citizen.says("lots")
    assert "/human" in citizen.offered
    assert citizen.open == "form/lamp:count"
    await citizen.says("7")
    assert citizen.session.top and citizen.session.top.tries == 0


async def test_a_question_in_the_middle_is_answered_and_the_form_goes_on(citizen: Citizen) -> None:
    await in_form(citizen, "off", "dark")
    text = await citizen.says("what does it cost")
    assert "It costs nothing." in text and "How many?" in text
    assert citizen.open == "form/lamp:count"
    assert citizen.session.top and citizen.session.top.tries == 0


async def test_a_question_never_fills_a_text_field_unless_the_citizen_says_so(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    text = await citizen.says("What does it cost?")
    assert "It costs nothing." in text
    assert citizen.open == "form/lamp:about"
    await citizen.presses("/keep")
    assert citizen.session.top and citizen.session.top.answers["about"] == "What does it cost?"


async def test_a_wish_for_a_person_is_heard_where_a_number_was_expected(citizen: Citizen) -> None:
    await in_form(citizen, "off", "dark")
    await citizen.says("I want a person please")
    assert citizen.open == "form/officer_message:message"


async def test_first_words_on_another_channel_are_not_an_answer(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    text = await citizen.says("hello there", channel="telegram")
    assert "engine.other_channel" in text and "Describe." in text
    await citizen.says("dark", channel="telegram")
    assert citizen.open == "form/lamp:count"


@pytest.mark.parametrize("event", [Event.SILENCE, Event.START])
async def test_silence_and_a_new_start_ask_the_open_question(citizen: Citizen, event: Event) -> None:
    await in_form(citizen, "off")
    assert "Describe." in await citizen.does(event)
    assert citizen.open == "form/lamp:about"


async def test_nobody_is_answered_after_hanging_up_and_the_draft_stays(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    await citizen.does(Event.HANGUP)
    assert citizen.replies == ()
    assert citizen.open == "form/lamp:about"


async def test_after_a_long_time_the_draft_is_offered_first(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    citizen.now += timedelta(hours=13)
    assert "resume.ask" in await citizen.says("dark")
    await citizen.says("yes")
    assert citizen.open == "form/lamp:about"


async def test_an_old_draft_put_aside_lets_the_new_words_be_heard(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    citizen.now += timedelta(days=3)
    await citizen.says("what does it cost")
    text = await citizen.says("no")
    assert "It costs nothing." in text
    assert citizen.session.frames == ()


async def test_a_button_of_a_question_that_is_over_changes_nothing(citizen: Citizen) -> None:
    await in_form(citizen)
    old = next(c.value for r in citizen.replies for c in r.choices if c.value.endswith("~off"))
    await citizen.does(Event.CHOICE, value=old)
    before = citizen.session.frames
    assert "engine.stale" in await citizen.does(Event.CHOICE, value=old)
    assert citizen.session.frames == before
    await citizen.says("cancel", "yes", "/form/lamp")
    assert "engine.stale" in await citizen.does(Event.CHOICE, value=old), "a day later, in another run of the form"


async def test_an_edited_form_keeps_the_answers_that_fit(citizen: Citizen) -> None:
    await in_form(citizen, "off", "dark", "3")
    fields = tuple(f for f in LAMP.fields if f.id != "count")
    extra = replace(LAMP.fields[1], id="street", ask={"en": "Which street?"})
    citizen.edit(replace(SMALL, forms={**SMALL.forms, "lamp": replace(LAMP, version=2, fields=(extra, *fields))}))
    text = await citizen.says("repeat")
    assert "engine.edited" in text
    top = citizen.session.top
    assert top and dict(top.answers) == {"fault": "off", "about": "dark"}
    assert citizen.open == "form/lamp:photo"
    await citizen.says("skip")
    assert "Which street?" in citizen.text, "a new field is asked before the review"


async def test_a_removed_form_is_closed_with_an_apology(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    citizen.edit(replace(SMALL, forms={"officer_message": SMALL.forms["officer_message"]}))
    assert "engine.gone" in await citizen.says("dark")
    assert not any(f.dialog == "form/lamp" for f in citizen.session.frames)


@pytest.mark.parametrize("text", ["", "   ", "\u200f\u200e", "\u200c", "\ufeff", "\n"])
async def test_an_empty_message_is_told_and_counts_as_nothing(citizen: Citizen, text: str) -> None:
    await in_form(citizen, "off")
    answer = await citizen.says(text)
    assert "engine.empty" in answer
    assert "engine.empty" in await Citizen().says(text)
    assert citizen.open == "form/lamp:about"


async def test_emoji_alone_is_no_description_and_ten_thousand_characters_are_too_many(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    assert "invalid.text_short" in await citizen.says("😀😀😀")
    assert "invalid.text_long" in await citizen.says("x" * 10_000)
    assert citizen.open == "form/lamp:about"


async def test_a_refused_file_is_explained_and_the_question_stays(citizen: Citizen) -> None:
    await in_form(citizen, "off", "dark", "3")
    text = await citizen.does(Event.FILE, problem="file.too_large")
    assert "file.too_large" in text and "A photo?" in text


async def test_a_file_where_words_are_wanted_is_told(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    assert "invalid.voice_wanted" in await citizen.sends()
    await citizen.says("dark")
    assert "invalid.words_wanted" in await citizen.sends()


async def test_words_may_be_spoken(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    await citizen.sends("voice.ogg", media_type="audio/ogg")
    assert citizen.open == "form/lamp:count"
    await citizen.says("3", "skip", "09123456789", "confirm")
    assert [a.name for a in citizen.desk.requests[0].draft.attachments] == ["voice.ogg"]


async def test_files_are_gathered_until_enough(citizen: Citizen) -> None:
    await in_form(citizen, "off", "dark", "3")
    await citizen.sends("one.pdf")
    assert citizen.open == "form/lamp:photo" and "done" in citizen.offered
    await citizen.sends("two.pdf")
    assert citizen.open == "form/lamp:mobile", "the most that the field takes"


async def test_a_location_is_no_answer_to_a_number(citizen: Citizen) -> None:
    await in_form(citizen, "off", "dark")
    await citizen.does(Event.MESSAGE, location=Location(35.7, 51.4))
    assert citizen.open == "form/lamp:count"


async def test_a_remembered_answer_is_offered_next_time(citizen: Citizen) -> None:
    await in_form(citizen, *ANSWERS)
    await citizen.presses("confirm")
    await in_form(citizen, "off", "dark", "3", "skip")
    assert "last" in citizen.offered
    await citizen.presses("last")
    assert citizen.session.top and citizen.session.top.answers["mobile"] == "+989123456789"


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("همین شماره", "here"),
        ("همین شماره: ۰۹۱۲۱۲۳۴۵۶۷", "here"),
        ("همین‌شماره.", "here"),
        ("شماره", None),
        ("اصلاح", None),
        ("اصلاح: خرابی", "edit:fault"),
    ],
)
def test_a_label_is_typed_with_or_without_what_follows_its_colon(typed: str, value: str | None) -> None:
    renderer = Renderer(lambda: content()[0].phrases)
    number = {"number": Term("digits", "09121234567")}
    edits = (Choice(f"edit:{n}", Phrase("form.correct", {"label": label})) for n, label in FIELDS.items())
    reply = Reply(Phrase("x"), (Choice("here", Phrase("nav.this_number", number)), *edits), Expect(Kind.PHONE))
    heard = Inbound("1", Address("sms", "+989121234567"), Event.MESSAGE, typed)
    assert matching.chosen(reply, heard, {}, renderer, "fa") == value


async def test_the_language_changes_at_any_step(citizen: Citizen) -> None:
    await in_form(citizen, "off")
    await citizen.says("language")
    await citizen.presses("/language/fa")
    assert citizen.session.language == "fa"
    assert citizen.open == "form/lamp:about"


async def test_a_failing_dialog_changes_nothing(citizen: Citizen) -> None:
    await in_form(citizen, *ANSWERS)
    citizen.desk.fails = True
    before = citizen.session
    with pytest.raises(OSError, match="full"):
        await citizen.presses("confirm")
    assert citizen.session is before


async def test_only_the_last_reply_offers_choices(citizen: Citizen) -> None:
    await in_form(citizen, *ANSWERS)
    await citizen.says("what does it cost")
    assert all(not r.choices for r in citizen.replies[:-1])


async def test_choice_values_fit_a_telegram_button(citizen: Citizen) -> None:
    for text in ("/menu", "/form/lamp", *ANSWERS):
        await citizen.says(text)
        assert all(len(c.value.encode()) <= 64 for r in citizen.replies for c in r.choices)
