"""Files and locations in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.webchat.conftest import Desk, payload
from tests.webchat.page import lines, say, word

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser's loop


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
