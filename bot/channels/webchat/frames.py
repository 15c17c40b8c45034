"""The web chat's own language: JSON objects, the same over a WebSocket and over HTTP.

client → hello {session, after, language, history?} · message {id, text, location?} · choice {id, value} ·
         file {id, upload} · ping
server → welcome {session, seq, language} · reply {seq, text, choices, expect, language, to?, at?} ·
         said {seq, id, event, text, at?} · ack {id, seq} · error {code, text, id?, retry_in?} · pong

`seq` numbers the lines of the conversation; the citizen's own take one too. `said` goes only to those who asked for
`history`. `to` is the id of the frame that a reply answers; `at` (ISO 8601) stands on what was said earlier.
A choice is {value, label, nav?, main?}: `nav` leads elsewhere, `main` is the one that a page may set off.

A socket that is not opened is answered 429 (this address) or 503 (too many), with Retry-After; an open one is closed
with 1001 when the server ends, 1008 after a flood of frames or for one tab too many, 1009 for a frame of more than
64 KB; who does not read, or does not answer pings, is cut off. What was not acknowledged is sent again with its id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from bot.channels.webchat.doors import doors
from bot.core.messages import Address, Attachment, Event, Inbound, Location, Reply
from bot.core.ports import Wording

MAX_FRAME = 64 * 1024  # bytes
MAX_TEXT = 4000  # characters
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_MAX_VALUE = 200
_MAX_TOKEN = 4096

Frame = dict[str, Any]


class Refused(Exception):
    """A frame that is not taken; nothing was changed. `code` is also the end of its phrase key, "web.CODE"."""

    def __init__(self, code: str, *, id: str = "", retry_in: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.id = id
        self.retry_in = retry_in  # seconds


@dataclass(frozen=True, slots=True)
class Hello:
    session: str | None  # the token; None begins a new session
    after: int
    language: str
    history: bool


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    text: str
    location: Location | None


@dataclass(frozen=True, slots=True)
class Choice:
    id: str
    value: str


@dataclass(frozen=True, slots=True)
class File:
    id: str
    upload: str


@dataclass(frozen=True, slots=True)
class Ping:
    pass


Said = Message | Choice | File


def read(data: bytes | str) -> Frame:
    """A JSON object. Raises Refused("bad_frame")."""
    try:
        frame = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Refused("bad_frame") from None
    if not isinstance(frame, dict):
        raise Refused("bad_frame")
    return frame


def understand(frame: Frame) -> Hello | Said | Ping:
    """One frame of a client. Raises Refused: "bad_frame", or "too_long" for the text of a message."""
    kind = frame.get("type")
    if kind == "hello":
        return _hello(frame)
    if kind == "ping":
        return Ping()
    id = frame.get("id")
    if kind not in ("message", "choice", "file") or not isinstance(id, str) or not _ID.fullmatch(id):
        raise Refused("bad_frame")
    if kind == "choice":
        return Choice(id, _text(frame, "value", id, _MAX_VALUE))
    if kind == "file":
        return File(id, _text(frame, "upload", id, _MAX_TOKEN))
    return _message(frame, id)


def _hello(frame: Frame) -> Hello:
    session, after, language = frame.get("session"), frame.get("after", 0), frame.get("language", "")
    well = (
        (session is None or (isinstance(session, str) and len(session) <= _MAX_TOKEN))
        and isinstance(after, int)
        and not isinstance(after, bool)
        and after >= 0
        and isinstance(language, str)
    )
    if not well:
        raise Refused("bad_frame")
    return Hello(session, min(after, 2**53), language[:16], frame.get("history") is True)


def _message(frame: Frame, id: str) -> Message:
    text = frame.get("text")
    if not isinstance(text, str):
        raise Refused("bad_frame", id=id)
    if len(text) > MAX_TEXT:
        raise Refused("too_long", id=id)
    return Message(id, text.replace("\0", ""), _location(frame.get("location"), id))


def _location(value: Any, id: str) -> Location | None:
    if value is None:
        return None
    numbers = isinstance(value, list) and len(value) == 2 and all(type(v) in (int, float) for v in value)
    if not numbers or not (abs(value[0]) <= 90 and abs(value[1]) <= 180):
        raise Refused("bad_frame", id=id)
    return Location(float(value[0]), float(value[1]))


def _text(frame: Frame, key: str, id: str, most: int) -> str:
    value = frame.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise Refused("bad_frame", id=id)
    return value


def inbound(address: Address, frame: Said, file: Attachment | None, language: str) -> Inbound:
    """Ids are the client's own, so the session stands before them: two browsers cannot collide."""
    id = f"{address.id}:{frame.id}"
    if isinstance(frame, Message):
        return Inbound(id, address, Event.MESSAGE, frame.text, location=frame.location, language=language)
    if isinstance(frame, Choice):
        return Inbound(id, address, Event.CHOICE, value=frame.value, language=language)
    return Inbound(id, address, Event.FILE, files=(file,) if file else (), language=language)


# --- what the server says -----------------------------------------------------------------------


def welcome(token: str, seq: int, language: str) -> Frame:
    return {"type": "welcome", "session": token, "seq": seq, "language": language}


def reply(seq: int, said: Reply, wording: Wording, language: str, at: datetime | None = None) -> Frame:
    choices = []
    for choice in said.choices:
        shown: Frame = {"value": choice.value, "label": wording.text(choice.label, language)}
        if choice.nav:
            shown["nav"] = True
        if choice.main:
            shown["main"] = True
        choices.append(shown)
    frame: Frame = {
        "type": "reply",
        "seq": seq,
        "text": wording.text(said.say, language),
        "choices": choices,
        "expect": said.expect.to_json(),
        "language": language,
    }
    if pictures := list(doors(said.say)):
        frame["doors"] = pictures
    if at is not None:
        frame["at"] = at.isoformat()
    return frame


def ack(id: str, seq: int) -> Frame:
    return {"type": "ack", "id": id, "seq": seq}


def error(refused: Refused, text: str) -> Frame:
    frame: Frame = {"type": "error", "code": refused.code, "text": text}
    if refused.id:
        frame["id"] = refused.id
    if refused.retry_in is not None:
        frame["retry_in"] = refused.retry_in
    return frame
