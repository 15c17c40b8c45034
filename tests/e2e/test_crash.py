"""kill -9 in the middle of traffic, three times: what was acknowledged has its effect exactly once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter as Tally
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tests.e2e.citizen import MOBILE, OFFICE, PLACE, Frame, answers, code_in, picture, told
from tests.e2e.process import Counter

LIVES = 3
CITIZENS = 18  # who are at the counter at once
TURNS_OF_A_LIFE = 60  # acknowledged ones, before the power goes
MOVED = "وضعیت تازه: بسته شد"
SURVEY = "چقدر از این خدمت راضی بودید"


@dataclass
class Traffic:
    """What all citizens and officers were told."""

    acknowledged: int = 0
    repeated: int = 0  # calls that had to be made again
    confirmed_again: int = 0  # of these, those that file
    codes: dict[str, str] = field(default_factory=dict)  # code → session token
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    goal: int = TURNS_OF_A_LIFE

    def count(self) -> None:
        self.acknowledged += 1
        if self.acknowledged >= self.goal:
            self.enough.set()


class Visitor:
    """Files one request after the other, each in a new conversation; sends again what nobody acknowledged."""

    def __init__(self, counter: Counter, http: aiohttp.ClientSession, traffic: Traffic) -> None:
        self.counter, self.http, self.traffic = counter, http, traffic

    async def persist(self, method: str, path: str, **request: Any) -> tuple[int, Any]:
        """The first answer below 500 that comes, however often it has to be asked for."""
        first = True
        while True:
            try:
                async with self.http.request(method, f"{self.counter.url}{path}", **request) as answer:
                    if answer.status < 500:
                        return answer.status, await answer.json(content_type=None)
            except (aiohttp.ClientError, json.JSONDecodeError):
                pass  # the power is gone
            self.traffic.repeated += first
            self.traffic.confirmed_again += first and "تأیید" in str(request)
            first = False
            await asyncio.sleep(0.05)

    async def frame(self, token: str | None, **frame: Any) -> list[Frame]:
        body = {"id": str(uuid4()), **frame, "session": token}
        status, answer = await self.persist("POST", "/channels/web/messages", json=body)
        assert status == 200, answer
        frames: list[Frame] = answer["frames"]
        return frames

    async def turn(self, sent: list[str], token: str, **frame: Any) -> str:
        """One frame under one id, until it is acknowledged; the answer's words."""
        id = str(uuid4())
        frames = await self.frame(token, id=id, **frame)
        assert frames[-1]["type"] == "ack" and frames[-1]["id"] == id
        sent.append(id)
        self.traffic.count()
        return told(frames)

    async def upload(self, token: str) -> str:
        while True:  # a form's body cannot be sent twice: each try makes its own
            form = aiohttp.FormData()
            form.add_field("file", picture(), filename="lamp.png")
            headers = {"X-Session": token}
            try:
                address = f"{self.counter.url}/channels/web/files"
                async with self.http.post(address, data=form, headers=headers) as answer:
                    if answer.status == 200:
                        return str((await answer.json())["upload"])
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)

    async def file(self, number: int) -> None:
        """One request from hello to its code; every second one with a photo, every third is closed at once."""
        welcome = (await self.frame(None, type="hello", language="fa"))[0]
        token: str = welcome["session"]
        sent: list[str] = []
        await self.turn(sent, token, type="choice", value="/form/street_light_report")
        for text in ("۱", PLACE, "رد شدن"):
            await self.turn(sent, token, type="message", text=text)
        if number % 2:
            await self.turn(sent, token, type="file", upload=await self.upload(token))
            await self.turn(sent, token, type="message", text="همین‌ها کافی است")
        else:
            await self.turn(sent, token, type="message", text="رد شدن")
        assert "لطفاً یک بار ببینید" in await self.turn(sent, token, type="message", text=MOBILE)
        code = code_in(await self.turn(sent, token, type="message", text="تأیید"))
        self.traffic.codes[code] = token
        if number % 3 == 0:
            headers = {**OFFICE, "Idempotency-Key": str(uuid4())}
            change = {"status": "closed"}
            status, answer = await self.persist("PATCH", f"/api/v1/requests/{code}", json=change, headers=headers)
            assert status == 200, answer
        await self.remembered(token, sent)

    async def remembered(self, token: str, sent: list[str]) -> None:
        """Each acknowledged frame stands once in the transcript, in the order that it was sent."""
        _, answer = await self.persist("GET", "/channels/web/messages?history=1", headers={"X-Session": token})
        seqs = [f["seq"] for f in answer["frames"]]
        assert seqs == sorted(set(seqs))
        heard = [f["id"] for f in answer["frames"] if f["type"] == "said"]
        assert heard == [id for id in sent if id in heard] and set(sent[1:]) <= set(heard)


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    counter = Counter(tmp_path)
    try:
        await asyncio.to_thread(counter.start)
        yield counter
        await asyncio.to_thread(counter.stop)
        assert counter.faults() == []
    finally:
        counter.end()


