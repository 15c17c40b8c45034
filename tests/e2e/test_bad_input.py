"""Words and choices that cannot be taken, over the web chat's real protocol: a clear answer each time, and nothing
lost: the form is finished after it.

A day cannot pass in a real process; the button of a question that is over stands for the one of yesterday (the day
itself is in tests/transcripts/after_a_long_time.txt).
"""

from __future__ import annotations

import asyncio
from uuid import uuid4

import aiohttp
import pytest

from tests.e2e.citizen import (
    MOBILE,
    PDF,
    PERSIAN,
    PLACE,
    Citizen,
    Frame,
    Poster,
    Tab,
    answers,
    case,
    code_in,
    lamp,
    lamp_filed,
    told,
    word,
)
from tests.e2e.conftest import OpenTab
from tests.e2e.process import Counter

# --- words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", ["", "   \n", "\u200c\u200f", "\ufeff"])
async def test_an_empty_message(citizen: Citizen, nothing: str) -> None:
    await lamp(citizen)
    said = await citizen.say(nothing)
    assert word("engine.empty") in said
    assert "(۳ از ۵)" in said
    await lamp_filed(citizen)


@pytest.mark.parametrize("signs", ["😀", "👍🏽👍🏽", "؟!…", "❤️‍🔥"])
async def test_signs_alone(citizen: Citizen, signs: str) -> None:
    await lamp(citizen)
    said = await citizen.say(signs)
    assert "لطفاً کمی بیشتر بنویسید" in said
    assert "(۳ از ۵)" in said
    await lamp_filed(citizen)


async def test_ten_thousand_characters(citizen: Citizen) -> None:
    await lamp(citizen)
    (refused,) = await citizen.turn(type="message", text="آ" * 10_000)
    assert (refused["code"], refused["text"]) == ("too_long", word("web.too_long"))
    assert "۲۰ نویسه" in await citizen.say("ب" * 3_999)
    await lamp_filed(citizen)


async def test_arabic_letters_and_mixed_digits(citizen: Citizen) -> None:
    await citizen.open("building_permit_request")
    said = await citizen.say("علي كريمي", "٠٠۱۳5٤۲٤۱۹", "رد شدن", "٠۹12 ۱۲۳ 45٦٧", "تمديد پروانه يا اصلاح نقشه")
    assert "(۶ از ۱۰)" in said
    review = await _permit_to_review(citizen)
    assert "کد ملی مالک: 0013542419" in review
    given = answers(await citizen.file())
    assert (given["national_id"], given["mobile"], given["work"]) == ("0013542419", "+989121234567", "change")


async def _permit_to_review(citizen: Citizen) -> str:
    await citizen.say("خیابان بهار، کوچهٔ سوم، پلاک ۱۲", "رد شدن", "۱۵۰")
    await citizen.send_file("سند.pdf", PDF)
    await citizen.press(word("nav.done"))
    return await citizen.say("رد شدن")


async def test_bidi_controls(citizen: Citizen) -> None:
    await citizen.open("street_light_report")
    await citizen.say("۱", "\u202e\u2067خیابان بهار\u202d پلاک 12")
    await citizen.say("رد شدن", "رد شدن")
    frames = await citizen.turn(type="message", text=f"\u200f{MOBILE}\u200e\u202c")
    review = frames[-2]["text"]
    assert "خیابان بهار پلاک 12" in told(frames)
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2067") & set(review)
    assert all(line.count("\u2066") + line.count("\u2068") == line.count("\u2069") for line in review.split("\n"))
    assert answers(await citizen.file())["mobile"] == "+989121234567"


@pytest.mark.parametrize("wrong", ["1234567890", "۱۱۱۱۱۱۱۱۱۱", "0013542418", "۱۲۳"])
async def test_a_wrong_national_id(citizen: Citizen, wrong: str) -> None:
    await citizen.open("building_permit_request")
    said = await citizen.say("علی کریمی", wrong)
    assert word("invalid.national_id.checksum") in said or word("invalid.national_id") in said
    assert "(۲ از ۱۰)" in said
    await citizen.say("0013542419", "رد شدن", MOBILE, "۱")
    await _permit_to_review(citizen)
    assert answers(await citizen.file())["name"] == "علی کریمی"


@pytest.mark.parametrize(
    ("day", "answer"),
    [
        ("۳۱ مهر ۱۴۰۴", word("invalid.date.no_such_day")),
        ("1404/07/31", word("invalid.date.no_such_day")),
        ("۱۴۰۴/۷/۳۰", "گذشته است؛ تاریخی از امروز به بعد بنویسید"),
        ("دیروز", "گذشته است؛ تاریخی از امروز به بعد بنویسید"),
        ("هر وقت شد", word("invalid.date")),
    ],
)
async def test_a_day_that_cannot_be(citizen: Citizen, day: str, answer: str) -> None:
    await citizen.open("bulky_waste_pickup")
    said = await citizen.say("یک مبل سه‌نفره و یک یخچال", "۲", "خیابان بهار، کوچهٔ سوم، پلاک ۱۲", day)
    assert answer in said
    assert "(۴ از ۷)" in said
    await citizen.say("فردا", "صبح", "رد شدن", MOBILE)
    given = answers(await citizen.file())
    assert (given["items"], given["count"], given["time"]) == ("یک مبل سه‌نفره و یک یخچال", 2, "morning")


# --- choices ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["چشمک می‌زند", "چشمك ميزند", "3", "۳", "٣", " ۳. "])
async def test_a_choice_that_is_typed(citizen: Citizen, typed: str) -> None:
    await citizen.open("street_light_report")
    assert "(۲ از ۵)" in await citizen.say(typed)
    await citizen.say(PLACE)
    await lamp_filed(citizen, fault="flickers")


