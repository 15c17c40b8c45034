"""The chat in a real browser: what a citizen does, and what the network does to them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Locator, Page, Route, expect

from tests.webchat.conftest import Desk, payload
from tests.webchat.script import phrases


def word(key: str, language: str = "fa") -> str:
    return phrases()[key][language]


def lines(page: Page) -> Locator:
    return page.locator(".log .entry .bubble")


def box(page: Page) -> Locator:
    return page.locator("textarea")


def chip(page: Page, name: str) -> Locator:
    return page.locator(".chip").get_by_text(name, exact=True)


async def say(page: Page, text: str) -> None:
    await box(page).fill(text)
    await box(page).press("Enter")


async def menu(page: Page, key: str, language: str = "fa") -> None:
    await page.get_by_role("button", name=word("web.more", language)).click()
    await page.locator(".menu").get_by_role("button", name=word(key, language)).click()


async def said(page: Page) -> list[str]:
    """The words of every bubble, without the speaker and what isolates quotations."""
    own = "bubbles => bubbles.map(b => [...b.querySelectorAll('p')].map(p => p.innerText).join(' '))"
    return [re.sub("[\u2066-\u2069]", "", text) for text in await lines(page).evaluate_all(own)]


async def test_a_conversation_by_chips_and_words(desk: Desk) -> None:
    page = await desk.open()
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
    await chip(page, "ثبت درخواست").click()
    await expect(page.locator(".hint")).to_have_text(word("web.hint_date"))
    await expect(lines(page)).to_have_count(3)
    await say(page, "سه روز دیگر")
    await expect(lines(page)).to_have_count(5)
    await expect(lines(page).nth(4)).to_contain_text("نوشتید: ")
    await expect(page.locator(".chip")).to_have_count(0)
    await expect(page.locator(".waiting")).to_have_count(0)
    assert desk.counter.script.turns == 3


async def test_words_are_words_and_links_are_safe(desk: Desk) -> None:
    page = await desk.open()
    await say(page, '<img src=x onerror="alert(1)"> javascript:alert(1) https://city.example/a?b=1.')
    await expect(lines(page)).to_have_count(3)
    assert await page.locator(".log img").count() == 0
    links = page.locator(".mine a")
    await expect(links).to_have_count(1)
    await expect(links).to_have_attribute("href", "https://city.example/a?b=1")
    await expect(links).to_have_attribute("rel", "noopener noreferrer")


async def test_a_tracking_code_stands_left_to_right_and_is_copied(desk: Desk) -> None:
    context = await desk.context(permissions=["clipboard-read", "clipboard-write"])
    page = await desk.open(context)
    await chip(page, "پیگیری با کد").click()
    code = page.locator(".code")
    await expect(code).to_have_text("12345 67894")
    await expect(code.locator("bdi")).to_have_attribute("dir", "ltr")
    await code.click()
    await expect(page.locator(".banner")).to_have_text(word("web.copied"))
    assert await page.evaluate("navigator.clipboard.readText()") == "1234567894"


async def test_lines_and_breaks_are_kept(desk: Desk) -> None:
    page = await desk.open()
    await box(page).fill("یک")
    await box(page).press("Shift+Enter")
    await box(page).press_sequentially("two")
    await box(page).press("Enter")
    mine = page.locator(".mine p[dir]")
    await expect(mine).to_have_text(["یک", "two"])
    assert [await p.evaluate("e => getComputedStyle(e).direction") for p in await mine.all()] == ["rtl", "ltr"]


async def test_a_text_too_long_stays_in_the_box(desk: Desk) -> None:
    page = await desk.open()
    long = "آ" * 4001
    await say(page, long)
    await expect(page.get_by_role("alert")).to_have_text(word("web.too_long"))
    assert await box(page).input_value() == long
    await expect(lines(page)).to_have_count(1)


async def test_what_the_server_refuses_comes_back_into_the_box(desk: Desk) -> None:
    context = await desk.context()

    async def older(route: Route) -> None:
        """A widget that was loaded when the server still took longer texts."""
        response = await route.fetch()
        await route.fulfill(response=response, body=(await response.text()).replace('"maxText":4000', '"maxText":9000'))

    await context.route("**/widget.js", older)
    page = await desk.open(context)
    long = "آ" * 4001
    await say(page, long)
    await expect(page.get_by_role("alert")).to_have_text(word("web.too_long"))
    assert await box(page).input_value() == long
    await expect(lines(page)).to_have_count(1)
    await say(page, "کوتاه")
    await expect(lines(page)).to_have_count(3)


# --- reload and network -------------------------------------------------------------------------


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
    await expect(lines(two)).to_have_count(3)
    assert await said(one) == await said(two)
    await menu(one, "web.new")
    await one.get_by_role("dialog").get_by_role("button", name=word("web.new_no")).click()
    await expect(lines(one)).to_have_count(3)
    await menu(one, "web.new")
    await one.get_by_role("dialog").get_by_role("button", name=word("web.new_yes")).click()
    await expect(lines(one)).to_have_count(1)
    await expect(lines(two)).to_have_count(1)
    await say(two, "هر دو")
    await expect(lines(one)).to_have_count(3)


# --- files and places ---------------------------------------------------------------------------


async def slowed(page: Page, bytes_per_second: int) -> None:
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    line = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
    await session.send("Network.emulateNetworkConditions", line)


async def test_a_file_is_uploaded_with_its_progress_shown(desk: Desk) -> None:
    page = await desk.open()
    await say(page, "photo")
    await expect(page.locator(".hint")).to_have_text(word("web.hint_file"))
    await slowed(page, 1_500_000)
    async with page.expect_file_chooser() as chooser:
        await page.locator(".tool").get_by_text(word("web.attach")).click()
    await (await chooser.value).set_files(payload("عکس چراغ.png", b"\x89PNG" + bytes(3_000_000)))
    bar = page.get_by_role("progressbar")
    await expect(bar).to_be_visible()
    await page.wait_for_function(
        "() => { const bar = document.querySelector('.pishkhan').shadowRoot.querySelector('progress');"
        " return bar && bar.value > 0.05 && bar.value < 1; }"
    )
    await expect(page.locator(".code")).to_be_visible()
    await expect(bar).to_have_count(0)
    assert desk.counter.memory.files["f1"][0].name == "عکس چراغ.png"
    await page.reload()
    await expect(page.locator(".mine").last).to_contain_text("عکس چراغ.png")
    assert desk.counter.script.turns == 3


async def test_a_refused_file_is_explained_and_can_be_removed(desk: Desk) -> None:
    page = await desk.open()
    executable = payload("نقشه.pdf", b"MZ\x90\x00", "application/pdf")
    await page.locator("input[type=file]").first.set_input_files(executable)
    alert = page.get_by_role("alert").filter(has_text=word("file.not_what_it_says"))
    await expect(alert).to_be_visible()
    await page.get_by_role("button", name=word("web.remove")).click()
    await expect(lines(page)).to_have_count(1)
    assert desk.counter.script.turns == 1


async def test_an_upload_without_network_is_tried_again_by_hand(desk: Desk) -> None:
    page = await desk.open()
    desk.shut.add("/channels/web/files")
    await page.locator("input[type=file]").first.set_input_files(payload("plan.png"))
    await expect(page.get_by_text(word("web.upload_failed"))).to_be_visible()
    desk.shut.clear()
    await page.get_by_role("button", name=word("web.retry")).click()
    await expect(page.locator(".code")).to_be_visible()
    assert list(desk.counter.memory.files) == ["f1"]


async def test_a_file_is_dropped_on_the_panel(desk: Desk) -> None:
    page = await desk.open()
    dropped = await page.evaluate_handle(
        "() => { const d = new DataTransfer(); d.items.add(new File(['\\x89PNG'], 'drop.png')); return d; }"
    )
    await page.locator(".panel").dispatch_event("dragover", {"dataTransfer": dropped})
    await expect(page.locator(".drop")).to_be_visible()
    await page.locator(".panel").dispatch_event("drop", {"dataTransfer": dropped})
    await expect(page.locator(".drop")).to_be_hidden()
    await expect(page.locator(".code")).to_be_visible()
    assert desk.counter.memory.files["f1"][0].name == "drop.png"


async def test_a_location_is_sent_when_one_is_asked_for(desk: Desk) -> None:
    context = await desk.context(geolocation={"latitude": 35.7, "longitude": 51.4}, permissions=["geolocation"])
    page = await desk.open(context)
    await say(page, "فردا")
    await page.get_by_role("button", name=word("web.send_location")).click()
    await expect(lines(page).nth(4)).to_contain_text("موقعیت دریافت شد")
    line = next(line for _, line in desk.counter.memory.said if "location" in line.content)
    assert line.content["location"] == [35.7, 51.4]


async def test_a_location_that_may_not_be_known(desk: Desk) -> None:
    page = await desk.open()
    await say(page, "فردا")
    await page.get_by_role("button", name=word("web.send_location")).click()
    await expect(page.get_by_role("alert")).to_have_text(word("web.location_failed"))


# --- language, looks, other pages ---------------------------------------------------------------


async def test_the_language_turns_everything(desk: Desk) -> None:
    page = await desk.open()
    await menu(page, "language.en")
    await expect(box(page)).to_have_attribute("placeholder", word("web.placeholder_choice", "en"))
    await expect(page.locator("html")).to_have_attribute("dir", "ltr")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Municipality of Sample City")
    await expect(page).to_have_title("Municipality of Sample City: online service desk")
    await page.reload()
    await expect(chip(page, "File a request")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_the_chosen_view_outlives_a_reload(desk: Desk) -> None:
    page = await desk.open(await desk.context(color_scheme="light"))
    ground = "e => getComputedStyle(e).backgroundColor"
    light = await page.locator(".panel").evaluate(ground)
    await menu(page, "web.dark")
    dark = await page.locator(".panel").evaluate(ground)
    assert dark != light
    await page.reload()
    await expect(lines(page)).to_have_count(1)
    assert await page.locator(".panel").evaluate(ground) == dark


@pytest.fixture
async def elsewhere(desk: Desk) -> AsyncIterator[str]:
    """A page of another origin with the one script tag."""

    async def page(request: web.Request) -> web.Response:
        tag = f'<script src="{desk.url}widget.js" data-language="fa" defer></script>'
        html = f'<!doctype html><html lang="fa" dir="rtl"><title>وبگاه</title><h1>وبگاه شهر</h1>{tag}</html>'
        return web.Response(text=html, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


async def test_one_script_tag_puts_it_on_any_page(desk: Desk, elsewhere: str) -> None:
    page = await (await desk.context()).new_page()
    await page.goto(elsewhere)
    launcher = page.get_by_role("button", name=word("web.open"))
    await expect(launcher).to_have_attribute("aria-expanded", "false")
    assert desk.counter.script.turns == 0  # nobody is greeted who has not come to the counter
    await launcher.click()
    await expect(lines(page)).to_have_count(1)
    await expect(box(page)).to_be_focused()
    await say(page, "سلام")
    await expect(lines(page)).to_have_count(3)
    await page.locator("input[type=file]").first.set_input_files(payload("a.png"))
    await expect(page.locator(".code")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator(".panel")).to_be_hidden()
    await expect(launcher).to_be_focused()
    await page.reload()
    token = await page.evaluate("JSON.parse(localStorage.getItem('pishkhan')).token")
    await expect(page.locator(".panel[data-line=online]")).to_have_count(1)
    await desk.counter.notice(token.partition(".")[0])
    await expect(launcher).to_have_attribute("aria-label", f"{word('web.open')} ({word('web.unread')})")
    await launcher.click()
    await expect(lines(page).last).to_contain_text("درخواست شما بسته شد")
    await expect(page.locator(".launcher.unread")).to_have_count(0)


# --- keyboard -----------------------------------------------------------------------------------


async def focused(page: Page) -> str:
    return str(
        await page.evaluate(
            """() => {
                let e = document.activeElement;
                while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
                return e.getAttribute('aria-label') || e.innerText?.trim() || e.tagName;
            }"""
        )
    )


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
