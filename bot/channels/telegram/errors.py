"""How a call of the Bot API can fail, by python-telegram-bot's names. No message holds a URL: the token is in each."""

from __future__ import annotations


class TelegramError(Exception):
    """`message`: what the server said, or what happened."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NetworkError(TelegramError):
    """Nobody knows whether the server has taken the call."""


class TimedOut(NetworkError):
    pass


class Unreached(NetworkError):
    """There was no connection: the server has read nothing of ours."""


class BadRequest(TelegramError):
    pass


class Forbidden(TelegramError):
    """The citizen has blocked the bot, or is gone."""


class InvalidToken(TelegramError):
    pass


class Conflict(TelegramError):
    """Another process polls with this token, or a webhook is set."""


class RetryAfter(TelegramError):
    def __init__(self, seconds: float) -> None:
        super().__init__("too many calls")
        self.seconds = seconds
