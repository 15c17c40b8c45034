"""Reading by a Rasa server: what it says is taken, and whatever it does, the citizen gets an answer."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.core.ports import Entity, Match, Reading
from bot.nlu.rasa import PATIENCE, PAUSES, RasaNlu, RasaServer

TEXT = "وضعیت ۱۲۳۴۵ را تا فردا می‌خواهم"
OURS = Reading("greet", 0.4, (Entity("tracking_code", "12345", 6, 11),), (("greet", 0.4),))
GOOD: dict[str, Any] = {
    "text": TEXT,
    "intent": {"name": "track_request", "confidence": 0.93},
    "entities": [],
    "intent_ranking": [
        {"name": "track_request", "confidence": 0.93},
        {"name": "ask_faq", "confidence": 0.05},
        {"name": "out_of_scope", "confidence": 0.02},
    ],
}


class Embedded:
    """The safety net; it remembers what it was asked."""

    def __init__(self) -> None:
        self.read_texts: list[str] = []

    async def read(self, text: str, language: str) -> Reading:
        self.read_texts.append(text)
        return OURS

    async def answers(self, text: str, language: str, *, service: str = "", limit: int = 4) -> tuple[Match, ...]:
        return (Match(f"faq/{service or 'any'}", 0.9, sure=True),)[:limit]

    def parse(self, kind: str, text: str, *, today: date) -> str | int:
        return f"{kind} of {text}"


class FakeRasa:
    """A server that answers as it is told to."""

    def __init__(self) -> None:
        self.answer: Callable[[], Awaitable[web.StreamResponse]] | Any = GOOD
        self.heard: list[web.Request] = []
        self.texts: list[str] = []
        app = web.Application()
        app.router.add_post("/model/parse", self._parse)
        self.server = TestServer(app)

    async def _parse(self, request: web.Request) -> web.StreamResponse:
        self.heard.append(request)
        self.texts.append((await request.json())["text"])
        if callable(self.answer):
            return await self.answer()
        return web.json_response(self.answer)


@pytest.fixture
async def rasa() -> AsyncIterator[FakeRasa]:
    fake = FakeRasa()
    await fake.server.start_server()
    yield fake
    await fake.server.close()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def nlu(rasa: FakeRasa, clock: Clock) -> AsyncIterator[RasaNlu]:
    server = RasaServer(str(rasa.server.make_url("/")), timeout=0.3, clock=clock)
    yield RasaNlu(server, Embedded(), {"track_request", "greet"})
    await server.close()


async def text(body: str, status: int = 200) -> web.StreamResponse:
    return web.Response(text=body, status=status, content_type="application/json")


async def slow() -> web.StreamResponse:
    await asyncio.sleep(3)
    return web.json_response(GOOD)


async def elsewhere() -> web.StreamResponse:
    raise web.HTTPFound("/model/parse")


async def endless() -> web.StreamResponse:
    return web.Response(body=b" " * 2_000_000)


def intent(**changes: Any) -> dict[str, Any]:
    return {**GOOD, "intent": {**GOOD["intent"], **changes}}


class TestGood:
    async def test_the_intent_is_rasas_and_the_checked_values_stay(self, nlu: RasaNlu, rasa: FakeRasa) -> None:
        reading = await nlu.read(TEXT, "fa")
        assert (reading.intent, reading.confidence) == ("track_request", 0.93)
        assert reading.entities == OURS.entities
        assert reading.guesses == (("track_request", 0.93), ("none", 0.05))
        assert rasa.texts == [TEXT]

    async def test_an_intent_that_the_dialogs_do_not_know_is_none(self, nlu: RasaNlu, rasa: FakeRasa) -> None:
        rasa.answer = intent(name="ask_faq")
        assert (await nlu.read(TEXT, "fa")).intent == "none"

    async def test_rasas_entities_come_where_ours_are_not(self, nlu: RasaNlu, rasa: FakeRasa) -> None:
        entities: list[Any] = [
            {"entity": "number", "start": 6, "end": 11, "value": "12345", "confidence_entity": 0.9},
            {"entity": "date", "start": 18, "end": 22, "value": "فردا", "confidence_entity": 0.8},
            {"entity": "date", "start": 30, "end": 99, "value": "beyond"},
            {"entity": "date", "start": 5, "end": 2},
            {"start": 0, "end": 2},
            "nonsense",
        ]
        rasa.answer = {**GOOD, "entities": entities}
        found = (await nlu.read(TEXT, "fa")).entities
        assert found == (*OURS.entities, Entity("date", "فردا", 18, 22, 0.8))

    async def test_answers_and_values_are_the_embedded_models(self, nlu: RasaNlu, rasa: FakeRasa) -> None:
        assert (await nlu.answers(TEXT, "fa", service="light"))[0].id == "faq/light"
        assert nlu.parse("mobile", "0912", today=date.today()) == "mobile of 0912"
        assert not rasa.texts

    async def test_nothing_is_not_asked(self, nlu: RasaNlu, rasa: FakeRasa) -> None:
        assert await nlu.read("  \n", "fa") == OURS
        assert not rasa.texts


class TestBad:
    @pytest.mark.parametrize(
        "answer",
        [
            lambda: text("{}", 500),
            lambda: text(json.dumps(GOOD), 503),
            lambda: text("{}", 401),
            lambda: text("nonsense"),
            lambda: text("[" * 100_000),
            elsewhere,
            endless,
            slow,
            [],
            {},
            {"intent": None},
            {"intent": "greet"},
            intent(name=None),
            intent(name=""),
            intent(confidence=None),
            intent(confidence="0.9"),
            intent(confidence=7),
            intent(confidence=True),
            lambda: text('{"intent": {"name": "greet", "confidence": NaN}}'),
        ],
    )
    async def test_the_embedded_model_answers(self, nlu: RasaNlu, rasa: FakeRasa, answer: Any) -> None:
        rasa.answer = answer
        assert await nlu.read(TEXT, "fa") == OURS

    @pytest.mark.parametrize("more", [{"intent_ranking": None}, {"intent_ranking": ["x"]}, {"entities": None}])
    async def test_what_is_broken_beside_a_good_intent_is_left_out(
        self, nlu: RasaNlu, rasa: FakeRasa, more: dict[str, Any]
    ) -> None:
        rasa.answer = {**GOOD, **more}
        assert (await nlu.read(TEXT, "fa")).intent == "track_request"

    async def test_nobody_there(self, clock: Clock) -> None:
        server = RasaServer("http://127.0.0.1:9", clock=clock)
        assert await RasaNlu(server, Embedded(), ()).read(TEXT, "fa") == OURS
        await server.close()


class TestHealth:
    async def test_one_slow_answer_is_forgiven(self, nlu: RasaNlu, rasa: FakeRasa) -> None:
        rasa.answer = slow
        await nlu.read(TEXT, "fa")
        rasa.answer = GOOD
        assert (await nlu.read(TEXT, "fa")).intent == "track_request"

    async def test_a_dead_rasa_costs_nothing(self, nlu: RasaNlu, rasa: FakeRasa) -> None:
        rasa.answer = slow
        for _ in range(PATIENCE):
            await nlu.read(TEXT, "fa")
        asked = len(rasa.texts)
        for _ in range(50):
            async with asyncio.timeout(0.2):
                assert await nlu.read(TEXT, "fa") == OURS
        assert len(rasa.texts) == asked and not nlu.server.well

    async def test_it_comes_back_beside_an_answer(self, nlu: RasaNlu, rasa: FakeRasa, clock: Clock) -> None:
        rasa.answer = lambda: text("{}", 500)
        for _ in range(PATIENCE):
            await nlu.read(TEXT, "fa")
        rasa.answer = GOOD
        clock.now += PAUSES[0] + 1
        assert await nlu.read(TEXT, "fa") == OURS  # a trial, which nobody waits for
        for _ in range(200):
            if not nlu.server.well:
                await asyncio.sleep(0.01)
        assert (await nlu.read(TEXT, "fa")).intent == "track_request"

    async def test_it_is_tried_ever_more_rarely(self, nlu: RasaNlu, rasa: FakeRasa, clock: Clock) -> None:
        rasa.answer = lambda: text("{}", 500)
        for _ in range(600):
            await nlu.read(TEXT, "fa")
            await asyncio.sleep(0.001)
            clock.now += 1
        assert len(rasa.texts) <= PATIENCE + 2 + 600 / PAUSES[-1]

    async def test_each_change_is_logged_once_and_never_the_words(
        self, nlu: RasaNlu, rasa: FakeRasa, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG, "bot"):
            for _ in range(2):
                rasa.answer = lambda: text("{}", 500)
                for _ in range(9):
                    await nlu.read(TEXT, "fa")
                rasa.answer = GOOD
                clock.now += PAUSES[0] + 1
                while not nlu.server.well:
                    await nlu.read(TEXT, "fa")
                    await asyncio.sleep(0.01)
        assert [r.levelname for r in caplog.records] == ["WARNING", "INFO", "WARNING", "INFO"]
        assert "وضعیت" not in caplog.text


class TestAddress:
    @pytest.mark.parametrize(
        ("user", "query", "header", "sent"),
        [
            ("", "token=s3cret", None, "s3cret"),
            ("eyJ.x.y@", "", "Bearer eyJ.x.y", None),
            ("u:p@", "", "Basic dTpw", None),
        ],
    )
    async def test_it_carries_what_authenticates_us(
        self, rasa: FakeRasa, user: str, query: str, header: str | None, sent: str | None
    ) -> None:
        url = rasa.server.make_url("/")
        server = RasaServer(f"http://{user}{url.host}:{url.port}/?{query}")
        assert await server.parse(TEXT)
        await server.close()
        [request] = rasa.heard
        assert request.headers.get("Authorization") == header and request.query.get("token") == sent

    @pytest.mark.parametrize("url", ["", "rasa:5005", "localhost", "ftp://host", "http://"])
    def test_what_is_no_address_is_refused(self, url: str) -> None:
        with pytest.raises(ValueError, match="RASA_URL"):
            RasaServer(url)
