"""A double of Telegram: the Bot API server (core.telegram.org/bots/api) that our own bot polls."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from bot.core.messages import Address
from bot.web.sandbox.blobs import Blob
from bot.web.sandbox.keys import USERNAME, same
from bot.web.sandbox.visits import Visit, Visits

ROOT = "/sandbox/telegram"
MAX_BODY = 1 << 18  # bytes of one call
MAX_TEXT = 4096  # UTF-16 units
MAX_DATA = 64  # bytes of a button
LONGEST_POLL = 50.0  # seconds
MOST_UPDATES = 1000  # that wait to be fetched
MOST_AT_ONCE = 100
KEPT_MESSAGES = 100  # of one chat, to be edited and pressed

Json = dict[str, Any]
_QUIETLY = frozenset(
    {"sendChatAction", "setMyDescription", "setMyShortDescription", "setMyName", "setChatMenuButton", "logOut", "close"}
)


class BadCall(Exception):
    """A call that the Bot API refuses: `status` and its description."""

    def __init__(self, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.status = status


@dataclass(frozen=True, slots=True)
class Pending:
    """An update that waits to be fetched."""

    update: Json
    visit: Visit


class BotApiDouble:
    """`name` is the bot's, as citizens see it."""

    def __init__(self, visits: Visits, token: str, name: Callable[[], str]) -> None:
        self._visits = visits
        self._token = token
        self._name = name
        self._pending: deque[Pending] = deque(maxlen=MOST_UPDATES)
        self._callbacks: OrderedDict[str, Visit] = OrderedDict()
        self._numbers = itertools.count(time.time_ns() // 1_000_000)  # never again an id of an earlier process
        self._messages = itertools.count(1)
        self._news = asyncio.Event()
        self._closing = False
        self.commands: dict[str, list[Json]] = {}  # language → the bot's menu

    def routes(self) -> Sequence[web.RouteDef]:
        method = f"{ROOT}/bot{{token}}/{{method}}"
        return [
            web.post(method, self._serve),
            web.get(method, self._serve),
            web.get(f"{ROOT}/file/bot{{token}}/{{path:.+}}", self._file),
        ]

    def close(self) -> None:
        """Let go whoever polls."""
        self._closing = True
        self._news.set()

    # --- what the citizen does --------------------------------------------------------------------

    def message(self, visit: Visit, **content: Any) -> None:
        """A message in the citizen's chat, e.g. text=…, contact=…, location=…, document=…"""
        number = next(self._messages)
        message = {"message_id": number, "date": int(time.time()), **self._who(visit), **content}
        shown = {k: content[k] for k in ("text", "contact", "location", "caption") if k in content}
        file = content.get("document") or content.get("photo", [None])[0]
        visit.tell("telegram", mine=True, id=number, **shown, **({"file": file.get("file_name", "")} if file else {}))
        self._offer(visit, {"message": message})

    def press(self, visit: Visit, message_id: int, data: str) -> None:
        """A button under a message. Raises ValueError when there is none such."""
        message = visit.messages.get(message_id)
        rows = (message or {}).get("reply_markup", {}).get("inline_keyboard", ())
        if message is None or not any(button.get("callback_data") == data for row in rows for button in row):
            raise ValueError("no such button")
        query = str(next(self._numbers))
        self._callbacks[query] = visit
        while len(self._callbacks) > MOST_UPDATES:
            self._callbacks.popitem(last=False)
        sender = self._who(visit)["from"]
        callback = {"id": query, "from": sender, "message": message, "chat_instance": str(visit.chat), "data": data}
        self._offer(visit, {"callback_query": callback})

    def document(self, visit: Visit, blob: Blob) -> Json:
        """A file of the citizen as the content of a message. Raises ValueError for one that is too large."""
        file = visit.blobs.put("BQ", blob)
        kept = {"file_id": file, "file_unique_id": file[-12:], "file_size": len(blob.data)}
        if blob.media_type == "image/jpeg":
            return {"photo": [{**kept, "width": 1280, "height": 960}]}
        return {"document": {**kept, "file_name": blob.name, "mime_type": blob.media_type}}

    def own_contact(self, visit: Visit) -> Json:
        return {"contact": {"phone_number": visit.number[1:], "first_name": "Visitor", "user_id": visit.chat}}

    def _who(self, visit: Visit) -> Json:
        person = {"id": visit.chat, "first_name": "Visitor"}
        return {
            "from": {**person, "is_bot": False, "language_code": visit.language},
            "chat": {**person, "type": "private"},
        }

    def _offer(self, visit: Visit, content: Json) -> None:
        self._pending.append(Pending({"update_id": next(self._numbers), **content}, visit))
        visit.handed["telegram"] = time.monotonic()
        self._news.set()

    # --- what the bot asks ------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.Response:
        if not same(request.match_info["token"], self._token):
            return _refusal(401, "Unauthorized")
        method = request.match_info["method"]
        try:
            parameters = await _parameters(request)
            return web.json_response({"ok": True, "result": await self._call(method, parameters)}, dumps=_dumps)
        except BadCall as error:
            return _refusal(error.status, str(error))
        except (KeyError, TypeError, ValueError, AttributeError):
            return _refusal(400, "Bad Request: parameters of an unknown shape")

    async def _call(self, method: str, p: Json) -> Any:
        match method:
            case "getMe":
                return self._bot() | {"can_join_groups": False, "can_read_all_group_messages": False}
            case "getUpdates":
                return await self._updates(int(p.get("offset", 0)), float(p.get("timeout", 0)))
            case "sendMessage":
                return self._send(p)
            case "editMessageText" | "editMessageReplyMarkup":
                return self._edit(p)
            case "deleteMessage":
                return self._delete(p)
            case "answerCallbackQuery":
                return self._answer(p)
            case "getFile":
                return self._told_file(str(p["file_id"]))
            case "setMyCommands":
                self.commands[str(p.get("language_code") or "")] = list(p["commands"])
                for visit in self._visits:
                    visit.tell("commands", commands=self.commands)
                return True
            case "getWebhookInfo":
                return {"url": "", "has_custom_certificate": False, "pending_update_count": len(self._pending)}
            case "setWebhook" if p.get("url"):
                raise BadCall("Bad Request: the sandbox's messenger is polled")
            case "deleteWebhook" | "setWebhook":
                return True
            case _ if method in _QUIETLY:
                return True
        raise BadCall("Not Found: method not found", 404)

    async def _updates(self, offset: int, patience: float) -> list[Json]:
        while self._pending and self._pending[0].update["update_id"] < offset:
            self._pending.popleft()
        if not self._pending and not self._closing:
            self._news.clear()
            try:
                async with asyncio.timeout(min(patience, LONGEST_POLL)):
                    await self._news.wait()
            except TimeoutError:
                return []
        return [pending.update for pending in itertools.islice(self._pending, MOST_AT_ONCE)]

    def _send(self, p: Json) -> Json:
        chat, text = int(p["chat_id"]), str(p.get("text", ""))
        _check(text, p.get("reply_markup") or {})
        number = next(self._messages)
        message = {
            "message_id": number,
            "date": int(time.time()),
            "from": self._bot(),
            "chat": {"id": chat, "type": "private", "first_name": "Visitor"},
            "text": text,
        }
        markup = p.get("reply_markup") or {}
        if "inline_keyboard" in markup:
            message["reply_markup"] = markup
        address = Address("telegram", str(chat))
        if visit := self._visits.at(address):
            visit.messages[number] = message
            while len(visit.messages) > KEPT_MESSAGES:
                visit.messages.popitem(last=False)
        shown = {"mine": False, "id": number, "text": text, "html": p.get("parse_mode") == "HTML", "markup": markup}
        self._visits.bring(address, "telegram", **shown)
        return message

    def _edit(self, p: Json) -> Json:
        visit, message = self._message_of(p)
        markup = p.get("reply_markup") or {}
        if "text" in p:
            _check(str(p["text"]), markup)
            message["text"] = str(p["text"])
        message.pop("reply_markup", None)
        if "inline_keyboard" in markup:
            message["reply_markup"] = markup
        html = {"html": p.get("parse_mode") == "HTML"} if "text" in p else {}
        visit.tell("telegram_edited", id=message["message_id"], text=p.get("text"), markup=markup, **html)
        return message | {"edit_date": int(time.time())}

    def _delete(self, p: Json) -> bool:
        visit, message = self._message_of(p)
        del visit.messages[message["message_id"]]
        visit.tell("telegram_edited", id=message["message_id"], gone=True)
        return True

    def _message_of(self, p: Json) -> tuple[Visit, Json]:
        visit = self._visits.at(Address("telegram", str(p["chat_id"])))
        message = visit.messages.get(int(p["message_id"])) if visit else None
        if visit is None or message is None:
            raise BadCall("Bad Request: message to edit not found")
        return visit, message

    def _answer(self, p: Json) -> bool:
        visit = self._callbacks.pop(str(p.get("callback_query_id", "")), None)
        if visit is None:
            raise BadCall("Bad Request: query is too old and response timeout expired or query ID is invalid")
        if text := p.get("text"):
            visit.tell("telegram_notice", text=str(text)[:200])
        return True

    def _told_file(self, name: str) -> Json:
        blob = self._blob(name)
        if blob is None:
            raise BadCall("Bad Request: invalid file_id")
        return {"file_id": name, "file_unique_id": name[-12:], "file_size": len(blob.data), "file_path": name}

    async def _file(self, request: web.Request) -> web.Response:
        if not same(request.match_info["token"], self._token):
            return _refusal(401, "Unauthorized")
        blob = self._blob(request.match_info["path"])
        return web.Response(body=blob.data) if blob else _refusal(404, "Not Found")

    def _blob(self, name: str) -> Blob | None:
        return next((b for visit in self._visits if (b := visit.blobs.get(name))), None)

    def _bot(self) -> Json:
        number, _, _ = self._token.partition(":")
        return {"id": int(number), "is_bot": True, "first_name": self._name(), "username": USERNAME}


def _check(text: str, markup: Json) -> None:
    if not text.strip():
        raise BadCall("Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) > 2 * MAX_TEXT:
        raise BadCall("Bad Request: message is too long")
    for row in markup.get("inline_keyboard", ()):
        for button in row:
            if not button["text"]:
                raise BadCall("Bad Request: text buttons are unallowed in the inline keyboard")
            if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= MAX_DATA:
                raise BadCall("Bad Request: BUTTON_DATA_INVALID")


async def _parameters(request: web.Request) -> Json:
    """JSON, a form, or the query; what is nested comes as JSON in the latter two."""
    if (request.content_length or 0) > MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY, request.content_length or 0)
    if request.content_type == "application/json":
        body = await request.read()
        data = orjson.loads(body) if body else {}
        if not isinstance(data, dict):
            raise BadCall("Bad Request: the body is no JSON object")
        return data
    flat = {**request.query, **{k: v for k, v in (await request.post()).items() if isinstance(v, str)}}
    return {k: orjson.loads(v) if re.match(r"[\[{]", v) and k != "text" else v for k, v in flat.items()}


def _refusal(status: int, description: str) -> web.Response:
    return web.json_response({"ok": False, "error_code": status, "description": description}, status=status)


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()
