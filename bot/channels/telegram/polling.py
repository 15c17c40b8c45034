"""Long polling (core.telegram.org/bots/api#getupdates) for a bot without a public address."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from bot.channels.telegram.api import PATIENCE, Api
from bot.channels.telegram.errors import Conflict, InvalidToken, RetryAfter, TelegramError
from bot.channels.telegram.updates import chat_of
from bot.core.ports import StoreUnavailable

log = logging.getLogger(__name__)

LAST_WORD = 3.0  # seconds for the confirmation at the end
LONG_POLL = 50  # seconds that the server may hold the question
AT_ONCE = 64  # chats
TRIES = 5  # for one update, before the others go on without it
LONGEST_PAUSE = 60.0  # seconds between two attempts
SHORTEST_ROUND = 0.5  # seconds; for servers that answer "nothing" at once

Update = Mapping[str, Any]


def pause(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    return min(LONGEST_PAUSE, 0.5 * 2.0 ** min(failures, 10))


class Poller:
    """Confirms an update to the server only when it was taken: `take` returned without raising.

    A failed one is asked for again with all that came after it; what of these was taken already is known by its id.
    Within a chat nothing overtakes a failed update.
    """

    def __init__(
        self, api: Api, take: Callable[[Update], Awaitable[None]], channel: str, wanted: Sequence[str] = ()
    ) -> None:
        self._api = api
        self._take = take
        self._channel = channel
        self._wanted = {"allowed_updates": wanted} if wanted else {}
        self._offset = self._confirmed = 0
        self._under_way: asyncio.Task[bool] | None = None
        self._taken: set[int] = set()  # not confirmed yet, because an earlier one failed
        self._tries: dict[int, int] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Polls until cancelled; what it has taken on then is finished and confirmed, so that nobody is answered again
        by the process after us."""
        try:
            await self._poll()
        except asyncio.CancelledError:
            if self._under_way:
                await asyncio.wait([self._under_way])
            with contextlib.suppress(TelegramError):
                await self._confirm()
            raise

    async def _poll(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                updates = await self._ask()
            except RetryAfter as limit:
                await asyncio.sleep(limit.seconds)
            except TelegramError as error:
                failures += 1
                self._tell(error)
                await asyncio.sleep(pause(failures))
            else:
                self._under_way = asyncio.create_task(self._round(updates))
                failed = await asyncio.shield(self._under_way)
                failures = failures + 1 if failed else 0
                if failed:
                    await asyncio.sleep(pause(failures))
                elif not updates:
                    await asyncio.sleep(max(0.0, SHORTEST_ROUND - (time.monotonic() - began)))

    async def _confirm(self) -> None:
        """The server learns our offset by being asked for more, and only so."""
        if self._offset != self._confirmed:
            asked = {"offset": self._offset, "timeout": 0, "limit": 1, **self._wanted}
            await self._api.call("getUpdates", asked, patience=LAST_WORD)

    async def _ask(self) -> Sequence[Update]:
        offset = self._offset
        updates = await self._api.call(
            "getUpdates",
            {"offset": offset, "timeout": LONG_POLL, **self._wanted},
            patience=LONG_POLL + PATIENCE,
        )
        self._confirmed = offset
        if not isinstance(updates, list):
            return []
        return [u for u in updates if isinstance(u, dict) and isinstance(u.get("update_id"), int)]

    async def _round(self, updates: Sequence[Update]) -> bool:
        """Takes what was not taken yet and moves the offset; True if some update has to be tried again."""
        fresh = sorted((u for u in updates if u["update_id"] not in self._taken), key=chat_of)
        chats = [list(of_chat) for _, of_chat in groupby(fresh, key=chat_of)]
        failed = [f for f in await asyncio.gather(*map(self._chat, chats)) if f is not None]
        last = max((u["update_id"] for u in updates), default=self._offset - 1)
        self._offset = min(failed, default=last + 1)
        self._taken = {n for n in self._taken if n >= self._offset}
        self._tries = {n: tries for n, tries in self._tries.items() if n >= self._offset}
        return bool(failed)

    async def _chat(self, updates: Sequence[Update]) -> int | None:
        """Takes one chat's updates in order up to a failure, whose id it returns."""
        async with self._room:
            for update in updates:
                number: int = update["update_id"]
                try:
                    await self._take(update)
                except StoreUnavailable:
                    log.error("a store does not answer", extra={"channel": self._channel})
                    return number  # it is taken when the store is back, however long that lasts
                except Exception:
                    tries = self._tries[number] = self._tries.get(number, 0) + 1
                    log.exception("update failed", extra={"channel": self._channel, "update": number, "tries": tries})
                    if tries < TRIES:
                        return number
                self._taken.add(number)
        return None

    def _tell(self, error: TelegramError) -> None:
        match error:
            case Conflict():
                why = "another process polls with this token, or a webhook is set"
            case InvalidToken():
                why = "the server does not know this token"
            case _:
                why = type(error).__name__
        log.warning("no updates", extra={"channel": self._channel, "why": why})
