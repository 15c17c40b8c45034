"""The application as one: it opens, follows edits, tells citizens what officers do, and closes."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import app, content
from bot.core.messages import Address, Event, Inbound
from bot.core.requests import Draft, Status
from tests.app.serving import API_TOKEN, PATIENCE, Client, serving, settings_of, until
from tests.conversation import KNOWLEDGE_BASE

OFFICE = {"Authorization": f"Bearer {API_TOKEN}"}


async def test_it_opens_with_nothing_set(tmp_path: Path) -> None:
    async with serving(settings_of(tmp_path)) as client:
        assert (await client.get("/healthz")).status == 200
        ready = await client.get("/readyz")
        assert ready.status == 200
        assert (await ready.json())["warnings"] == []
        page = await client.get("/")
        assert page.status == 200
        assert page.content_type == "text/html"
        assert (await client.get("/widget.js")).status == 200
        assert (await client.get("/nowhere")).content_type == "application/problem+json"


def readable_by_others(data: Path) -> list[str]:
    kept = [p for p in data.iterdir() if p.name.startswith(("pishkhan.db", "secret_key"))]
    assert len(kept) >= 2
    return [p.name for p in kept if p.stat().st_mode & 0o077]


async def test_the_database_is_nobody_else_s(tmp_path: Path) -> None:
    async with serving(settings_of(tmp_path)):
        assert readable_by_others(tmp_path) == []


async def test_what_was_said_survives_a_restart(tmp_path: Path) -> None:
    me = Address("console", "me")
    async with serving(settings_of(tmp_path)) as client:
        first = await client.app[app.COUNTER].gateway.receive(Inbound("1", me, Event.START))
    async with serving(settings_of(tmp_path)) as client:
        again = await client.app[app.COUNTER].gateway.receive(Inbound("1", me, Event.START))
    assert again.repeated
    assert again.replies == first.replies


async def test_the_preferred_language_comes_first(tmp_path: Path) -> None:
    counter = await asyncio.to_thread(app.assemble, settings_of(tmp_path, language="en"))
    async with counter.opened():
        outcome = await counter.gateway.receive(Inbound("1", Address("console", "me"), Event.START))
    assert outcome.language == "en"


def test_broken_content_does_not_start(tmp_path: Path) -> None:
    broken = tmp_path / "knowledge_base"
    shutil.copytree(KNOWLEDGE_BASE, broken)
    (broken / "organization.yaml").write_text("name: [\n")
    with pytest.raises(content.ContentErrors):
        app.build(settings_of(tmp_path, content_dir=broken))


# --- content that changes ---------------------------------------------------------------------------


@pytest.fixture
def own_content(tmp_path: Path) -> Path:
    folder = tmp_path / "knowledge_base"
    shutil.copytree(KNOWLEDGE_BASE, folder)
    return folder


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


async def noticed(file: Path, what: Callable[[], bool]) -> None:
    """Wait for what an edit brings about. When the watch is set up is not told, so the file is saved again."""

    async def holds() -> bool:
        await asyncio.to_thread(file.touch)
        async with asyncio.timeout(PATIENCE):
            for _ in range(100):
                if what():
                    return True
                await asyncio.sleep(0.05)
        return False

    await until(holds)


async def title_of(client: Client, service: str) -> str:
    answer = await client.get("/api/v1/services?language=en", headers=OFFICE)
    by_id = {s["id"]: s for s in (await answer.json())["services"]}
    return str(by_id[service]["title"]) if service in by_id else ""


async def test_an_edit_is_live_and_a_broken_one_keeps_the_last_good_content(tmp_path: Path, own_content: Path) -> None:
    async with serving(settings_of(tmp_path / "data", content_dir=own_content)) as client:
        live = client.app[app.COUNTER].live
        page = own_content / "services" / "pothole.md"
        before = live.catalogue
        title = before.services["pothole"].title["en"]
        edit(page, title, "Holes in the road")
        await noticed(page, lambda: live.catalogue is not before)
        assert await title_of(client, "pothole") == "Holes in the road"

        good = live.catalogue
        edit(page, "category:", "categry:")
        await noticed(page, lambda: bool(live.problems))
        assert live.catalogue is good
        warnings = (await (await client.get("/readyz")).json())["warnings"]
        assert any(w.startswith("services/pothole.md:") for w in warnings)

        edit(page, "categry:", "category:")
        await noticed(page, lambda: not live.problems)


async def test_content_without_words_that_the_code_says_is_not_taken(tmp_path: Path) -> None:
    counter = await asyncio.to_thread(app.assemble, settings_of(tmp_path))
    before = counter.live.catalogue
    phrases = {key: text for key, text in before.phrases.items() if key != "menu.greeting"}
    with pytest.raises(content.ContentErrors, match=r"menu\.greeting"):
        await counter.edited(replace(before, phrases=phrases))
    assert counter.live.catalogue is before
    await counter.stores.database.close()


# --- officers and citizens --------------------------------------------------------------------------


async def test_what_an_officer_does_reaches_the_citizen_s_conversation(tmp_path: Path) -> None:
    async with serving(settings_of(tmp_path)) as client:
        counter = client.app[app.COUNTER]
        me = Address("console", "me")
        await counter.gateway.receive(Inbound("1", me, Event.START))
        contact = await counter.contacts.resolve(me)
        filed = await counter.desk.file(Draft("letter", "request", "نامه", contact, me, "fa"), key="k")
        known = (await counter.sessions.lines(contact, 0))[-1].seq

        change = {"status": Status.CLOSED.value, "note": "انجام شد"}
        moved = await client.patch(f"/api/v1/requests/{filed.code}", headers=OFFICE, json=change)
        assert moved.status == 200

        async def told_and_asked() -> bool:
            """Two notices, each with its words; and the courier has noted it, which comes behind."""
            lines = await counter.sessions.lines(contact, known)
            return len(lines) >= 4 and await counter.outbox.told(state="pending") == ()

        await until(told_and_asked)
        told = await counter.sessions.lines(contact, known)
        said = str([line.content for line in told if line.direction == "out"])
        assert "notice.moved" in said
        assert "survey.ask" in said


async def test_in_production_there_is_no_sandbox_and_no_channel_without_an_account(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        environment="production",
        secret_key=SecretStr("k" * 40),
        public_url="https://counter.example.org",
    )
    async with serving(settings) as client:
        for path in ("/sandbox", "/sandbox/events", "/channels/sms/twilio", "/channels/voice/twilio"):
            for method in ("GET", "POST"):
                assert (await client.request(method, path)).status == 404, path
