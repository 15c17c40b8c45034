"""The archive refuses, processes die, contacts are merged: each line gets there once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from bot.core.messages import Line
from bot.core.ports import StoreUnavailable
from bot.stores.contacts import SqlContacts
from bot.stores.database import Database
from bot.stores.redis import EVER, RedisSessions
from bot.stores.redis_places import Place
from bot.stores.redis_servers import RedisServers
from tests.stores.redis.conftest import Start, Until
from tests.stores.redis.stores import Archive, numbered, numbers, sessions_at, turns
from tests.stores.valkey import Server


async def test_an_archive_that_is_down_holds_up_nobody_and_gets_all_later(
    store: RedisSessions, archive: Archive, until: Until
) -> None:
    archive.broken = True
    await turns(store, 5)
    assert await numbers(store) == list(range(1, 11))
    assert await archive.lines("c1", 0) == ()
    archive.broken = False
    await until(lambda: archive.lines("c1", 0), lambda lines: len(lines) == 10)
    assert await numbers(store) == list(range(1, 11))


async def test_lines_that_another_process_moved_meanwhile_are_not_put_again(
    store: RedisSessions, servers: RedisServers, archive: Archive, database: Database, until: Until
) -> None:
    """They may lie at another contact by now."""
    archive.broken = True
    await turns(store, 2, "old")
    await until(no_wait(lambda: store.waiting), lambda waiting: waiting == 4)
    async with sessions_at(servers, Archive(database)) as other:
        await other.absorb("old", "new")
    await SqlContacts(database).link("old", "new")
    archive.broken = False
    await until(no_wait(lambda: store.waiting), lambda waiting: waiting == 0)
    assert await archive.lines("old", 0) == ()
    assert len(await archive.lines("new", EVER)) == 4


def no_wait(ask: Callable[[], int]) -> Callable[[], Awaitable[int]]:
    async def answer() -> int:
        return ask()

    return answer


async def test_a_contact_whose_lines_are_not_taken_holds_up_no_other(
    store: RedisSessions, archive: Archive, until: Until
) -> None:
    archive.never = "poison"
    await asyncio.gather(*(turns(store, 3, contact) for contact in ("c1", "poison", "c2", "c3")))
    for contact in ("c1", "c2", "c3"):
        await until(partial(archive.lines, contact, 0), lambda lines: len(lines) == 6)
    assert await archive.lines("poison", 0) == ()
    archive.never = ""
    await turns(store, 1, "poison")
    assert await numbers(store, "poison") == list(range(1, 9))


async def test_lines_that_were_refused_are_not_dropped_with_later_ones(
    servers: RedisServers, archive: Archive, until: Until
) -> None:
    async with sessions_at(servers, archive, sweep=0.2, overdue=2) as store:
        archive.never = "c1"
        await asyncio.gather(turns(store, 2), turns(store, 2, "c2"))
        await until(lambda: archive.lines("c2", 0), lambda lines: len(lines) == 4)
        store._mover._waiting.clear()  # as after a refusal
        archive.never = ""
        await turns(store, 2)
        await until(lambda: archive.lines("c1", 4), lambda lines: len(lines) == 4)
        await turns(store, 1)
        assert await numbers(store) == list(range(1, 11))
        await until(lambda: archive.lines("c1", 0), lambda lines: len(lines) == 10)


async def test_closing_moves_all_lines_and_leaves_none_behind(
    servers: RedisServers, archive: Archive, valkey_alone: Server
) -> None:
    async with sessions_at(servers, archive) as store:
        await asyncio.gather(*(turns(store, 2, f"c{n}") for n in range(30)))
    for n in range(30):
        assert len(await archive.lines(f"c{n}", 0)) == 4
    keys = valkey_alone.say("KEYS", "*")
    assert isinstance(keys, list)
    assert len(keys) == 30, "no lock, no queue, nothing to do"
    assert all(str(valkey_alone.say("GET", key.decode())).count("\\n") == 2 for key in keys if isinstance(key, bytes))


async def test_redis_forgets_moved_lines_after_some_quiet(
    servers: RedisServers, archive: Archive, valkey_alone: Server, until: Until
) -> None:
    async with sessions_at(servers, archive, quiet=0.2, sweep=600) as store:
        await turns(store, 2)

        async def pending() -> list[Line]:
            return await store._mover.pending(store._places.of("c1"))

        assert await pending()
        await until(pending, lambda lines: not lines)
        assert await numbers(store) == [1, 2, 3, 4]
        async with store.open("c1") as opened:
            assert opened.session.version == 2


async def test_what_a_killed_process_left_behind_is_moved_by_another(
    redis: RedisServers, archive: Archive, child: Start, url: str, until: Until
) -> None:
    told: dict[str, int] = {}
    for n in range(3):
        process = await child("talk", f"c{n}", "1000")
        assert process.stdout
        said = [await process.stdout.readline() for _ in range(10 + 7 * n)]
        process.kill()
        said += [line for line in (await process.stdout.read()).splitlines(keepends=True) if line.endswith(b"\n")]
        told[f"c{n}"] = int(said[-1].split()[1])
    async with sessions_at(redis, archive, sweep=0.2, overdue=1) as store:
        store.start()
        for contact, last in told.items():
            lines = await numbers(store, contact)
            assert len(lines) >= last
            assert lines == list(range(1, len(lines) + 1))
            await until(partial(archive.lines, contact, 0, 10_000), partial(numbered, lines))


# --- one person, two contacts -------------------------------------------------------------------


async def test_lines_of_an_absorbed_contact_are_in_the_archive_before_it_is_told(
    store: RedisSessions, archive: Archive, servers: RedisServers
) -> None:
    async with sessions_at(servers, archive) as other:  # the lines wait in another process that is about to die
        other.start()
        other._mover._tasks[0].cancel()
        await turns(other, 2, "old")
        other._mover._waiting.clear()
        assert await archive.lines("old", 0) == ()
        await store.absorb("old", "new")
        assert len(await archive.lines("old", 0)) == 4


async def nothing(*_: object) -> None:
    pass


@pytest.mark.parametrize("again", ["absorb", "open"])
async def test_a_crash_after_the_pointer_was_written_leaves_no_line_behind(
    store: RedisSessions, archive: Archive, again: str
) -> None:
    archive.broken = True
    await turns(store, 2, "old")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store._mover, "settle", nothing)  # this process dies
        await store.absorb("old", "new")
    archive.broken = False
    store._mover._waiting.clear()
    if again == "absorb":
        assert (await store.absorb("old", "new")).seq == 4
    else:
        async with store.open("old") as opened:
            assert opened.session.merged_into == "new"
    assert len(await archive.lines("old", 0)) == 4


async def test_lines_that_are_said_until_it_is_absorbed_are_moved_too(
    servers: RedisServers, store: RedisSessions, archive: Archive
) -> None:
    settle, calls = store._mover.settle, 0

    async def second_time(place: Place) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            await settle(place)

    store._mover.settle = second_time  # type: ignore[method-assign]
    archive.broken = True
    async with sessions_at(servers, archive) as other:
        await turns(other, 2, "old")
        other._mover._waiting.clear()
        archive.broken = False
        await store.absorb("old", "new")
        assert len(await archive.lines("old", 0)) == 4


async def test_nothing_is_absorbed_while_the_archive_takes_nothing(store: RedisSessions, archive: Archive) -> None:
    archive.broken = True
    await turns(store, 2, "old")
    with pytest.raises(StoreUnavailable):
        await store.absorb("old", "new")
    async with store.open("old") as opened:
        assert not opened.session.merged_into
    archive.broken = False
