"""Files, frames and sessions that cannot be taken: a clear answer each time, and nothing lost: the form is finished
after it."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from tests.e2e.citizen import EXECUTABLE, MOBILE, Citizen, Poster, Tab, lamp, lamp_filed, picture, told, word
from tests.e2e.conftest import OpenTab
from tests.e2e.process import Counter

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


async def test_another_s_file_and_a_made_up_one(
    citizen: Citizen, counter: Counter, http: aiohttp.ClientSession
) -> None:
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


async def test_a_forged_session(
    citizen: Citizen, counter: Counter, http: aiohttp.ClientSession, open_tab: OpenTab
) -> None:
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


async def test_a_tab_and_a_post_are_one_conversation(
    open_tab: OpenTab, counter: Counter, http: aiohttp.ClientSession
) -> None:
    tab: Tab = await open_tab()
    await tab.hello()
    await tab.until("reply")
    await lamp(tab)
    poster = Poster(counter, http)
    poster.token = tab.token
    assert "(۴ از ۵)" in await poster.say("رد شدن")
    assert "(۴ از ۵)" in told(await tab.until("reply"))
    assert "(۵ از ۵)" in await tab.say("رد شدن")
