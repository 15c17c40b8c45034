"""Telegram: updates in, `sendMessage` out. What Bale shares is here as functions of its accent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.channels.render import LRI, PDI
from bot.channels.telegram import Telegram
from bot.channels.telegram import channel as telegram_channel
from bot.core.messages import (
    Address,
    Attachment,
    Choice,
    Event,
    Expect,
    Inbound,
    Kind,
    Location,
    Phrase,
    Reply,
    Term,
)
from tests.channels.botapi import callback, message
from tests.contract.bench import Parts, phrases
from tests.contract.case import PUBLIC_URL, SAID, Call, Case, Failure, Given, Hearing, Saying, Sent, Unheard

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
SECRET = "s3cret_of-the-webhook"
CHAT = 55501234
HEADER = "X-Telegram-Bot-Api-Secret-Token"
NUMBER = "+989121234567"
TICKET = "aB3-_xyz4567890QRSTUV"
CODE = "1234567894"
BACK = Choice("/back", Phrase("contract.back"), nav=True)

Update = Callable[..., dict[str, Any]]
WANTED = ["message", "callback_query", "my_chat_member"]


def sent(method: str, **body: Any) -> Sent:
    return Sent(f"/bot{TOKEN}/{method}", body)


def says(text: str, **more: Any) -> Sent:
    return sent("sendMessage", chat_id=CHAT, text=text, **more)


def usual(path: str) -> Given:
    me = {"id": 110201543, "is_bot": True, "first_name": "Counter", "username": "counter_bot"}
    return Given({"ok": True, "result": me if path.endswith("/getMe") else True})


def refusal(status: int, description: str, **parameters: Any) -> Given:
    body = {"ok": False, "error_code": status, "description": description}
    return Given({**body, "parameters": parameters} if parameters else body, status)


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_channel, "pause", lambda failures: 0.001)


def hearings(channel: str, written: Update, pressed: Update, call: Callable[[Any], Call], language: str) -> Any:
    """What both messengers' updates mean."""
    address = Address(channel, str(CHAT))

    def row(name: str, update: Any, event: Event, *asked: Sent, **heard: Any) -> Hearing:
        return Hearing(name, call(update), (Inbound("77", address, event, language=language, **heard),), asked)

    def private(**content: Any) -> Any:
        return written(77, chat=CHAT, **content)

    def said(name: str, words: str, event: Event = Event.MESSAGE, **heard: Any) -> Hearing:
        return row(name, private(text=words), event, **heard)

    def contact(**more: Any) -> Any:
        return private(contact={"phone_number": NUMBER[1:], "first_name": "Ann", **more})

    fetched = (
        Sent(f"/bot{TOKEN}/getFile", {"file_id": "d"}, gives=Given({"ok": True, "result": {"file_path": "docs/1"}})),
        Sent(f"/file/bot{TOKEN}/docs/1", method="GET", gives=Given(b"%PDF-1.7", media_type="application/pdf")),
    )
    stored = Attachment("f1", "نقشه.pdf", "application/octet-stream", 8)
    document = {"file_id": "d", "file_name": "نقشه.pdf", "file_size": 8}
    return (
        said("words", "چراغ کوچهٔ ما", text="چراغ کوچهٔ ما"),
        said("start", "/start", Event.START),
        said("a ticket", f"/start {TICKET}", Event.CHOICE, value=f"/join {TICKET}"),
        said("a code", "/start 1234567894", Event.CHOICE, value="/track 1234567894"),
        said("a command", "/menu", Event.CHOICE, value="/menu"),
        row("a button", pressed(77, "a1~yes", chat=CHAT), Event.CHOICE, answer(), value="a1~yes"),
        row("her own number", contact(user_id=CHAT), Event.MESSAGE, text=NUMBER, phone=NUMBER),
        row("somebody's number", contact(user_id=4), Event.MESSAGE, text=NUMBER),
        row("nobody's number", contact(), Event.MESSAGE, text=NUMBER),
        row(
            "a place",
            private(location={"latitude": 35.7, "longitude": 51.4}),
            Event.MESSAGE,
            location=Location(35.7, 51.4),
        ),
        row(
            "a file",
            private(document=document, caption="نقشهٔ کوچه"),
            Event.FILE,
            *fetched,
            text="نقشهٔ کوچه",
            files=(stored,),
        ),
        row(
            "a large file",
            private(document={"file_id": "d", "file_size": 60_000_000}),
            Event.FILE,
            problem="file.too_large",
        ),
        row("a lost file", private(document=document), Event.FILE, lost(), problem="telegram.file_lost"),
        row("a sticker", private(sticker={"file_id": "s"}), Event.MESSAGE, problem="message.unsupported"),
    )


