"""What reloads, broken lines, other tabs and an absent server do to a conversation: nothing lost, nothing twice."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.webchat.conftest import Desk
from tests.webchat.page import chip, lines, menu, said, say, word

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser's loop


async def test_a_reload_shows_both_sides_once_and_the_open_question(desk: Desk) -> None:
    page = await desk.open()
    await chip(page, "ثبت درخواست").click()
    await expect(lines(page)).to_have_count(3)
    before = await said(page)
    await page.reload()
    await expect(lines(page)).to_have_count(3)
    assert await said(page) == before
    assert before[1] == "ثبت درخواست"
    await expect(page.locator(".hint")).to_be_visible()
    await chip(page, "لغو").click()
    await expect(lines(page)).to_have_count(5)
    assert desk.counter.script.turns == 3


async def test_without_network_words_wait_and_then_go_once_and_in_order(desk: Desk) -> None:
    context = await desk.context()
    page = await desk.open(context)
    await context.set_offline(True)
    await expect(page.locator(".banner")).to_have_text(word("web.offline"))
    await say(page, "یک")
    await say(page, "دو")
    await expect(page.locator(".waiting")).to_have_count(2)
    await expect(page.get_by_role("img", name=word("web.waiting"))).to_have_count(2)
    assert desk.counter.script.turns == 1
    await context.set_offline(False)
    await expect(page.locator(".banner")).to_have_text(word("web.online_again"))
    await expect(lines(page)).to_have_count(5)
    assert await said(page) == [(await said(page))[0], "یک", "نوشتید: یک", "دو", "نوشتید: دو"]
    await expect(page.locator(".waiting")).to_have_count(0)
    assert desk.counter.script.turns == 3


async def test_words_that_wait_survive_a_reload(desk: Desk) -> None:
    page = await desk.open()
    await desk.cut()
    await say(page, "پیش از بارگذاری دوباره")
    await expect(page.locator(".waiting")).to_have_count(1)
    await page.reload()
    await expect(page.locator(".waiting")).to_have_count(1)
    desk.shut.clear()
    await expect(lines(page)).to_have_count(3)
    assert (await said(page))[1:] == ["پیش از بارگذاری دوباره", "نوشتید: پیش از بارگذاری دوباره"]
    assert desk.counter.script.turns == 2


async def test_a_line_that_breaks_during_a_turn_loses_and_doubles_nothing(desk: Desk) -> None:
    page = await desk.open()
    desk.counter.script.seconds = 0.4
    await say(page, "در میانهٔ کار")
    await expect(page.locator(".typing")).to_be_visible()
    await desk.cut()
    desk.shut.clear()
    await expect(lines(page)).to_have_count(3)
    await expect(page.locator(".waiting")).to_have_count(0)
    assert (await said(page))[1] == "در میانهٔ کار"
    assert desk.counter.script.turns == 2
    await page.reload()
    await expect(lines(page)).to_have_count(3)


async def test_a_store_that_is_away_for_a_moment(desk: Desk) -> None:
    page = await desk.open()
    desk.counter.memory.down = True
    await say(page, "سلام")
    await expect(page.locator(".banner")).to_have_text(word("web.unavailable"))
    desk.counter.memory.down = False
    await expect(lines(page)).to_have_count(3)


async def test_a_forged_session_begins_anew(desk: Desk) -> None:
    page = await desk.open()
    await page.evaluate("localStorage.setItem('pishkhan', JSON.stringify({token: 'forged.token', language: 'fa'}))")
    await page.reload()
    await expect(page.locator(".banner")).to_have_text(word("web.bad_session"))
    await expect(lines(page)).to_have_count(1)
    await say(page, "سلام")
    await expect(lines(page)).to_have_count(3)


async def test_without_websocket_it_goes_by_requests(desk: Desk) -> None:
    desk.shut.add("/channels/web/socket")
    page = await desk.open()
    await say(page, "سلام")
    await expect(lines(page)).to_have_count(3)
    await chip_of_menu(page)
    token = await page.evaluate("JSON.parse(localStorage.getItem('pishkhan')).token")
    await desk.counter.notice(token.partition(".")[0])
    await expect(lines(page)).to_have_count(6)  # polled
    await page.reload()
    await expect(lines(page)).to_have_count(6)
    await desk.cut()
    await say(page, "در انتظار")
    await expect(page.locator(".banner")).to_have_text(word("web.offline"))
    desk.shut.remove("/channels")
    await expect(lines(page)).to_have_count(8)


async def chip_of_menu(page: Page) -> None:
    await menu(page, "nav.menu")
    await expect(lines(page)).to_have_count(5)


async def test_two_tabs_see_the_same_and_a_new_conversation_takes_both(desk: Desk) -> None:
    context = await desk.context()
    one = await desk.open(context)
    two = await desk.open(context)
    await say(one, "از یکی")
    for tab in (one, two):
        await expect(lines(tab)).to_have_count(3)
    assert await said(one) == await said(two)
    await one.bring_to_front()
    await menu(one, "web.new")
    await one.get_by_role("dialog").get_by_role("button", name=word("web.new_no")).click()
    await expect(lines(one)).to_have_count(3)
    await menu(one, "web.new")
    await one.get_by_role("dialog").get_by_role("button", name=word("web.new_yes")).click()
    await expect(lines(one)).to_have_count(1)
    await expect(lines(two)).to_have_count(1)
    await say(two, "هر دو")
    await expect(lines(one)).to_have_count(3)
