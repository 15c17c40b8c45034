"""A caller on Twilio: executes our TwiML verb by verb, presses keys, speaks after the beep, hangs up.

Verbs and attributes are checked against Twilio's own: the signatures of `twilio.twiml.voice_response`. What each verb
does is what twilio.com/docs/voice/twiml says: a silent `<Gather>` without `actionOnEmptyResult` and an empty `<Record>`
fall through to the next verb; keys during a `<Play>` outside of a `<Gather>` are lost; at the end of the document the
call is over. A hang-up during a recording still delivers it, with `Digits=hangup`.
"""

from __future__ import annotations

import inspect
import secrets
from dataclasses import dataclass, field
from urllib.parse import urljoin
from xml.etree import ElementTree

import aiohttp
from twilio.request_validator import RequestValidator
from twilio.twiml import voice_response

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "token-of-these-calls"
ALLOWED = {
    "Response": ("Gather", "Record", "Play", "Dial", "Hangup", "Redirect", "Pause", "Reject"),
    "Gather": ("Play", "Pause", "Say"),
}
CONTENT = {"Play", "Dial", "Redirect"}  # whose text is an argument too


def check(element: ElementTree.Element) -> None:
    """Raises AssertionError for what Twilio would not take."""
    assert element.tag in ("Response", *ALLOWED["Response"]), element.tag
    if element.tag != "Response":
        verb = inspect.signature(getattr(voice_response.VoiceResponse, element.tag.lower()))
        known = {_camel(name) for name in verb.parameters} - {"self", "kwargs"}
        assert set(element.attrib) <= known, (element.tag, set(element.attrib) - known)
        assert all(value or name == "finishOnKey" for name, value in element.attrib.items()), element.attrib
        assert bool((element.text or "").strip()) == (element.tag in CONTENT), element.tag
    for child in element:
        assert child.tag in ALLOWED.get(element.tag, ()), (element.tag, child.tag)
        check(child)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


@dataclass
class Caller:
    """One call. After each act `said` holds the URLs of what was played since the one before."""

    http: aiohttp.ClientSession
    server: str  # where our webhooks are
    recordings: dict[str, bytes]  # what the provider keeps: path → WAV
    number: str = "+989121234567"
    call: str = field(default_factory=lambda: "CA" + secrets.token_hex(16))
    dial_result: str = "no-answer"
    said: list[str] = field(default_factory=list)
    posts: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)
    over: bool = False
    _verbs: list[ElementTree.Element] = field(default_factory=list)

    # --- acts ---------------------------------------------------------------------------------

    async def ring(self) -> None:
        """The call begins."""
        await self._post(self.server + "/channels/voice/twilio", {})

    async def press(self, keys: str) -> None:
        """Keys one after the other, as far as the open verb takes them; then what comes of it."""
        self.said = []
        verb = self._open()
        if verb.tag == "Record":
            ends = set(verb.get("finishOnKey", "1234567890*#"))
            assert keys[0] in ends, f"{keys[0]} would be recorded, not heard"
            await self._fall()  # nothing was said before the key: an empty recording
            return
        taken, finish = "", verb.get("finishOnKey", "#")
        for key in keys:
            if key in finish:
                break
            taken += key
            if len(taken) == int(verb.get("numDigits", "0")):
                break
        if taken or verb.get("actionOnEmptyResult") == "true":
            await self._post(self._action(verb), {"Digits": taken} if taken else {})
        else:
            await self._fall()

    async def wait(self) -> None:
        """Nothing, until the provider gives up waiting."""
        self.said = []
        verb = self._open()
        if verb.get("actionOnEmptyResult") == "true":
            await self._post(self._action(verb), {})
            return
        await self._fall()
        if not self.over and self._verbs and self._verbs[0].tag == "Record" and not self.said:
            await self._fall()

    async def speak(self, sound: bytes, key: str = "#") -> None:
        """Waits for the beep, speaks, ends with a key."""
        if self._open().tag == "Gather":
            await self._fall()
        verb = self._open()
        assert verb.tag == "Record", verb.tag
        self.said = []
        await self._post(self._action(verb), self._recorded(sound, key))

    def records(self) -> bool:
        """Whether a recording would begin if nothing were pressed."""
        return any(verb.tag == "Record" for verb in self._verbs)

    async def say(self, words: str) -> None:
        """Spoken words that the provider understands."""
        self.said = []
        verb = self._open()
        assert "speech" in verb.get("input", "dtmf").split()
        await self._post(self._action(verb), {"SpeechResult": words, "Confidence": "0.9"})

    async def hang_up(self, sound: bytes = b"") -> None:
        """At any time; with sound, in the middle of a recording."""
        if sound:
            if self._open().tag == "Gather":
                await self._fall()
            await self._post(self._action(self._open()), self._recorded(sound, "hangup"))
        await self.end()

    async def end(self) -> None:
        """The provider's last word on the call."""
        self.over = True
        await self.post(self.server + "/channels/voice/twilio/status", {"CallStatus": "completed", "CallDuration": "9"})

    async def again(self) -> str:
        """The last webhook is repeated; its answer."""
        url, form = self.posts[-1]
        return await self.post(url, form)

    # --- the provider -------------------------------------------------------------------------

    async def post(self, url: str, form: dict[str, str], *, signature: str | None = None) -> str:
        full = {
            "CallStatus": "in-progress",
            **form,
            "CallSid": self.call,
            "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01",
            "Direction": "inbound",
            "From": self.number,
            "Caller": self.number,
            "To": "+982112345678",
            "Called": "+982112345678",
        }
        signed = signature if signature is not None else RequestValidator(TOKEN).compute_signature(url, full)
        async with self.http.post(url, data=full, headers={"X-Twilio-Signature": signed}) as answer:
            assert answer.status < 300, (answer.status, url)
            return await answer.text()

    async def _post(self, url: str, form: dict[str, str]) -> None:
        self.posts.append((url, form))
        text = await self.post(url, form)
        self.answers.append(text)
        root = ElementTree.fromstring(text)
        assert root.tag == "Response"
        check(root)
        self._verbs = list(root)
        await self._run()

    async def _run(self) -> None:
        """Verbs until one that waits for the caller."""
        while self._verbs:
            verb = self._verbs[0]
            match verb.tag:
                case "Play":
                    self.said.append(verb.text or "")
                case "Gather":
                    self.said += [play.text or "" for play in verb if play.tag == "Play"]
                    return
                case "Record":
                    return
                case "Redirect":
                    await self._post(self._action(verb), {})
                    return
                case "Dial":
                    self.dialled.append(verb.text or "")
                    await self._post(self._action(verb), {"DialCallStatus": self.dial_result})
                    return
                case "Hangup":
                    break
            self._verbs.pop(0)
        if not self.over:
            await self.end()

    async def _fall(self) -> None:
        self._verbs.pop(0)
        await self._run()

    def _open(self) -> ElementTree.Element:
        assert not self.over, "the call is over"
        return self._verbs[0]

    def _action(self, verb: ElementTree.Element) -> str:
        here = self.posts[-1][0]
        return urljoin(here, (verb.text if verb.tag == "Redirect" else verb.get("action")) or here)

    def _recorded(self, sound: bytes, key: str) -> dict[str, str]:
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE{secrets.token_hex(16)}"
        self.recordings[path + ".wav"] = sound
        seconds = (len(sound) - 44) // 16_000
        form = {"RecordingUrl": "https://api.twilio.com" + path, "RecordingDuration": str(seconds)}
        return {**form, "Digits": key} if key else form
