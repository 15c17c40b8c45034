"""The handset and the telephone of a page: what is texted and pressed goes to the desk as Twilio would send it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import aiohttp

from bot.web.problems import Refused
from bot.web.sandbox.blobs import Blob
from bot.web.sandbox.keys import NUMBER
from bot.web.sandbox.twilio import TwilioDouble, new_sid
from bot.web.sandbox.visits import Call, Visit

SMS = "/channels/sms/twilio"
VOICE = "/channels/voice/twilio"
VOICE_STATUS = f"{VOICE}/status"
HIDDEN = "+266696687"  # ANONYMOUS on a keypad: what Twilio writes for a hidden caller
MAX_TEXT = 1600  # characters of one message, as Twilio joins them
MAX_DIGITS = 64
MOST_SPOKEN = 2000  # prompts whose words are remembered
MOST_CALLS = 4  # of one page at once
_KEYS = frozenset("0123456789*#")

Json = dict[str, Any]


class Telephone:
    def __init__(self, twilio: TwilioDouble) -> None:
        self._twilio = twilio
        self._spoken: OrderedDict[str, str] = OrderedDict()  # path of a prompt → what is heard in it

    def spoken(self, path: str, words: str) -> None:
        """See `Sandbox.spoken`."""
        self._spoken[path] = words
        self._spoken.move_to_end(path)
        while len(self._spoken) > MOST_SPOKEN:
            self._spoken.popitem(last=False)

    # --- SMS --------------------------------------------------------------------------------------

    async def text(self, visit: Visit, text: str, media: Blob | None = None) -> None:
        """Send what was texted; the answer, and what went wrong, come as events."""
        if not text.strip() and media is None:
            raise Refused(400, "text is missing.")
        if len(text) > MAX_TEXT:
            raise Refused(400, f"text has at most {MAX_TEXT} characters.")
        sid = new_sid("SM")
        fields = {
            "MessageSid": sid,
            "SmsSid": sid,
            "SmsMessageSid": sid,
            "SmsStatus": "received",
            "From": visit.number,
            "FromCountry": "IR",
            "To": NUMBER,
            "ToCountry": "IR",
            "Body": text,
            "NumMedia": "0",
            "NumSegments": "1",
        }
        if media is not None:
            blob = visit.blobs.put("ME", media)
            fields |= {"NumMedia": "1", "MediaUrl0": self._twilio.media_url(sid, blob)}
            fields["MediaContentType0"] = media.media_type
        visit.tell("sms", mine=True, text=text, sid=sid, file=media.name if media else "")
        self._twilio.obey(visit.number, text)
        visit.handed["sms"] = time.monotonic()
        answer = await self._ask(SMS, fields)
        if answer is None:
            visit.tell("sms_status", sid=sid, status="failed")
            return
        visit.tell("sms_status", sid=sid, status="delivered")
        for body in texts(answer):
            self._twilio.deliver(visit.number, body, new_sid("SM"))

    # --- calls ------------------------------------------------------------------------------------

    async def call(self, visit: Visit, *, hidden: bool) -> Json:
        """A new call, as far as its first TwiML."""
        call = Call(new_sid("CA"), HIDDEN if hidden else visit.number, time.monotonic())
        visit.calls[call.id] = call
        while len(visit.calls) > MOST_CALLS:
            visit.calls.popitem(last=False)
        return await self._turn(visit, call, VOICE, {"CallStatus": "ringing"})

    async def go_on(self, visit: Visit, call_id: str, did: Mapping[str, Any]) -> Json:
        """What the caller did within the last TwiML: `path` is where its verb points, with `digits`, a `recording`
        (with `seconds`) or `dialed`; or `hangup`."""
        call = visit.calls.get(call_id)
        if call is None:
            raise Refused(404, "There is no such call.")
        if did.get("hangup"):
            return await self.hang_up(visit, call)
        given = did.get("path") or call.at
        path = self._twilio.local(given) if isinstance(given, str) else ""
        if not path.startswith(VOICE):
            raise Refused(400, "path does not lead to the telephone desk.")
        return await self._turn(visit, call, path, {"CallStatus": "in-progress", **self._deed(visit, did)})

    async def hang_up(self, visit: Visit, call: Call) -> Json:
        duration = str(round(time.monotonic() - call.began))
        ended = {"CallStatus": "completed", "CallDuration": duration, "Duration": "1"}
        try:
            await self._ask(VOICE_STATUS, self._fields(call) | ended)
        finally:
            visit.calls.pop(call.id, None)
        return {"id": call.id, "ended": True}

    def _deed(self, visit: Visit, did: Mapping[str, Any]) -> dict[str, str]:
        digits, recording, dialed = did.get("digits"), did.get("recording"), did.get("dialed")
        fields = {}
        if digits is not None:
            left = digits == "hangup" and recording is not None  # hung up while it was recorded
            if not left and not (isinstance(digits, str) and len(digits) <= MAX_DIGITS and _KEYS.issuperset(digits)):
                raise Refused(400, "digits are keys of a telephone.")
            fields["Digits"] = digits
        if did.get("finish") in _KEYS:
            fields["FinishedOnKey"] = did["finish"]
        if recording is not None:
            if not isinstance(recording, str) or visit.blobs.get(recording) is None:
                raise Refused(400, "There is no such recording.")
            fields["RecordingSid"] = recording
            fields["RecordingUrl"] = self._twilio.recording_url(recording)
            fields["RecordingDuration"] = str(_seconds(did.get("seconds")))
        if dialed is not None:
            fields["DialCallStatus"] = "completed" if dialed == "completed" else "no-answer"
            fields["DialCallDuration"] = str(_seconds(did.get("seconds")))
        return fields

    async def _turn(self, visit: Visit, call: Call, path: str, deed: Mapping[str, str]) -> Json:
        before = visit.last
        visit.handed["voice"] = time.monotonic()
        twiml = await self._ask(path, {**self._fields(call), **deed})
        if twiml is None:
            raise Refused(502, "The telephone desk did not answer.")
        call.at = path
        heard = [e for e in visit.after(before) if e["type"] == "seen" and e["channel"] == "voice"]
        captions = self._captions(twiml) or [said for event in heard for said in event["said"]]
        return {"id": call.id, "path": path, "twiml": twiml, "captions": captions}

    def _captions(self, twiml: str) -> list[Json]:
        paths = [self._twilio.local(play.text or "") for play in _parsed(twiml).iter("Play")]
        heard = [path for path in dict.fromkeys(paths) if self._spoken.get(path)]
        return [{"text": self._spoken[path], "choices": [], "path": path} for path in heard]

    def _fields(self, call: Call) -> dict[str, str]:
        return {
            "CallSid": call.id,
            "From": call.caller,
            "Caller": call.caller,
            "CallerCountry": "IR",
            "To": NUMBER,
            "Called": NUMBER,
            "Direction": "inbound",
        }

    async def _ask(self, path: str, fields: Mapping[str, str]) -> str | None:
        """The text of the desk's answer; None when it has none."""
        try:
            status, answer = await self._twilio.post(path, fields)
        except (aiohttp.ClientError, TimeoutError):
            return None
        return answer if status < 300 else None


def texts(twiml: str) -> list[str]:
    """The messages of a TwiML answer (twilio.com/docs/messaging/twiml/message); nothing of what is no TwiML."""
    root = _parsed(twiml)
    found = ["".join(m.text or "" for m in (message, *message.findall("Body"))) for message in root.findall("Message")]
    return [text for text in found if text.strip()]


def _parsed(twiml: str) -> ElementTree.Element:
    """Empty for what is no TwiML."""
    try:
        return ElementTree.fromstring(twiml)  # noqa: S314 - our own
    except ElementTree.ParseError:
        return ElementTree.Element("Response")


def _seconds(given: object) -> int:
    return min(round(given), 3600) if isinstance(given, int | float) and given > 0 else 0
