"""A caller's recording, brought from Twilio: from the configured API host alone, in bounds of size and time."""

from __future__ import annotations

import asyncio
import logging
import re
from urllib.parse import urlsplit

import aiohttp

log = logging.getLogger(__name__)

LARGEST = 8 << 20  # bytes; two minutes of 8 kHz 16-bit sound are 2 MB
PAUSES = (0.0, 0.3, 0.7, 1.5)  # seconds before each try: Twilio calls a moment before the file is ready
BUDGET = 6.0  # seconds in all; Twilio waits 15 for an answer, and the desk needs some of them
_PATH = re.compile(r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Recordings/(RE[0-9a-fA-F]{32})(?:\.wav|\.mp3)?")
_NOT_YET = (404, 429, 500, 502, 503, 504)


class Recordings:
    """Opened and closed with its channel. `api_url` has no slash at its end."""

    def __init__(self, *, account_sid: str, auth_token: str, api_url: str) -> None:
        self._account = account_sid
        self._authorization = aiohttp.encode_basic_auth(account_sid, auth_token)
        self._api_url = api_url
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(headers={"Authorization": self._authorization})

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def fetch(self, url: str) -> bytes | None:
        """The WAV that this RecordingUrl names; None for one that is not our account's, is too large or does not
        come in time. Whatever host the URL names, the API's own is asked, and no redirection followed."""
        match = _PATH.fullmatch(urlsplit(url).path)
        if match is None or match[1].lower() != self._account.lower() or self._session is None:
            log.warning("recording refused", extra={"channel": "voice"})
            return None
        wav = f"{self._api_url}/2010-04-01/Accounts/{self._account}/Recordings/{match[2]}.wav"
        try:
            async with asyncio.timeout(BUDGET):
                for pause in PAUSES:
                    await asyncio.sleep(pause)
                    status, data = await self._get(self._session, wav)
                    if status not in _NOT_YET:
                        break
        except (TimeoutError, aiohttp.ClientError) as error:
            log.warning("recording not fetched", extra={"channel": "voice", "why": type(error).__name__})
            return None
        if data is None:
            log.warning("recording not fetched", extra={"channel": "voice", "why": str(status)})
        return data

    async def _get(self, session: aiohttp.ClientSession, url: str) -> tuple[int, bytes | None]:
        async with session.get(url, allow_redirects=False) as answer:
            if answer.status != 200:
                return answer.status, None
            data = await answer.content.read(LARGEST + 1)
            while len(data) <= LARGEST and (more := await answer.content.read(LARGEST + 1 - len(data))):
                data += more
            return (200, data) if len(data) <= LARGEST else (413, None)