def answer() -> Sent:
    return sent("answerCallbackQuery", callback_query_id="q77")


def lost() -> Sent:
    return replace(sent("getFile", file_id="d"), gives=refusal(400, "Bad Request: invalid file_id"))


def unheard(written: Update, call: Callable[[Any], Call]) -> tuple[Unheard, ...]:
    """What both messengers send and we do not take."""
    group = written(77, text=SAID)
    group["message"]["chat"] = {"id": -100, "type": "group"}
    edited = {"update_id": 77, "edited_message": written(77, text=SAID)["message"]}
    no_update = Unheard("no update", call({"message": {}}), (400,))
    no_json = Unheard("no JSON", replace(call(None), json=None, data=b"{"), (400,))
    huge = Unheard("too much", replace(call(None), json=None, data=b" " * (1 << 20) + b"{}"), (413,))
    return (
        Unheard("a group", call(group)),
        Unheard("an edit", call(edited)),
        Unheard("something new", call({"update_id": 77, "from_the_future": {"text": SAID}})),
        Unheard("a strange message", call({"update_id": 77, "message": {"text": SAID}})),
        Unheard("nothing", call({"update_id": 77})),
        no_update,
        no_json,
        huge,
    )


def failures() -> tuple[Failure, ...]:
    return (
        Failure("stumbles", refusal(502, "Bad Gateway"), retry=True, doubtful=True, tries=3),
        Failure("speaks no JSON", Given(b"<html>", 200, "text/html"), retry=True, doubtful=True, tries=3),
        Failure("asks to wait", refusal(429, "Too Many Requests: retry after 60", retry_after=60), retry=True),
        Failure("does not know us", refusal(401, "Unauthorized"), retry=True),
        Failure(
            "was blocked", refusal(403, "Forbidden: bot was blocked by the user"), False, unreachable=True, turn=200
        ),
        Failure("knows no such chat", refusal(400, "Bad Request: chat not found"), False, unreachable=True, turn=200),
        Failure("refuses it", refusal(400, "Bad Request: no"), False, turn=200),
    )


def both(name: str, *out: Sent, replies: tuple[Reply, ...], language: str = "fa") -> Saying:
    """The answer to a turn and the desk's own words take the same way."""
    return Saying(name, replies, out, sent=out, language=language)


