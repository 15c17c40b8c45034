"""Redis goes away, comes back, hangs, forgets: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.core.messages import Address, Line
from bot.core.ports import Opened, StaleSession, StoreUnavailable
from bot.core.sessions import Turn
from bot.stores.database import Database
from bot.stores.redis import RedisSessions
from bot.stores.redis_scripts import SAVE, Script
from bot.stores.redis_servers import RedisServers
from bot.stores.redis_wire import Reply
from tests.stores.redis.conftest import Until
from tests.stores.redis.stores import Archive, numbered, numbers, sessions_at, turns
from tests.stores.turns import NOW, go_on
from tests.stores.valkey import Server, reached

# --- the server ---------------------------------------------------------------------------------


async def test_a_server_that_is_gone_is_told_at_once_and_found_again(
    store: RedisSessions, servers: RedisServers, valkey_alone: Server
) -> None:
    await turns(store, 2)
    valkey_alone.kill()
    with pytest.raises(StoreUnavailable):
        await turns(store, 1)
    with pytest.raises(StoreUnavailable) as told:
        await store.lines("c1", 0)
    assert told.value.retry_in > 0
    with pytest.raises(StoreUnavailable):
        await store.absorb("c1", "c2")
    valkey_alone.start()
    await reached(servers)
    assert (await turns(store, 1)).seq == 6
    assert await numbers(store) == [1, 2, 3, 4, 5, 6]


async def test_a_server_that_is_quick_to_return_is_not_missed(
    store: RedisSessions, servers: RedisServers, valkey_alone: Server, archive: Archive
) -> None:
    await turns(store, 1)
    async with sessions_at(RedisServers(valkey_alone.url, patience=20), archive) as patient:
        for seq in (4, 6, 8):
            async with patient.open("c1") as opened:
                valkey_alone.kill()
                valkey_alone.start()
                go_on(opened)
            assert opened.session.seq == seq
        assert await numbers(patient) == list(range(1, 9))
        await patient._redis.close()


async def test_a_server_that_hangs_is_told(store: RedisSessions, servers: RedisServers, valkey_alone: Server) -> None:
    await turns(store, 1)
    valkey_alone.signal(signal.SIGSTOP)
    with pytest.raises(StoreUnavailable):
        await turns(store, 1)
    valkey_alone.signal(signal.SIGCONT)
    await reached(servers)
    async with asyncio.timeout(20):  # the lease of who gave up
        assert (await turns(store, 1)).seq == 4


async def test_scripts_that_the_server_forgot_are_sent_again(store: RedisSessions, valkey_alone: Server) -> None:
    for _ in range(3):
        await turns(store, 1)
        valkey_alone.say("SCRIPT", "FLUSH")
    async with store.open("c1") as opened:
        valkey_alone.say("SCRIPT", "FLUSH")
        go_on(opened)
    assert await numbers(store) == list(range(1, 9))


async def test_a_server_that_takes_nothing_more_is_told(
    store: RedisSessions, valkey_alone: Server, caplog: pytest.LogCaptureFixture
) -> None:
    await turns(store, 1)
    valkey_alone.say("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(StoreUnavailable, match="OOM"):
        await turns(store, 1)
    valkey_alone.say("CONFIG", "SET", "maxmemory", "0")
    assert (await turns(store, 1)).seq == 4
    assert "before" not in caplog.text


async def test_a_save_whose_answer_was_lost_is_asked_for_again(
    store: RedisSessions, servers: RedisServers, valkey_alone: Server
) -> None:
    asked: list[tuple[Any, ...]] = []
    run = servers.run

    def recording(script: Script, *rest: Any) -> asyncio.Future[Reply]:
        asked.append((script, *rest))
        return run(script, *rest)

    servers.run = recording  # type: ignore[assignment]
    await turns(store, 1)
    [save] = [question for question in asked if question[0] is SAVE]
    assert await run(*save) == 1, "it was saved"
    assert await numbers(store) == [1, 2]
    await turns(store, 1)
    assert await run(*save) == 0, "it was, but is no longer the last one"
    assert await numbers(store) == [1, 2, 3, 4]


@pytest.mark.parametrize("kind", ["password", "wrong password", "socket"])
async def test_ways_to_the_server(
    kind: str, archive: Archive, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"unixsocket": str(tmp_path / "s")} if kind == "socket" else {"requirepass": "open sesame"}
    server = Server(**settings)
    try:
        server.start()
        url = f"redis://:{'open' if 'wrong' in kind else 'open%20sesame'}@127.0.0.1:{server.port}/2"
        servers = RedisServers(f"unix://{tmp_path / 's'}?db=2" if kind == "socket" else url, patience=1)
        async with sessions_at(servers, archive) as store:
            if "wrong" in kind:
                with pytest.raises(StoreUnavailable, match="Authentication"):
                    await turns(store, 1)
            else:
                await turns(store, 2)
                assert await numbers(store) == [1, 2, 3, 4]
        await servers.close()
    finally:
        server.remove()
    assert "open" not in caplog.text


# --- a server that forgot -----------------------------------------------------------------------


@pytest.fixture(params=["all lines are moved", "none is"])
async def moved(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "all lines are moved")


async def test_after_a_server_has_forgotten_all_lines_are_numbered_on_and_answers_replayed(
    store: RedisSessions, servers: RedisServers, valkey_alone: Server, moved: bool, archive: Archive
) -> None:
    archive.broken = not moved
    before = await turns(store, 3)
    valkey_alone.kill()
    valkey_alone.forget()
    valkey_alone.start()
    await reached(servers)
    archive.broken = False  # what this process knows is moved before it numbers on
    async with store.open("c1") as opened:
        assert (opened.session.version, opened.session.seq, opened.session.frames) == (0, 6, ())
        assert opened.session.turns == before.turns
        assert opened.session.seen == before.seen
        assert opened.session.address == before.address
        go_on(opened, "after")
    assert await numbers(store) == list(range(1, 9))
    async with store.open("c1") as opened:
        assert opened.session.version == 1


async def test_a_server_that_forgot_the_last_turns_is_caught_up_with(
    store: RedisSessions, servers: RedisServers, valkey_alone: Server, archive: Archive, database: Database
) -> None:
    await turns(store, 2)
    await store.close()  # all is moved
    valkey_alone.say("CONFIG", "SET", "appendonly", "no")  # what is written from now on is lost
    async with sessions_at(servers, archive) as store:
        last = await turns(store, 2, text="forgotten")
    valkey_alone.kill()
    valkey_alone.start()
    await reached(servers)
    async with sessions_at(servers, archive) as store:
        async with store.open("c1") as opened:
            assert (opened.session.version, opened.session.seq) == (2, 8)
            assert opened.session.turns == last.turns
            go_on(opened, "after")
        assert await numbers(store) == list(range(1, 11))


async def test_a_turn_under_way_when_the_server_forgets_brings_its_session_back(
    store: RedisSessions, archive: Archive, valkey_alone: Server, until: Until
) -> None:
    await turns(store, 2)
    async with store.open("c1") as opened:
        valkey_alone.say("FLUSHALL")
        go_on(opened)
    async with store.open("c1") as opened:
        assert (opened.session.version, opened.session.seq) == (3, 6)
    await until(partial(archive.lines, "c1", 0), partial(numbered, list(range(1, 7))))


async def test_but_not_over_that_of_another_turn(
    store: RedisSessions, servers: RedisServers, valkey_alone: Server, archive: Archive
) -> None:
    async with sessions_at(servers, archive) as other:
        await turns(store, 1)
        with pytest.raises(StaleSession):
            async with store.open("c1") as opened:
                valkey_alone.say("FLUSHALL")
                await turns(other, 1, text="other")  # its version is the same as that of the one that is lost
                go_on(opened, "late")
        late = store.open("c1")
        opened = await late.__aenter__()
        valkey_alone.say("FLUSHALL")
        async with other.open("c1"):
            go_on(opened, "late")
            with pytest.raises(StaleSession):
                await late.__aexit__(None, None, None)
    texts = {line.content.get("text") for line in await store.lines("c1", 0)}
    assert "late" not in texts


# --- all of it under load -----------------------------------------------------------------------


async def deliver(store: RedisSessions, contact: str, inbound: str) -> None:
    """As a provider does, until it is acknowledged."""
    while True:
        try:
            async with store.open(contact) as opened:
                if not opened.session.replay(f"web:{inbound}"):
                    hear(opened, inbound)
            return
        except (StaleSession, StoreUnavailable):
            await asyncio.sleep(0.05)


def hear(opened: Opened, inbound: str) -> None:
    before = opened.session
    address, seq = Address("web", before.contact), before.seq + 1
    opened.lines = [
        Line(seq, address, f"web:{inbound}", NOW, "in", {"event": "message", "text": inbound}),
        Line(seq + 1, address, f"web:{inbound}", NOW, "out", {"s": {"p": inbound}}),
    ]
    opened.session = before.remember(Turn(f"web:{inbound}", seq + 1, (opened.lines[1].content,)), seq + 1, NOW)


@pytest.mark.parametrize("forgets", [False, True])
async def test_a_server_that_dies_again_and_again_under_load_loses_and_doubles_nothing(
    servers: RedisServers, archive: Archive, valkey_alone: Server, forgets: bool
) -> None:
    contacts, done = [f"c{n}" for n in range(8)], asyncio.Event()
    heard: dict[str, list[str]] = {contact: [] for contact in contacts}

    async def talk(store: RedisSessions, contact: str) -> None:
        while not done.is_set():
            inbound = f"{len(heard[contact])}"
            await asyncio.gather(*(deliver(store, contact, inbound) for _ in range(3)))  # delivered three times at once
            heard[contact].append(inbound)

    async with sessions_at(servers, archive) as store:
        talking = [asyncio.create_task(talk(store, contact)) for contact in contacts]
        for _ in range(4):
            await asyncio.sleep(0.3)
            await asyncio.to_thread(valkey_alone.kill)
            if forgets:
                valkey_alone.forget()
            await asyncio.to_thread(valkey_alone.start)
        await asyncio.sleep(0.3)
        done.set()
        await asyncio.gather(*talking)
        for contact in contacts:
            lines = await store.lines(contact, 0, 100_000)
            assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
            assert [line.content["text"] for line in lines if line.direction == "in"] == heard[contact]
    print(f"{sum(map(len, heard.values()))} turns acknowledged over 4 deaths of the server, each delivered three times")
    assert all(len(said) > 4 for said in heard.values())
