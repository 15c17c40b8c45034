"""The chat without a mouse, and for people who read above."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.webchat.conftest import Desk
from tests.webchat.page import box, chip, focused, lines, menu, say, word
from tests.webchat.test_looks import PHONE

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser's loop


async def test_everything_by_keyboard(desk: Desk) -> None:
    page = await desk.open()
    order = []
    for _ in range(16):
        await page.keyboard.press("Tab")
        order.append(await focused(page))
        if order[-1] == word("web.placeholder"):
            break
    assert order[3:] == [
        word("web.more"),
        word("web.log"),
        "پرسش دربارهٔ خدمات",
        "ثبت درخواست",
        "پیگیری با کد",
        "نظر من",
        word("web.attach"),
        word("web.placeholder"),
    ]
    for _ in range(2):
        await page.keyboard.press("Shift+Tab")
    assert await focused(page) == "نظر من"
    await page.keyboard.press("ArrowLeft")
    assert await focused(page) == "پرسش دربارهٔ خدمات"
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("Enter")
    await expect(page.locator(".hint")).to_be_visible()
    assert await focused(page) == word("web.placeholder")
    await page.keyboard.type("فردا")
    await page.keyboard.press("Enter")
    await expect(lines(page)).to_have_count(5)
    assert await focused(page) == word("web.placeholder")


async def test_the_menu_and_the_question_before_a_new_beginning_by_keyboard(desk: Desk) -> None:
    page = await desk.open()
    more = page.get_by_role("button", name=word("web.more"))
    await more.focus()
    await page.keyboard.press("Enter")
    assert await focused(page) == word("nav.menu")
    await page.keyboard.press("Escape")
    await expect(page.locator(".menu")).to_be_hidden()
    await expect(more).to_be_focused()
    await page.keyboard.press("Enter")
    for _ in range(5):
        await page.keyboard.press("Tab")
    assert await focused(page) == word("web.new")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(box(page)).to_be_focused()
    await expect(lines(page)).to_have_count(1)


async def test_the_latest_answer_is_in_sight_however_quick_the_words(desk: Desk) -> None:
    page = await desk.open(await desk.context(width=420, height=560))
    for n in range(6):
        await say(page, f"سطر {n}")
    await menu(page, "nav.menu")
    await expect(chip(page, "نظر من")).to_be_in_viewport()
    await expect(page.get_by_role("button", name=word("web.latest"))).to_be_hidden()


async def test_news_are_followed_from_the_beginning_of_a_long_answer(desk: Desk) -> None:
    page = await desk.open(await desk.context(**PHONE))
    await say(page, "سطر بلند " * 120)
    await expect(lines(page)).to_have_count(3)
    latest = page.get_by_role("button", name=word("web.latest"))
    await expect(latest).to_be_visible()  # the page shows the beginning; nobody has scrolled
    token = await page.evaluate("JSON.parse(localStorage.getItem('pishkhan')).token")
    await desk.counter.notice(token.partition(".")[0])
    await expect(lines(page)).to_have_count(4)
    await expect(lines(page).last).to_be_in_viewport(ratio=1)
    await expect(latest).to_be_hidden()


async def test_after_a_reload_the_end_is_there_at_once(desk: Desk) -> None:
    context = await desk.context(width=420, height=560)
    await context.add_init_script(
        "window.scrolls = []; const to = Element.prototype.scrollTo;"
        "Element.prototype.scrollTo = function (how) { scrolls.push(how.behavior); return to.call(this, how); };"
    )
    page = await desk.open(context)
    for n in range(6):
        await say(page, f"سطر {n}")
        await expect(lines(page)).to_have_count(3 + 2 * n)
    await page.reload()
    await expect(lines(page)).to_have_count(13)
    await expect(lines(page).last).to_be_in_viewport(ratio=1)
    assert set(await page.evaluate("scrolls")) == {"instant"}
    await expect(page.locator(".log")).to_have_attribute("aria-live", "polite")
    await say(page, "سطر 7")
    await expect(lines(page)).to_have_count(15)
    assert await page.evaluate("scrolls.at(-1)") == "auto"


async def test_a_person_who_reads_above_is_not_torn_away(desk: Desk) -> None:
    page = await desk.open(await desk.context(width=420, height=560))
    for n in range(6):
        await say(page, f"سطر {n}")
        await expect(lines(page)).to_have_count(3 + 2 * n)
    scroller = page.locator(".scroll")
    await scroller.hover()
    while await scroller.evaluate("e => e.scrollTop"):
        await page.mouse.wheel(0, -4000)
        await asyncio.sleep(0.1)
    await expect(page.get_by_role("button", name=word("web.latest"))).to_be_visible()
    token = await page.evaluate("JSON.parse(localStorage.getItem('pishkhan')).token")
    await desk.counter.notice(token.partition(".")[0])
    await expect(lines(page)).to_have_count(14)
    await asyncio.sleep(0.3)
    assert await scroller.evaluate("e => e.scrollTop") == 0
    await page.get_by_role("button", name=word("web.latest")).click()
    await expect(page.get_by_role("button", name=word("web.latest"))).to_be_hidden()
