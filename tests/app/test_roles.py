"""One process that does everything, or some that serve and one that delivers."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr, ValidationError

from bot import app
from bot.settings import Settings
from tests.app.serving import API_TOKEN, PATIENCE, Client, serving, settings_of
from tests.e2e.process import Counter
from tests.stores.databases import new_database
from tests.stores.valkey import Server

FORM = ("/form/pothole_report", "۱", "میدان امام", "بله", "رد شدن", "رد شدن", "09121234567", "تأیید")
OFFICE = {"Authorization": f"Bearer {API_TOKEN}"}
KEY = SecretStr("of the tests " * 3)


@pytest.fixture(params=["with Redis", "without"])
async def settings(valkey: Server, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Settings]:
    redis_url = SecretStr(valkey.url if request.param == "with Redis" else "")
    async with new_database("postgresql", request, tmp_path) as url:
        given = {"database_url": url, "redis_url": redis_url, "secret_key": KEY}
        yield settings_of(tmp_path, worker="separate", **given)


@asynccontextmanager
async def working(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """A worker that looks into the outbox only when it is told to."""
    application = await asyncio.to_thread(app.build_worker, settings)
    monkeypatch.setattr(application[app.COURIER], "_every", 10 * PATIENCE)
    async with TestClient(TestServer(application)) as client:
        yield client


async def test_a_worker_hears_of_a_notice_at_once_and_the_browser_of_what_it_delivered(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(settings) as replica, working(settings, monkeypatch) as worker:
        assert app.COURIER not in replica.app
        assert (await worker.get("/readyz")).status == 200
        assert (await worker.get("/")).status == 404
        async with replica.ws_connect("/channels/web/socket") as browser:
            await browser.send_json({"type": "hello", "session": None, "after": 0, "language": "fa"})
            for n, text in enumerate(FORM):
                await browser.send_json({"type": "message", "id": f"m{n}", "text": text})
            async with asyncio.timeout(PATIENCE):
                while (await browser.receive_json()).get("id") != f"m{len(FORM) - 1}":
                    pass
                listed = await (await replica.get("/api/v1/requests", headers=OFFICE)).json()
                (code,) = [request["code"] for request in listed["requests"]]
                await replica.patch(f"/api/v1/requests/{code}", headers=OFFICE, json={"status": "in_review"})
                while "در حال بررسی" not in (await browser.receive_json()).get("text", ""):
                    pass


@pytest.mark.parametrize("messenger", ["telegram", "bale"])
def test_several_replicas_poll_no_messenger(tmp_path: Path, messenger: str) -> None:
    token = {f"{messenger}_token": SecretStr("1:token")}
    with pytest.raises(ValidationError, match="PUBLIC_URL is missing"):
        settings_of(tmp_path, worker="separate", **token)
    assert settings_of(tmp_path, worker="separate", public_url="https://counter.example.org", **token)
    assert settings_of(tmp_path, **token)


def test_a_worker_beside_servers_that_deliver_is_refused(tmp_path: Path) -> None:
    process = Counter(tmp_path).popen("work", stderr=-1)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "WORKER=separate" in said.decode() and "Traceback" not in said.decode()


def test_who_is_told_twice_to_end_ends_at_once(tmp_path: Path) -> None:
    counter = Counter(tmp_path, DRAIN="300")
    try:
        counter.start()
        assert counter.process
        counter.process.send_signal(signal.SIGTERM)
        while "msg=draining" not in counter.log:
            time.sleep(0.02)
        counter.process.send_signal(signal.SIGTERM)
        assert counter.process.wait(PATIENCE) == 1
    finally:
        counter.end()
