"""One address asks for so much and no more, too much at once is turned away, and nobody else notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.core.ports import StoreUnavailable
from bot.stores.limits import Lenient, MemoryLimits
from bot.web.callers import Callers, is_loopback
from bot.web.limiting import GUESSES, NEWCOMERS, Limiter, Rule
from bot.web.problems import problems

ANN, BOB = {"X-Forwarded-For": "198.51.100.7"}, {"X-Forwarded-For": "203.0.113.9"}
RULES = (
    Rule("/chat", "chat", burst=5, rate=1, citizens=True),
    Rule("/socket", "sockets", most=3, each=2),
    Rule("/hook", "hooks", most=2, guarded=True, sized=True),
    Rule("/api", "api", burst=100, rate=10, guarded=True),
)
Client = TestClient[web.Request, web.Application]


class Town:
    """A server with these rules, whose clock stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.open = asyncio.Event()
        self.busy = asyncio.Semaphore(0)
        self.shared = MemoryLimits(lambda: self.now)
        self.limiter = self.limiting()

    def limiting(self, **more: object) -> Limiter:
        here = MemoryLimits(lambda: self.now)
        parts = {"here": here, "shared": self.shared, "clock": lambda: self.now, **more}
        return Limiter(RULES, Callers(["127.0.0.1/32"]), say=lambda code, request: f"«{code}»", **parts)  # type: ignore[arg-type]

    async def answer(self, request: web.Request) -> web.Response:
        return web.Response(text="here you are")

    async def wait(self, request: web.Request) -> web.Response:
        self.busy.release()
        await self.open.wait()
        return web.Response()

    async def ask_token(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer right":
            raise web.HTTPUnauthorized
        return web.Response()

    async def newcomer(self, request: web.Request) -> web.Response:
        return web.json_response(await self.limiter.newcomer(request))

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Client]:
        app = web.Application(middlewares=[problems(), self.limiter.middleware()])
        app.add_routes(
            [
                web.get("/chat", self.answer),
                web.get("/socket", self.wait),
                web.post("/hook", self.wait),
                web.get("/api", self.ask_token),
                web.get("/free", self.answer),
                web.get("/new", self.newcomer),
            ]
        )
        async with TestClient(TestServer(app)) as client:
            yield client


@pytest.fixture
def town() -> Town:
    return Town()


async def statuses(client: Client, path: str, count: int, **headers: str) -> list[int]:
    return [(await client.get(path, headers=headers)).status for _ in range(count)]


async def test_one_address_has_its_share_and_the_others_have_theirs(town: Town) -> None:
    async with town.serving() as client:
        assert await statuses(client, "/chat", 7, **ANN) == [200] * 5 + [429] * 2
        assert await statuses(client, "/chat", 5, **BOB) == [200] * 5
        assert await statuses(client, "/free", 20, **ANN) == [200] * 20
        town.now += 2
        assert await statuses(client, "/chat", 3, **ANN) == [200] * 2 + [429]


async def test_a_refusal_says_why_when_to_come_again_and_by_which_policy(town: Town) -> None:
    async with town.serving() as client:
        await statuses(client, "/chat", 5, **ANN)
        answer = await client.get("/chat", headers=ANN)
        assert answer.status == 429
        assert answer.content_type == "application/problem+json"
        assert answer.headers["Retry-After"] == "1"
        assert answer.headers["RateLimit-Policy"] == '"chat";q=5;w=5'
        assert answer.headers["RateLimit"] == '"chat";r=0;t=1'
        assert answer.headers["Access-Control-Allow-Origin"] == "*", "a page elsewhere may read it"
        assert await answer.json() == {
            "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
            "title": "Too Many Requests",
            "status": 429,
            "detail": "«slow_down»",
            "code": "slow_down",
            "retry_in": 1,
            "violated-policies": ["chat"],
        }


async def test_who_writes_another_s_address_into_a_header_wins_nothing(town: Town) -> None:
    async with town.serving() as client:
        forged = [{"X-Forwarded-For": f"192.0.2.{n}, 198.51.100.7"} for n in range(7)]
        assert [(await client.get("/chat", headers=f)).status for f in forged] == [200] * 5 + [429] * 2