def sayings(code: str, link: str, strange: str, **mode: str) -> tuple[Saying, ...]:
    """The rows of both messengers; their markup differs: of a code, of a link, and of strange words."""
    choices = (Choice("a1~yes", Phrase("contract.yes")), Choice("a1~no", Phrase("contract.no")), BACK)
    buttons = [
        [{"text": "بله", "callback_data": "a1~yes"}, {"text": "نه", "callback_data": "a1~no"}],
        [{"text": "بازگشت", "callback_data": "/back"}],
    ]
    asked = {"text": phrases()["telegram.share_phone"]["en"], "request_contact": True}
    keyboard = {"keyboard": [[asked]], "resize_keyboard": True, "one_time_keyboard": True}
    url = "https://desk.example.org/chat?ticket=" + "x_" * 20
    long = "\n\n".join(letter * 3000 for letter in "ابپ")

    def said(words: Any) -> Phrase:
        return Phrase("contract.said", {"words": words})

    return (
        both("words", says(f"شنیدم: {SAID}", **mode), replies=(Reply(said(SAID)),)),
        both("strange words", says(f"شنیدم: {strange}", **mode), replies=(Reply(said("<b> & *a* _b_ `c` [d](e)")),)),
        both(
            "a code",
            says(f"کد شما {LRI}{code}{PDI} است.", **mode),
            replies=(Reply(Phrase("contract.code", {"code": Term("code", CODE)})),),
        ),
        both(
            "a long link",
            says(f"Address: {LRI}{link.format(url=url, safe=url.replace('_', '%5F'))}{PDI}", **mode),
            replies=(Reply(Phrase("contract.link", {"url": Term("url", url)})),),
            language="en",
        ),
        both(
            "choices",
            says("دومی", **mode, reply_markup={"inline_keyboard": buttons}),
            replies=(Reply(Phrase("contract.two"), choices, Expect(Kind.CHOICE)),),
        ),
        both(
            "a number",
            says("Number?", **mode, reply_markup=keyboard),
            replies=(Reply(Phrase("contract.number"), expect=Expect(Kind.PHONE)),),
            language="en",
        ),
        both(
            "two things",
            says("Heard: 1", **mode),
            says("second", **mode),
            replies=(Reply(said("1")), Reply(Phrase("contract.two"))),
            language="en",
        ),
        both(
            "a long text",
            says("شنیدم: " + "ا" * 3000, **mode),
            says("ب" * 3000, **mode),
            says("پ" * 3000, **mode),
            replies=(Reply(said(long)),),
        ),
    )


# --- Telegram's own -------------------------------------------------------------------------------


def _call(update: Any) -> Call:
    return Call("/channels/telegram", json=update, headers={HEADER: SECRET})


def _build(parts: Parts) -> Telegram:
    return Telegram(
        parts.gateway,
        parts.files,
        parts.contacts,
        parts.renderer,
        token=TOKEN,
        webhook_secret=SECRET,
        public_url=parts.public_url,
        api_url=parts.provider_url,
        commands=lambda language: [("menu", language)],
    )


def _with(secret: str | None) -> Callable[[Call], Call]:
    return lambda call: replace(call, headers={HEADER: secret} if secret is not None else {})


def _membership(status: str) -> Call:
    chat = {"id": CHAT, "type": "private", "first_name": "Ann"}
    member = {"status": status, "user": {"id": 110201543, "is_bot": True, "first_name": "Counter"}}
    return _call({"update_id": 77, "my_chat_member": {"chat": chat, "new_chat_member": member}})


def _menu(language: str, **code: str) -> Sent:
    return sent("setMyCommands", commands=[{"command": "menu", "description": language}], **code)


TELEGRAM = Case(
    "telegram",
    _build,
    hearings("telegram", message, callback, _call, "fa"),
    sayings(
        "<code>12345 67894</code>",
        '<a href="{url}">desk.example.org/…</a>',
        "&lt;b&gt; &amp; *a* _b_ `c` [d](e)",
        parse_mode="HTML",
    ),
    (
        *unheard(message, _call),
        Unheard("blocked", _membership("kicked"), reached=(False,)),
        Unheard("back again", _membership("member"), reached=(True,)),
    ),
    forgings={
        "no secret": _with(None),
        "an empty secret": _with(""),
        "a wrong secret": _with("wrong"),
        "a longer secret": _with(SECRET + "x"),
        "a shorter secret": _with(SECRET[:-1]),
        "a secret that is no ASCII": _with("سرّ"),
    },
    failures=failures(),
    startup=(
        sent("getMe"),
        sent(
            "setWebhook",
            url=f"{PUBLIC_URL}/channels/telegram",
            secret_token=SECRET,
            allowed_updates=WANTED,
            max_connections=100,
        ),
        _menu("fa"),
        _menu("fa", language_code="fa"),
        _menu("en", language_code="en"),
    ),
    provider=usual,
    authentic=_call,
    secrets=(TOKEN, SECRET, TICKET),
    hurry=hurry,
)
