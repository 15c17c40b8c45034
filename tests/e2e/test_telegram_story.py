"""The whole main job on Telegram: the real server against a Bot API server, by polling and by webhook."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.channels.botapi import BotApi, Json
from tests.e2e.citizen import EXECUTABLE, OFFICE, PERSIAN, PLACE, answers, case, code_in, move, picture, word
from tests.e2e.messenger import Telegrammer, shown
from tests.e2e.process import PATIENCE, Counter

SECRET = "s3cret_of-the-webhook"
_chats = itertools.count(1001)
SURVEY = "چقدر از این خدمت راضی بودید"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def serving(folder: Path, api: BotApi, *, webhook: bool) -> AsyncIterator[Counter]:
    """A server of its own that knows this Bot API server; it has to stop well, and its log to be clean."""
    counter = Counter(folder, TELEGRAM_TOKEN=api.token, TELEGRAM_API_URL=api.url)
    if webhook:
        counter.environment |= {"PUBLIC_URL": counter.url, "TELEGRAM_WEBHOOK_SECRET": SECRET}
    try:
        await asyncio.to_thread(counter.start)
        yield counter
        await asyncio.to_thread(counter.stop)
        assert counter.faults() == []
        assert api.token not in counter.log and SECRET not in counter.log
    finally:
        counter.end()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def counter(api: BotApi, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Counter]:
    """With a webhook."""
    async with serving(tmp_path_factory.mktemp("telegram"), api, webhook=True) as counter:
        await api.wait_for("setWebhook")
        yield counter


@pytest.fixture
def ann(api: BotApi, counter: Counter, http: aiohttp.ClientSession) -> Telegrammer:
    """A citizen who has not been here before, over the webhook."""

    async def deliver(update: Json) -> None:
        assert await api.push(update, http) == 200

    return Telegrammer(api, deliver, chat=next(_chats))


async def post(counter: Counter, http: aiohttp.ClientSession, update: Json, secret: str | None) -> int:
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    async with http.post(f"{counter.url}/channels/telegram", json=update, headers=headers) as answer:
        return answer.status


async def lamp_review(ann: Telegrammer) -> str:
    """A street light report up to its review."""
    return await ann.writes("/form/street_light_report", "۱", PLACE, "رد شدن", "رد شدن", "09121234567")


async def filed(ann: Telegrammer) -> str:
    await lamp_review(ann)
    return code_in(await ann.presses(word("nav.confirm")))


# --- the story ----------------------------------------------------------------------------------------


async def test_from_the_question_to_the_survey_by_webhook(
    ann: Telegrammer, api: BotApi, counter: Counter, http: aiohttp.ClientSession
) -> None:
    assert api.webhook["url"] == f"{counter.url}/channels/telegram"
    await the_story(ann, api, counter, http)


async def test_from_the_question_to_the_survey_by_polling(http: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with BotApi() as api:

        async def deliver(update: Json) -> None:
            api.offer(update)
            async with asyncio.timeout(PATIENCE):
                while api.confirmed <= update["update_id"]:  # noqa: ASYNC110 - the stub tells nobody
                    await asyncio.sleep(0.01)

        async with serving(tmp_path, api, webhook=False) as counter:
            await the_story(Telegrammer(api, deliver, chat=7), api, counter, http)
            assert not api.sent("setWebhook")


async def the_story(ann: Telegrammer, api: BotApi, counter: Counter, http: aiohttp.ClientSession) -> None:
    api.files["lamp"] = picture()
    assert word("menu.ask") in await ann.writes("/start")
    assert "آیا کمک کرد؟" in await ann.writes("چراغ کوچه‌مون خاموشه، به کی بگم؟")
    assert word("faq.glad") in await ann.presses("بله")

    await ann.presses("ثبت: گزارش خرابی چراغ معبر")
    assert "(۲ از ۵)" in await ann.presses("یک چراغ خاموش است")
    assert "(۳ از ۵)" in await ann.shares(location={"latitude": 35.7, "longitude": 51.4})
    aside = await ann.writes("شمارهٔ تیر چراغ برق کجاست؟")
    assert "روی پلاک کوچک تیر" in aside and "(۳ از ۵)" in aside
    await ann.presses("رد شدن")
    photo = [{"file_id": "small", "width": 9, "height": 9}, {"file_id": "lamp", "width": 90, "height": 90}]
    assert "۱ پرونده" in await ann.shares(photo=photo)
    assert "(۵ از ۵)" in await ann.presses(word("nav.done"))
    own = {"phone_number": "989121234567", "first_name": "Ann", "user_id": ann.chat}
    assert "لطفاً یک بار ببینید" in await ann.shares(contact=own)
    await ann.presses("اصلاح: خرابی")
    assert "خرابی: چشمک می‌زند" in await ann.presses("چشمک می‌زند")
    code = code_in(await ann.presses(word("nav.confirm")))
    assert any(f"<code>{code[:5]} {code[5:]}</code>" in m["text"] for m in ann.screen())

    assert "ثبت‌شده، در صف بررسی" in await ann.writes(f"{code[:5]} {code[5:]}".translate(PERSIAN))
    assert "ثبت‌شده، در صف بررسی" in await ann.writes(f"/start {code}")  # the link of a notice

    await move(http, counter, code, status="in_review", note="گروه تعمیر <فردا> می‌آید.")
    assert "گروه تعمیر <فردا> می‌آید." in await ann.hears("وضعیت تازه: در حال بررسی")
    await asyncio.to_thread(counter.officer, code, "closed")
    await ann.hears(SURVEY)
    assert "آیا کارتان انجام شد؟" in await ann.presses("۵ – خیلی راضی")
    await ann.presses("بله")
    assert "نظر شما ثبت شد" in await ann.presses("رد شدن")

    await move(http, counter, code, status="in_review")
    await move(http, counter, code, status="closed")
    await ann.hears("وضعیت تازه: بسته شد", times=2)
    assert code[:5] in await ann.writes("درخواست‌های من")
    assert shown(ann.screen()).count(SURVEY) == 1

    request = await case(http, counter, code)
    given = answers(request)
    assert (given["fault"], given["mobile"]) == ("flickers", "+989121234567")
    assert given["place"] == {"latitude": 35.7, "longitude": 51.4}
    assert [a["media_type"] for a in request["attachments"]] == ["image/png"]
    assert request["rated"] and request["channel"] == "telegram"


# --- who may, and how often ---------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], SECRET.upper()])
async def test_without_the_secret_nothing_changes(
    ann: Telegrammer, counter: Counter, http: aiohttp.ClientSession, secret: str | None
) -> None:
    await lamp_review(ann)
    before = len(ann.screen())
    confirm = ann.press(ann.button(word("nav.confirm")))
    assert await post(counter, http, confirm, secret) == 403
    assert len(ann.screen()) == before
    assert "لطفاً یک بار ببینید" in await ann.writes("/repeat")
    assert "درخواست شما ثبت شد" in shown(await ann.does(confirm))


async def test_an_update_that_comes_again(ann: Telegrammer) -> None:
    """Its answer comes again, word for word; nothing is filed twice."""
    await lamp_review(ann)
    first = await ann.does(ann.press(ann.button(word("nav.confirm"))))
    assert "درخواست شما ثبت شد" in shown(first)
    for _ in range(3):
        assert [m["text"] for m in await ann.does(ann.last)] == [m["text"] for m in first]
    assert (await ann.writes("/mine")).count("•") == 1


async def test_fifty_deliveries_at_once(ann: Telegrammer, counter: Counter, http: aiohttp.ClientSession) -> None:
    await lamp_review(ann)
    confirm = ann.press(ann.button(word("nav.confirm")))
    before = len(ann.screen())
    statuses = await asyncio.gather(*(post(counter, http, confirm, SECRET) for _ in range(50)))
    assert set(statuses) == {200}
    said = [shown([m]) for m in ann.screen()[before:]]
    assert len(said) == 50 and len(set(said)) == 1 and code_in(said[0])
    assert (await ann.writes("/mine")).count("•") == 1


async def test_two_presses_at_once(ann: Telegrammer, counter: Counter, http: aiohttp.ClientSession) -> None:
    """A nervous finger makes two updates, not one twice."""
    await lamp_review(ann)
    data = ann.button(word("nav.confirm"))
    statuses = await asyncio.gather(*(post(counter, http, ann.press(data), SECRET) for _ in range(2)))
    assert statuses == [200, 200]
    assert shown(ann.screen()).count("درخواست شما ثبت شد") == 1
    assert (await ann.writes("/mine")).count("•") == 1


async def test_a_button_of_a_question_that_is_over(ann: Telegrammer, api: BotApi) -> None:
    await ann.writes("/form/street_light_report")
    old = ann.press(ann.button("چشمک می‌زند"))
    await ann.writes("۱", PLACE)
    said = shown(await ann.does(old))
    assert word("engine.stale") in said and "(۳ از ۵)" in said
    assert old["callback_query"]["id"] in [c["callback_query_id"] for c in api.sent("answerCallbackQuery")]
    await ann.writes("رد شدن", "رد شدن", "09121234567")
    assert "خرابی: یک چراغ خاموش است" in await ann.writes("/repeat")
    assert "درخواست شما ثبت شد" in await ann.presses(word("nav.confirm"))


async def test_what_the_office_changes_is_told(ann: Telegrammer, counter: Counter, http: aiohttp.ClientSession) -> None:
    code = await filed(ann)
    async with http.patch(f"{counter.url}/api/v1/requests/{code}", json={"status": "closed"}) as answer:
        assert answer.status == 401
    async with http.patch(f"{counter.url}/api/v1/requests/{code}", json={"status": "lost"}, headers=OFFICE) as answer:
        assert answer.status == 422
    await move(http, counter, code, status="needs_information", note="عکس بفرستید.")
    assert "عکس بفرستید." in await ann.hears(word("status.needs_information"))


# --- what cannot be taken -----------------------------------------------------------------------------


def document(name: str, size: int, file_id: str = "f") -> Json:
    return {"document": {"file_id": file_id, "file_name": name, "file_size": size, "mime_type": "application/pdf"}}


async def test_files_that_cannot_be_taken(
    ann: Telegrammer, api: BotApi, counter: Counter, http: aiohttp.ClientSession
) -> None:
    api.files |= {"virus": EXECUTABLE, "lamp": picture()}
    await ann.writes("/form/street_light_report", "۱", PLACE, "رد شدن")
    fetched = len(api.sent("getFile"))
    said = await ann.shares(**document("فیلم.pdf", 60 << 20))
    assert word("file.too_large") in said and "(۴ از ۵)" in said
    assert len(api.sent("getFile")) == fetched
    said = await ann.shares(**document("نقشه.pdf", len(EXECUTABLE), "virus"))
    assert word("file.not_what_it_says") in said and "(۴ از ۵)" in said
    said = await ann.shares(**document("گم.pdf", 100, "nowhere"))
    assert word("telegram.file_lost") in said and "(۴ از ۵)" in said
    for _ in range(3):  # an album comes as so many messages
        said = await ann.shares(photo=[{"file_id": "lamp", "width": 9, "height": 9}], media_group_id="a")
    assert "(۵ از ۵)" in said
    said = await ann.shares(photo=[{"file_id": "lamp", "width": 9, "height": 9}], media_group_id="a")
    assert word("invalid.words_wanted") in said
    await ann.writes("09121234567")
    request = await case(http, counter, code_in(await ann.presses(word("nav.confirm"))))
    assert len(request["attachments"]) == 3


async def test_stickers_and_other_strange_things(ann: Telegrammer) -> None:
    await ann.writes("/form/street_light_report", "۱", PLACE)
    for content in (
        {"sticker": {"file_id": "s", "emoji": "😀"}},
        {"dice": {"emoji": "🎲", "value": 3}},
        {"poll": {"id": "p", "question": "?"}},
        {"animation": {"file_id": "a"}, "document": {"file_id": "a"}},
    ):
        said = await ann.shares(**content)
        assert word("message.unsupported") in said and "(۳ از ۵)" in said
    assert await ann.shares(pinned_message={}) == ""  # no citizen's doing
    assert shown(await ann.does({**ann.update(text="۷"), "message": None, "edited_message": {}})) == ""
    await ann.writes("رد شدن", "رد شدن", "09121234567")
    assert "درخواست شما ثبت شد" in await ann.presses(word("nav.confirm"))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"{}", b'{"update_id": "1"}', b"\xff"])
async def test_a_body_that_is_no_update(counter: Counter, http: aiohttp.ClientSession, body: bytes) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with http.post(f"{counter.url}/channels/telegram", data=body, headers=headers) as answer:
        assert answer.status == 400
        assert answer.content_type == "application/problem+json"


async def test_a_bot_api_that_is_tired(
    ann: Telegrammer, api: BotApi, counter: Counter, http: aiohttp.ClientSession
) -> None:
    """`retry_after` is obeyed; where it fails for good, the update comes again and files nothing twice."""
    await lamp_review(ann)
    api.fail("sendMessage", 429, retry_after=1)
    confirm = ann.press(ann.button(word("nav.confirm")))
    assert await post(counter, http, confirm, SECRET) == 200
    code = code_in(await ann.hears("درخواست شما ثبت شد"))
    api.fail("sendMessage", 500, times=3)
    again = ann.press(f"/track/{code}")
    assert await post(counter, http, again, SECRET) == 500
    assert await post(counter, http, again, SECRET) == 200
    assert (await ann.writes("/mine")).count("•") == 1
