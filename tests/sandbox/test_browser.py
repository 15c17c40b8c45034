"""A visitor's five minutes: every pane in a real browser, against the real channels."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from bot.core.messages import Address
from bot.core.requests import Draft
from tests.sandbox.conftest import Shown
from tests.sandbox.served import phrase

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser's loop


def seen(page: Page, channel: str, event: str) -> Locator:
    """Rows of the time-line."""
    return page.locator(f".seen li[data-channel={channel}]").filter(
        has=page.locator(".kind", has_text=phrase(f"sandbox.event_{event}"))
    )


async def text(page: Page, words: str) -> None:
    await page.locator("#sms textarea").fill(words)
    await page.locator("#sms textarea").press("Enter")


async def test_the_handset_texts_and_counts(shown: Shown) -> None:
    page = await shown.open()
    box = page.locator("#sms textarea")
    await box.fill("ن" * 71)
    await expect(page.locator(".counter")).to_have_text("\u2066UCS-2\u2069 · ۷۱ واحد · ۲ بخش")
    await box.fill("hello")
    await expect(page.locator(".counter")).to_have_text("\u2066GSM-7\u2069 · ۵ واحد · ۱ بخش")
    await text(page, "منو")
    await expect(page.locator("#sms .mine .state")).to_have_text("✓✓")
    await expect(page.locator("#sms .theirs .bubble").first).to_be_visible()
    await expect(page.locator("#sms .theirs .cost").first).to_contain_text("UCS-2")
    await expect(seen(page, "sms", "choice").or_(seen(page, "sms", "message"))).to_have_count(1)


async def test_a_reload_is_the_same_visitor_and_the_button_makes_a_new_one(shown: Shown) -> None:
    page = await shown.open()
    number = await shown.number(page)
    await text(page, "سلام")
    await expect(page.locator("#sms .theirs").first).to_be_visible()
    await page.reload()
    await expect(page.locator("#sms .mine .bubble")).to_contain_text("سلام")
    await expect(page.locator("#sms .theirs").first).to_be_visible()
    assert await shown.number(page) == number
    await page.get_by_role("button", name=phrase("sandbox.new_visitor")).click()
    await expect(page.locator("#sms .tries")).to_be_visible()
    await expect(page.locator(".number bdi")).not_to_have_text(re.compile(re.escape(number[-4:]) + "$"))
    await expect(page.locator(".number bdi")).not_to_be_empty()


async def test_the_number_is_changed_in_a_dialog(shown: Shown) -> None:
    page = await shown.open()
    change = page.get_by_role("button", name=phrase("sandbox.change_number"))
    for given, banner in (("09120001234", ""), ("09121234567", phrase("sandbox.number_refused"))):
        await change.click()
        await page.locator("dialog input").fill(given)
        await page.get_by_role("button", name=phrase("sandbox.save")).click()
        await expect(page.locator(".number bdi")).to_have_text("+98 912 000 1234")
        if banner:
            await expect(page.locator("#banner")).to_have_text(banner)


async def test_the_messenger_has_what_a_messenger_has(shown: Shown) -> None:
    page = await shown.open()
    pane = page.locator("#telegram")
    await pane.get_by_role("button", name=phrase("sandbox.tg_start"), exact=True).click()
    await expect(seen(page, "telegram", "start")).to_have_count(1)
    chip = pane.locator(".inline .chip").first
    label = await chip.inner_text()
    await chip.click()
    await expect(seen(page, "telegram", "choice").locator(".in")).to_contain_text(label)
    await pane.get_by_role("button", name=phrase("sandbox.tg_menu")).click()
    await pane.get_by_role("button", name="/track").click()
    await expect(pane.locator(".mine .words").last).to_have_text("/track")
    await expect(pane.locator(".theirs").last.locator(".words")).not_to_be_empty()
    await pane.locator("input[type=file]").set_input_files(
        {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n" + b"x" * 50}
    )
    await expect(seen(page, "telegram", "file")).to_contain_text("plan.pdf")


async def test_a_link_in_a_text_leads_to_the_messenger(shown: Shown) -> None:
    page = await shown.open()
    sandbox = shown.served.sandbox
    link = f"https://t.me/{sandbox.telegram_username}?start=1234567897"
    sandbox._twilio.deliver(await shown.number(page), f"ادامه در پیام‌رسان: {link}", "SM1")
    await page.locator("#sms .theirs a").click()
    await expect(page.locator("#telegram .mine .words")).to_have_text("/start 1234567897")
    await expect(page.locator("#telegram .theirs").first).to_be_visible()


async def test_a_link_in_a_text_leads_to_the_web_chat(shown: Shown) -> None:
    page = await shown.open()
    shown.served.sandbox._twilio.deliver(await shown.number(page), f"ادامه در وب: {shown.served.url}/?join=abc", "SM1")
    await page.locator("#sms .theirs a").click()
    await expect(page.locator("iframe[src*='join=abc']")).to_have_count(1)


async def test_the_web_chat_s_turns_are_in_the_time_line(shown: Shown) -> None:
    page = await shown.open(web=True)
    chat = page.frame_locator("iframe")
    await expect(chat.locator(".theirs:not(.typing)").first).to_be_visible()
    await page.wait_for_timeout(1200)  # the page looks for the chat's session once in a second
    await chat.locator("textarea").fill("ساعت کار")
    await chat.locator("textarea").press("Enter")
    await expect(page.locator(".seen li[data-channel=web]").first).to_be_visible()


async def playing(page: Page) -> bool:
    return bool(await page.evaluate("() => window.sounds.some(a => !a.paused && !a.ended)"))


SOUNDS = """
    window.sounds = [];
    const Plain = Audio;
    window.Audio = function () { const a = new Plain(); window.sounds.push(a); return a; };
