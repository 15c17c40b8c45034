"""`SessionStore` and `Transcripts`: one contract over every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Protocol

import pytest
import sqlalchemy as sa

from bot.core.ports import SessionStore, StaleSession, Transcripts
from bot.core.sessions import Session
from bot.stores.database import Database, open_database
from bot.stores.memory import MemorySessions
from bot.stores.sessions import SqlSessions
from tests.stores.turns import go_on


class Store(SessionStore, Transcripts, Protocol):
    pass


class SessionsContract:
    @pytest.fixture
    def store(self) -> Store:
        raise NotImplementedError

    async def test_a_contact_never_seen_has_an_empty_session(self, store: Store) -> None:
        async with store.open("c1") as opened:
            assert opened.session == Session("c1")
        assert await store.lines("c1", 0) == ()

    async def test_a_clean_exit_saves_the_session_and_its_lines(self, store: Store) -> None:
        async with store.open("c1") as opened:
            after = go_on(opened)
            said = opened.lines
        async with store.open("c1") as opened:
            assert opened.session == replace(after, version=1)
        assert list(await store.lines("c1", 0)) == said

    async def test_each_save_counts_the_version(self, store: Store) -> None:
        for version in range(3):
            async with store.open("c1") as opened:
                assert opened.session.version == version
                go_on(opened)

    async def test_an_error_leaves_everything_untouched(self, store: Store) -> None:
        with pytest.raises(LookupError):
            async with store.open("c1") as opened:
                go_on(opened)
                raise LookupError
        async with store.open("c1") as opened:
            assert opened.session == Session("c1")
        assert await store.lines("c1", 0) == ()

    async def test_an_unchanged_session_is_not_written_nor_its_lines(self, store: Store) -> None:
        async with store.open("c1") as opened:
            go_on(opened)
        async with store.open("c1") as opened:
            before = opened.session
            go_on(opened)
            opened.session = before
        async with store.open("c1") as opened:
            assert opened.session.version == 1
        assert [line.seq for line in await store.lines("c1", 0)] == [1, 2]

    async def test_an_absorbed_session_points_to_its_new_contact(self, store: Store) -> None:
        async with store.open("old") as opened:
            go_on(opened)
        for _ in range(2):
            taken = await store.absorb("old", "new")
            assert (taken.contact, taken.merged_into, taken.seq) == ("old", "", 2)
        async with store.open("old") as opened:
            assert opened.session.merged_into == "new"
        assert (await store.absorb("never seen", "new")).frames == ()
        async with store.open("never seen") as opened:
            assert opened.session.merged_into == "new"

    async def test_a_turn_under_way_finds_its_session_absorbed(self, store: Store) -> None:
        with pytest.raises(StaleSession):
            async with store.open("old") as opened:
                await store.absorb("old", "new")
                go_on(opened)
        assert await store.lines("old", 0) == ()

    async def test_two_that_absorb_each_other_do_not_end_in_a_circle(self, store: Store) -> None:
        await store.absorb("a", "b")
        with pytest.raises(StaleSession):
            await store.absorb("b", "a")
        with pytest.raises(StaleSession):
            await store.absorb("a", "c")

    async def test_nobody_else_is_inside_and_the_order_is_that_of_asking(self, store: Store) -> None:
        inside: list[int] = []
        order: list[int] = []

        async def turn(number: int) -> None:
            async with store.open("c1") as opened:
                inside.append(number)
                await asyncio.sleep(0)
                assert inside == [number]
                order.append(number)
                go_on(opened, str(number))
                inside.remove(number)

        await asyncio.gather(*(turn(n) for n in range(20)))
        assert order == list(range(20))
        heard = [line.content["text"] for line in await store.lines("c1", 0) if line.direction == "in"]
        assert heard == [str(n) for n in range(20)]

    async def test_who_gives_up_waiting_does_not_hold_up_the_others(self, store: Store) -> None:
        async def turn() -> None:
            async with store.open("c1") as opened:
                go_on(opened)

        async with store.open("c1") as opened:
            waiting = [asyncio.create_task(turn()) for _ in range(3)]
            await asyncio.sleep(0)
            waiting[0].cancel()
            waiting[2].cancel()
            go_on(opened)
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(r) for r in results] == [asyncio.CancelledError, type(None), asyncio.CancelledError]
        async with store.open("c1") as opened:
            assert opened.session.seq == 4

    async def test_contacts_do_not_wait_for_each_other(self, store: Store) -> None:
        async with store.open("c1"):
            async with store.open("c2") as other:
                go_on(other)
            async with store.open("c2") as other:
                assert other.session.seq == 2

    async def test_two_hundred_turns_at_once_lose_and_double_nothing(self, store: Store) -> None:
        async def turn(contact: str) -> None:
            async with store.open(contact) as opened:
                await asyncio.sleep(0)
                go_on(opened)

        await asyncio.gather(*(turn(f"c{n % 20}") for n in range(200)))
        for n in range(20):
            assert [line.seq for line in await store.lines(f"c{n}", 0)] == list(range(1, 21))
            async with store.open(f"c{n}") as opened:
                assert (opened.session.seq, opened.session.version) == (20, 10)

    async def test_lines_are_the_last_ones_after_a_number(self, store: Store) -> None:
        for _ in range(5):
            async with store.open("c1") as opened:
                go_on(opened)
        assert [line.seq for line in await store.lines("c1", 7)] == [8, 9, 10]
        assert [line.seq for line in await store.lines("c1", 0, limit=3)] == [8, 9, 10]
        assert await store.lines("c1", 10) == ()
        assert await store.lines("c2", 0) == ()


class TestMemorySessions(SessionsContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemorySessions()


class TestSqlSessions(SessionsContract):
    @pytest.fixture
    def store(self, database: Database) -> Store:
        return SqlSessions(database)

    @pytest.fixture
    async def elsewhere(self, url: str) -> AsyncIterator[Store]:
        """The same file in another process."""
        database = open_database(url)
        yield SqlSessions(database)
        await database.close()

    async def test_after_closing_all_is_as_before(self, store: Store, database: Database, elsewhere: Store) -> None:
        async with store.open("c1") as opened:
            after = go_on(opened)
        lines = await store.lines("c1", 0)
        await database.close()
        async with elsewhere.open("c1") as opened:
            assert opened.session == replace(after, version=1)
        assert await elsewhere.lines("c1", 0) == lines

    @pytest.mark.parametrize("saved_before", [False, True])
    async def test_who_saves_second_is_stale(self, store: Store, elsewhere: Store, saved_before: bool) -> None:
        if saved_before:
            async with store.open("c1") as opened:
                go_on(opened)
        with pytest.raises(StaleSession):
            async with store.open("c1") as ours:
                async with elsewhere.open("c1") as theirs:
                    go_on(theirs, "theirs")
                go_on(ours, "ours")
        heard = [line.content.get("text") for line in await store.lines("c1", 0)]
        assert "theirs" in heard
        assert "ours" not in heard

    async def test_a_failing_turn_does_not_fail_those_that_are_saved_with_it(
        self, store: Store, elsewhere: Store, database: Database
    ) -> None:
        ready = asyncio.Barrier(5)

        async def turn(contact: str) -> None:
            async with store.open(contact) as opened:
                go_on(opened)
                if contact == "stale":
                    async with elsewhere.open(contact) as theirs:
                        go_on(theirs)
                if contact == "doubled":
                    opened.lines = [*opened.lines, opened.lines[0]]
                await ready.wait()

        contacts = ("c1", "stale", "c2", "doubled", "c3")
        results = await asyncio.gather(*map(turn, contacts), return_exceptions=True)
        stale, doubled = (r for r in results if r is not None)
        assert isinstance(stale, StaleSession)
        assert isinstance(doubled, database.dialect.dbapi.IntegrityError)
        for contact in ("c1", "c2", "c3"):
            async with store.open(contact) as opened:
                assert opened.session.version == 1
        async with store.open("doubled") as opened:
            assert opened.session == Session("doubled")

    async def test_turns_that_wait_share_a_commit(self, store: Store, database: Database) -> None:
        commits: list[None] = []
        sa.event.listen(database.engine, "commit", lambda connection: commits.append(None))
        ready = asyncio.Barrier(50)

        async def turn(contact: str) -> None:
            async with store.open(contact) as opened:
                go_on(opened)
                await ready.wait()

        await asyncio.gather(*(turn(f"c{n}") for n in range(50)))
        assert len(commits) < 25

    async def test_a_cancelled_save_is_whole_or_not_there(self, store: Store) -> None:
        async def turn(contact: str) -> None:
            async with store.open(contact) as opened:
                go_on(opened)

        for n in range(40):
            task = asyncio.create_task(turn(f"c{n}"))
            for _ in range(n):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for n in range(40):
            async with store.open(f"c{n}") as opened:
                assert len(await store.lines(f"c{n}", 0)) == opened.session.seq
                go_on(opened)
