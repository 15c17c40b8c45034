"""A browser's conversation with the gateway, in frames: what it missed, and what its words are answered with."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from bot.channels.webchat import frames
from bot.channels.webchat.frames import Frame, Hello, Refused, Said
from bot.channels.webchat.tokens import Seal
from bot.core.messages import Address, Attachment, Event, Inbound, Line, Phrase, Reply
from bot.core.ports import Contacts, FileRefused, Files, Transcripts, Wording
from bot.gateway import End, Gateway, Outcome

log = logging.getLogger(__name__)

NAME = "web"
_LOOK_BACK = 24  # lines before the wanted ones, where a button's label may stand
_KEPT = 300  # lines of a history
_BEFORE_ALL = -(2**53)  # lines of before a merge have numbers below zero
_LATER = 5.0  # seconds after which a browser tries again what was not answered
_HEADER = {
    "/menu": "nav.menu",
    "/human": "nav.human",
    "/help": "web.help",
    "/join": "nav.join",  # a link from elsewhere brought its ticket
    "/language/fa": "language.fa",
    "/language/en": "language.en",
}
"""Buttons that no reply offers: the page's own."""


@dataclass(frozen=True, slots=True)
class Opened:
    """`seq` is of the session's last line; `frames` are what the browser has not seen of it."""

    seq: int
    frames: list[Frame]
    language: str


@dataclass(frozen=True, slots=True)
class Answered:
    frames: list[Frame]  # the replies, then the acknowledgement
    seq: int  # of the citizen's own line
    language: str
    repeated: bool


class Conversations:
    """Holds no state. A failure of what lies behind is raised as Refused("unavailable"): try again later."""

    def __init__(
        self,
        gateway: Gateway,
        transcripts: Transcripts,
        files: Files,
        contacts: Contacts,
        wording: Wording,
        seal: Seal,
    ) -> None:
        self._gateway = gateway
        self._transcripts = transcripts
        self._files = files
        self._contacts = contacts
        self._wording = wording
        self._seal = seal

    async def open(self, session: str, hello: Hello, language: str) -> Opened:
        """Greet a session that has no line yet; bring another one what it missed after `hello.after`.

        A browser that knows more lines than there are (the store was emptied) gets all of them.
        """
        last = await self._lines(session, 0, 1)
        if not last:
            address = Address(NAME, session)
            # No id of a client's holds a slash, so none can be taken for this one.
            outcome = await self._receive(Inbound(f"{session}/start", address, Event.START, language=language))
            seq = outcome.seq + len(outcome.replies) - 1
            return Opened(seq, self.replies(outcome.replies, outcome.seq, outcome.language), outcome.language)
        seq = last[-1].seq
        after = hello.after if hello.after <= seq else 0
        missed = await self.since(session, after, language, history=hello.history)
        seq = max(seq, *(f["seq"] for f in missed)) if missed else seq  # more may have been said meanwhile
        return Opened(seq, missed, language)

    async def since(self, session: str, after: int, language: str, *, history: bool) -> list[Frame]:
        """What was said on this address behind line `after` (0: all); the citizen's own lines too, if `history`."""
        known: dict[str, str] = {}  # button → the label it had
        wanted: list[Frame] = []
        after = after or _BEFORE_ALL
        for line in await self._lines(session, after - _LOOK_BACK, _KEPT + _LOOK_BACK):
            if line.address != Address(NAME, session):
                continue
            if line.direction == "out":
                said = Reply.from_json(line.content)
                frame = frames.reply(line.seq, said, self._wording, language, line.said_at)
                known.update((c["value"], c["label"]) for c in frame["choices"])
            elif history and (text := self._said(line, known, language)):
                id = line.inbound.rpartition(":")[2]
                event, at = line.content["event"], line.said_at.isoformat()
                frame = {"type": "said", "seq": line.seq, "id": id, "event": event, "text": text, "at": at}
            else:
                continue
            if line.seq > after:
                wanted.append(frame)
        return wanted

    async def take(self, session: str, said: Said, language: str) -> Answered:
        """Bring it to the gateway. The same id again gets the same replies and changes nothing."""
        file: Attachment | None = None
        if isinstance(said, frames.File):
            file = self._seal.attachment(session, said.upload)
            if file is None:
                raise Refused("unknown_upload", id=said.id)
        heard = frames.inbound(Address(NAME, session), said, file, language)
        outcome = await self._receive(heard, said.id)
        if outcome.end is End.DROPPED:  # the browser keeps it, and tries again
            raise Refused("slow_down", id=said.id, retry_in=_LATER)
        seq = outcome.seq - 1
        replies = self.replies(outcome.replies, outcome.seq, outcome.language)
        for frame in replies:
            frame["to"] = said.id
        return Answered([*replies, frames.ack(said.id, seq)], seq, outcome.language, outcome.repeated)

    async def keep(self, session: str, name: str, data: bytes) -> Frame:
        """Store a file for this session to hand in. Raises FileRefused."""
        try:
            file = await self._files.put(data, name, await self._contacts.resolve(Address(NAME, session)))
        except FileRefused:
            raise
        except Exception as e:
            raise _unavailable(e) from None
        upload = self._seal.upload(session, file)
        return {"upload": upload, "name": file.name, "size": file.size, "media_type": file.media_type}

    def replies(self, replies: Sequence[Reply], seq: int, language: str) -> list[Frame]:
        return [frames.reply(n, reply, self._wording, language) for n, reply in enumerate(replies, seq)]

    def _said(self, line: Line, known: dict[str, str], language: str) -> str:
        """The citizen's line as words; "" when nothing was seen of it."""
        content = line.content
        match content["event"]:
            case "message" if content.get("text"):
                return str(content["text"])
            case "message" if "location" in content:
                return self._wording.text(Phrase("web.my_location"), language)
            case "choice":
                value = content.get("value", "")
                key = _HEADER.get("/join" if value.startswith("/join/") else value)
                return known.get(value) or (self._wording.text(Phrase(key), language) if key else "")
            case "file":
                return "\n".join(str(f["name"]) for f in content.get("files", ()))
        return ""

    async def _lines(self, session: str, after: int, limit: int) -> tuple[Line, ...]:
        try:
            contact = await self._contacts.resolve(Address(NAME, session))
            return await self._transcripts.lines(contact, after, limit)
        except Exception as e:
            raise _unavailable(e) from None

    async def _receive(self, heard: Inbound, id: str = "") -> Outcome:
        try:
            return await self._gateway.receive(heard)
        except Exception as e:
            raise _unavailable(e, id) from None


def _unavailable(e: Exception, id: str = "") -> Refused:
    # By its name alone: the message of a database error may hold the words of a citizen.
    log.error("the web chat could not reach the gateway or its stores: %s", type(e).__name__)
    return Refused("unavailable", id=id, retry_in=3)
