"""Twilio and Asterisk before the running counter, and people with telephones: what they text, press, say and hear.

The counter's voice is here a program, as ivr/voice.yaml lets an organisation choose one: it writes the words that it is
given into the samples, so that whoever hears the sound can tell what was said in it.
"""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import re
import secrets
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import aiohttp
import numpy as np
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from twilio.request_validator import RequestValidator

from bot.channels.segments import segments
from tests.e2e.process import PATIENCE, ROOT, Counter
from tests.voice.asterisk import FakeAsterisk
from tests.voice.caller import ACCOUNT, TOKEN, Caller

DESK = "+982112345678"  # the counter's own number
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
DIGITS = {w: str(n) for n, w in enumerate(["صفر", "یک", "دو", "سه", "چهار", "پنج", "شش", "هفت", "هشت", "نه"])}
_calls = itertools.count(1)

# --- a voice whose words can be read ------------------------------------------------------------------

_BEGINS, _ENDS = 26_214, -26_214  # full volume, so that levelling changes nothing
_LEAST, _STEP = 1_000, 64  # a byte as a sample
_VOICE = f"""
undef $/; $words = <STDIN>;
$samples = pack 's<*', {_BEGINS}, (map {{ {_LEAST} + {_STEP} * $_ }} unpack 'C*', $words), {_ENDS};
print 'RIFF', pack('V', 36 + length $samples), 'WAVEfmt ', pack('VvvVVvv', 16, 1, 1, 8000, 16000, 2, 16),
    'data', pack('V', length $samples), $samples;
"""


def content_with_voice(folder: Path) -> Path:
    """CONTENT_DIR: the repository's own content, and beside it its ivr/ with this voice."""
    (folder / "knowledge_base").symlink_to(ROOT / "knowledge_base")
    (folder / "ivr").mkdir()
    (folder / "ivr" / "menu.yaml").symlink_to(ROOT / "ivr" / "menu.yaml")
    voice = yaml.safe_load((ROOT / "ivr" / "voice.yaml").read_text("utf-8"))
    program = ["perl", "-e", _VOICE]
    voice["engine"] |= {"name": "command", "command": {language: [*program] for language in ("fa", "en")}, "volume": 80}
    (folder / "ivr" / "voice.yaml").write_text(yaml.safe_dump(voice, allow_unicode=True), "utf-8")
    return folder / "knowledge_base"