async def test_kill_9_in_the_middle_of_traffic(counter: Counter, http: aiohttp.ClientSession) -> None:
    traffic = Traffic()
    visitor = Visitor(counter, http, traffic)
    closing = asyncio.Event()

    async def visits(first: int) -> None:
        number = first
        while not closing.is_set():
            await visitor.file(number)
            number += 1

    async with asyncio.TaskGroup() as tasks:
        for n in range(CITIZENS):
            tasks.create_task(visits(n))
        for _ in range(LIVES):
            await traffic.enough.wait()
            await asyncio.to_thread(counter.kill_at_filing)
            traffic.enough.clear()
            traffic.goal = traffic.acknowledged + TURNS_OF_A_LIFE
            await asyncio.to_thread(counter.start)
        closing.set()  # who is in the middle of a form finishes it

    await check(counter, http, traffic)


async def check(counter: Counter, http: aiohttp.ClientSession, traffic: Traffic) -> None:
    """The desk's list, each code's case, and each citizen's transcript agree with what was told."""
    assert counter.stored("PRAGMA integrity_check") == [("ok",)]
    assert counter.stored("SELECT inbound FROM lines WHERE direction = 'in' GROUP BY inbound HAVING count(*) > 1") == []
    listed = await every_request(counter, http)
    assert Tally(listed) == Tally(list(traffic.codes)), "a request without its code, a code without its request, or two"
    counter.let_go()
    await counter.all_told()
    closed = photos = 0
    for code, token in traffic.codes.items():
        async with http.get(f"{counter.url}/api/v1/requests/{code}", headers=OFFICE) as answer:
            request = await answer.json()
        history = [c["status"] for c in request["history"]]
        assert history in (["submitted"], ["submitted", "closed"])
        assert {k: v for k, v in answers(request).items() if k != "photo"} == {
            "fault": "one_off",
            "place": {"text": PLACE},
            "mobile": "+989121234567",
        }
        path = f"{counter.url}/channels/web/messages?history=1"
        async with http.get(path, headers={"X-Session": token}) as answer:
            said = told((await answer.json())["frames"])
        assert said.count("درخواست شما ثبت شد") == 1 and code_in(said.partition("کد رهگیری: ")[2]) == code
        assert (said.count(MOVED), said.count(SURVEY)) == ((1, 1) if "closed" in history else (0, 0))
        closed += "closed" in history
        photos += len(request["attachments"])
    assert traffic.repeated, "the power went while nobody was served"
    print(
        f"{LIVES} deaths: {traffic.acknowledged} acknowledged turns, {traffic.repeated} calls made again "
        f"({traffic.confirmed_again} of them to file), "
        f"{len(traffic.codes)} requests with as many codes, {photos} photos, {closed} closed and told of once"
    )


async def every_request(counter: Counter, http: aiohttp.ClientSession) -> list[str]:
    codes: list[str] = []
    after = ""
    while True:
        params = {"limit": "200", **({"after": after} if after else {})}
        async with http.get(f"{counter.url}/api/v1/requests", params=params, headers=OFFICE) as answer:
            page = await answer.json()
        codes += [r["code"] for r in page["requests"]]
        if not page["next"]:
            return codes
        after = page["next"]
