"""`pishkhan notices …`."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app.stores import Stores
from bot.commands import notices
from bot.commands.errors import Ended
from bot.core.messages import Address
from bot.core.notices import News
from bot.settings import Settings
from bot.stores.contacts import SqlContacts
from bot.stores.outbox import SqlOutbox
from bot.stores.records import SqlRecords
from tests.app.serving import settings_of

NUMBER = "+989121234567"
ANN, TEXT = Address("telegram", "7"), Address("sms", NUMBER)
NOW = datetime.now(UTC)
LEASE = NOW + timedelta(seconds=90)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Ann's notice was given up after one attempt, a text waits, a one-time code was sent."""
    given = settings_of(tmp_path)

    async def fill() -> None:
        stores = Stores(given)
        async with stores.opened():
            records, outbox = SqlRecords(stores.database), SqlOutbox(stores.database)
            await SqlContacts(stores.database).resolve(ANN)
            await SqlContacts(stores.database).resolve(TEXT)
            await records.tell(ANN, News("/told 1234567890 1"), at=NOW)
            (dead,) = await outbox.take(NOW, LEASE)
            begun = await outbox.begin(dead, ANN, at=NOW, until=LEASE)
            assert begun
            await outbox.settle(begun, "dead", at=NOW, outcome="refused", why="blocked")
            await records.tell(TEXT, News("/survey 1234567890"), at=NOW)
            await records.tell(TEXT, News("/code fa 1 f1 web:secret", urgent=True), at=NOW)
            (code,) = await outbox.take(NOW, LEASE, urgent=True)
            begun = await outbox.begin(code, TEXT, at=NOW, until=LEASE)
            assert begun
            await outbox.settle(begun, "sent", at=NOW, outcome="sent", message="m1")

    asyncio.run(fill())
    return given


def listed(settings: Settings, *, state: str = "", contact: str = "") -> list[tuple[str, str, str]]:
    """id, state and what it tells."""
    told = json.loads(notices.listed(settings, state=state, contact=contact, limit=50, json=True))
    return [(notice["id"], notice["state"], notice["what"]) for notice in told]


def test_they_are_listed_newest_first(settings: Settings) -> None:
    lines = notices.listed(settings, state="", contact="", limit=2, json=False).splitlines()
    assert lines[0].split() == ["ID", "STATE", "DUE", "TRIES", "CHANNEL", "WHAT", "WHY"]
    assert [line.split()[0] for line in lines[1:]] == ["3", "2"]
    assert "secret" not in "".join(lines)
    dead = notices.listed(settings, state="dead", contact="", limit=9, json=False).splitlines()[1]
    assert dead.split()[0:2] == ["1", "dead"]
    assert dead.endswith("telegram  /told 1234567890 1  blocked")
    assert notices.listed(settings, state="delivered", contact="", limit=9, json=False) == "no notices"


def test_those_of_a_state_or_of_a_citizen(settings: Settings) -> None:
    survey, code = ("2", "pending", "/survey 1234567890"), ("3", "sent", "/code")
    dead = ("1", "dead", "/told 1234567890 1")
    assert listed(settings) == [code, survey, dead]
    assert listed(settings, state="pending") == [survey]
    assert listed(settings, contact="telegram:7") == [dead]
    assert listed(settings, contact="۰۹۱۲ ۱۲۳ ۴۵۶۷") == [code, survey]
    assert listed(settings, contact=NUMBER, state="sent") == [code]


def test_one_is_shown_with_its_attempts(settings: Settings) -> None:
    said = notices.shown(settings, "1", json=False)
    assert "dead: blocked" in said and "to telegram:7" in said
    assert said.splitlines()[-1].split()[3:] == ["telegram:7", "refused", "blocked"]
    (attempt,) = json.loads(notices.shown(settings, "3", json=True))["attempts"]
    assert (attempt["way"], attempt["outcome"], attempt["message"]) == (str(TEXT), "sent", "m1")
    assert "next try" in notices.shown(settings, "2", json=False)


def test_what_was_given_up_is_tried_again(settings: Settings) -> None:
    assert notices.resent(settings, ["1"], all_dead=False) == "tried again: 1"
    assert listed(settings, state="dead") == []
    assert listed(settings, contact="telegram:7") == [("1", "pending", "/told 1234567890 1")]
    assert notices.resent(settings, [], all_dead=True) == "tried again: 0"


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda s: notices.resent(s, ["1", "2"], all_dead=False), "1 of 2"),
        (lambda s: notices.resent(s, [], all_dead=False), "--all-dead"),
        (lambda s: notices.resent(s, ["1"], all_dead=True), "--all-dead"),
        (lambda s: notices.resent(s, ["x"], all_dead=False), "no notice's id"),
        (lambda s: notices.shown(s, "99", json=False), "there is no notice 99"),
        (lambda s: notices.shown(s, "1" * 30, json=False), "no notice's id"),
        (lambda s: listed(s, state="lost"), "no state of a notice"),
        (lambda s: listed(s, contact="telegram:8"), "nobody is known"),
    ],
)
def test_what_cannot_be_done_is_said(settings: Settings, call: object, why: str) -> None:
    with pytest.raises(Ended, match=why):
        call(settings)  # type: ignore[operator]