async def test_a_choice_that_is_not_there(citizen: Citizen) -> None:
    await citizen.open("street_light_report")
    for typed in ("9", "۰", "بنفش"):
        said = await citizen.say(typed)
        assert word("invalid.choice") in said
        assert "(۱ از ۵)" in said
    await citizen.say("۱", PLACE)
    await lamp_filed(citizen)


async def test_a_stale_button(citizen: Citizen) -> None:
    await citizen.open("street_light_report")
    old = citizen.offered["چشمک می‌زند"]
    await citizen.say("۱", PLACE)
    said = told(await citizen.turn(type="choice", value=old))
    assert word("engine.stale") in said
    assert "(۳ از ۵)" in said
    await lamp_filed(citizen)


async def test_the_same_button_twice(citizen: Citizen) -> None:
    """Two presses are two frames with two ids; a redelivery is one id twice. Neither files twice."""
    await lamp(citizen)
    await citizen.say("رد شدن", "رد شدن", MOBILE)
    confirm: Frame = {"id": str(uuid4()), "type": "choice", "value": citizen.offered[word("nav.confirm")]}
    first = await citizen.exchange(confirm)
    assert await citizen.exchange(confirm) == first
    pressed_again = told(await citizen.exchange({**confirm, "id": str(uuid4())}))
    assert word("engine.stale") in pressed_again
    mine = told(await citizen.turn(type="choice", value="/mine"))
    assert mine.count(code_in(told(first))[:5]) == 1 and mine.count("•") == 1


async def test_a_button_that_nobody_offered(citizen: Citizen) -> None:
    await lamp(citizen)
    for value in ("confirm", "abc~confirm", "/form/nothing_of_the_kind", "/nonsense", "/form/../letter", "~", "/"):
        said = told(await citizen.turn(type="choice", value=value))
        assert "(۳ از ۵)" in said, value
        assert "درخواست شما ثبت شد" not in said
    await lamp_filed(citizen)


# --- at once ------------------------------------------------------------------------------------------


async def test_two_messages_at_once(citizen: Citizen, counter: Counter, http: aiohttp.ClientSession) -> None:
    """Over two connections: one is the answer, the other comes to the next question; none is lost or taken twice."""
    await lamp(citizen)
    posters = [Poster(counter, http), Poster(counter, http)]
    for poster in posters:
        poster.token = citizen.token
    said = await asyncio.gather(*(p.say(pole) for p, pole in zip(posters, ("۱۲", "۱۳"), strict=True)))
    taken = ("۱۲", "۱۳")[word("invalid.files") in said[0]]
    assert sorted(word("invalid.files") in s for s in said) == [False, True]
    assert all("(۴ از ۵)" in s for s in said)
    if isinstance(citizen, Tab):
        await citizen.until("reply")  # what the other connections did is shown here too
        await citizen.until("reply")
    await citizen.say("رد شدن", MOBILE)
    assert answers(await citizen.file())["pole_number"] == taken


async def test_messages_that_do_not_wait_for_each_other(open_tab: OpenTab) -> None:
    tab = await open_tab()
    await tab.hello()
    await tab.until("reply")
    await tab.open("street_light_report")
    for text in ("۱", PLACE, "رد شدن", "رد شدن", MOBILE):
        await tab.send({"type": "message", "id": str(uuid4()), "text": text})
    questions = [told(await tab.until("ack")) for _ in range(5)]
    assert [f"({n} از ۵)" in q for n, q in zip("۲۳۴۵", questions, strict=False)] == [True] * 4
    code = code_in(await tab.say(word("nav.confirm")))
    assert answers(await case(tab.http, tab.counter, code))["place"] == {"text": PLACE}


async def test_ten_confirmations_at_once(citizen: Citizen, counter: Counter, http: aiohttp.ClientSession) -> None:
    await lamp(citizen)
    await citizen.say("رد شدن", "رد شدن", MOBILE)
    value = citizen.offered[word("nav.confirm")]
    posters = [Poster(counter, http) for _ in range(10)]
    for poster in posters:
        poster.token = citizen.token
    said = await asyncio.gather(*(p.turn(type="choice", value=value) for p in posters))
    codes = {code_in(text) for text in map(told, said) if "درخواست شما ثبت شد" in text}
    assert len(codes) == 1
    mine = told(await citizen.turn(type="choice", value="/mine"))
    assert mine.count("•") == 1


async def test_more_than_anybody_types(citizen: Citizen) -> None:
    """A flood is told to slow down, and what was answered stays."""
    await lamp(citizen)
    refusals: list[Frame] = []
    while not refusals:
        refusals = [f for f in await citizen.turn(type="message", text="😀") if f["type"] == "error"]
    assert refusals[0]["code"] == "slow_down" and 0 < refusals[0]["retry_in"] <= 10
    assert refusals[0]["text"] == word("web.slow_down")


async def test_a_code_that_was_guessed(citizen: Citizen, counter: Counter, http: aiohttp.ClientSession) -> None:
    """Wrong codes are told as such, and after a few of them this address waits; its own request stays open to it."""
    await lamp(citizen)
    await citizen.say("رد شدن", "رد شدن", MOBILE)
    code = (await citizen.file())["code"]
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    assert word("invalid.tracking_code.check_digit") in await citizen.say("/track", wrong.translate(PERSIAN))
    assert code_in(await citizen.say(f"کد من {code[:5]}-{code[5:]} است")) == code
    assert (await case(http, counter, code))["status"] == "submitted"
