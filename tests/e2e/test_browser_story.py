"""The whole main job on the real page, in a real browser: ask, file, correct, come back, track, hear of it, rate."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.e2e.citizen import PERSIAN, answers, case, code_in, move, picture, word
from tests.e2e.process import Counter
from tests.webchat.conftest import PATIENCE, SCREENS, payload
from tests.webchat.page import chip, focused, lines, say
from tests.webchat.test_looks import PHONE, faults, settled

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 820}}
MOBILE_PHONE: dict[str, Any] = {
    **{k: v for k, v in PHONE.items() if k not in ("width", "height")},
    "viewport": {"width": PHONE["width"], "height": PHONE["height"]},
}
LOOKS = {"desktop": DESKTOP, "phone": MOBILE_PHONE}
SURVEY = "چقدر از این خدمت راضی بودید"
Visit = Callable[..., Awaitable[Page]]

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser's loop


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, counter: Counter) -> AsyncIterator[Visit]:
    """`await visit("phone")` → the page, greeted, in a browser profile of its own. No script may fail on it."""
    faulty: list[str] = []

    async def open_page(look: str = "desktop", query: str = "", of: Counter = counter, **more: Any) -> Page:
        context = await browser.new_context(**{**LOOKS[look], "locale": "fa-IR", **more})
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        page.on("pageerror", lambda error: faulty.append(str(error)))
        page.on("console", lambda line: faulty.extend([line.text] if "Security Policy" in line.text else []))
        await page.goto(f"{of.url}/{query}")
        await expect(chip(page, word("nav.forms", "en" if "en" in query else "fa"))).to_be_visible()
        return page

    yield open_page
    for context in browser.contexts:
        await context.close()
    assert faulty == []


async def answered(page: Page, question: str) -> None:
    """The newest line of the counter's is, or ends with, this question."""
    await expect(page.locator(".log .theirs").last).to_contain_text(question)


async def said(page: Page) -> list[str]:
    """The words of every line, without the speaker, what isolates quotations, and what stands under a file's name."""
    own = "bubbles => bubbles.map(b => [...b.querySelectorAll('p:not(.about)')].map(p => p.innerText).join(' '))"
    return [re.sub("[\u2066-\u2069]", "", text) for text in await lines(page).evaluate_all(own)]


AT_REST = """async () => {
    const scroll = document.querySelector('.pishkhan').shadowRoot.querySelector('.scroll');
    for (let still = 0, last = -1; still < 6; last = scroll.scrollTop) {
        still = scroll.scrollTop === last ? still + 1 : 0;
        await new Promise(requestAnimationFrame);
    }
}"""


async def shot(page: Page, name: str) -> None:
    """As the citizen sees it when nothing moves any more."""
    await settled(page)
    await page.evaluate(AT_REST)
    SCREENS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENS / f"story-{name}.png")


