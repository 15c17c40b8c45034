"""`pishkhan move FILE`: one machine becomes many, and nobody notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from bot import app
from bot.commands.errors import Ended
from bot.commands.moving import moved
from bot.core.messages import Address, Event, Inbound
from bot.gateway import End, Outcome
from bot.settings import Settings
from bot.stores.database import open_database
from bot.stores.tables import metadata
from tests.app.serving import Client, serving, settings_of
from tests.stores.databases import new_database

ME = Address("console", "me")
KEY = SecretStr("of the tests " * 3)
FILED = ("/form/pothole_report", "۱", "میدان امام", "بله", "رد شدن", "رد شدن", "09121234567", "تأیید")
BEGUN = ("/form/pothole_report", "۱", "خیابان بهار\0")
REST = ("بله", "رد شدن", "رد شدن", "09121234567", "تأیید")


@pytest.fixture(params=["postgresql", "postgresql and valkey"])
async def many(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Settings]:
    redis = request.getfixturevalue("valkey").url if "valkey" in request.param else ""
    async with new_database("postgresql", request, tmp_path) as url:
        yield settings_of(tmp_path / "many", database_url=url, redis_url=SecretStr(redis), secret_key=KEY)


@pytest.fixture
async def one(tmp_path: Path) -> Path:
    """The file of a server on which a request was filed and rated, and another one was begun."""
    settings = settings_of(tmp_path / "one", secret_key=KEY)
    async with serving(settings) as client:
        for n, text in enumerate(FILED):
            await say(client, text, f"filed{n}")
        counter = client.app[app.COUNTER]
        (request,) = await counter.desk.list_of(await counter.contacts.resolve(ME))
        await say(client, f"/survey/{request.code}", "survey")
        await say(client, "۵", "stars")
        for n, text in enumerate(BEGUN):
            await say(client, text, f"begun{n}")
    return settings.data_dir / "pishkhan.db"


async def say(client: Client, text: str, id: str) -> Outcome:
    return await client.app[app.COUNTER].gateway.receive(Inbound(id, ME, Event.MESSAGE, text=text))


async def rows_in(url: str) -> dict[str, list[tuple[object, ...]]]:
    database = open_database(url)

    def all_of(connection: sa.Connection) -> dict[str, list[tuple[object, ...]]]:
        return {
            name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=str)
            for name, table in metadata.tables.items()
        }

    try:
        return await database.read(all_of)
    finally:
        await database.close()


async def test_a_draft_a_request_and_a_repetition_are_known_at_the_new_place(one: Path, many: Settings) -> None:
    told = await asyncio.to_thread(moved, many, one)
    assert "requests" in told
    assert str(one) in told
    async with serving(many) as client:
        again = await say(client, BEGUN[-1], f"begun{len(BEGUN) - 1}")
        assert again.end is End.REPLAYED
        for n, text in enumerate(REST):
            outcome = await say(client, text, f"rest{n}")
        assert outcome.seq > again.seq
        counter = client.app[app.COUNTER]
        contact = await counter.contacts.resolve(ME)
        new, old = await counter.desk.list_of(contact)
        assert new.code != old.code
        assert old.rated
        lines = await counter.sessions.lines(contact, 0, 1000)
        assert [line.seq for line in lines] == list(range(1, len(lines) + 1)), "one transcript, numbered on"


async def test_every_row_arrives(one: Path, many: Settings) -> None:
    before = await rows_in(f"sqlite:///{one}")
    assert {"sessions", "lines", "addresses", "requests", "ratings"} <= {name for name, rows in before.items() if rows}
    await asyncio.to_thread(moved, many, one)
    after = await rows_in(many.database)
    if many.redis_url.get_secret_value():
        assert not after.pop("sessions"), "they are in Redis"
        del before["sessions"]
    assert after == before


async def test_a_move_that_was_broken_off_is_begun_again(
    one: Path, many: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("broken off")

    with monkeypatch.context() as patch:
        patch.setattr("bot.stores.moving._copy", broken)
        with pytest.raises(RuntimeError, match="broken off"):
            await asyncio.to_thread(moved, many, one)
    await asyncio.to_thread(moved, many, one)
    assert (await rows_in(many.database))["requests"] == (await rows_in(f"sqlite:///{one}"))["requests"]


async def test_a_database_that_is_in_use_is_left_alone(one: Path, many: Settings) -> None:
    await asyncio.to_thread(moved, many, one)
    before = await rows_in(many.database)
    with pytest.raises(Ended, match="empty"):
        await asyncio.to_thread(moved, many, one)
    assert await rows_in(many.database) == before


async def test_without_a_place_to_move_to_or_a_file_it_says_so(one: Path, many: Settings) -> None:
    with pytest.raises(Ended, match="DATABASE_URL"):
        moved(settings_of(one.parent), one)
    with pytest.raises(Ended, match="no such file"):
        await asyncio.to_thread(moved, many, one.with_name("other.db"))
    assert not one.with_name("other.db").exists()
