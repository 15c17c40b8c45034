"""The limits as they hold in the whole application, behind a proxy on this machine."""

from __future__ import annotations

import itertools
import resource
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientResponse
from pydantic import SecretStr

from bot import app
from bot.app.limiting import SOCKETS, SPARE, open_files
from bot.core.messages import Address, Event, Inbound
from bot.dialogs.pace import USUAL
from bot.gateway import End
from bot.web.limiting import GUESSES, NEWCOMERS
from tests.app.serving import API_TOKEN, Client, serving, settings_of

BOB = {"X-Forwarded-For": "203.0.113.9"}
HELLO = {"type": "hello", "session": None, "after": 0, "language": "fa"}
MESSAGES, REQUESTS = "/channels/web/messages", "/api/v1/requests"
RIGHT = {"Authorization": f"Bearer {API_TOKEN}"}


ACCOUNT = {"twilio_account_sid": f"AC{0:032}", "twilio_auth_token": SecretStr("t"), "twilio_from": "+12025550123"}
pytestmark = pytest.mark.asyncio(loop_scope="module")
_neighbours = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    async with serving(settings_of(tmp_path_factory.mktemp("limits"), **ACCOUNT)) as client:
        yield client


@pytest.fixture
def ann() -> dict[str, str]:
    """The headers of somebody whose address nobody had before."""
    return {"X-Forwarded-For": f"198.51.100.{next(_neighbours)}"}


async def hello(client: Client, headers: dict[str, str]) -> ClientResponse:
    return await client.post(MESSAGES, json=HELLO, headers=headers)


async def test_one_address_may_begin_so_many_conversations(client: Client, ann: dict[str, str]) -> None:
    answers = [(await hello(client, ann)).status for _ in range(int(NEWCOMERS))]
    assert set(answers) == {200}
    while (refused := await hello(client, ann)).status == 200:  # some have come back meanwhile
        pass
    assert refused.status == 429
    assert (await refused.json())["code"] == "slow_down"
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert (await hello(client, BOB)).status == 200


async def test_one_address_may_ask_so_often_and_hears_it_in_its_language(client: Client, ann: dict[str, str]) -> None:
    for language, words in (("fa", "درنگ کنید"), ("en-GB", "wait")):
        headers = {**ann, "Accept-Language": language}
        statuses: list[int] = []
        while 429 not in statuses and len(statuses) < 1000:
            refused = await client.get(f"{MESSAGES}?session=forged", headers=headers)
            statuses.append(refused.status)
        problem: dict[str, Any] = await refused.json()
        assert words in problem["detail"]
        assert refused.headers["RateLimit-Policy"] == '"web";q=300;w=10'
    assert (await client.get(f"{MESSAGES}?session=forged", headers=BOB)).status == 403
    assert (await client.get("/healthz", headers=ann)).status == 200


async def test_who_guesses_tokens_is_not_looked_at_for_a_while(client: Client, ann: dict[str, str]) -> None:
    wrong = {**ann, "Authorization": "Bearer guess"}
    statuses = [(await client.get(REQUESTS, headers=wrong)).status for _ in range(int(GUESSES) + 5)]
    assert statuses == [401] * (int(GUESSES) + 1) + [429] * 4
    assert (await client.get(REQUESTS, headers={**ann, **RIGHT})).status == 429
    assert (await client.get(REQUESTS, headers={**BOB, **RIGHT})).status == 200


async def test_who_forges_a_provider_s_calls_is_not_looked_at_for_a_while(client: Client, ann: dict[str, str]) -> None:
    forged = [await client.post("/channels/sms/twilio", data={"Body": "x"}, headers=ann) for _ in range(25)]
    assert [answer.status for answer in forged] == [403] * 21 + [429] * 4


async def test_a_contact_is_paced_by_its_session(client: Client) -> None:
    gateway = client.app[app.COUNTER].gateway  # type: ignore[index]
    ends = []
    for n in range(USUAL.burst + 5):
        heard = Inbound(f"{n}", Address("telegram", "7"), Event.CHOICE, value="/menu")
        ends.append((await gateway.receive(heard)).end)
    assert ends[USUAL.burst - 1] is End.ANSWERED
    assert End.HELD in ends[USUAL.burst :]


async def test_as_many_files_as_are_needed_may_be_open(client: Client) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        assert open_files() == min(hard, SOCKETS + SPARE) == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def no_limits(client: Client, headers: dict[str, str]) -> None:
    statuses = [(await client.get(REQUESTS, headers=headers)).status for _ in range(30)]
    assert statuses == [401] * 30
    assert {(await hello(client, headers)).status for _ in range(int(NEWCOMERS) + 5)} == {200}


async def test_at_this_machine_in_development_nobody_is_too_fast(client: Client) -> None:
    await no_limits(client, {})


async def test_without_limits_nobody_is_too_fast(tmp_path: Path, ann: dict[str, str]) -> None:
    async with serving(settings_of(tmp_path, limits="off")) as client:
        await no_limits(client, ann)
