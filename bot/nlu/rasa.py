"""Understanding by a Rasa server, with the embedded model as its safety net.

`RASA_URL` is Rasa's address; what it carries authenticates us, as Rasa's documentation names it: a query is sent along
(`http://host:5005?token=…`, Rasa's --auth-token), a user name alone is a bearer token (`http://JWT@host:5005`, Rasa's
--jwt-secret), user name and password are basic authentication (a proxy in front of Rasa).
https://rasa.com/docs/rasa/pages/http-api, `POST /model/parse`
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import aiohttp
import orjson
from yarl import URL

from bot.core.ports import Entity, Match, Nlu, Reading

log = logging.getLogger(__name__)

TIMEOUT = 0.5  # seconds; Rasa takes 0.01 when it is well
PATIENCE = 3  # failures in a row, after which Rasa is not waited for any more
PAUSES = (5.0, 15.0, 60.0)  # seconds before it is tried again, each time beside a message and never before its answer
LARGEST = 1024 * 1024  # bytes of an answer

NONE = "none"


class Unusable(Exception):
    """An answer that says nothing about the words: refused, broken, or without an intent's name."""


class RasaServer:
    """One Rasa server and what is known of its health. Lives as long as the process; `close` it at the end."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT, clock: Callable[[], float] = time.monotonic) -> None:
        """`timeout` in seconds. Raises ValueError for what is no http(s) address."""
        given = URL(url)
        if given.scheme not in ("http", "https") or not given.host:
            raise ValueError("RASA_URL has to be an address such as http://127.0.0.1:5005")
        bare = given.with_user(None).with_fragment(None)
        self._url = bare.with_path(given.path.rstrip("/") + "/model/parse").with_query(given.query)
        self._headers: dict[str, str] = {}
        if given.user and given.password is None:
            self._headers["Authorization"] = f"Bearer {given.user}"
        elif given.user:
            pair = f"{given.user}:{given.password}".encode()
            self._headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._failures = 0
        self._trial: asyncio.Task[Any] | None = None
        self._again_at = 0.0

    @property
    def well(self) -> bool:
        """Whether its answers are waited for."""
        return self._failures < PATIENCE

    async def parse(self, text: str) -> Mapping[str, Any] | None:
        """What Rasa says about the words, its intent named; None when it cannot be used. While Rasa is not well it
        costs nothing: None comes at once, and now and then the words are a trial that nobody waits for."""
        if self.well:
            return await self._ask(text)
        idle = self._trial is None or self._trial.done()
        if idle and self._clock() >= self._again_at:
            self._trial = asyncio.create_task(self._ask(text))
        return None

    async def close(self) -> None:
        if self._trial:
            self._trial.cancel()
        if self._session:
            await self._session.close()

    async def _ask(self, text: str) -> Mapping[str, Any] | None:
        try:
            answer = await self._post(text)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, Unusable) as error:
            self._failed(error)
            return None
        if not self.well:
            log.info("Rasa answers again")
        self._failures = 0
        return answer

    async def _post(self, text: str) -> Mapping[str, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers=self._headers, timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar()
            )
        async with self._session.post(self._url, json={"text": text}, allow_redirects=False) as response:
            if response.status != 200:
                raise Unusable(str(response.status))
            body = bytearray()
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > LARGEST:
                    raise Unusable("an endless answer")
        answer = orjson.loads(body)
        if not isinstance(answer, dict) or not named(answer.get("intent")):
            raise Unusable("no intent is named")
        return answer

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        beyond = self._failures - PATIENCE
        if beyond >= 0:
            self._again_at = self._clock() + PAUSES[min(beyond, len(PAUSES) - 1)]
        if beyond == 0:  # the kind alone: what the error says may hold the address with its token
            log.warning("Rasa does not answer, the embedded model does", extra={"error": type(error).__name__})


@dataclass(frozen=True, slots=True)
class RasaNlu:
    """Implements `bot.core.ports.Nlu`: Rasa reads the wishes, the embedded model does all else, and the wishes too when
    Rasa cannot. `intents` are those that the dialogs know; any other of Rasa's is none of them."""

    server: RasaServer
    embedded: Nlu
    intents: Collection[str]

    async def read(self, text: str, language: str) -> Reading:
        if not text.strip():  # Rasa answers it with 500
            return await self.embedded.read(text, language)
        ours, theirs = await asyncio.gather(self.embedded.read(text, language), self.server.parse(text))
        return self._joined(text, ours, theirs) if theirs else ours

    async def answers(self, text: str, language: str, *, service: str = "", limit: int = 4) -> tuple[Match, ...]:
        return await self.embedded.answers(text, language, service=service, limit=limit)

    def parse(self, kind: str, text: str, *, today: date) -> str | int:
        return self.embedded.parse(kind, text, today=today)

    def _joined(self, text: str, ours: Reading, theirs: Mapping[str, Any]) -> Reading:
        """Rasa's intent and ranking under our names. Our entities stay, their values are checked; Rasa's come beside
        them where we found nothing."""
        intent = theirs["intent"]
        ranking = theirs.get("intent_ranking")
        ranked = [g for g in ranking if named(g)] if isinstance(ranking, list) else [intent]
        guesses: dict[str, float] = {}
        for guess in ranked:
            guesses.setdefault(self._ours(guess["name"]), float(guess["confidence"]))
        more = theirs.get("entities")
        found = (entity(text, e) for e in more) if isinstance(more, list) else ()
        extra = [e for e in found if e and not any(e.start < o.end and o.start < e.end for o in ours.entities)]
        return replace(
            ours,
            intent=self._ours(intent["name"]),
            confidence=float(intent["confidence"]),
            entities=tuple(sorted((*ours.entities, *extra), key=lambda e: e.start)),
            guesses=tuple(guesses.items()),
        )

    def _ours(self, name: str) -> str:
        return name if name in self.intents else NONE


def named(intent: Any) -> bool:
    """Whether this is an intent as Rasa tells it: a name, and a confidence from 0 to 1."""
    if not isinstance(intent, dict):
        return False
    name, confidence = intent.get("name"), intent.get("confidence")
    if not isinstance(name, str) or not name or isinstance(confidence, bool) or not isinstance(confidence, int | float):
        return False
    return math.isfinite(confidence) and 0 <= confidence <= 1


def entity(text: str, found: Any) -> Entity | None:
    """An entity of Rasa's; None when it is not whole or lies outside of the text. Its value is as it was written."""
    match found:
        case {"entity": str(kind), "start": int(start), "end": int(end)} if 0 <= start < end <= len(text):
            confidence = found.get("confidence_entity", 1.0)
            sure = isinstance(confidence, int | float) and math.isfinite(confidence) and 0 <= confidence <= 1
            value = found.get("value")
            value = value if isinstance(value, str | int | float | bool) else text[start:end]
            return Entity(kind, value, start, end, float(confidence) if sure else 0.0)
    return None