def words_in(sound: bytes) -> str:
    """What is said in a WAV of this voice."""
    with wave.open(io.BytesIO(sound)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    begins, ends = (np.flatnonzero(samples == mark) for mark in (_BEGINS, _ENDS))
    parts = (samples[a + 1 : b] for a, b in zip(begins, ends, strict=True))
    return " / ".join(bytes(((part - _LEAST) // _STEP).astype(np.uint8)).decode() for part in parts)


def noted(said: str) -> str:
    """The tracking code as a caller writes it down: twice five digits, heard one by one."""
    heard = "".join(DIGITS.get(word, " ") for word in re.findall(r"\w+", said.replace("\u064f", "")))
    found = re.search(r"([1-9]\d{4}) *(\d{5}) +\1 *\2", heard)
    assert found, said
    return found[1] + found[2]


# --- Twilio -------------------------------------------------------------------------------------------


@dataclass
class Twilio:
    """`async with Twilio() as api`: its REST API at `api.url`, as far as messages and recordings go."""

    recordings: dict[str, bytes] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)  # to whom, what

    async def __aenter__(self) -> Twilio:
        app = web.Application()
        app.router.add_post(MESSAGES, self._message)
        app.router.add_get("/2010-04-01/{path:.*}", self._recording)
        self._server = TestServer(app)
        await self._server.start_server(access_log=None)
        self.url = str(self._server.make_url("")).rstrip("/")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    @property
    def settings(self) -> dict[str, str]:
        return {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM": DESK,
            "TWILIO_API_URL": self.url,
        }

    def _admit(self, request: web.Request) -> None:
        wanted = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != wanted:
            raise web.HTTPUnauthorized

    async def _message(self, request: web.Request) -> web.Response:
        self._admit(request)
        form = await request.post()
        assert form["From"] == DESK, dict(form)
        self.sent.append((str(form["To"]), str(form["Body"])))
        taken = {"sid": "SM" + secrets.token_hex(16), "status": "queued", "account_sid": ACCOUNT}
        return web.json_response({**taken, "to": form["To"], "from": DESK, "body": form["Body"]}, status=201)

    async def _recording(self, request: web.Request) -> web.Response:
        self._admit(request)
        if request.path not in self.recordings:
            raise web.HTTPNotFound
        return web.Response(body=self.recordings[request.path], content_type="audio/wav")


@dataclass
class Handset:
    """A simple telephone: it texts, and shows what it was texted."""

    http: aiohttp.ClientSession
    counter: Counter
    twilio: Twilio
    number: str  # E.164
    last: dict[str, str] = field(default_factory=dict)

    async def texts(self, *bodies: str) -> str:
        """Messages one after the other; what the last one was answered."""
        answer = ""
        for body in bodies:
            sid = "SM" + secrets.token_hex(16)
            self.last = {
                "MessageSid": sid,
                "SmsSid": sid,
                "AccountSid": ACCOUNT,
                "From": self.number,
                "To": DESK,
                "Body": body,
                "NumMedia": "0",
                "NumSegments": str(segments(body).parts),
                "ApiVersion": "2010-04-01",
                "SmsStatus": "received",
            }
            answer = await self.again()
        return answer

    async def again(self) -> str:
        """The last message, delivered once more."""
        path = "/channels/sms/twilio"
        known = self.counter.environment["PUBLIC_URL"] + path  # perhaps there is a proxy before the counter
        headers = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(known, self.last)}
        async with self.http.post(self.counter.url + path, data=self.last, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            root = ElementTree.fromstring(await answer.text())
        return "\n".join(message.text or "" for message in root.iter("Message"))

    @property
    def inbox(self) -> list[str]:
        """What came by itself."""
        return [body for to, body in self.twilio.sent if to == self.number]

    async def hears(self, words: str, times: int = 1) -> str:
        """Wait until so many messages with these words have come by themselves; the newest of them."""
        deadline = time.monotonic() + PATIENCE
        while len(found := [body for body in self.inbox if words in body]) < times:
            assert time.monotonic() < deadline, f"{words!r} did not come {times} times: {self.inbox}"
            await asyncio.sleep(0.02)
        return found[-1]


class Line(Caller):
    """A call by Twilio whose caller understands what is played."""

    async def hears(self) -> str:
        """In words, what was said since the last act."""
        return " / ".join([words_in(await self._sound(url)) for url in self.said])

    async def presses(self, *keys: str) -> str:
        """Keys of one question after the other; what is heard after the last."""
        for some in keys:
            await self.press(some)
        return await self.hears()

    async def says(self, sound: bytes) -> str:
        await self.speak(sound)
        return await self.hears()

    async def goes_on(self) -> str:
        """The last webhook was not answered; Twilio calls it once more, and the call goes on."""
        self.said = []
        await self._post(*self.posts.pop())
        return await self.hears()

    async def _sound(self, url: str) -> bytes:
        async with self.http.get(url) as answer:
            assert answer.status == 200, url
            return await answer.read()


# --- Asterisk -----------------------------------------------------------------------------------------


@dataclass
class Exchange(FakeAsterisk):
    """A call by Asterisk whose caller understands what is played."""

    def __post_init__(self) -> None:
        self.environment = [
            "agi_network: yes",
            f"agi_network_script: {self.script}",
            f"agi_request: agi://127.0.0.1/{self.script}",
            "agi_channel: PJSIP/trunk-00000001",
            "agi_language: fa",
            f"agi_callerid: {self.caller_id}",
            f"agi_uniqueid: {int(time.time())}.{next(_calls)}",
            "agi_arg_1: 0:1",
        ]

    def _stream(self, file: str, keys: str, offset: int) -> str:
        if said := words_in(Path(f"{file}.wav").read_bytes()):  # the beep has no words
            self.heard.append(said)
        return super()._stream(file, keys, offset)
