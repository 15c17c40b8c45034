"""How it looks and reads: accessibility rules, small screens, sizes, steadiness. Screenshots go to tests/screens/."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.webchat.conftest import SCREENS, Desk, payload
from tests.webchat.page import chip, lines, menu, say, word

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser's loop

PHONE: dict[str, Any] = {"width": 360, "height": 720, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
_FOUND = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"


async def filed(page: Page, language: str) -> None:
    """A conversation with a long answer, a code, a link, and quiet navigation."""
    before = await lines(page).count()
    trouble = (
        "چراغ کوچهٔ ما از دیشب خاموش است." if language == "fa" else "The street light has been out since last night."
    )
    await say(page, trouble)
    await expect(lines(page)).to_have_count(before + 2)
    await say(page, "track")
    await expect(page.locator(".code")).to_be_visible()


async def asked(page: Page, language: str) -> None:
    """A long list to choose from."""
    await page.locator(".chip").first.click()
    await expect(page.locator(".stacked")).to_be_visible()


async def waiting_for_a_file(page: Page, language: str) -> None:
    """A hint, buttons for files, one that was refused, and an answer in the box."""
    await say(page, "photo")
    await expect(page.locator(".tool").first).to_be_visible()
    await page.locator("input[type=file]").first.set_input_files(payload("نقشه.pdf", b"MZ", "application/pdf"))
    await expect(page.get_by_role("alert").last).to_be_visible()
    await page.locator("textarea").fill("سلام")


async def without_network(page: Page, language: str) -> None:
    await page.context.set_offline(True)
    await say(page, "این پیام می‌ماند تا شبکه برگردد.")
    await expect(page.locator(".waiting")).to_have_count(1)


async def with_its_menu_open(page: Page, language: str) -> None:
    await page.get_by_role("button", name=word("web.more", language)).click()


async def asked_before_a_new_beginning(page: Page, language: str) -> None:
    await menu(page, "web.new", language)
    await expect(page.get_by_role("dialog")).to_be_visible()


STATES: list[Callable[[Page, str], Awaitable[None]]] = [
    filed,
    asked,
    waiting_for_a_file,
    without_network,
    with_its_menu_open,
    asked_before_a_new_beginning,
]


async def back_to_normal(page: Page, language: str) -> None:
    await page.keyboard.press("Escape")
    await page.context.set_offline(False)
    await expect(page.locator(".panel[data-line=online]")).to_have_count(1)
    await page.locator("textarea").fill("")
    await menu(page, "nav.menu", language)
    await expect(page.locator(".chip:not(.nav .chip)")).to_have_count(4)


async def settled(page: Page) -> None:
    await page.evaluate(
        """async () => {
            const root = document.querySelector('.pishkhan').shadowRoot;
            const once = root.getAnimations().filter(a => a.effect.getTiming().iterations === 1);
            await Promise.all(once.map(a => a.finished));
            await new Promise(requestAnimationFrame);
        }"""
    )


async def faults(page: Page, axe: str) -> list[str]:
    """What axe-core finds serious or critical, with the places."""
    await page.evaluate(axe)
    return [
        f"{found['id']} ({found['impact']}): {node['target']} {node.get('failureSummary', '')}"
        for found in await page.evaluate(_FOUND)
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


@pytest.mark.parametrize(
    ("kind", "scheme"), [("fa", "light"), ("fa", "dark"), ("en", "light"), ("phone", "light"), ("phone", "dark")]
)
async def test_axe_finds_nothing_serious(desk: Desk, axe: str, kind: str, scheme: Any) -> None:
    language = "en" if kind == "en" else "fa"
    context = await desk.context(**(PHONE if kind == "phone" else {}), color_scheme=scheme, bypass_csp=True)
    page = await desk.open(context, f"?language={language}")
    SCREENS.mkdir(parents=True, exist_ok=True)
    found = {}
    for state in STATES:
        await state(page, language)
        await settled(page)
        name = state.__name__.replace("_", "-")
        await page.screenshot(path=SCREENS / f"web-{kind}-{scheme}-{name}.png")
        found[name] = await faults(page, axe)
        await back_to_normal(page, language)
    assert found == {name: [] for name in found}


@pytest.mark.parametrize("width", [320, 360, 768, 1024, 1920])
async def test_nothing_hangs_over_the_edge(desk: Desk, width: int) -> None:
    page = await desk.open(await desk.context(width=width, height=640))
    await say(page, "https://city.example/" + "x" * 300 + " " + "ن" * 300)
    await expect(lines(page)).to_have_count(3)
    await filed(page, "fa")
    over = """() => {
        const root = document.querySelector('.pishkhan').shadowRoot;
        return [document.documentElement, ...root.querySelectorAll('.panel, .scroll, .bubble, .composer, .head')]
            .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className || e.tagName);
    }"""
    assert await page.evaluate(over) == []
    head = await page.locator(".head").bounding_box()
    box = await page.locator(".box").bounding_box()
    assert head and head["y"] >= 0
    assert box and box["y"] + box["height"] <= 640


async def test_what_is_touched_is_large_and_what_is_read_too(desk: Desk) -> None:
    page = await desk.open(await desk.context(**PHONE))
    await waiting_for_a_file(page, "fa")
    small = """() => {
        const root = document.querySelector('.pishkhan').shadowRoot;
        return [...root.querySelectorAll('button, textarea')].filter(e => e.checkVisibility())
            .map(e => [e.className, e.getBoundingClientRect()])
            .filter(([, r]) => r.height < 43.5 || r.width < 43.5).map(([name, r]) => `${name} ${r.width}x${r.height}`);
    }"""
    assert await page.evaluate(small) == []
    for read in (".bubble", ".chip", "textarea", ".hint"):
        size = await page.locator(read).first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
        assert size >= 16, read


async def test_nothing_jumps_while_it_loads(desk: Desk) -> None:
    context = await desk.context()
    await context.add_init_script(
        "window.shifted = 0; new PerformanceObserver(list => list.getEntries().forEach(e => shifted += e.value))"
        ".observe({type: 'layout-shift', buffered: true});"
    )
    page = await desk.open(context)
    await expect(chip(page, "نظر من")).to_be_visible()
    assert await page.evaluate("shifted") < 0.05


async def test_who_wants_no_motion_gets_none(desk: Desk) -> None:
    page = await desk.open(await desk.context(reduced_motion="reduce"))
    desk.counter.script.seconds = 1.0
    await say(page, "سلام")
    await expect(page.locator(".typing")).to_be_visible()
    moving = "() => document.querySelector('.pishkhan').shadowRoot.getAnimations().length"
    assert await page.evaluate(moving) == 0
    assert await page.locator(".scroll").evaluate("e => getComputedStyle(e).scrollBehavior") == "auto"


async def test_without_script_the_organisation_can_still_be_reached(desk: Desk) -> None:
    context = await desk.context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(desk.url)
    await expect(page.get_by_role("heading", level=1)).to_have_text("شهرداری شهر نمونه")
    await expect(page.get_by_role("link", name="137")).to_be_visible()
    assert f"<noscript><p>{word('web.no_script')}</p></noscript>" in await page.content()
