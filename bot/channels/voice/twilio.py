"""The telephone by Twilio Voice: signed webhooks in, TwiML out.

Each step of a call is one webhook, and its answer tells where the next one goes: the URL of an action carries the
`Place`, and is signed with all the rest. So no process remembers a call, and a webhook that is repeated gets the
same answer.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from urllib.parse import urlsplit

from aiohttp import web

from bot.channels.base import Capabilities
from bot.channels.twilio import Signature
from bot.channels.voice.call import Caller, Calls, Place, Step
from bot.channels.voice.callers import address_of, takes_texts
from bot.channels.voice.keypad import Heard
from bot.channels.voice.prompts import Prompts
from bot.channels.voice.recording import Recordings
from bot.channels.voice.speech import Speaker
from bot.channels.voice.twiml import twiml
from bot.core.ports import Files
from bot.core.voice_content import VoiceContent
from bot.gateway import Gateway

log = logging.getLogger(__name__)

PATH = "/channels/voice/twilio"
OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
ANSWERED = frozenset({"completed", "answered"})  # DialCallStatus
HANGUP = "hangup"  # Digits of a recording that ended with the call
_CALL = re.compile(r"CA[0-9a-fA-F]{32}")
_NUMBER = re.compile(r"\d{1,4}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2}")


class TwilioVoice:
    """Implements `bot.channels.base.Channel`. The desk calls nobody: its news go by text message."""

    name = "voice"
    can = Capabilities(buttons=False, files=False, text=False)

    def __init__(
        self,
        gateway: Gateway,
        files: Files,
        speaker: Speaker,
        prompts: Prompts,
        voice: Callable[[], VoiceContent],
        *,
        account_sid: str,
        auth_token: str,
        api_url: str = "https://api.twilio.com",
        public_url: str = "",
        is_open: Callable[[], bool],
        can_text: Callable[[str], bool] = takes_texts,
        is_holiday: Callable[[], bool] = lambda: False,
    ) -> None:
        """`public_url` as in `Signature`; without it the URLs of prompts and actions are those of the request."""
        self._calls = Calls(gateway, files, speaker, voice, is_open, can_text, is_holiday)
        self._prompts = prompts
        self._voice = voice
        self._signature = Signature(auth_token, public_url)
        self._recordings = Recordings(account_sid=account_sid, auth_token=auth_token, api_url=api_url.rstrip("/"))

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.post(PATH, self._webhook), web.post(PATH + "/status", self._status)]

    async def lifespan(self, app: web.Application) -> AsyncIterator[None]:
        await self._recordings.open()
        yield
        await self._recordings.close()

    # --- in -----------------------------------------------------------------------------------

    async def _webhook(self, request: web.Request) -> web.Response:
        form = await self._signature.form(request)
        caller = _caller(form)
        place = _place(request.query)
        if place is None:
            step = await self._calls.begin(caller)
        elif "DialCallStatus" in form:
            step = await self._calls.dialled(caller, place, answered=form["DialCallStatus"] in ANSWERED)
        else:
            step = await self._calls.hear(caller, place, _heard(form), lambda: self._recording(form))
        return await self._answer(request, step)

    async def _status(self, request: web.Request) -> web.Response:
        form = await self._signature.form(request)
        if form.get("CallStatus") in OVER:
            await self._calls.gone(_caller(form))
        return web.Response(status=204)

    async def _recording(self, form: Mapping[str, str]) -> bytes | None:
        return await self._recordings.fetch(form.get("RecordingUrl", ""))

    # --- out ----------------------------------------------------------------------------------

    async def _answer(self, request: web.Request, step: Step) -> web.Response:
        base = self._base(request)
        script = step.script
        plays = [base + path for path in await self._prompts.url_path(script.clips)] if script.clips else []
        action = f"{base}{PATH}?{_query(step.place)}"
        text = twiml(script.then, script.size, plays, action, step.place.language, self._voice())
        return web.Response(text=text, content_type="text/xml")

    def _base(self, request: web.Request) -> str:
        """Our own address as Twilio knows it, without a slash at its end."""
        url = self._signature.url(request)
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix(request.path)}"


def _caller(form: Mapping[str, str]) -> Caller:
    call = form.get("CallSid", "")
    if not _CALL.fullmatch(call):
        raise web.HTTPBadRequest(text="The form tells of no call: CallSid is missing.")
    return Caller(address_of(form.get("From", ""), call), call)


def _query(place: Place) -> str:
    """The place, with what it need not say left out."""
    query = f"turn={place.turn}&language={place.language}"
    query += f"&page={place.page}" if place.page else ""
    query += f"&strikes={place.strikes}" if place.strikes else ""
    return query + ("&rung=1" if place.rung else "")


def _place(query: Mapping[str, str]) -> Place | None:
    """None for the first webhook of a call."""
    if "turn" not in query:
        return None
    turn, page, strikes = (query.get(name, "0") for name in ("turn", "page", "strikes"))
    language = query.get("language", "")
    if not all(map(_NUMBER.fullmatch, (turn, page, strikes))) or not _LANGUAGE.fullmatch(language):
        raise web.HTTPBadRequest(text="This is no address that we have given out.")
    return Place(int(turn), int(page), int(strikes), language, query.get("rung") == "1")


def _heard(form: Mapping[str, str]) -> Heard:
    digits = form.get("Digits", "")
    if "RecordingUrl" in form:
        gone = digits == HANGUP
        return Heard("" if gone else digits, recorded=_seconds(form.get("RecordingDuration", "")), gone=gone)
    if not digits and form.get("FinishedOnKey") == "#":
        digits = "#"
    return Heard(digits, words="" if digits else form.get("SpeechResult", ""))


def _seconds(text: str) -> float:
    try:
        return max(float(text), 0.0)
    except ValueError:
        return 0.0
