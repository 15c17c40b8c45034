"""How a citizen talks by text message and by telephone, through a provider that signs its calls or not."""

from __future__ import annotations

import base64
import hmac
import itertools
import re
from urllib.parse import quote, urlencode

from bench.botapi import BotApi
from bench.conversation import WEBHOOK_SECRET, Turn, keyed
from bench.talks import Called, Connected

PUBLIC_URL = "https://counter.example"
ACCOUNT, TWILIO_TOKEN, NUMBER = "AC" + "0" * 32, "bench-token", "+982100000000"
_FORM = b"application/x-www-form-urlencoded"
_IDS = itertools.count(1)
_RINGING = Turn("", re.compile("turn=0&amp;"))


def _mobile(citizen: int) -> str:
    return f"+989{citizen % 10**9:09}"


class _Twilio(Connected):
    async def post(self, target: str, fields: dict[str, str]) -> str:
        """The TwiML that this call is answered with."""
        client = await self.client()
        signed = f"{PUBLIC_URL}{target}" + "".join(name + fields[name] for name in sorted(fields))
        digest = base64.b64encode(hmac.digest(TWILIO_TOKEN.encode(), signed.encode(), "sha1"))
        status, answer = await client.post(
            target.encode(), urlencode(fields).encode(), b"X-Twilio-Signature: %s\r\n" % digest, _FORM
        )
        if status != 200:
            raise ValueError(f"the webhook answered {status}")
        return answer.decode()


class TwilioSms(_Twilio):
    """The answer comes in the response."""

    async def say(self, words: str) -> str:
        fields = {
            "MessageSid": f"SM{next(_IDS):032x}",
            "AccountSid": ACCOUNT,
            "From": _mobile(self.citizen),
            "To": NUMBER,
            "Body": words,
            "NumMedia": "0",
            "NumSegments": "1",
        }
        return await self.post("/channels/sms/twilio", fields)


class TwilioVoice(_Twilio):
    """One call after the other, each by another number."""

    _next = ""
    _call = ""

    @property
    def script(self) -> tuple[Turn, ...]:
        return (_RINGING, *keyed())

    async def say(self, words: str) -> str:
        if not words:
            self._next, self._call = "/channels/voice/twilio", f"CA{next(_IDS):032x}"
        fields = {"CallSid": self._call, "AccountSid": ACCOUNT, "From": _mobile(self.citizen), "To": NUMBER}
        fields |= {"CallStatus": "in-progress"} | ({"Digits": words} if words else {})
        answer = await self.post(self._next, fields)
        action = re.search(rf'action="{PUBLIC_URL}([^"]+)"', answer)
        if action is None or "<Play>" not in answer:
            raise ValueError(f"nothing is said, or nothing asked: {answer[:300]}")
        self._next = action[1].replace("&amp;", "&")
        return answer


class KannelSms(Called):
    """A GET with everything in the query; the answer comes as a message of its own."""

    def __init__(self, port: int, user: int, api: BotApi) -> None:
        super().__init__(port, user, api)
        self._path = f"/channels/sms/http/{WEBHOOK_SECRET}"

    def arrive(self) -> None:
        super().arrive()
        self.citizen = int(_mobile(self.citizen))

    async def say(self, words: str) -> str:
        client = await self.client()
        text = quote(words.encode("utf-16-be"))
        query = f"from=%2B{self.citizen}&to={NUMBER[1:]}&text={text}&charset=UTF-16BE&id={next(_IDS)}&time=1795400000"
        status, _ = await client.get(f"{self._path}?{query}".encode())
        return await self.told(status)
