"""Bad input over the web chat's real protocol: a clear answer each time, and nothing lost: the form is finished after it.

A day cannot pass in a real process; the button of a question that is over stands for the one of yesterday (the day
itself is in tests/transcripts/after_a_long_time.txt).
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tests.e2e.citizen import EXECUTABLE, MOBILE, PDF, PERSIAN, Citizen, Frame, Poster, Tab, case, code_in, picture, told, word
from tests.e2e.conftest import OpenTab
from tests.e2e.process import Counter

PLACE = "خیابان بهار، کوچهٔ سوم، روبه‌روی پلاک ۱۲"


def answers(request: Any) -> dict[str, Any]:
    return {a["field"]: a["value"] for a in request["answers"]}


async def lamp(citizen: Citizen) -> str:
    """A street light report up to its third question, the pole's number."""
    await citizen.open("street_light_report")
    return await citizen.say("۱", PLACE)


async def lamp_filed(citizen: Citizen, **expected: Any) -> None:
    """The rest of it; what was answered before and after the bad input lies on the desk."""
    await citizen.say("رد شدن", "رد شدن", MOBILE)
    request = await citizen.file()
    given = {"fault": "one_off", "place": {"text": PLACE}, "mobile": "+989121234567"}
    assert answers(request) == given | expected


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
    said = await citizen.say("علي كريمي", "٠٠۱۳5٤۲٤۱۹", "٠۹12 ۱۲۳ 45٦٧", "تمديد پروانه يا اصلاح نقشه")
    assert "(۵ از ۹)" in said
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
    assert "(۲ از ۹)" in said
    await citizen.say("0013542419", MOBILE, "۱")
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


# --- files --------------------------------------------------------------------------------------------


async def test_an_album_of_photos(citizen: Citizen) -> None:
    await lamp(citizen)
    await citizen.say("رد شدن")
    stored = await asyncio.gather(*(citizen.upload(f"عکس {n}.png", picture(8 + n)) for n in range(5)))
    said = [told(await citizen.turn(type="file", upload=s["upload"])) for s in stored]
    assert "۲ پرونده" in said[1]
    assert "(۵ از ۵)" in said[2]
    assert all(word("invalid.words_wanted") in s and "(۵ از ۵)" in s for s in said[3:])
    await citizen.say(MOBILE)
    request = await citizen.file()
    assert [a["name"] for a in request["attachments"]] == ["عکس 0.png", "عکس 1.png", "عکس 2.png"]


async def test_a_file_of_60_megabytes(citizen: Citizen) -> None:
    await lamp(citizen)
    await citizen.say("رد شدن")
    refused = await citizen.upload("فیلم.mp4", bytes(60 << 20))
    assert (refused["status"], refused["code"], refused["detail"]) == (413, "file.too_large", word("file.too_large"))
    await citizen.send_file("چراغ.png", picture())
    await citizen.say(word("nav.done"), MOBILE)
    assert len((await citizen.file())["attachments"]) == 1


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("نقشه.pdf", EXECUTABLE, "file.not_what_it_says"),
        ("photo.png", b"#!/bin/sh\nrm -rf /\n", "file.not_what_it_says"),
        ("setup.exe", EXECUTABLE, "file.type_not_allowed"),
        ("gpj.\u202eexe.pdf", EXECUTABLE, "file.not_what_it_says"),
        ("خالی.pdf", b"", "file.empty"),
        ("page.html", b"<!doctype html><script>alert(1)</script>", "file.type_not_allowed"),
    ],
)
async def test_a_file_that_is_not_what_it_says(citizen: Citizen, name: str, data: bytes, why: str) -> None:
    await lamp(citizen)
    await citizen.say("رد شدن")
    refused = await citizen.upload(name, data)
    assert (refused["status"], refused["code"], refused["detail"]) == (422, why, word(why))
    assert "(۴ از ۵)" in told(await citizen.turn(type="choice", value="/repeat"))
    await citizen.say("رد شدن", MOBILE)
    assert (await citizen.file())["attachments"] == []


async def test_another_s_file_and_a_made_up_one(citizen: Citizen, counter: Counter, http: aiohttp.ClientSession) -> None:
    await lamp(citizen)
    await citizen.say("رد شدن")
    other = Poster(counter, http)
    await other.hello()
    theirs = (await other.upload("چراغ.png", picture()))["upload"]
    for upload in (theirs, theirs[:-1] + "A", "nothing", "."):
        (refused,) = await citizen.turn(type="file", upload=upload)
        assert (refused["code"], refused["text"]) == ("unknown_upload", word("web.unknown_upload"))
    await citizen.say("رد شدن", MOBILE)
    assert (await citizen.file())["attachments"] == []


# --- frames -------------------------------------------------------------------------------------------

MALFORMED: list[bytes] = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"hello"',
    b"{}",
    b'{"type": "message"}',
    b'{"type": "message", "id": "x"}',
    b'{"type": "message", "id": 7, "text": "a"}',
    b'{"type": "message", "id": "../..", "text": "a"}',
    b'{"type": "message", "id": "x", "text": {"a": 1}}',
    b'{"type": "message", "id": "x", "text": "a", "location": [91, 0]}',
    b'{"type": "message", "id": "x", "text": "a", "location": ["NaN", "NaN"]}',
    b'{"type": "choice", "id": "x", "value": ""}',
    b'{"type": "choice", "id": "x", "value": null}',
    b'{"type": "file", "id": "x"}',
    b'{"type": "administrator", "id": "x"}',
    b'{"type": "hello", "session": 5}',
    b'{"type": "hello", "session": null, "after": -1}',
    b"\xff\xfe\x00",
    b'{"type": "message", "id": "x", "text": "\\ud800"}',
    b"[" * 20_000,
]


