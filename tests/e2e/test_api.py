"""An officer's program and an editor at work while citizens are served by the same process."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from openapi_spec_validator import validate

from tests.e2e.citizen import MOBILE, OFFICE, PLACE, Frame, Poster, code_in, move, told, word
from tests.e2e.conftest import OpenTab
from tests.e2e.process import PATIENCE, ROOT, Counter

SURVEY = "چقدر از این خدمت راضی بودید"
QUESTION = "شمارهٔ تیر چراغ برق کجاست؟"


async def test_the_document_is_sound(counter: Counter, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{counter.url}/api/v1/openapi.json") as answer:
        document = await answer.json()
    validate(document)
    assert {"/api/v1/requests", "/api/v1/requests/{code}", "/api/v1/services"} <= set(document["paths"])


async def test_an_officer_s_program_moves_a_request(
    open_tab: OpenTab, counter: Counter, http: aiohttp.ClientSession
) -> None:
    """The citizen's open page hears of each step by itself, and rates at the end."""
    tab = await open_tab()
    await tab.hello()
    await tab.until("reply")
    await tab.open("street_light_report")
    await tab.say("۱", PLACE, "رد شدن", "رد شدن", MOBILE)
    request = await tab.file()
    code = request["code"]
    async with http.get(f"{counter.url}/api/v1/requests", params={"limit": "1"}, headers=OFFICE) as answer:
        (newest,) = (await answer.json())["requests"]
    assert newest["code"] == code

    for status, note in [("in_review", "گروه تعمیر فردا می‌آید."), ("resolved", "تعویض شد."), ("closed", "")]:
        await move(http, counter, code, status=status, note=note)
        heard = (await tab.until("reply"))[-1]["text"]
        assert word(f"status.{status}") in heard and note in heard
    await tab.until("reply")  # the survey's introduction
    survey = (await tab.until("reply"))[-1]
    assert [c["label"][0] for c in survey["choices"][:5]] == list("۱۲۳۴۵")
    await tab.say("۵", "بله", "رد شدن")
    async with http.get(f"{counter.url}/api/v1/surveys/summary", headers=OFFICE) as answer:
        assert (await answer.json())["scores"]["5"] >= 1


async def test_each_step_is_told_even_when_they_come_close_together(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    """Two steps while the server is away: afterwards the citizen hears of both, in order, each with its own note."""
    counter = Counter(tmp_path)
    try:
        await asyncio.to_thread(counter.start)
        citizen = Poster(counter, http)
        await citizen.hello()
        await citizen.open("officer_message")
        await citizen.say("لطفاً با من تماس بگیرید.", "رد شدن")
        code = code_in(await citizen.press(word("nav.confirm")))
        await asyncio.to_thread(counter.stop)
        await asyncio.to_thread(counter.officer, code, "in_review", note="فردا زنگ می‌زنیم.")
        await asyncio.to_thread(counter.officer, code, "closed", note="تماس گرفتیم.")
        await asyncio.to_thread(counter.start)
        await counter.all_told()
        frames = await history(citizen)
        said = [told([frame]) for frame in frames if "وضعیت تازه" in frame.get("text", "")]
        assert [word("status.in_review") in said[0], word("status.closed") in said[1], len(said)] == [True, True, 2]
        assert ["فردا زنگ می‌زنیم." in said[0], "تماس گرفتیم." in said[1]] == [True, True]
        assert SURVEY in told(frames[-1:])  # after both

        await move(http, counter, code, status="in_review")
        await move(http, counter, code, status="closed")
        await counter.all_told()
        assert told(await history(citizen)).count(SURVEY) == 1  # not answered, and yet not asked again
        await asyncio.to_thread(counter.stop)
    finally:
        counter.end()


async def history(citizen: Poster) -> list[Frame]:
    address = f"{citizen.counter.url}/channels/web/messages"
    async with citizen.http.get(address, headers={"X-Session": citizen.token}) as answer:
        frames: list[Frame] = (await answer.json())["frames"]
        return frames


# --- editors ------------------------------------------------------------------------------------------


@pytest.fixture
async def edited(tmp_path: Path) -> AsyncIterator[Counter]:
    """A server with a knowledge base of its own to edit: CONTENT_DIR."""
    folder = tmp_path / "knowledge_base"
    shutil.copytree(ROOT / "knowledge_base", folder)
    counter = Counter(tmp_path / "counter", CONTENT_DIR=str(folder))
    try:
        await asyncio.to_thread(counter.start)
        yield counter
        await asyncio.to_thread(counter.stop)
    finally:
        counter.end()


async def ready(counter: Counter, http: aiohttp.ClientSession) -> Any:
    async with http.get(f"{counter.url}/readyz") as answer:
        assert answer.status == 200
        return await answer.json()


async def test_an_edit_is_live_and_a_broken_one_changes_nothing(edited: Counter, http: aiohttp.ClientSession) -> None:
    """All the time one form is open, and it is finished in the end."""
    faq = Path(edited.environment["CONTENT_DIR"]) / "faq" / "city_care.yaml"
    original = faq.read_text("utf-8")
    known = "روی پلاک کوچک تیر"
    assert known in original
    citizen = Poster(edited, http)
    await citizen.hello()
    await citizen.open("street_light_report")
    await citizen.say("۱", PLACE)
    assert known in await citizen.say(QUESTION)

    async def asks_until(answer: str) -> None:
        """Asks in the middle of the form until the answer has changed."""
        deadline = time.monotonic() + PATIENCE
        other = Poster(edited, http)
        while True:
            await other.hello()  # a flood in one conversation would be told to slow down
            if answer in await other.say(QUESTION):
                break
            assert time.monotonic() < deadline, f"{answer!r} is not told"
            await asyncio.sleep(0.2)
            other = Poster(edited, http)
        said = await citizen.say(QUESTION)
        assert answer in said and "(۳ از ۵)" in said

    new = original.replace(known, "پایین تیر، روی برچسب زرد")
    faq.write_text(new, "utf-8")
    await asks_until("پایین تیر، روی برچسب زرد")
    assert (await ready(edited, http))["warnings"] == []

    good = "- id: light_pole_number\n  service: street_light"
    line = new[: new.index(good)].count("\n") + 1
    faq.write_text(new.replace(good, good.replace("service", "servce")), "utf-8")
    deadline = time.monotonic() + PATIENCE
    while not (warnings := (await ready(edited, http))["warnings"]):
        assert time.monotonic() < deadline, "nobody tells of the mistake"
        await asyncio.sleep(0.1)
    assert any(w.startswith(f"faq/city_care.yaml:{line + 1}:") for w in warnings), warnings
    await asks_until("پایین تیر، روی برچسب زرد")

    faq.write_text(original, "utf-8")
    await asks_until(known)
    assert (await ready(edited, http))["warnings"] == []
    await citizen.say("رد شدن", "رد شدن", MOBILE)
    assert code_in(await citizen.press(word("nav.confirm")))
