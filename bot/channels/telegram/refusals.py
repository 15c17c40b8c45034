"""What a refusal of the Bot API means: python-telegram-bot tells it, from the status and the answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
from telegram import error as library
from telegram.request import BaseRequest

from bot.channels.telegram import errors

_LONGEST = 86_400  # seconds; what asks for more is no server of the Bot API
_OURS: tuple[tuple[type[library.TelegramError], type[errors.TelegramError]], ...] = (
    (library.BadRequest, errors.BadRequest),
    (library.Forbidden, errors.Forbidden),
    (library.InvalidToken, errors.InvalidToken),
    (library.Conflict, errors.Conflict),
    (library.NetworkError, errors.NetworkError),
)


class _Answered(BaseRequest):
    """An exchange that has taken place."""

    __slots__ = ("_answer",)

    def __init__(self, status: int, payload: bytes) -> None:
        self._answer = status, payload

    @property
    def read_timeout(self) -> None:
        return None

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(self, *_: object, **__: object) -> tuple[int, bytes]:
        return self._answer

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """What the library reads of it, if it is of the documented shape."""
        try:
            answer = orjson.loads(payload)
            parameters = {**answer.get("parameters", {})}
            wait, moved = parameters.get("retry_after", 0), parameters.get("migrate_to_chat_id", 0)
        except (orjson.JSONDecodeError, AttributeError, TypeError):
            raise library.TelegramError("an answer of no known shape") from None
        if not (isinstance(wait, int) and 0 <= wait <= _LONGEST and isinstance(moved, int)):
            raise library.TelegramError("an answer of no known shape")
        return {"description": str(answer.get("description", "")), "parameters": parameters}


async def refusal(status: int, payload: bytes) -> errors.TelegramError:
    """Of an answer whose status is none of success."""
    try:
        await _Answered(status, payload).post("")
    except library.RetryAfter as limit:
        wait = limit.retry_after
        return errors.RetryAfter(wait.total_seconds() if isinstance(wait, timedelta) else wait)
    except library.TelegramError as error:
        kind = next((ours for theirs, ours in _OURS if isinstance(error, theirs)), errors.TelegramError)
        return kind(error.message)
    return errors.TelegramError(f"status {status}")
