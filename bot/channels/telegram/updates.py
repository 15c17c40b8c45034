"""An update of the Bot API (core.telegram.org/bots/api#update) → what it means to us.

Read straight from the JSON: nothing is required but what we use, so servers that only resemble Telegram are read too.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from bot.core.messages import Address, Event, Inbound, Location
from bot.core.text import fold_digits
from bot.core.tracking import LENGTH
from bot.core.values import value

log = logging.getLogger(__name__)

_COMMAND = re.compile(r"/([A-Za-z_]{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_TICKET = re.compile(r"[A-Za-z0-9_-]{16,64}")
# `animation` also comes as a document, so what we do not take is looked for first.
_UNSUPPORTED = ("sticker", "animation", "poll", "dice", "game", "story", "paid_media", "invoice", "checklist")
_MEDIA = {
    "document": "document",
    "photo": "photo.jpg",
    "voice": "voice.ogg",
    "audio": "audio.mp3",
    "video": "video.mp4",
    "video_note": "video.mp4",
}
_GONE = frozenset({"kicked", "left"})

Json = Mapping[str, Any]


@value
class Upload:
    """A file that still lies at the messenger."""

    id: str
    name: str
    size: int = 0  # bytes; 0: not told


@value
class Heard:
    """A turn to take: `upload` is to be fetched first, `callback` to be answered in any case."""

    inbound: Inbound
    upload: Upload | None = None
    callback: str = ""


@value
class Reach:
    """The citizen blocked the bot, or let it in again."""

    address: Address
    reachable: bool


def read(update: Json, channel: str) -> Heard | Reach | None:
    """None for what is not for us: groups, edits, service messages, kinds of updates that we do not know."""
    try:
        if message := update.get("message"):
            return _message(update["update_id"], message, channel)
        if query := update.get("callback_query"):
            return _callback(update["update_id"], query, channel)
        if change := update.get("my_chat_member"):
            return _membership(change, channel)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        log.warning("update of an unknown shape ignored", extra={"channel": channel, "why": type(error).__name__})
    return None


def chat_of(update: Json) -> str:
    """Whose order an update belongs to; empty where that does not matter."""
    for part in update.values():
        holder = part.get("message", part) if isinstance(part, Mapping) else None
        chat = holder.get("chat") if isinstance(holder, Mapping) else None
        if isinstance(chat, Mapping):
            return str(chat.get("id", ""))
    return ""


def _private(chat: Json) -> bool:
    return bool(chat.get("type", "private") == "private")


def _address(chat: Json, channel: str) -> Address:
    """A chat's id is a number: what is sent has to name it so."""
    return Address(channel, str(int(chat["id"])))


def _language(sender: Any) -> str:
    language = sender.get("language_code") if isinstance(sender, Mapping) else None
    return language if isinstance(language, str) else ""


def _callback(update_id: int, query: Json, channel: str) -> Heard | None:
    chat, data = query["message"]["chat"], query.get("data")
    if not _private(chat) or not isinstance(data, str) or not data:
        return None
    address, language = _address(chat, channel), _language(query.get("from"))
    inbound = Inbound(str(update_id), address, Event.CHOICE, value=data, language=language)
    return Heard(inbound, callback=str(query["id"]))


def _membership(change: Json, channel: str) -> Reach | None:
    if not _private(change["chat"]):
        return None
    return Reach(_address(change["chat"], channel), change["new_chat_member"]["status"] not in _GONE)


def _message(update_id: int, message: Json, channel: str) -> Heard | None:
    chat = message["chat"]
    if not _private(chat):
        return None
    sender = message.get("from") or {}
    inbound_id, address, language = str(update_id), _address(chat, channel), _language(sender)
    if text := message.get("text"):
        event, words, value = _words(text)
        return Heard(Inbound(inbound_id, address, event, words, value, language=language))
    if contact := message.get("contact"):
        phone = _international(contact["phone_number"])
        own = phone if contact.get("user_id") == sender.get("id", "nobody") else ""
        return Heard(Inbound(inbound_id, address, Event.MESSAGE, phone, phone=own, language=language))
    if spot := message.get("location"):
        location = Location(float(spot["latitude"]), float(spot["longitude"]))
        return Heard(Inbound(inbound_id, address, Event.MESSAGE, location=location, language=language))
    if any(kind in message for kind in _UNSUPPORTED):
        return Heard(
            Inbound(inbound_id, address, Event.MESSAGE, language=language, problem="message.unsupported"),
        )
    for kind, name in _MEDIA.items():
        if media := message.get(kind):
            caption = str(message.get("caption") or "")
            return Heard(Inbound(inbound_id, address, Event.FILE, caption, language=language), _upload(media, name))
    return None


def _words(text: str) -> tuple[Event, str, str]:
    """What written words are: the event, its text and its value. A deep link arrives as "/start PAYLOAD"; the payload
    is a tracking code, or the ticket of a conversation that goes on here."""
    command = _COMMAND.fullmatch(text)
    if command is None:
        return Event.MESSAGE, text, ""
    name, rest = command[1].lower(), (command[2] or "").strip()
    if name in ("start", "track") and (code := _code(rest)):
        return Event.CHOICE, "", f"/track {code}"
    if name == "start" and _TICKET.fullmatch(rest):
        return Event.CHOICE, "", f"/join {rest}"
    if name == "start":
        return Event.START, "", ""
    return (Event.MESSAGE, text, "") if rest else (Event.CHOICE, "", f"/{name}")


def _code(text: str) -> str:
    """The ten digits of a tracking code; empty where there are others, or letters."""
    digits = re.sub(r"\D", "", fold_digits(text))
    return digits if len(digits) == LENGTH and not re.search("[A-Za-z]", text) else ""


def _international(number: str) -> str:
    """E.164: the Bot API leaves out the plus, or not."""
    digits = re.sub(r"\D", "", fold_digits(number))
    return f"+{digits}" if digits else ""


def _upload(media: Any, name: str) -> Upload:
    if isinstance(media, list):  # a photo comes in several sizes
        media = max(media, key=lambda size: size.get("width", 0) * size.get("height", 0))
    id, shown, size = media["file_id"], media.get("file_name"), media.get("file_size")
    if not isinstance(id, str):
        raise TypeError("a file's id is a string")
    return Upload(id, shown if isinstance(shown, str) and shown else name, size if isinstance(size, int) else 0)