"""


async def test_a_call_with_sound_keys_and_a_recording(shown: Shown) -> None:
    page = await shown.open()
    await page.add_init_script(SOUNDS)
    await page.reload()
    pane = page.locator("#voice")
    await pane.get_by_role("button", name=phrase("sandbox.call"), exact=True).click()
    await expect(pane.locator(".spoken")).to_contain_text("کلید یک")
    await page.wait_for_function("() => window.sounds.some(a => !a.paused && a.currentTime > 0)")
    await expect(pane.locator(".caption.now")).to_have_count(1)
    await pane.locator("[data-key='1']").click()  # street light: it stops what is said
    await expect(pane.locator(".spoken")).to_contain_text("یک از پنج")
    await expect(seen(page, "voice", "choice")).to_have_count(1)
    await page.keyboard.press("1")
    await expect(pane.locator(".spoken")).to_contain_text("دو از پنج")
    await pane.get_by_role("button", name=phrase("sandbox.skip")).click()
    await expect(pane.locator(".line")).to_have_text(phrase("sandbox.recording"))
    await page.wait_for_timeout(1500)
    await page.keyboard.press("#")
    await expect(seen(page, "voice", "file")).to_have_count(1)
    await expect(pane.locator(".spoken")).to_contain_text("سه از پنج")
    await pane.get_by_role("button", name=phrase("sandbox.hang_up")).click()
    await expect(pane.locator(".line")).to_have_text(phrase("sandbox.ended"))
    await expect(seen(page, "voice", "hangup")).to_have_count(1)
    assert not await playing(page)


async def test_without_a_microphone_a_tone_goes_on(shown: Shown) -> None:
    page = await shown.open(microphone=False)
    pane = page.locator("#voice")
    await pane.get_by_role("button", name=phrase("sandbox.call"), exact=True).click()
    for said in ("کلید یک", "یک از پنج"):
        await expect(pane.locator(".spoken")).to_contain_text(said)
        await pane.locator("[data-key='1']").click()
    await expect(pane.locator(".spoken")).to_contain_text("دو از پنج")
    await pane.get_by_role("button", name=phrase("sandbox.skip")).click()
    await expect(pane.locator(".line")).to_have_text(phrase("sandbox.no_microphone"))
    await pane.get_by_role("button", name=phrase("sandbox.finish_recording")).click()
    await expect(seen(page, "voice", "file")).to_have_count(1)


async def test_zero_rings_the_officer(shown: Shown) -> None:
    page = await shown.open()
    pane = page.locator("#voice")
    await pane.get_by_role("button", name=phrase("sandbox.call"), exact=True).click()
    await expect(pane.locator(".spoken")).to_contain_text("کلید یک")
    await pane.locator("[data-key='0']").click()
    await expect(pane.locator(".spoken")).not_to_contain_text("کلید یک")
    await pane.get_by_role("button", name=phrase("sandbox.skip")).click()
    await expect(pane.locator(".line")).to_have_text(phrase("sandbox.dialing"))
    await pane.get_by_role("button", name=phrase("sandbox.officer_answers")).click()
    await expect(pane.locator(".line")).to_have_text(phrase("sandbox.ended"))


async def test_the_officer_s_change_is_told_on_the_handset(shown: Shown) -> None:
    page = await shown.open()
    desk = shown.served.desk
    address = Address("sms", await shown.number(page))
    contact = await desk.contacts.resolve(address)
    draft = Draft("street_light_report", "request", "گزارش خرابی چراغ معبر", contact, address, "fa")
    await desk.desk.file(draft, key=address.id)
    await text(page, "منو")  # what is seen asks for the officer's list again
    officer = page.locator("#officer li")
    await expect(officer).to_have_count(1)
    await officer.locator("input").fill("همکاران در راه‌اند.")
    await officer.get_by_role("button", name=phrase("sandbox.officer_set")).click()
    await expect(page.locator("#sms .theirs", has_text="همکاران")).to_have_count(1)
    await expect(seen(page, "sms", "notice")).to_have_count(1)


async def test_after_a_cut_the_page_goes_on(shown: Shown) -> None:
    page = await shown.open()
    sandbox = shown.served.sandbox
    sandbox._closing = True
    for visit in sandbox._visits:
        visit.wake()
    await expect(page.locator("#banner")).to_have_text(phrase("sandbox.lost"))
    sandbox._twilio.deliver(await shown.number(page), "در این میان", "SM1")
    sandbox._closing = False
    await expect(page.locator("#banner")).to_have_text(phrase("sandbox.back_online"))
    await expect(page.locator("#sms .theirs")).to_have_count(1)
