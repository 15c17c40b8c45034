"""Citizens, each on one channel, whose provider delivers an inbound until it is acknowledged, and now and then once
more: then the answer has to be the same."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from typing import Any, Protocol
from uuid import uuid4
from xml.etree import ElementTree

from twilio.request_validator import RequestValidator

from bot.channels.webchat.tokens import Seal
from bot.core.tracking import TrackingCode
from tests.channels.botapi import message
from tests.e2e.telephone import DESK
from tests.faults.town import PUBLIC_URL, SECRET_KEY, WEBHOOK_SECRET, Town
from tests.voice.caller import ACCOUNT, TOKEN

Answer = tuple[Any, ...]  # what is shown, piece by piece
_numbers = itertools.count(1)


class Citizen(Protocol):
    channel: str
    id: str
    town: Town
    again: Iterator[bool]  # whether the next acknowledgement gets lost on its way
    reads_once = False  # what this process has brought already need not be brought again

    def inbound(self, text: str) -> tuple[str, Any]:
        """Its id, and what is posted."""
        ...

    async def deliver(self, inbound: Any) -> Answer:
        """Until it is acknowledged; what was shown meanwhile."""
        ...

    @staticmethod
    def words(answer: Answer) -> str: ...

    @property
    def address(self) -> str:
        return f"{self.channel}:{self.id}"

    async def says(self, text: str) -> str:
        """The answer's words."""
        id, inbound = self.inbound(text)
        answer = await self.deliver(inbound)
        if next(self.again):
            once_more = await self.deliver(inbound)
            told = [_pieces(answer), *([[]] if self.reads_once else [])]
            assert _pieces(answer) and _pieces(once_more) in told, f"{text!r} was answered otherwise when it came again"
        self.town.ledger.acknowledged(f"{self.channel}:{id}", self.address)
        return self.words(answer)

    async def files(self, *, patiently: bool = False) -> str:
        """A message to the officers, from its first question to its code. `patiently`: whose form was forgotten looks
        for the request among the others, and begins anew if it is not there."""
        while True:
            said = ""
            for words in ("/form/officer_message", f"نوشتهٔ شمارهٔ {next(_numbers)}", "رد شدن", "تأیید"):
                said = await self.says(words)
            code = TrackingCode.found_in(said)
            if code is None and patiently:
                code = TrackingCode.found_in(await self.says("درخواست‌های من"))
            if code is not None:
                self.town.ledger.filed(code, self.address)
                return code
            assert patiently, said


def _pieces(answer: Answer) -> list[Any]:
    """In order, each once: of an answer that broke off and was brought again."""
    return list(dict.fromkeys(answer))


class Telegrammer(Citizen):
    channel = "telegram"
    reads_once = True

    def __init__(self, town: Town) -> None:
        self.town, self.id = town, str(next(_numbers) + 1000)
        self.again = itertools.cycle((False, True))

    def inbound(self, text: str) -> tuple[str, Any]:
        update = message(next(_numbers), chat=int(self.id), text=text)
        return str(update["update_id"]), update

    async def deliver(self, inbound: Any) -> Answer:
        before = len(self.town.messenger.of(self.id))
        headers = {"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET}
        await self.town.post("/channels/telegram", json=inbound, headers=headers)
        return tuple(self.town.messenger.of(self.id)[before:])

    @staticmethod
    def words(answer: Answer) -> str:
        return "\n".join(answer)


class Texter(Citizen):
    """By text message; the answer stands in the response."""

    channel = "sms"

    def __init__(self, town: Town) -> None:
        self.town, self.id = town, f"+98912{next(_numbers):07}"
        self.again = itertools.cycle((False, True))

    def inbound(self, text: str) -> tuple[str, Any]:
        sid = "SM" + secrets.token_hex(16)
        form = {"MessageSid": sid, "AccountSid": ACCOUNT, "From": self.id, "To": DESK, "Body": text, "NumMedia": "0"}
        return sid, form

    async def deliver(self, inbound: Any) -> Answer:
        path = "/channels/sms/twilio"
        headers = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(PUBLIC_URL + path, inbound)}
        answer = await self.town.post(path, data=inbound, headers=headers)
        return tuple(message.text for message in ElementTree.fromstring(answer).iter("Message"))

    @staticmethod
    def words(answer: Answer) -> str:
        return "\n".join(answer)


class Poster(Citizen):
    """In the web chat, by single requests."""

    channel = "web"

    def __init__(self, town: Town) -> None:
        self.town, self.id = town, secrets.token_urlsafe(16)
        self.token = Seal(SECRET_KEY).token(self.id)
        self.again = itertools.cycle((False, True))

    def inbound(self, text: str) -> tuple[str, Any]:
        id = str(uuid4())
        return f"{self.id}:{id}", {"type": "message", "id": id, "text": text}

    async def deliver(self, inbound: Any) -> Answer:
        frames = await self._posted(inbound)
        assert frames[-1]["type"] == "ack" and frames[-1]["id"] == inbound["id"]
        return tuple((f["seq"], f["text"]) for f in frames if f["type"] == "reply")

    async def _posted(self, frame: Any) -> list[Any]:
        answer = await self.town.post("/channels/web/messages", json=frame, headers={"X-Session": self.token})
        frames: list[Any] = self.town.loads(answer)["frames"]
        return frames

    @staticmethod
    def words(answer: Answer) -> str:
        return "\n".join(text for _, text in answer)


KINDS: dict[str, type[Telegrammer] | type[Texter] | type[Poster]] = {
    kind.channel: kind for kind in (Telegrammer, Texter, Poster)
}