async def test_malformed_frames_on_a_socket(open_tab: OpenTab) -> None:
    for few in (MALFORMED[:11], MALFORMED[11:]):  # 20 frames in 10 seconds are let through
        tab = await open_tab()
        await tab.hello()
        await tab.until("reply")
        for data in few:
            await tab.line.send(data.decode("utf-8", "replace"))
            refused = (await tab.until("error"))[-1]
            assert (refused["code"], refused["text"]) == ("bad_frame", word("web.bad_frame")), data
        await _still_serves(tab)


async def _still_serves(citizen: Citizen) -> None:
    await lamp(citizen)
    await lamp_filed(citizen)


async def test_bytes_on_a_socket_and_a_frame_that_is_too_large(open_tab: OpenTab) -> None:
    tab = await open_tab()
    await tab.hello()
    await tab.until("reply")
    await tab.line.send(json.dumps({"type": "ping"}).encode())
    assert (await tab.until("error"))[-1]["code"] == "bad_frame"
    await lamp(tab)
    await tab.line.send(json.dumps({"type": "message", "id": "x", "text": "آ" * 70_000}))
    await asyncio.wait_for(tab.line.wait_closed(), 30)
    again = await open_tab()
    assert (await again.hello(tab.token))["session"] == tab.token
    assert "(۳ از ۵)" in told(await again.turn(type="choice", value="/repeat"))
    await lamp_filed(again)


async def test_malformed_posts(counter: Counter, http: aiohttp.ClientSession) -> None:
    poster = Poster(counter, http)
    await poster.hello()
    for data in MALFORMED:
        (refused,) = await poster.post(data, poster.token)
        assert (refused["status"], refused["code"]) == (400, "bad_frame"), data
        assert refused["detail"] == word("web.bad_frame")
    (refused,) = await poster.post(b'{"a":"' + b"x" * 70_000 + b'"}', poster.token)
    assert refused["code"] == "bad_frame"
    await _still_serves(poster)


async def test_malformed_uploads(counter: Counter, http: aiohttp.ClientSession) -> None:
    poster = Poster(counter, http)
    await poster.hello()
    multipart = {"Content-Type": "multipart/form-data; boundary=b"}
    for headers, data in [
        ({"Content-Type": "application/json"}, b"{}"),
        ({"Content-Type": "multipart/form-data"}, b"x"),
        (multipart, b""),
        (multipart, b"--b\r\n\r\n"),
        (multipart, b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n'),
        (multipart, b"\xff" * 5_000),
    ]:
        given = {"X-Session": poster.token, **headers}
        async with http.post(f"{counter.url}/channels/web/files", data=data, headers=given) as answer:
            problem = await answer.json(content_type=None)
            assert (answer.status, problem["code"]) == (400, "bad_frame"), data
    await _still_serves(poster)


# --- sessions -----------------------------------------------------------------------------------------


def forgeries(token: str) -> list[str]:
    session, _, signature = token.rpartition(".")
    return [
        "",
        ".",
        "forged.token",
        session,
        f"{session}.",
        f"{session}.{signature[:-2]}AA",
        f"{session[:-1]}_.{signature}",
        f"{token}.{signature}",
        "سلام.سلام",
        "a" * 4_000,
    ]


async def test_a_forged_session(citizen: Citizen, counter: Counter, http: aiohttp.ClientSession, open_tab: OpenTab) -> None:
    await lamp(citizen)
    poster, tab = Poster(counter, http), await open_tab()
    for token in forgeries(citizen.token):
        (refused,) = await poster.post({"type": "message", "id": "x", "text": "سلام", "session": token})
        assert (refused["status"], refused["code"]) == (403, "bad_session"), token
        refused = await tab.hello(token)
        assert (refused["code"], refused["text"]) == ("bad_session", word("web.bad_session")), token
        poster.token = token
        if token.isascii():
            assert (await poster.upload("چراغ.png", picture()))["status"] == 403
        async with http.get(f"{counter.url}/channels/web/messages", params={"session": token}) as answer:
            assert answer.status == 403
    (refused,) = await tab.exchange({"type": "message", "id": "x", "text": "سلام"})
    assert refused["code"] == "bad_session"
    await lamp_filed(citizen)


async def test_a_code_that_was_guessed(citizen: Citizen, counter: Counter, http: aiohttp.ClientSession) -> None:
    """Wrong codes are told as such, and after a few of them this address waits; its own request stays open to it."""
    await lamp(citizen)
    await citizen.say("رد شدن", "رد شدن", MOBILE)
    code = (await citizen.file())["code"]
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    assert word("invalid.tracking_code.check_digit") in await citizen.say("/track", wrong.translate(PERSIAN))
    assert code_in(await citizen.say(f"کد من {code[:5]}-{code[5:]} است")) == code
    assert (await case(http, counter, code))["status"] == "submitted"


async def test_a_tab_and_a_post_are_one_conversation(open_tab: OpenTab, counter: Counter, http: aiohttp.ClientSession) -> None:
    tab: Tab = await open_tab()
    await tab.hello()
    await tab.until("reply")
    await lamp(tab)
    poster = Poster(counter, http)
    poster.token = tab.token
    assert "(۴ از ۵)" in await poster.say("رد شدن")
    assert "(۴ از ۵)" in told(await tab.until("reply"))
    assert "(۵ از ۵)" in await tab.say("رد شدن")
