"""Whole calls to Twilio's webhooks: by keypad and voice to a filed request, and what happens on the way."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.channels.voice.call import Caller as Voice
from bot.channels.voice.call import Calls
from bot.channels.voice.callers import takes_texts
from bot.channels.voice.keypad import Heard
from bot.channels.voice.script import Then
from bot.content.voice import load_voice
from bot.core.messages import Address
from bot.core.voice_content import MenuEntry, Person, Waits
from tests.voice.caller import Caller
from tests.voice.conftest import Exchange
from tests.voice.counter import MENU, wav

ROOT = Path(__file__).parents[2]
ANN = Address("voice", "+989121234567")
NOBODY = Person()


async def reported(exchange: Exchange, caller: Caller) -> None:
    """From the menu to the review of a street-light report."""
    await caller.press("1")
    await caller.press("1")
    await caller.speak(wav(4))
    await caller.press("1")  # no pole number
    await caller.press("1")  # no photo
    await caller.press("09121234567#")


async def test_a_request_by_keypad_and_voice(exchange: Exchange) -> None:
    caller = await exchange.call()
    assert "گزارش خرابی چراغ کلید یک" in exchange.heard(caller)
    assert exchange.desk.phrase("voice.keys") in exchange.heard(caller)
    await caller.press("1")
    assert "چراغ چه مشکلی دارد" in exchange.heard(caller)
    await caller.press("1")
    assert exchange.desk.phrase("voice.record") in exchange.heard(caller)
    await caller.speak(wav(4))
    assert "شماره‌ای هست" in exchange.heard(caller)
    await caller.press("1")
    assert exchange.desk.phrase("voice.no_files") in exchange.heard(caller)
    await caller.press("1")
    await caller.press("09121234567#")
    assert "اصلاح خرابی کلید دو" in exchange.heard(caller)
    await caller.press("1")
    (request,) = await exchange.desk.requests()
    assert request.draft.address == ANN
    assert request.draft.mobile == "+989121234567"
    (recording,) = request.draft.attachments
    stored = await exchange.desk.files.get(recording.id)
    assert stored == (recording, wav(4))
    assert recording.media_type == "audio/wav"
    spoken = " ".join(clip.text for clip in exchange.desk.speaker.say((request.code[0],), "fa"))
    assert spoken in exchange.heard(caller), "the code is told digit by digit"
    await caller.hang_up()
    assert await exchange.desk.posted() == []


async def test_an_answer_is_corrected_from_the_review(exchange: Exchange) -> None:
    caller = await exchange.call()
    await reported(exchange, caller)
    await caller.press("2")
    assert "چراغ چه مشکلی دارد" in exchange.heard(caller)
    await caller.press("5")
    assert "شکسته است" in exchange.heard(caller)
    await caller.press("1")
    (request,) = await exchange.desk.requests()
    assert request.draft.answers[0].value == "broken"


async def test_a_hang_up_in_the_middle_keeps_the_draft(exchange: Exchange) -> None:
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("2")
    await caller.hang_up()
    session = await exchange.desk.session(ANN)
    assert session.frames[-1].answers == {"fault": "many_off"}
    (posted,) = await exchange.desk.posted()
    assert posted.startswith("sms:+989121234567 /")
    await caller.end()
    assert len(await exchange.desk.posted()) == 1, "told once, however often the end is told"


async def test_a_message_that_ends_with_the_call_is_the_answer(exchange: Exchange) -> None:
    """Many simply hang up when they have said it."""
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    await caller.hang_up(wav(5))
    session = await exchange.desk.session(ANN)
    assert "recording" in session.frames[-1].answers["place"]
    assert len(await exchange.desk.posted()) == 1


async def test_hanging_up_on_the_beep_answers_nothing(exchange: Exchange) -> None:
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    await caller.hang_up(wav(0.2))
    session = await exchange.desk.session(ANN)
    assert session.frames[-1].answers == {"fault": "one_off"}


async def test_back_leads_to_the_question_before_and_then_out(exchange: Exchange) -> None:
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    await caller.press("*")
    assert "چراغ چه مشکلی دارد" in exchange.heard(caller)
    await caller.press("*")
    assert "مطمئن هستید" in exchange.heard(caller)
    await caller.press("1")
    assert "گزارش خرابی چراغ کلید یک" in exchange.heard(caller)


async def test_a_key_during_the_recording_ends_it_and_means_itself(exchange: Exchange) -> None:
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    await caller.speak(wav(3), "*")
    assert "چراغ چه مشکلی دارد" in exchange.heard(caller)


async def test_the_recording_begins_at_once_on_the_hash_key(exchange: Exchange) -> None:
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    await caller.press("#")
    assert caller.said == []
    await caller.speak(wav(3))
    assert "شماره‌ای هست" in exchange.heard(caller)


async def test_too_short_a_message_is_asked_for_again(exchange: Exchange) -> None:
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    await caller.speak(wav(0.5))
    assert exchange.desk.phrase("voice.too_short") in exchange.heard(caller)
    await caller.speak(wav(3))
    assert "شماره‌ای هست" in exchange.heard(caller)


async def test_a_wrong_key_and_silence_are_asked_again(exchange: Exchange) -> None:
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("7")
    assert exchange.desk.phrase("voice.not_a_key") in exchange.heard(caller)
    await caller.wait()
    assert exchange.desk.phrase("voice.silence") in exchange.heard(caller)
    await caller.press("1")
    assert exchange.desk.phrase("voice.record") in exchange.heard(caller), "a good key after two bad ones is heard"


async def test_the_hash_key_repeats_all_of_it(exchange: Exchange) -> None:
    caller = await exchange.call()
    await caller.press("1")
    whole = exchange.heard(caller)
    await caller.press("#")
    assert exchange.heard(caller) == whole


async def test_three_strikes_are_put_through_to_a_person(exchange: Exchange) -> None:
    caller = await exchange.call()
    caller.dial_result = "completed"
    for _ in range(3):
        await caller.wait()
    assert caller.dialled == ["+982100001000"]
    assert caller.over


async def test_three_strikes_without_a_person_are_goodbye_with_the_draft_kept(exchange: Exchange) -> None:
    exchange.desk.change(person=NOBODY)
    caller = await exchange.call()
    await caller.press("1")
    await caller.press("1")
    for _ in range(3):
        await caller.wait()
    heard = exchange.heard(caller)
    assert exchange.desk.phrase("voice.kept") in heard
    assert exchange.desk.phrase("voice.goodbye") in heard
    assert caller.over
    assert len(await exchange.desk.posted()) == 1
    assert (await exchange.desk.session(ANN)).frames[-1].answers == {"fault": "one_off"}


async def test_nobody_is_rung_twice_and_a_silent_line_ends(exchange: Exchange) -> None:
    caller = await exchange.call()
    for _ in range(20):
        if caller.over:
            break
        await caller.wait()
    assert caller.over
    assert len(caller.dialled) == 1


async def test_a_person_who_is_away_leaves_room_for_a_message(exchange: Exchange) -> None:
    caller = await exchange.call()
    await caller.press("0")
    assert caller.dialled == ["+982100001000"]
    assert exchange.desk.phrase("voice.person_away") in exchange.heard(caller)
    await caller.speak(wav(3))
    session = await exchange.desk.session(ANN)
    assert session.frames[-1].dialog == "form/officer_message"
    assert len(session.frames[-1].answers) == 1


@pytest.mark.parametrize(
    ("person", "open", "rings"),
    [
        (Person("+982100001000", "office_hours"), False, False),
        (Person("+982100001000", "always"), False, True),
        (Person("+982100001000", "never"), True, False),
        (NOBODY, True, False),
    ],
)
async def test_a_person_is_rung_when_somebody_may_be_there(
    exchange: Exchange, person: Person, open: bool, rings: bool
) -> None:
    exchange.desk.change(person=person)
    exchange.desk.open = open
    caller = await exchange.call()
    closed = exchange.desk.phrase("hours.closed_now")
    assert (closed in exchange.heard(caller)) is not open
    await caller.press("0")
    assert bool(caller.dialled) is rings
    assert (await exchange.desk.session(ANN)).frames[-1].dialog == "form/officer_message"


async def test_many_choices_come_in_pages(exchange: Exchange) -> None:
    caller = await exchange.call()
    await caller.press("3")
    first = exchange.heard(caller)
    assert exchange.desk.speaker.static("voice.more", "fa")[0].text in first
    await caller.press("9")
    second = exchange.heard(caller)
    assert second != first
    await caller.press("9")
    assert "درخواست پروانهٔ ساختمانی" in exchange.heard(caller), "after the last page comes the first"
    await caller.press("9")
    assert exchange.heard(caller) == second
    await caller.press("1")
    session = await exchange.desk.session(ANN)
    assert session.frames[-1].dialog.startswith("form/")


async def test_a_code_by_keypad_ends_by_its_count(exchange: Exchange) -> None:
    caller = await exchange.call()
    await reported(exchange, caller)
    await caller.press("1")
    (request,) = await exchange.desk.requests()
    await caller.hang_up()
    other = await exchange.call("+989351112233")
    await other.press("2")
    await other.press(request.code + "#")
    assert "گزارش خرابی چراغ معبر" in exchange.heard(other)
    await other.press("2")
    assert "چهار رقم" in exchange.heard(other), "personal content asks for the second factor"


async def test_a_draft_of_this_number_is_not_told_to_whoever_calls(exchange: Exchange) -> None:
    first = await exchange.call()
    await first.press("1")
    await first.press("1")
    await first.hang_up()
    second = await exchange.call()
    assert "کدی" in exchange.heard(second)
    assert second.call != first.call


async def test_a_hidden_caller_is_served_for_one_call(exchange: Exchange) -> None:
    caller = await exchange.call("anonymous")
    await reported(exchange, caller)
    await caller.press("1")
    (request,) = await exchange.desk.requests()
    assert request.draft.address.id == f"call-{caller.call}"
    await caller.hang_up()
    assert await exchange.desk.posted() == []


async def test_english_is_spoken_to_who_wants_it(exchange: Exchange) -> None:
    exchange.desk.change(menu=(*MENU, MenuEntry("8", "/language/en", {"fa": "English", "en": "English"})))
    caller = await exchange.call()
    await caller.press("8")
    assert "Street light fault" in exchange.heard(caller)
    await caller.press("7")
    assert exchange.desk.phrase("voice.not_a_key", "en") in exchange.heard(caller)


async def test_choices_may_be_spoken_where_the_organisation_wants_it(exchange: Exchange) -> None:
    exchange.desk.change(speech=True)
    caller = await exchange.call()
    await caller.press("1")
    assert 'language="fa-IR"' in caller.answers[-1]
    await caller.say("چشمک می‌زند")
    assert exchange.desk.phrase("voice.record") in exchange.heard(caller)
    await caller.press("*")
    await caller.press("1")
    assert exchange.desk.phrase("voice.record") in exchange.heard(caller), "keys hold beside speech"


async def test_more_patience_is_a_setting(exchange: Exchange) -> None:
    exchange.desk.change(waits=Waits(first_digit=9.2, tries=2), person=NOBODY)
    caller = await exchange.call()
    assert 'timeout="10"' in caller.answers[-1]
    await caller.wait()
    assert not caller.over
    await caller.wait()
    assert caller.over


async def test_the_organisation_s_own_menu_and_voice(exchange: Exchange) -> None:
    """ivr/ as it is: from its second key to a filed request."""
    exchange.desk.voice = load_voice(ROOT / "ivr", exchange.desk.catalogue)
    caller = await exchange.call()
    await caller.press("2")
    await caller.press("1")
    await caller.speak(wav(4))
    for keys in ("1", "1", "*1#", "1"):
        await caller.press(keys)
    (request,) = await exchange.desk.requests()
    assert request.draft.form == "street_light_report"
    assert request.draft.mobile == ANN.id
    await caller.press("#")
    assert caller.said


async def test_callers_who_do_anything_are_never_lost(exchange: Exchange) -> None:
    """Every answer is TwiML that Twilio takes, and every call ends by a hang-up, ours or theirs."""
    chance = random.Random(11)
    exchange.provider.not_yet = 0
    for n in range(25):
        caller = await exchange.call("anonymous" if n % 3 == 0 else f"+98912000{n:04}")
        for _ in range(chance.randrange(4, 20)):
            if caller.over:
                break
            match chance.randrange(8):
                case 0:
                    await caller.wait()
                case 1 if caller.records():
                    await caller.speak(wav(chance.choice([0.2, 2, 5])), chance.choice(["#", "", "1", "*", "0"]))
                case 2:
                    await caller.press("".join(chance.choices("0123456789*#", k=chance.randrange(1, 13))) + "#")
                case _:
                    await caller.press(chance.choice("11112345*#9"))
        if not caller.over:
            await caller.hang_up()


async def test_a_call_is_carried_by_one_process_and_by_another(exchange: Exchange) -> None:
    desk = exchange.desk
    one, other = (
        Calls(
            desk.gateway,
            desk.files,
            desk.speaker,
            lambda: desk.voice,
            is_open=lambda: True,
            can_text=takes_texts,
            is_holiday=lambda: False,
        )
        for _ in range(2)
    )
    ann = Voice(ANN, "CA" + "1" * 32)
    begun = await one.begin(ann)
    asked = await other.hear(ann, begun.place, Heard("1"))
    assert (await one.hear(ann, begun.place, Heard("1"))) == asked, "the webhook was repeated"
    described = await other.hear(ann, asked.place, Heard("1"))
    assert described.script.then is Then.VOICE
    assert (await one.hear(ann, described.place, Heard("#"))).script.then is Then.VOICE, "its own answer is older"
    assert (await one.hear(ann, described.place, Heard("*"))).script.then is Then.KEY
    await one.gone(ann)
    assert (await one.hear(ann, begun.place, Heard("1"))) == asked, "told again by the desk"


async def test_many_calls_at_once_are_told_apart(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.voice.call.REMEMBERED", 2)
    callers = [await exchange.call(f"+98912000000{n}") for n in range(4)]
    for n, caller in enumerate(callers):
        await caller.press("1" if n % 2 else "2")
    for n, caller in enumerate(callers):
        assert ("چراغ" in exchange.heard(caller)) is bool(n % 2)