async def test_this_machine_can_be_spared(town: Town) -> None:
    town.limiter = town.limiting(spared=is_loopback)
    async with town.serving() as client:
        assert await statuses(client, "/chat", 20) == [200] * 20
        assert await statuses(client, "/chat", 6, **ANN) == [200] * 5 + [429]


async def test_what_is_under_way_at_once_is_limited_for_all_and_for_each(town: Town) -> None:
    async with town.serving() as client:
        open_sockets = [asyncio.create_task(client.get("/socket", headers=ANN)) for _ in range(2)]
        for _ in open_sockets:
            await town.busy.acquire()
        assert (await client.get("/socket", headers=ANN)).status == 429
        open_sockets.append(asyncio.create_task(client.get("/socket", headers=BOB)))
        await town.busy.acquire()
        assert (await client.get("/socket", headers=BOB)).status == 503
        town.open.set()
        assert [answer.status for answer in await asyncio.gather(*open_sockets)] == [200] * 3
        assert (await client.get("/socket", headers=ANN)).status == 200
    assert town.limiter._under_way == {}, "nothing is remembered of what is over"


async def test_a_provider_is_asked_to_come_again_before_too_much_is_under_way(town: Town) -> None:
    async with town.serving() as client:
        calls = [asyncio.create_task(client.post("/hook", data=b"{}", headers=ANN)) for _ in range(2)]
        for _ in calls:
            await town.busy.acquire()
        answer = await client.post("/hook", data=b"{}", headers=ANN)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert (await answer.json())["type"].endswith("#temporary-reduced-capacity")
        town.open.set()
        await asyncio.gather(*calls)
        answers = [(await client.post("/hook", data=b"{}", headers=ANN)).status for _ in range(50)]
        assert answers == [200] * 50, "its address has no limit"


async def test_a_call_that_breaks_off_is_no_longer_under_way(town: Town) -> None:
    async with town.serving() as client:
        for _ in range(5):
            call = asyncio.create_task(client.post("/hook", data=b"{}"))
            await town.busy.acquire()
            call.cancel()
            town.open.set()
            await asyncio.gather(call, return_exceptions=True)
            town.open.clear()
        town.open.set()
        assert (await client.post("/hook", data=b"{}")).status == 200


async def test_a_body_of_unknown_length_is_not_begun(town: Town) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"{}"

    async with town.serving() as client:
        assert (await client.post("/hook", data=pieces())).status == 411


async def test_after_wrong_tokens_not_even_a_right_one_is_looked_at_for_a_while(town: Town) -> None:
    right = {**ANN, "Authorization": "Bearer right"}
    async with town.serving() as client:
        assert await statuses(client, "/api", int(GUESSES) + 1, **ANN) == [401] * int(GUESSES + 1)
        answer = await client.get("/api", headers=right)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "30")
        assert answer.headers["RateLimit-Policy"] == '"guesses";q=20;w=600'
        assert (await client.get("/api", headers={**right, **BOB})).status == 200
        town.now += 31
        assert (await client.get("/api", headers=right)).status == 200


async def test_a_right_token_may_ask_often(town: Town) -> None:
    async with town.serving() as client:
        assert await statuses(client, "/api", 100, Authorization="Bearer right", **ANN) == [200] * 100


async def test_new_conversations_are_counted_for_each_address_in_all_processes(town: Town) -> None:
    async with town.serving() as client:
        waits = [await (await client.get("/new", headers=ANN)).json() for _ in range(int(NEWCOMERS) + 1)]
        assert waits == [0.0] * int(NEWCOMERS) + [1.0]
        assert await (await client.get("/new", headers=BOB)).json() == 0.0
    town.limiter = town.limiting()  # another process
    async with town.serving() as client:
        assert await (await client.get("/new", headers=ANN)).json() == 1.0


async def test_without_the_shared_store_nobody_is_locked_out(town: Town) -> None:
    class Gone:
        async def take(self, key: str, *, rate: float, burst: float, cost: float = 1.0) -> float:
            raise StoreUnavailable("gone")

    town.limiter = town.limiting(shared=Lenient(Gone()))
    async with town.serving() as client:
        assert await (await client.get("/new", headers=ANN)).json() == 0.0
        assert await statuses(client, "/api", 30, **ANN) == [401] * 30
