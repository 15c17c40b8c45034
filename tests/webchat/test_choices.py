"""The answers offered, and the codes among the words: which stand together, which stands out."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.webchat.conftest import Desk
from tests.webchat.page import chip, lines, say, word
from tests.webchat.test_looks import PHONE

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser's loop

EACH = [{}, PHONE]
NAMES = ["desktop", "phone"]


async def ask(desk: Desk, words: str, **kind: Any) -> Page:
    page = await desk.open(await desk.context(**kind))
    await say(page, words)
    await expect(lines(page)).to_have_count(3)
    await expect(page.locator(".chip").first).to_be_visible()
    return page


async def tops(chips: Locator) -> list[float]:
    """Where each begins, in px from above."""
    found: list[float] = await chips.evaluate_all("all => all.map(e => e.getBoundingClientRect().top)")
    return found


async def ground(page: Page, name: str) -> str:
    return str(await chip(page, name).locator("..").evaluate("e => getComputedStyle(e).backgroundColor"))


async def test_the_confirmation_alone_is_filled(desk: Desk) -> None:
    page = await ask(desk, "review")
    await expect(page.locator(".chip.main")).to_have_text([word("nav.confirm")])
    assert await ground(page, word("nav.confirm")) != await ground(page, word("script.correct"))


@pytest.mark.parametrize("kind", EACH, ids=NAMES)
async def test_a_scale_stands_in_one_column(desk: Desk, kind: dict[str, Any]) -> None:
    page = await ask(desk, "score", **kind)
    chips = page.locator(".scale .chip")
    await expect(chips).to_have_text([word(f"survey.score_{n}") for n in range(1, 6)])
    found = await tops(chips)
    assert found == sorted(set(found))


@pytest.mark.parametrize("kind", EACH, ids=NAMES)
async def test_yes_and_no_have_a_row_of_their_own(desk: Desk, kind: dict[str, Any]) -> None:
    page = await ask(desk, "answer", **kind)
    yes, no, related = await tops(page.locator(".chip"))
    assert yes == no < related


async def test_short_labels_stand_in_pairs_on_a_phone(desk: Desk) -> None:
    page = await ask(desk, "ask", **PHONE)
    found = await tops(page.locator(".stacked .chip"))
    assert all(found.count(top) <= 2 for top in found)
    assert len(set(found)) < len(found)
    assert await page.locator(".scroll").evaluate("e => e.scrollWidth <= e.clientWidth")


async def test_a_code_is_never_broken(desk: Desk) -> None:
    page = await ask(desk, "answer", **PHONE)
    assert "12345\u00a067894" in str(await page.locator(".stacked .chip bdi").last.evaluate("e => e.textContent"))
    await say(page, "status")
    await expect(page.locator(".code")).to_have_count(2)
    together = page.locator(".together")
    assert await together.evaluate_all("all => all.map(e => e.lastChild.data)") == [":", " —"]
    assert await together.first.evaluate("e => getComputedStyle(e).whiteSpace") == "nowrap"
