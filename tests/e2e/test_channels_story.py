"""One request, four channels: begun by telephone, gone on with by SMS, finished in the web chat, followed everywhere.

The real server, killed by `kill -9` in bad moments, before Twilio, Asterisk, Telegram and a real browser.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.channels.segments import segments
from tests.channels.baleapi import BaleApi
from tests.channels.botapi import BotApi, Json
from tests.e2e.citizen import OFFICE, PERSIAN, Poster, answers, case, code_in, move, picture, word
from tests.e2e.messenger import Baler, Telegrammer, shown
from tests.e2e.process import Counter, free_port
from tests.e2e.telephone import Exchange, Handset, Line, Twilio, content_with_voice, noted
from tests.e2e.test_browser_story import DESKTOP, answered, said
from tests.voice.asterisk import HANG_UP, Recorded
from tests.voice.counter import wav
from tests.webchat.conftest import PATIENCE, payload
from tests.webchat.page import chip, lines, say

ANN, BEA, CEM, DAN = "+989121234567", "+989351112233", "+989191234567", "+989011234567"
EVE, FAY = "+989361234567", "+989381234567"
SECRET = "s3cret_of-the-webhook"
LAMP = "گزارش خرابی چراغ معبر"
FILED = "SELECT max(id) FROM requests"
SURVEY = "چقدر از این خدمت راضی بودید"
MERGED = """SELECT count(*) FROM sessions WHERE instr(state, '"merged_into":""') = 0"""

_LINK = re.compile(r"http\S+/\?join=[\w-]+")
_TICKET = re.compile(r"\?start=([\w-]+)")

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser's loop


@dataclass
class Town:
    """The counter and all that it is reached by."""

    counter: Counter
    http: aiohttp.ClientSession
    twilio: Twilio
    botapi: BotApi
    browser: Browser
    agi_port: int

    async def call(self, number: str) -> Line:
        line = Line(self.http, self.counter.url, self.twilio.recordings, number=number)
        await line.ring()
        return line

    def handset(self, number: str) -> Handset:
        return Handset(self.http, self.counter, self.twilio, number)

    def telegrammer(self, chat: int) -> Telegrammer:
        async def deliver(update: Json) -> None:
            assert await self.botapi.push(update, self.http) == 200

        return Telegrammer(self.botapi, deliver, chat)

    async def page(self, address: str) -> Page:
        context = await self.browser.new_context(**DESKTOP, locale="fa-IR")
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        await page.goto(address)
        return page

    async def power_cut(self) -> None:
        await asyncio.to_thread(self.counter.kill)
        await asyncio.to_thread(self.counter.start)

    async def requests(self) -> list[Json]:
        async with self.http.get(f"{self.counter.url}/api/v1/requests", headers=OFFICE) as answer:
            found: list[Json] = (await answer.json())["requests"]
            return found

    async def file(self, id: str) -> bytes:
        async with self.http.get(f"{self.counter.url}/api/v1/files/{id}", headers=OFFICE) as answer:
            assert answer.status == 200
            return await answer.read()


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def town(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """At the end the server has to stop well, and its log to be clean."""
    async with Twilio() as twilio, BotApi() as botapi, aiohttp.ClientSession() as http:
        folder = tmp_path_factory.mktemp("channels")
        counter = Counter(folder, **twilio.settings, TELEGRAM_TOKEN=botapi.token, TELEGRAM_API_URL=botapi.url)
        counter.environment |= {
            "CONTENT_DIR": str(content_with_voice(folder)),
            "PUBLIC_URL": counter.url,
            "TELEGRAM_WEBHOOK_SECRET": SECRET,
            "FASTAGI_PORT": str(port := free_port()),
        }
        try:
            await asyncio.to_thread(counter.start)
            await botapi.wait_for("setWebhook")
            yield Town(counter, http, twilio, botapi, browser, port)
            for context in browser.contexts:
                await context.close()
            await asyncio.to_thread(counter.stop)
            assert counter.faults() == []
        finally:
            counter.end()


def link_in(text: str) -> str:
    found = _LINK.search(text)
    assert found, text
    return found[0]


def code_texted(text: str) -> str:
    found = re.search(r"\b[1-9]\d{9}\b", text)
    assert found, text
    return found[0]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def ticket_in(text: str) -> str:
    found = _TICKET.search(text)
    assert found, text
    return found[1]


async def test_one_request_by_four_channels(town: Town) -> None:
    recording, photo = wav(4), picture(200)

    # by telephone: keys and a recorded place; the power goes, then the line
    line = await town.call(ANN)
    assert "خرابیِ چراغِ کوچه و خیابان، کلیدِ دو" in await line.hears()
    assert "چراغ چه مشکلی دارد" in await line.presses("2")
    assert "پس از بوق بگویید" in await line.presses("1")
    assert "پرسشِ سه از پنج" in await line.says(recording)
    await town.power_cut()
    assert await line.again() == line.answers[-1]
    await line.hang_up()

    # by SMS: what is open first, then answers
    ann = town.handset(ANN)
    kept = await ann.hears("نیمه‌تمام ماند")
    assert LAMP in kept and "ادامه در وب" in kept
    said_back = await ann.texts("ادامه")
    assert "در میانهٔ" in said_back and "(۳ از ۵)" in said_back
    assert "(۴ از ۵)" in (question := await ann.texts("۱۲۳۴"))
    assert max(segments(text).parts for text in (said_back, question)) <= 2
    assert await ann.again() == question

    # in the web chat: the link out of that text, joined through a power cut, then the photo
    page = await town.page(link_in(kept))
    await expect(chip(page, word("join.yes"))).to_be_visible()
    with town.counter.killed_at(MERGED):
        await chip(page, word("join.yes")).click()
    await asyncio.to_thread(town.counter.start)
    await answered(page, "(۴ از ۵)")
    assert [line.count(word("link.done")) for line in await said(page)].count(1) == 1
    await page.locator("input[type=file]").first.set_input_files(payload("چراغ.png", photo))
    await answered(page, "۱ پرونده")
    await chip(page, word("nav.done")).click()
    await answered(page, "(۵ از ۵)")
    await say(page, "۰۹۱۲ ۱۲۳ ۴۵۶۷")
    await answered(page, "جای چراغ: پیام صوتی شما")
    await chip(page, word("nav.confirm")).click()
    await expect(page.locator(".code")).to_be_visible()
    code = code_in(await page.locator(".code").inner_text())

    # its status by SMS: the code alone, one segment
    status = await ann.texts(f"{code[:5]} {code[5:]}".translate(PERSIAN))
    assert status.startswith(f"{code}: ثبت‌شده") and segments(status).parts == 1

    # in Telegram too: one list
    await say(page, word("nav.continue"))
    await answered(page, "در تلگرام: ")
    me = town.telegrammer(7001)
    asked = await me.writes(f"/start {ticket_in((await said(page))[-1])}")
    assert word("join.ask") in asked
    joined = await me.presses(word("join.yes"))
    assert word("link.done") in joined
    assert shown(await me.does(me.last)) == joined, "delivered again"
    mine = await me.writes("درخواست‌های من")
    assert mine.count("•") == 1 and f"{code[:5]} {code[5:]}" in mine

    # the officer's view
    request = await case(town.http, town.counter, code)
    ways = [(way["channel"], way["address"]) for way in request["ways"]]
    assert sorted(channel for channel, _ in ways) == ["sms", "telegram", "voice", "web"]
    assert {("sms", ANN), ("voice", ANN), ("telegram", "7001")} < set(ways)
    assert [r["code"] for r in await town.requests()] == [code]
    files = {a["id"]: await town.file(a["id"]) for a in request["attachments"]}
    given = answers(request)
    assert files == {given["place"]["recording"]["id"]: recording, given["photo"][0]["id"]: photo}
    assert given["fault"] == "one_off" and given["pole_number"] == "۱۲۳۴"
    shows = await asyncio.to_thread(town.counter.command, "requests", "show", code)
    assert f"ways: voice {ANN}, sms {ANN}, web, telegram" in shows and "چراغ.png (" in shows

    # closed: told and rated where it was filed; the page keeps all of it
    await move(town.http, town.counter, code, status="closed", note="چراغ تعویض شد.")
    await answered(page, SURVEY)
    assert "چراغ تعویض شد." in (await said(page))[-3]
    await chip(page, word("survey.score_5")).click()
    await answered(page, "آیا کارتان انجام شد؟")
    await say(page, "بله")
    await answered(page, "اگر سخنی دارید بنویسید")
    await chip(page, "رد شدن").click()
    await answered(page, "نظر شما ثبت شد")
    everything = await said(page)
    assert sum(SURVEY in line for line in everything) == 1
    await page.reload()
    await expect(lines(page)).to_have_count(len(everything))
    assert await said(page) == everything
    assert (await case(town.http, town.counter, code))["rated"]
    await town.counter.all_told()
    assert ann.inbox == [kept] and SURVEY not in shown(me.screen())


async def test_a_report_through_asterisk_whose_news_are_stopped_and_wanted_again(town: Town) -> None:
    recording = wav(3)
    call = Exchange(["2", "2", Recorded(recording), "1", "1", "*1#", "1", HANG_UP], caller_id="09351112233")
    await call.call(town.agi_port)
    assert "همین شماره که با آن زنگ زده‌اید" in call.heard[5]
    code = noted(call.heard[-1])
    request = await case(town.http, town.counter, code)
    assert (request["channel"], request["mobile"]) == ("voice", BEA)
    assert answers(request)["fault"] == "many_off"
    assert [await town.file(a["id"]) for a in request["attachments"]] == [recording]

    async def moved(status: str) -> None:
        await move(town.http, town.counter, code, status=status)
        await town.counter.all_told()

    bea = town.handset(BEA)
    await moved("in_review")
    news = await bea.hears(word("status.in_review"))
    assert code in news and segments(news).parts == 1
    assert await bea.texts("توقف") == word("sms.stopped")
    await moved("referred")
    assert bea.inbox == [news]
    assert word("status.referred") in await bea.texts(code), "who asks is answered"
    assert await bea.texts("توقف") == "", "told once"
    assert await bea.texts("شروع") == word("sms.started")
    await moved("closed")
    assert code in await bea.hears(word("status.closed"))
    await bea.hears(SURVEY)
    assert "آیا کارتان انجام شد" in await bea.texts("۵")
    assert await bea.texts("STOP") == "", "Twilio has its own words for it"
    await moved("in_review")
    assert len(bea.inbox) == 3


async def test_the_power_goes_while_a_call_files(town: Town) -> None:
    """The request is there, the caller has not heard its code; Twilio calls the webhook again."""
    before = await town.requests()
    line = await town.call(DAN)
    await line.presses("2", "3")
    await line.says(wav(2))
    assert "تأیید و ثبت، کلیدِ یک" in await line.presses("1", "1", "09011234567#")
    with town.counter.killed_at(FILED), contextlib.suppress(aiohttp.ClientError):
        await line.press("1")
    await asyncio.to_thread(town.counter.start)
    code = noted(await line.goes_on())
    assert noted(await line.presses("#")) == code
    await line.hang_up()
    assert [r["code"] for r in await town.requests()] == [code, *(r["code"] for r in before)]
    assert "ثبت‌شده" in await town.handset(DAN).texts(code)


async def test_a_forged_number_opens_nothing(town: Town) -> None:
    """Who calls may be anybody: the owner's draft is told after a code that only the owner's telephone gets."""
    cem = town.handset(CEM)
    await cem.texts("صحبت با کارشناس", "این را کسی نداند.", "همین شماره")
    code = code_texted(await cem.texts("تأیید"))
    await cem.texts("ثبت درخواست", "گزارش چاله و خرابی معبر", "۱")
    assert "(۳ از ۶)" in await cem.texts("خیابان گل‌ها، روبه‌روی مدرسه")

    forged = await town.call(CEM)
    heard = await forged.hears() + await forged.presses("2")
    assert "چاله در آسفالت" not in heard and "گل‌ها" not in heard and "پرسش" not in heard
    heard = await forged.presses("9")
    assert "باید مطمئن شویم" in heard and "پیام برای کارشناس" not in heard
    heard = await forged.presses("2", "1", code)
    assert "ثبت‌شده" in heard, "whoever has the code hears how it stands"
    assert "چهار رقمِ آخر" in (heard := heard + await forged.presses("2"))
    assert "کسی نداند" not in heard
    await forged.hang_up()

    line = await town.call(CEM)
    assert "با این شماره درخواستی نیمه‌تمام هست" in await line.hears()
    await line.presses("2", "9", "1")
    texted = (await cem.hears("کد تأیید شما"))[:6]
    assert "درست نیست" in await line.presses(wrong(texted))
    heard = await line.presses(texted)
    assert "پیام برای کارشناس" in heard and "پرسشِ سه از شش" in heard, "the list, and the draft"
    await line.hang_up()


async def test_a_web_chat_joined_by_a_texted_code_and_set_apart(town: Town) -> None:
    eve, page = town.handset(EVE), Poster(town.counter, town.http)
    await eve.texts("ثبت درخواست", "گزارش چاله و خرابی معبر")
    assert "(۲ از ۶)" in await eve.texts("۱")
    await page.hello()
    await page.say("ادامه در جای دیگر")
    await page.press(word("link.by_code"))
    assert "پیامک شد" in await page.say("۰۹۳۶ ۱۲۳ ۴۵۶۷")
    texted = (await eve.hears("کد تأیید شما"))[:6]
    assert word("link.wrong_code") in await page.say(wrong(texted))
    joined = await page.say(texted.translate(PERSIAN))
    assert word("link.done") in joined and "(۲ از ۶)" in joined
    assert "(۳ از ۶)" in await page.say("خیابان گل‌ها، روبه‌روی مدرسه")
    asked = await eve.texts("سلام")
    assert "در میانهٔ" in asked and "(۳ از ۶)" in asked
    await eve.texts("ادامه در جای دیگر")
    assert word("link.set_apart") in await eve.texts(f"جدا کردن: {word('link.on_web')}")
    assert "(۳ از ۶)" in await eve.texts("سلام"), "the draft stays"
    await page.say("سلام")
    assert word("mine.none") in await page.say("درخواست‌های من")


async def test_from_sms_to_bale_behind_a_proxy(tmp_path: Path) -> None:
    """Twilio signs the address that the proxy has; Bale's webhook is a secret path on it."""
    async with Twilio() as twilio, BaleApi() as api, aiohttp.ClientSession() as http:
        counter = Counter(tmp_path, **twilio.settings, BALE_TOKEN=api.token, BALE_API_URL=api.url)
        counter.environment["PUBLIC_URL"] = "https://desk.example.org"
        api.behind = counter.url

        async def deliver(update: Json) -> None:
            assert await api.push(update, http) == 200

        try:
            await asyncio.to_thread(counter.start)
            await api.wait_for("setWebhook")
            fay, me = Handset(http, counter, twilio, FAY), Baler(api, deliver, 8001)
            await fay.texts("ثبت درخواست", "گزارش خرابی چراغ معبر", "چشمک می‌زند")
            doors = await fay.texts("ادامه در بله")
            assert link_in(doors).startswith("https://desk.example.org/")
            await me.writes(f"/start {ticket_in(doors)}")
            assert "(۲ از ۵)" in await me.presses(word("join.yes"))
            await me.writes("خیابان بهار، پلاک ۱۲", "رد شدن", "رد شدن")
            await me.writes("۰۹۳۸۱۲۳۴۵۶۷")
            filed = await me.presses(word("nav.confirm"))
            code = code_in(filed)
            assert shown(await me.does(me.last)) == filed
            assert await fay.texts(code)
            request = await case(http, counter, code)
            assert [way["channel"] for way in request["ways"]] == ["sms", "bale"]
            await move(http, counter, code, status="in_review")
            assert f"{code[:5]} {code[5:]}" in await me.hears(word("status.in_review"))
            await asyncio.to_thread(counter.stop)
            assert counter.faults() == []
        finally:
            counter.end()