@pytest_asyncio.fixture(loop_scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize(("look", "scheme"), [("desktop", "light"), ("phone", "dark")])
async def test_from_the_question_to_the_survey(
    visit: Visit, counter: Counter, http: aiohttp.ClientSession, look: str, scheme: str
) -> None:
    page = await visit(look, color_scheme=scheme)
    name = f"{look}-{scheme}"
    await shot(page, f"{name}-1-greeting")

    # a question in everyday words
    await say(page, "چراغ کوچه‌مون خاموشه، به کی بگم؟")
    await answered(page, "آیا کمک کرد؟")
    await expect(page.locator(".log .theirs").last).to_contain_text("۱۲۱")
    await shot(page, f"{name}-2-answer")
    await chip(page, "بله").click()
    await answered(page, word("faq.glad").split("\n")[0])

    # the form: a question in its middle, a photo, a correction
    await say(page, "ثبت درخواست")
    await answered(page, "کدام درخواست را ثبت می‌کنید؟")
    await shot(page, f"{name}-3-forms")
    await say(page, "گزارش خرابی چراغ معبر")
    await answered(page, "(۱ از ۵)")
    await shot(page, f"{name}-4-choice")
    await chip(page, "یک چراغ خاموش است").click()
    await answered(page, "(۲ از ۵)")
    await say(page, "خیابان بهار، کوچهٔ سوم، روبه‌روی پلاک ۱۲")
    await answered(page, "(۳ از ۵)")
    await say(page, "شمارهٔ تیر چراغ برق کجاست؟")
    await expect(page.get_by_text("روی پلاک کوچک تیر")).to_be_visible()
    await answered(page, "(۳ از ۵)")
    await shot(page, f"{name}-5-question-in-the-middle")
    await chip(page, "رد شدن").click()
    await answered(page, "(۴ از ۵)")
    await page.locator("input[type=file]").first.set_input_files(payload("عکس چراغ.png", picture(200)))
    await answered(page, "۱ پرونده")
    await shot(page, f"{name}-6-photo")
    await chip(page, word("nav.done")).click()
    await answered(page, "(۵ از ۵)")
    await say(page, "۰۹۱۲ ۱۲۳ ۴۵۶۷")
    await answered(page, "لطفاً یک بار ببینید")
    await expect(page.locator(".log .theirs").last).to_contain_text("عکس چراغ.png")
    await shot(page, f"{name}-7-review")
    await chip(page, "اصلاح: خرابی").click()
    await answered(page, "(۱ از ۵)")
    await chip(page, "چشمک می‌زند").click()
    await answered(page, "خرابی: چشمک می‌زند")
    await chip(page, word("nav.confirm")).click()
    await expect(page.locator(".code")).to_be_visible()
    code = code_in(await page.locator(".code").inner_text())
    await shot(page, f"{name}-8-code")

    # a reload: everything is there, nothing twice
    await answered(page, word("form.filed_keep"))
    before = await said(page)
    await page.reload()
    await expect(lines(page)).to_have_count(len(before))
    assert await said(page) == before
    assert sum("درخواست شما ثبت شد" in line for line in before) == 1

    # tracking by typing
    await say(page, f"{code[:5]} {code[5:]}".translate(PERSIAN))
    await answered(page, "دیگر چه می‌خواهید ببینید")
    assert "ثبت‌شده، در صف بررسی" in " ".join((await said(page))[-2:])
    await expect(page.locator(".mine").last).to_be_in_viewport()  # and its answer below it
    await shot(page, f"{name}-9-tracking")

    # an officer closes it; the page hears of it by itself
    await asyncio.to_thread(counter.officer, code, "closed", note="چراغ تعویض شد.")
    await answered(page, SURVEY)
    assert any("وضعیت تازه: بسته شد" in line and "چراغ تعویض شد." in line for line in await said(page))
    await shot(page, f"{name}-10-survey")
    await chip(page, word("survey.score_5")).click()
    await answered(page, "آیا کارتان انجام شد؟")
    await say(page, "بله")
    await answered(page, "اگر سخنی دارید بنویسید")
    await say(page, "از گروه تعمیر سپاسگزارم.")
    await answered(page, "نظر شما ثبت شد")

    # reopened and closed again: told, and not asked a second time
    await move(http, counter, code, status="in_review")
    await expect(page.get_by_text("وضعیت تازه: در حال بررسی")).to_have_count(1)
    await move(http, counter, code, status="closed")
    await counter.all_told()
    await expect(page.get_by_text("وضعیت تازه: بسته شد")).to_have_count(2)
    await say(page, "درخواست‌های من")
    await answered(page, "درخواست‌های شما:")
    everything = await said(page)
    assert sum(SURVEY in line for line in everything) == 1
    await page.reload()
    await expect(lines(page)).to_have_count(len(everything))
    assert await said(page) == everything
    await expect(page.locator(".theirs:not(.typing)").last).to_be_in_viewport()
    await shot(page, f"{name}-11-mine")

    request = await case(http, counter, code)
    assert [c["status"] for c in request["history"]] == ["submitted", "closed", "in_review", "closed"]
    assert answers(request)["fault"] == "flickers"
    assert [a["name"] for a in request["attachments"]] == ["عکس چراغ.png"]
    assert (request["rated"], request["mobile"]) == (True, "+989121234567")


async def test_a_form_while_the_network_comes_and_goes(
    visit: Visit, counter: Counter, http: aiohttp.ClientSession
) -> None:
    page = await visit("phone")
    context: BrowserContext = page.context
    await say(page, "/form/street_light_report")
    await answered(page, "(۱ از ۵)")
    await context.set_offline(True)
    await expect(page.locator(".banner")).to_have_text(word("web.offline"))
    await say(page, "چشمک می‌زند")
    await say(page, "خیابان بهار، پلاک ۱۲")
    await expect(page.locator(".waiting")).to_have_count(2)
    await shot(page, "phone-light-12-offline")
    await context.set_offline(False)
    await answered(page, "(۳ از ۵)")
    await expect(page.locator(".waiting")).to_have_count(0)
    heard = await said(page)
    assert [heard.count(line) for line in ("چشمک می‌زند", "خیابان بهار، پلاک ۱۲")] == [1, 1]
    assert [sum(f"({n} از ۵)" in line for line in heard) for n in "۱۲۳"] == [1, 1, 1]

    await context.set_offline(True)
    await say(page, "رد شدن")
    await page.wait_for_timeout(300)
    await context.set_offline(False)
    await answered(page, "(۴ از ۵)")
    for text, question in [("رد شدن", "(۵ از ۵)"), ("09121234567", "لطفاً یک بار ببینید"), ("تأیید", "کد رهگیری")]:
        await say(page, text)
        await answered(page, question)
    code = code_in(await page.locator(".code").inner_text())
    await page.reload()
    await answered(page, "کد رهگیری")
    assert code_in(await page.locator(".code").inner_text()) == code
    request = await case(http, counter, code)
    assert answers(request) == {
        "fault": "flickers",
        "place": {"text": "خیابان بهار، پلاک ۱۲"},
        "mobile": "+989121234567",
    }


async def test_a_form_through_a_crash_of_the_server(visit: Visit, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    """kill -9, words written meanwhile, and the same server again: the page goes on by itself."""
    counter = Counter(tmp_path)
    try:
        await asyncio.to_thread(counter.start)
        page = await visit("phone", of=counter)
        await say(page, "/form/street_light_report")
        await answered(page, "(۱ از ۵)")
        await asyncio.to_thread(counter.kill)
        await say(page, "چشمک می‌زند")
        await say(page, "خیابان بهار، پلاک ۱۲")
        await expect(page.locator(".banner")).to_have_text(word("web.offline"))
        await expect(page.locator(".waiting")).to_have_count(2)
        await asyncio.to_thread(counter.start)
        await answered(page, "(۳ از ۵)")
        await expect(page.locator(".waiting")).to_have_count(0)
        for text, question in [("رد شدن", "(۴ از ۵)"), ("رد شدن", "(۵ از ۵)"), ("09121234567", "ببینید")]:
            await say(page, text)
            await answered(page, question)
        await say(page, "تأیید")
        await expect(page.locator(".code")).to_be_visible()
        heard = await said(page)
        assert [sum(f"({n} از ۵)" in line for line in heard) for n in "۱۲۳۴۵"] == [1] * 5
        request = await case(http, counter, code_in(await page.locator(".code").inner_text()))
        assert answers(request)["fault"] == "flickers"
        await page.context.close()
        await asyncio.to_thread(counter.stop)
    finally:
        counter.end()


async def to_chip(page: Page, name: str) -> None:
    """By keys alone: back from the text box into the answers, and along them."""
    await expect(chip(page, name)).to_be_visible()
    for _ in range(30):
        if await focused(page) == name:
            return
        inside = await page.evaluate(
            "() => Boolean(document.querySelector('.pishkhan').shadowRoot.activeElement?.closest('.choices'))"
        )
        await page.keyboard.press("ArrowDown" if inside else "Shift+Tab")
    pytest.fail(f"no key leads to {name}; the focus is on {await focused(page)}")


async def test_a_form_by_keys_alone(visit: Visit, counter: Counter, http: aiohttp.ClientSession) -> None:
    page = await visit("desktop")
    for _ in range(20):
        if await focused(page) == word("web.placeholder_choice"):
            break
        await page.keyboard.press("Tab")
    await to_chip(page, word("nav.human"))
    await page.keyboard.press("Enter")
    await answered(page, "پیامتان را بنویسید")
    await page.keyboard.type("لطفاً به این پیام رسیدگی کنید.")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("سپاس")
    await page.keyboard.press("Enter")
    await answered(page, "(۲ از ۲)")
    await to_chip(page, "رد شدن")
    await page.keyboard.press("Enter")
    await answered(page, "لطفاً یک بار ببینید")
    await to_chip(page, "اصلاح: پیام")
    await page.keyboard.press("Enter")
    await answered(page, "(۱ از ۲)")
    await page.keyboard.type("لطفاً با من تماس بگیرید.")
    await page.keyboard.press("Enter")
    await answered(page, "لطفاً یک بار ببینید")
    await to_chip(page, word("nav.confirm"))
    await page.keyboard.press("Enter")
    await expect(page.locator(".code")).to_be_visible()
    code = code_in(await page.locator(".code").inner_text())
    request = await case(http, counter, code)
    assert [a["value"] for a in request["answers"]] == ["لطفاً با من تماس بگیرید."]


@pytest.mark.parametrize(
    ("look", "scheme", "language"),
    [("phone", "light", "fa"), ("phone", "dark", "fa"), ("desktop", "light", "en"), ("desktop", "dark", "fa")],
)
async def test_axe_finds_nothing_serious_in_an_open_form(
    visit: Visit, axe: str, look: str, scheme: str, language: str
) -> None:
    page = await visit(look, f"?language={language}", color_scheme=scheme, bypass_csp=True)
    found: dict[str, list[str]] = {}
    of = {"fa": "({} از ۵)", "en": "({} of 5)"}[language]

    async def look_at(state: str) -> None:
        await shot(page, f"form-{look}-{scheme}-{language}-{state}")
        found[state] = await faults(page, axe)

    steps = [
        ("choice", "/form/street_light_report", of.format("۱" if language == "fa" else 1)),
        ("location", "1", of.format("۲" if language == "fa" else 2)),
        ("refused", "!", of.format("۲" if language == "fa" else 2)),
        ("text", "Bahar Street 12", of.format("۳" if language == "fa" else 3)),
        ("file", word("nav.skip", language), of.format("۴" if language == "fa" else 4)),
        ("phone", word("nav.skip", language), of.format("۵" if language == "fa" else 5)),
        ("review", "09121234567", "09121234567"),
    ]
    for state, text, question in steps:
        await say(page, text)
        await answered(page, question)
        await look_at(state)
    assert found == {state: [] for state in found}
