"""Each dialog by itself: tracking, the service guide, surveys, answers, opinions, notices."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.core.messages import Event
from bot.core.requests import Status
from bot.core.sessions import Session
from bot.core.tracking import TrackingCode
from tests.dialogs.small_desk import SMALL, Citizen

FILED = ("/form/lamp", "off", "dark", "3", "skip", "09123456789", "confirm")


@pytest.fixture
def citizen() -> Citizen:
    return Citizen()


async def filed(citizen: Citizen) -> str:
    await citizen.says(*FILED)
    return str(citizen.desk.requests[-1].code)


def stranger(desk_of: Citizen) -> Citizen:
    """Somebody else at the same desk."""
    other = Citizen()
    other.desk = desk_of.desk
    other.session = replace(other.session, contact="bob")
    other.edit(SMALL)
    return other


async def moved(citizen: Citizen, status: Status, note: str = "") -> str:
    """An officer changes the last request."""
    code = citizen.desk.requests[-1].code
    await citizen.desk.change(code, by="officer", status=status, note=note)
    return str(code)


async def test_a_bare_code_tells_the_status(citizen: Citizen) -> None:
    code = await filed(citizen)
    text = await citizen.says(f"سلام کد من {code[:5]}-{code[5:]} است")
    assert "status.submitted" in text and "Streets" in text
    assert citizen.open == "track:shown"


async def test_a_code_with_a_wrong_digit_is_told_as_such(citizen: Citizen) -> None:
    code = await filed(citizen)
    wrong = code[:9] + str((int(code[9]) + 1) % 10)
    assert "track.bad_code" in await citizen.says(wrong)
    assert "track.bad_code" in await citizen.says("/track", wrong)


async def test_an_unknown_code_is_not_found(citizen: Citizen) -> None:
    await filed(citizen)
    assert "track.not_found" in await citizen.says("/track", TrackingCode.new(lambda _: 5))


async def test_the_filer_sees_everything_at_once(citizen: Citizen) -> None:
    code = await filed(citizen)
    await moved(citizen, Status.IN_REVIEW, "We are coming tomorrow")
    await citizen.says(code)
    assert "We are coming tomorrow" in await citizen.presses("history")
    assert "dark" in await citizen.presses("details")


async def test_a_stranger_with_the_code_sees_no_personal_content_before_the_second_factor(citizen: Citizen) -> None:
    code = await filed(citizen)
    await moved(citizen, Status.IN_REVIEW, "Our private note")
    other = stranger(citizen)
    assert "status.in_review" in await other.says(code)
    assert "private" not in await other.presses("history")
    assert "track.ask_digits" in await other.presses("details")
    assert "track.wrong_digits" in await other.says("0000")
    text = await other.says("۶۷۸۹")
    assert "dark" in text and "Our private note" in text


async def test_a_stranger_cannot_withdraw_without_the_second_factor(citizen: Citizen) -> None:
    code = await filed(citizen)
    other = stranger(citizen)
    await other.says(code)
    assert "track.ask_digits" in await other.presses("withdraw")
    await other.says("1111")
    assert citizen.desk.requests[0].status is Status.SUBMITTED


async def test_a_note_and_a_file_are_added(citizen: Citizen) -> None:
    code = await filed(citizen)
    await citizen.says(code)
    await citizen.presses("add")
    assert "track.added" in await citizen.says("It is number 12")
    await citizen.presses("add")
    await citizen.sends("photo.jpg")
    notes = [(c.note, [f.name for f in c.attachments]) for c in citizen.desk.requests[0].history[1:]]
    assert notes == [("It is number 12", []), ("", ["photo.jpg"])]


async def test_withdrawing_asks_and_then_offers_no_more_changes(citizen: Citizen) -> None:
    code = await filed(citizen)
    await citizen.says(code)
    await citizen.presses("withdraw")
    await citizen.says("no")
    assert citizen.desk.requests[0].status is Status.SUBMITTED
    await citizen.presses("withdraw")
    assert "track.withdrawn" in await citizen.says("yes")
    assert citizen.desk.requests[0].status is Status.WITHDRAWN
    assert "add" not in citizen.offered and "withdraw" not in citizen.offered


async def test_other_words_leave_the_tracking(citizen: Citizen) -> None:
    code = await filed(citizen)
    await citizen.says(code)
    assert "It costs nothing." in await citizen.says("what does it cost")


async def test_my_requests_lists_only_mine(citizen: Citizen) -> None:
    assert "mine.none" in await citizen.says("/mine")
    code = await filed(citizen)
    assert code in await citizen.says("/mine")
    assert "mine.none" in await stranger(citizen).says("/mine")


async def test_an_answer_tells_its_source_and_asks_whether_it_helped(citizen: Citizen) -> None:
    text = await citizen.says("what does it cost")
    assert "faq.source Street light" in text and "faq.did_it_help" in text
    assert "faq.glad" in await citizen.says("1"), "a number picks among what the last reply offered"


async def test_an_answer_that_did_not_help_is_recorded_for_the_editors(citizen: Citizen) -> None:
    await citizen.says("what does it cost")
    assert "faq.sorry" in await citizen.presses("/unhelped/fee")
    (miss,) = citizen.desk.misses
    assert (miss.reason, miss.entry, miss.text) == ("unhelpful", "fee", "what does it cost")


async def test_an_answer_reached_by_a_button_is_recorded_under_its_own_question(citizen: Citizen) -> None:
    await citizen.says("/faq/fee")
    await citizen.presses("/unhelped/fee")
    assert [m.text for m in citizen.desk.misses] == ["What does it cost?"]


async def test_an_unknown_question_gets_an_honest_answer_and_is_recorded(citizen: Citizen) -> None:
    text = await citizen.says("how do I fly to the moon")
    assert "faq.unknown" in text and "/human" in citizen.offered
    assert [m.text for m in citizen.desk.misses] == ["how do I fly to the moon"]


async def test_a_near_question_is_offered_as_a_guess(citizen: Citizen) -> None:
    assert "faq.guess" in await citizen.says("the price of things")
    assert "/meant/faq/fee" in citizen.offered


async def test_what_was_meant_is_told_and_recorded_for_the_editors(citizen: Citizen) -> None:
    await citizen.says("the price of things")
    citizen.session = Session.from_json(json.loads(json.dumps(citizen.session.to_json())))
    assert "It costs nothing." in await citizen.presses("/meant/faq/fee")
    unknown, meant = citizen.desk.misses
    assert (unknown.reason, unknown.nearest) == ("unknown", ("faq/fee",))
    assert (meant.reason, meant.text, meant.chosen) == ("meant", "the price of things", "faq/fee")


async def test_wishes_are_guessed_at_beside_answers(citizen: Citizen) -> None:
    assert "faq.guesses" in await citizen.says("my price")
    assert citizen.offered[:2] == ["/meant/intent/track_request", "/meant/faq/fee"], "the likelier first"
    await citizen.says("1")
    assert citizen.open == "track:code"
    assert citizen.desk.misses[-1].chosen == "intent/track_request"


async def test_a_guess_that_was_not_offered_is_obeyed_and_not_recorded(citizen: Citizen) -> None:
    assert "It costs nothing." in await citizen.says("/meant/faq/fee")
    assert "engine.unknown_command" in await citizen.says("/meant/faq/gone")
    assert not citizen.desk.misses


async def test_a_question_is_heard_as_about_the_service_that_is_talked_of(citizen: Citizen) -> None:
    await citizen.says("what about snow", "what does it cost", "and the price")
    assert citizen.nlu.about == ["", "", "light"], "an answer leaves its service behind"
    await citizen.says("/service/light", "what about dogs", "/form/lamp", "what does it cost?")
    assert citizen.nlu.about[3:] == ["light", "light"], "so do its page and its form"


async def test_who_asks_in_another_language_is_answered_in_it(citizen: Citizen) -> None:
    await citizen.says("چه هزینه‌ای دارد")
    assert citizen.session.language == "fa"
    await citizen.says("price")
    assert citizen.session.language == "fa", "one word tells no language"
    await citizen.says("what does it cost me")
    assert citizen.session.language == "en"
    await citizen.says("/form/lamp", "off", "چه")
    assert citizen.session.language == "en", "in a form any language may be an answer"


async def test_the_guide_goes_from_audience_to_each_part_of_a_page(citizen: Citizen) -> None:
    await citizen.says("/services")
    await citizen.presses("citizen")
    text = await citizen.presses("light")
    assert "We repair lamps." in text and "guide.days 3" in text and "guide.free" in text
    for part, content in {
        "documents": "None",
        "laws": "Law",
        "complaint": "Complain here.",
        "unit": "Lights officer",
    }.items():
        assert content in await citizen.presses(part)
    assert "It costs nothing." in await citizen.presses("questions")
    await citizen.presses("/form/lamp")
    assert citizen.open == "form/lamp:fault"


async def closed(citizen: Citizen) -> str:
    await filed(citizen)
    return await moved(citizen, Status.CLOSED)


async def test_closing_brings_the_survey_and_the_score_is_recorded_once(citizen: Citizen) -> None:
    code = await closed(citizen)
    text = await citizen.does(Event.NOTICE, value=f"/survey {code}")
    assert "survey.intro" in text and "Happy?" in text
    await citizen.says("2")
    assert "Why?" in citizen.text
    assert "survey.thanks_low" in await citizen.says("It was slow")
    (response,) = citizen.desk.ratings
    assert (response.score, response.answers["reason"]) == (2, "It was slow")
    assert "survey.already" in await citizen.says(f"/survey {code}")
    assert await citizen.does(Event.NOTICE, value=f"/survey {code}") == ""


async def test_the_reason_may_be_spoken(citizen: Citizen) -> None:
    code = await closed(citizen)
    await citizen.does(Event.NOTICE, value=f"/survey {code}")
    await citizen.says("2")
    await citizen.sends("voice.ogg", media_type="audio/ogg")
    (response,) = citizen.desk.ratings
    assert response.answers["reason"]["recording"]["name"] == "voice.ogg"


async def test_a_happy_citizen_is_asked_no_reason(citizen: Citizen) -> None:
    code = await closed(citizen)
    await citizen.does(Event.NOTICE, value=f"/survey {code}")
    assert "survey.thanks" in await citizen.says("۵")
    assert citizen.desk.ratings[0].score == 5


async def test_a_survey_waits_while_a_form_is_open(citizen: Citizen) -> None:
    code = await closed(citizen)
    await citizen.says("/form/lamp", "off")
    await citizen.does(Event.NOTICE, value=f"/survey {code}")
    assert citizen.open == "form/lamp:about"
    assert f"/survey/{code}" in citizen.offered
    await citizen.presses(f"/survey/{code}")
    await citizen.says("4")
    assert citizen.open == "form/lamp:about"


async def test_nobody_rates_the_request_of_another(citizen: Citizen) -> None:
    code = await closed(citizen)
    assert "survey.not_yours" in await stranger(citizen).says(f"/survey {code}")


async def test_news_of_a_request_is_told_without_touching_the_open_question(citizen: Citizen) -> None:
    await filed(citizen)
    code = await moved(citizen, Status.NEEDS_INFORMATION, "Which pole?")
    await citizen.says("/form/lamp", "off")
    text = await citizen.does(Event.NOTICE, value=f"/told {code}")
    assert "notice.moved" in text and "Which pole?" in text and "notice.please_add" in text
    assert citizen.open == "form/lamp:about"


async def test_each_step_is_told_as_it_was_even_when_the_next_has_come(citizen: Citizen) -> None:
    await filed(citizen)
    await moved(citizen, Status.IN_REVIEW, "We are coming")
    code = await moved(citizen, Status.RESOLVED, "It shines")
    first = await citizen.does(Event.NOTICE, value=f"/told {code} 1")
    second = await citizen.does(Event.NOTICE, value=f"/told {code} 2")
    assert "status.in_review" in first and "We are coming" in first
    assert "status.resolved" in second and "It shines" in second


async def test_hours_tell_whether_the_counter_is_open_now(citizen: Citizen) -> None:
    assert "hours.open_now" in await citizen.says("/hours")
    citizen.now = citizen.now.replace(hour=20)
    assert "hours.closed_now" in await citizen.says("/hours")
    assert "human.closed" in await citizen.says("/human")


async def test_a_greeting_opens_the_menu(citizen: Citizen) -> None:
    text = await citizen.does(Event.START)
    assert "menu.greeting Town" in text
    assert citizen.open == "menu:choose"
    await citizen.says("1")
    assert citizen.open == "guide:audience", "the first line of the menu, by its number"


async def test_an_unknown_command_is_told(citizen: Citizen) -> None:
    assert "engine.unknown_command" in await citizen.says("/frobnicate")
    assert "engine.nothing_open" in await citizen.says("/back")
