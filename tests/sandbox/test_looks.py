"""How the sandbox looks: accessibility rules, narrow screens. Screenshots go to tests/screens/."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.sandbox.conftest import SCREENS, Shown
from tests.sandbox.served import phrase

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser's loop

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
_FOUND = "async () => (await axe.run(document, {resultTypes: ['violations'], iframes: false})).violations"


async def used(page: Page, language: str) -> None:
    """Something in every pane."""
    narrow = await page.locator("#tabs").is_visible()

    async def go(pane: str) -> None:
        if narrow:
            await page.locator(f"#tab-{pane}").click()

    await go("sms")
    await page.locator("#sms textarea").fill("چراغ کوچهٔ ما خاموش است")
    await page.locator("#sms textarea").press("Enter")
    await expect(page.locator("#sms .theirs").first).to_be_visible()
    await go("telegram")
    await page.get_by_role("button", name=phrase("sandbox.tg_start", language), exact=True).click()
    await expect(page.locator("#telegram .inline").first).to_be_visible()
    await go("voice")
    await page.locator(".dialer").click()
    await expect(page.locator(".caption").first).to_be_visible()


async def faults(page: Page, axe: str) -> list[str]:
    """What axe-core finds serious or critical, with the places."""
    await page.evaluate(axe)
    return [
        f"{found['id']} ({found['impact']}): {node['target']} {node.get('failureSummary', '')}"
        for found in await page.evaluate(_FOUND)
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


@pytest.mark.parametrize("kind", ["fa", "en", "phone"])
async def test_axe_finds_nothing_serious(shown: Shown, axe: str, kind: str) -> None:
    language = "en" if kind == "en" else "fa"
    size = PHONE if kind == "phone" else {}
    page = await shown.open(f"/sandbox?language={language}", web=True, reduced_motion="reduce", bypass_csp=True, **size)
    await used(page, language)
    SCREENS.mkdir(parents=True, exist_ok=True)
    found = {}
    schemes: tuple[Any, ...] = ("light",) if kind == "en" else ("light", "dark")
    for scheme in schemes:
        await page.emulate_media(color_scheme=scheme)
        panes = ("all",) if kind != "phone" else ("sms", "telegram", "timeline", "officer", "voice")
        for pane in panes if scheme == "light" else panes[-1:]:
            if kind == "phone":
                await page.locator(f"#tab-{pane}").click()
            name = f"sandbox-{kind}-{scheme}-{pane}"
            await page.screenshot(path=SCREENS / f"{name}.png")
            found[name] = await faults(page, axe)
    assert found == {name: [] for name in found}


async def test_nothing_hangs_over_the_edge(shown: Shown) -> None:
    page = await shown.open()
    long = "https://city.example/" + "x" * 200 + " " + "ن" * 200
    shown.served.sandbox._twilio.deliver(await shown.number(page), long, "SM1")
    await expect(page.locator("#sms .theirs")).to_have_count(1)
    over = """() => [...document.querySelectorAll('html, .top, .number, .pane, .bubble, .log, .tabs')]
        .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.id || e.className || e.tagName)"""
    for width in (320, 360, 768, 1200, 1920):
        await page.set_viewport_size({"width": width, "height": 740})
        assert (width, await page.evaluate(over)) == (width, [])
        if width < 760:
            await page.locator("#tab-sms").click()
            box = await page.locator("#sms .box").bounding_box()
            assert box
            assert box["y"] + box["height"] <= 740


async def test_tabs_by_keyboard_and_a_dot_for_news(shown: Shown) -> None:
    page = await shown.open(**PHONE)
    await page.locator("#tab-voice").focus()
    await page.keyboard.press("ArrowLeft")  # from right to left
    await expect(page.locator("#tab-sms")).to_be_focused()
    await expect(page.locator("#sms textarea")).to_be_visible()
    await expect(page.locator("#voice")).to_be_hidden()
    await page.keyboard.press("Home")
    await expect(page.locator("#tab-voice[aria-selected=true]")).to_have_count(1)
    shown.served.sandbox._twilio.deliver(await shown.number(page), "خبر", "SM1")
    await expect(page.locator("#tab-sms.unread")).to_have_count(1)
    await page.locator("#tab-sms").click()
    await expect(page.locator("#tab-sms.unread")).to_have_count(0)


async def test_what_is_touched_is_large(shown: Shown) -> None:
    page = await shown.open(**PHONE)
    small = """() => [...document.querySelectorAll('button, textarea, select')].filter(e => e.checkVisibility())
        .map(e => [e.className || e.id || e.dataset.key, e.getBoundingClientRect()])
        .filter(([, r]) => r.height < 43.5 || r.width < 43.5).map(([name, r]) => `${name} ${r.width}x${r.height}`)"""
    for pane in ("voice", "sms", "telegram", "timeline"):
        await page.locator(f"#tab-{pane}").click()
        assert await page.evaluate(small) == []
