"""The chat in a real browser: words, chips, language, looks, other pages."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Route, expect

from tests.webchat.conftest import Desk, payload
from tests.webchat.page import box, chip, lines, menu, say, word

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser's loop


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


@pytest_asyncio.fixture(loop_scope="session")
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
